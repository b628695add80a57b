// Taking a report back, with a reason. The desk still sees it.

import { $, part, show, write } from "./page.js";
import { sentence, t } from "./words.js";

/** @param {(reason: string) => Promise<void>} withdraw */
export function createWithdrawal(withdraw) {
  const panel = $("withdraw");
  const form = panel.querySelector("form");

  form.onchange = () => show(part(form, "other"), form.elements.reason.value === "other");
  form.onsubmit = async (event) => {
    event.preventDefault();
    const { reason, words } = form.elements;
    const said = reason.value === "other" ? words.value.trim() || t("withdraw.other") : t(`withdraw.${reason.value}`);
    panel.open = false;
    await withdraw(said);
  };

  /** `asked`: the outbox's withdrawal, under way until the server has it. `due`: the report itself waits for a person first.
   *  `here`: it is on this phone alone. */
  function render({ open, asked, due, here }) {
    show(panel, open);
    write(part(form, "note"), t(here ? "withdraw.note_here" : "withdraw.note"));
    const words = !asked ? t("withdraw.open") : asked.state === "refused" ? sentence(asked.problem) : t(due ? "withdraw.due" : "withdraw.sending");
    write(panel.querySelector("summary"), words);
  }

  return { render, close: () => (panel.open = false) };
}
