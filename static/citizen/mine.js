// My reports (我的报警记录): what this phone still keeps, then what the server has, newest first.

import { keep, signInForm } from "./account.js";
import { $, element, fromTop, icon, show, title, write } from "./page.js";
import { dayOf, sentence, statusWord, t } from "./words.js";

const GLYPH = { filed: "clock", received: "shield-check", dispatched: "shield-check", on_scene: "shield-check", closed: "check", withdrawn: "undo-2" };

export function createMine(client) {
  let open = false;
  let ids = [];
  let cursor = null;
  let state = "loading"; // loading | there | failed
  let problem = null;

  async function load(from = null) {
    state = "loading";
    render();
    try {
      const page = await client.list(from);
      ids = [...(from ? ids : []), ...page.reports.map(({ id }) => id)];
      cursor = page.next_cursor;
      state = "there";
    } catch (error) {
      state = "failed";
      problem = error;
    }
    render();
  }

  function render() {
    if (!open) return;
    const signedOut = client.me() === null;
    const unsent = client.outbox.reports().filter((item) => item.state !== "stored").reverse();
    const reports = signedOut ? [] : ids.map((id) => client.report(id)).filter(Boolean);
    const rows = [...unsent.map(unsentRow), ...reports.map(row)];
    const wanted = rows.map(({ key }) => key).join();
    if ($("mine-list").dataset.of !== wanted) {
      $("mine-list").dataset.of = wanted;
      $("mine-list").replaceChildren(...rows.map(({ make }) => make()));
    }
    show($("mine-sign-in"), signedOut);
    if (signedOut) keep($("mine-sign-in"), "sign-in", () => signInForm(client, { heading: t("account.sign_in"), note: t("mine.sign_in"), done: load }));
    else $("mine-sign-in").replaceChildren();
    renderEmpty(signedOut, rows.length === 0);
    show($("mine-more"), state === "there" && Boolean(cursor) && !signedOut);
    show($("mine-retry"), state === "failed" && !signedOut);
  }

  function renderEmpty(signedOut, none) {
    const [head, note] = $("mine-empty").children;
    const words = {
      loading: none ? [t("mine.loading"), ""] : null,
      there: none ? [t("mine.empty"), t("mine.empty_note")] : null,
      failed: [t("mine.failed"), problem ? sentence(problem) : ""],
    }[state];
    show($("mine-empty"), words !== null && !signedOut);
    if (!words) return;
    write(head, words[0]);
    write(note, words[1]);
  }

  function row(report) {
    const text = report.text || report.place_text || t("mine.position_only");
    return {
      key: `${report.id} ${report.version}`,
      make: () => entry(`/reports/${report.id}`, report.status, GLYPH[report.status] ?? "clock", statusWord(report.status), text, [dayOf(report.filed_at), report.desk.name].join(" · ")),
    };
  }

  function unsentRow(item) {
    const text = item.body.text || item.body.place_text || t("mine.position_only");
    return { key: `${item.key} ${item.state}`, make: () => entry("/#report", "unsent", "triangle-alert", t("mine.unsent"), text, dayOf(item.created)) };
  }

  function entry(href, status, glyph, state, text, about) {
    const link = element("a", { className: "row", href },
      element("span", { className: "row-state" }, icon(glyph), element("strong", { textContent: state })),
      element("span", { className: "row-text", textContent: text }),
      element("small", { textContent: about }),
    );
    link.dataset.status = status;
    link.dataset.go = "";
    return element("li", {}, link);
  }

  $("mine-more").onclick = () => load(cursor);
  $("mine-retry").onclick = () => load();
  client.listen(({ type }) => {
    if (["me", "item", "gone", "report"].includes(type)) render();
  });
  return {
    open() {
      open = true;
      title(t("mine.title"));
      fromTop();
      load();
    },
    close: () => {
      open = false;
    },
  };
}
