// My reports (我的报警记录): what is not delivered yet, what is under way, and the rest, newest first. Without a network, what
// this phone knows, said so.

import { outcomeOf } from "./outcome.js";
import { showMark } from "./marked.js";
import { $, callLink, element, fromTop, icon, show, title, unsentAt, write } from "./page.js";
import { isOpen } from "./protocol.js";
import { keep, signInForm } from "./signing.js";
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
    const reports = signedOut ? [] : known();
    const running = reports.filter(isOpen);
    const past = [...reports.filter((report) => !isOpen(report)).map(row), ...(signedOut ? [] : stored(reports).map(storedRow))];
    const rows = [...unsent.map(unsentRow), ...headed("mine.open", running.map(row)), ...headed(unsent.length + running.length ? "mine.past" : null, past)];
    const wanted = rows.map(({ key }) => key).join();
    if ($("mine-list").dataset.of !== wanted) {
      $("mine-list").dataset.of = wanted;
      $("mine-list").replaceChildren(...rows.map(({ make }) => make()));
    }
    show($("mine-known"), state === "failed" && rows.length > 0 && !signedOut);
    show($("mine-sign-in"), signedOut);
    if (signedOut) keep($("mine-sign-in"), "sign-in", () => signInForm(client, { heading: t("account.sign_in"), note: t("mine.sign_in"), done: load }));
    else $("mine-sign-in").replaceChildren();
    renderEmpty(signedOut, rows.length === 0);
    show($("mine-more"), state === "there" && Boolean(cursor) && !signedOut);
    show($("mine-retry"), state === "failed" && !signedOut);
  }

  /** Every report that was heard of, by the list or the socket, newest first. */
  function known() {
    const listed = ids.map((id) => client.report(id)).filter(Boolean);
    const others = client.reports().filter((report) => !ids.includes(report.id) && (isOpen(report) || state === "failed"));
    return [...listed, ...others].sort((a, b) => (a.filed_at < b.filed_at ? 1 : -1));
  }

  /** What the desk has stored and nothing more is known of just now: the list did not come. */
  function stored(reports) {
    const heard = new Set(reports.map(({ id }) => id));
    return state === "failed" ? client.outbox.reports().filter((item) => item.state === "stored" && !heard.has(item.report_id)).reverse() : [];
  }

  function headed(key, rows) {
    if (key === null || rows.length === 0) return rows;
    return [{ key, make: () => element("li", { className: "row-head" }, element("strong", { textContent: t(key) })) }, ...rows];
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
    const ended = outcomeOf(report);
    const about = [
      [dayOf(report.filed_at), report.desk.name, report.number].join(" · "),
      report.received ? t("mine.by", { desk: report.received.desk, number: report.received.dispatcher_number, at: dayOf(report.received.at) }) : "",
      ended.word ? t("mine.outcome", { outcome: ended.word }) : "",
    ];
    return {
      key: `${report.id} ${report.version}`,
      make: () => entry(`/reports/${report.id}`, report.status, GLYPH[report.status] ?? "clock", statusWord(report.status), text, about, ended.calls),
    };
  }

  function storedRow(item) {
    const text = item.body.text || item.body.place_text || t("mine.position_only");
    const about = [[dayOf(item.filed.filed_at), item.filed.desk?.name, item.filed.number].filter(Boolean).join(" · ")];
    return { key: `${item.key} stored`, make: () => entry(`/reports/${item.report_id}`, "known", "server", t("mine.known_stored"), text, about) };
  }

  function unsentRow(item) {
    const text = item.body.text || item.body.place_text || t("mine.position_only");
    return { key: `${item.key} ${item.state}`, make: () => entry(unsentAt(item.key), "unsent", "triangle-alert", t("mine.unsent"), text, [dayOf(item.created)]) };
  }

  function entry(href, status, glyph, state, text, about, calls = []) {
    const link = element("a", { className: "row", href },
      element("span", { className: "row-state" }, icon(glyph), element("strong", { textContent: state })),
      element("span", { className: "row-text", textContent: text }),
      ...about.filter(Boolean).map((line) => element("small", { textContent: line })),
    );
    link.dataset.status = status;
    link.dataset.go = "";
    return element("li", {}, link, ...calls.map(callLink));
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
      if (client.me() !== null) showMark(client, $("mine-mark"), () => open);
    },
    close: () => {
      open = false;
      $("mine-mark").replaceChildren();
      show($("mine-mark"), false);
    },
  };
}
