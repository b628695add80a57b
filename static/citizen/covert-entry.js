// The way into 静默 from the first screen, and what can be read and chosen beforehand: looks, signs, the code, one's duress word.

import { isCovert } from "./covert-signs.js";
import { chooseCode, cover, dress, lastLook, remember } from "./disguise.js";
import { $, fromTop, go, part, title, write } from "./page.js";
import { isOpen } from "./protocol.js";
import { attempt } from "./signing.js";
import { t } from "./words.js";

/** @param {object} client */
export function createSilent(client) {
  /** One tap. A report that is under way becomes covert with it. */
  function enter(look) {
    remember(look, false);
    coverRunning();
    $("covert").dataset.look = look;
    dress(look);
    go("covert");
    cover(look);
  }

  function coverRunning() {
    const { outbox } = client;
    const item = outbox.reports().filter(({ state, report_id: id }) => state !== "refused" && (!id || isOpen(client.report(id) ?? {}))).at(-1);
    const report = item ? client.report(item.report_id) : client.reports().filter(isOpen).at(-1);
    const belonging = outbox.belonging(item?.key, report?.id);
    if ((item || report) && !isCovert({ item, report, belonging })) outbox.cover(item?.key ?? report.id, true);
  }

  $("to-covert").onclick = () => enter(lastLook());
  $("to-covert-help").onclick = () => go("silent", null, "/#silent");
  for (const button of document.querySelectorAll("[data-enter]")) button.onclick = () => enter(button.dataset.enter);

  $("covert-code").onsubmit = (event) => {
    event.preventDefault();
    const form = event.target;
    const kept = chooseCode(form.elements.code.value.trim());
    if (kept) form.reset();
    write(form.querySelector("[role=status]"), t(kept ? "covert.sheet.code_kept" : "covert.sheet.code_unfit"));
  };

  /** Kept by the server, sealed; it never says whether there is one. */
  function keepWord(word) {
    const form = $("duress-word");
    const status = form.querySelector("[role=status]");
    write(status, "");
    return attempt(form, async () => {
      if (!client.me()) return write(status, t("covert.sheet.duress_sign_in"));
      await client.my.keepDuressWord(word);
      form.reset();
      return write(status, t("covert.sheet.duress_kept"));
    });
  }
  $("duress-word").onsubmit = (event) => {
    event.preventDefault();
    const word = event.target.elements.word.value.trim();
    if (word) keepWord(word);
  };
  part($("duress-word"), "clear").onclick = () => keepWord(null);

  return {
    open() {
      title(t("covert.entry"));
      for (const status of $("silent").querySelectorAll("[role=status]")) write(status, "");
      fromTop();
    },
  };
}
