// The first screen: where one is, one big button, and what may matter more than a new report.

import { tell, urge } from "./lifeline.js";
import { $, element, fromTop, icon, title, unsentAt } from "./page.js";
import { isOpen } from "./protocol.js";
import { createWhere } from "./where.js";
import { statusWord, t } from "./words.js";
import { HOUR, createWriting } from "./writing.js";

export function createHome(client, position, file) {
  let open = false;
  // What happens in an hour from now is something else.
  const words = createWriting(client, $("first-words"), { heldFor: HOUR, heard: (text) => tell({ text }) });
  const where = createWhere(client, position, (urgent) => urge(open && urgent));

  /** What may matter more than a new report: one that is not there yet, or one that is under way; else what makes the next one faster. */
  function renderNotices() {
    const me = client.me();
    const unsent = client.outbox.reports().filter((item) => item.state !== "stored");
    const running = client.reports().filter(isOpen).sort((a, b) => (a.filed_at < b.filed_at ? 1 : -1))[0];
    const notices = [];
    if (unsent.length > 1) notices.push(["pending", "triangle-alert", t("notice.pending_several", { n: unsent.length }), "/reports"]);
    else if (unsent.length) notices.push(["pending", "triangle-alert", t("notice.pending"), unsentAt(unsent[0].key)]);
    else if (running?.status === "filed") notices.push(["pending", "clock", t("notice.waiting"), `/reports/${running.id}`]);
    else if (running) notices.push(["running", "shield-check", `${t("notice.running")} · ${statusWord(running.status)}`, `/reports/${running.id}`]);
    if (client.outbox.others().length > 0) notices.push(["pending", "lock", t("whose.kept_for"), "/#account"]);
    if (me === null) notices.push(["gentle", "user", t("notice.sign_in"), "/#account"]);
    else if (me && me.identity !== "verified") notices.push(["gentle", "user", t(me.reports > 0 ? "notice.identity_due" : "notice.identity"), "/#account"]);
    const wanted = JSON.stringify(notices);
    if ($("notices").dataset.of === wanted) return;
    $("notices").dataset.of = wanted;
    $("notices").replaceChildren(...notices.map(notice));
  }

  function notice([kind, glyph, words, href]) {
    const link = element("a", { className: "notice", href }, icon(glyph), element("span", { textContent: words }), icon("chevron-right"));
    link.dataset.kind = kind;
    link.dataset.go = "";
    return link;
  }

  /** Files what was written. */
  async function report(kind = "quick") {
    await file(words.take(), kind);
    words.taken();
  }

  for (const [id, kind] of [["quick", "quick"], ["to-location", "location"]]) {
    $(id).onclick = async () => {
      // A hand that shakes taps twice.
      $(id).disabled = true;
      await report(kind);
      $(id).disabled = false;
    };
  }
  position.listen(() => {
    const { location, place_text } = position.place();
    tell(open ? { location, place: place_text ?? "" } : { location });
  });
  client.listen(({ type }) => open && ["me", "item", "gone", "report"].includes(type) && renderNotices());

  return {
    report,
    open() {
      open = true;
      title(t("page.title"));
      tell({ text: $("first-words").value, place: position.place().place_text ?? "" });
      words.begin("first");
      where.open();
      renderNotices();
      fromTop();
    },
    close() {
      open = false;
      where.close();
      urge(false);
    },
  };
}
