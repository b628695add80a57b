// The first screen: where one is, one big button, and what may matter more than a new report.

import { tell, urge } from "./lifeline.js";
import { $, element, fromTop, icon, title } from "./page.js";
import { isOpen } from "./protocol.js";
import { createWhere } from "./where.js";
import { statusWord, t } from "./words.js";

export function createHome(client, position, file) {
  let open = false;
  const where = createWhere(client, position, (urgent) => urge(open && urgent));

  /** What may matter more than a new report: one that is not there yet, or one that is under way; else what makes the next one faster. */
  function renderNotices() {
    const me = client.me();
    const unsent = client.outbox.reports().filter((item) => item.state !== "stored").at(-1);
    const running = client.reports().filter(isOpen).sort((a, b) => (a.filed_at < b.filed_at ? 1 : -1))[0];
    const notices = [];
    if (unsent) notices.push(["pending", "triangle-alert", t("notice.pending"), "/#report"]);
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

  for (const [id, kind] of [["quick", "quick"], ["to-location", "location"]]) {
    $(id).onclick = async () => {
      // A hand that shakes taps twice.
      $(id).disabled = true;
      const text = $("first-words").value.trim();
      $("first-words").value = "";
      await file(text, kind);
      $(id).disabled = false;
    };
  }
  $("first-words").addEventListener("input", ({ target }) => tell({ text: target.value }));
  position.listen(() => {
    const { location, place_text } = position.place();
    tell(open ? { location, place: place_text ?? "" } : { location });
  });
  client.listen(({ type }) => open && ["me", "item", "gone", "report"].includes(type) && renderNotices());

  return {
    open() {
      open = true;
      title(t("page.title"));
      tell({ place: position.place().place_text ?? "" });
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
