// The first screen: where one is, one big button, and what may matter more than a new report.

import { tell, urge } from "./lifeline.js";
import { $, announce, element, fillCalls, fromTop, icon, setIcon, title, write } from "./page.js";
import { apart } from "./position.js";
import { isOpen } from "./protocol.js";
import { distance, statusWord, t } from "./words.js";

const ASK_AGAIN_AFTER = 300; // metres moved before the desk is asked for again

export function createHome(client, position, quick) {
  let desk = null; // {name, online, …}, or {problem}
  let askedAt = null;
  let open = false;
  let warned = "";

  function renderWhere(best, state) {
    const where = $("where");
    const outside = desk?.problem?.code === "outside_jurisdiction";
    const nobody = desk?.name && desk.online === false;
    where.dataset.state = outside || nobody ? "warning" : state;
    setIcon(where.firstElementChild, outside || nobody ? "triangle-alert" : state === "found" || state === "asking" ? "map-pin" : "map-pin-off");
    const accuracy = best ? t("place.accuracy", { distance: distance(best.accuracy_m) }) : "";
    const [head, note] =
      outside ? [t("place.outside"), desk.problem.detail]
      : desk?.name ? [t("place.to_desk", { desk: desk.name }), nobody ? t("place.nobody", { desk: desk.name }) : accuracy]
      : [t(`place.${state}`), state === "found" ? accuracy : t(`place.${state}_note`)];
    write($("where-title"), head);
    write($("where-note"), note);
    fillCalls($("where-calls"), outside ? (desk.problem.call ?? []) : []);
    const warning = outside || nobody ? `${head}. ${note}` : "";
    if (warning && warning !== warned) announce(warning);
    warned = warning;
    urge(Boolean(open && warning));
  }

  /** Which desk it would go to: asked once, and again after moving. */
  async function askDesk(best) {
    if (!best || !open || (askedAt && apart(best, askedAt) < ASK_AGAIN_AFTER)) return;
    askedAt = best;
    try {
      desk = await client.nearest(best);
    } catch (problem) {
      desk = problem.code === "outside_jurisdiction" ? { problem } : null;
      if (problem.passing) askedAt = null;
    }
    renderWhere(position.best(), position.state());
  }

  /** What may matter more than a new report: one that is not there yet, or one that is under way; else what makes the next one faster. */
  function renderNotices() {
    const me = client.me();
    const unsent = client.outbox.reports().filter((item) => item.state !== "stored").at(-1);
    const running = client.reports().filter(isOpen).sort((a, b) => (a.filed_at < b.filed_at ? 1 : -1))[0];
    const notices = [];
    if (unsent) notices.push(["pending", "triangle-alert", t("notice.pending"), "/#report"]);
    else if (running?.status === "filed") notices.push(["pending", "clock", t("notice.waiting"), `/reports/${running.id}`]);
    else if (running) notices.push(["running", "shield-check", `${t("notice.running")} · ${statusWord(running.status)}`, `/reports/${running.id}`]);
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

  $("quick").onclick = async () => {
    // A hand that shakes taps twice.
    $("quick").disabled = true;
    const text = $("first-words").value.trim();
    $("first-words").value = "";
    await quick(text);
    $("quick").disabled = false;
  };
  $("first-words").addEventListener("input", ({ target }) => tell({ text: target.value }));
  position.listen((best, state) => {
    tell({ location: best });
    if (!open) return;
    renderWhere(best, state);
    askDesk(best);
  });
  client.listen(({ type }) => open && ["me", "item", "gone", "report"].includes(type) && renderNotices());

  return {
    open() {
      open = true;
      title(t("page.title"));
      renderWhere(position.best(), position.state());
      renderNotices();
      askDesk(position.best());
      fromTop();
    },
    close() {
      open = false;
      urge(false);
    },
  };
}
