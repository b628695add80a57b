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

  /** `asked`: the outbox's withdrawal, under way until the server has it. */
  function render(open, asked) {
    show(panel, open);
    const words = !asked ? t("withdraw.open") : asked.state === "refused" ? sentence(asked.problem) : t("withdraw.sending");
    write(panel.querySelector("summary"), words);
  }

  return { render, close: () => (panel.open = false) };
}
