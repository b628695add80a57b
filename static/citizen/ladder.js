// The ladder: how far the report has come. It says what is committed, never what is hoped for.

import { $, announce, fillCalls, part, show, write } from "./page.js";
import { isCalm } from "./progress.js";
import { duration, has, sentence, t, timeOf } from "./words.js";

const RUNGS = ["saved", "stored", "shown", "received"];
const ENDED = new Set(["received", "closed", "withdrawn", "refused"]);

let told = "";

/** The telephone is the better way now. */
export const isAlarming = ({ overdue, late, unsure }) => overdue || late || unsure;

/** @param {{item: object | undefined, report: object | undefined, progress: object, now: number, locating: boolean}} facts */
export function showLadder(facts) {
  const { progress, report } = facts;
  const ladder = $("ladder");
  ladder.dataset.phase = progress.phase;
  const reached = RUNGS.indexOf(progress.reached);
  RUNGS.forEach((name, at) => showRung(ladder.querySelector(`[data-rung="${name}"]`), name, at, reached, facts));
  const home = part(ladder.querySelector(`[data-rung="${RUNGS[Math.max(reached, 0)]}"]`), "present");
  if (home && $("present").parentElement !== home) home.append($("present"));
  show($("present"), !ENDED.has(progress.phase));
  show(ladder, progress.phase !== "refused");
  showWait(facts);
  showAlarm(facts);
  showRefusal(facts);
  showAfter(report, progress);
  tell(facts);
}

function showRung(rung, name, at, reached, { item, report, progress }) {
  const standing = at > reached ? "todo" : at === reached ? "now" : "done";
  rung.dataset.state = standing;
  if (standing === "now") rung.setAttribute("aria-current", "step");
  else rung.removeAttribute("aria-current");
  write(part(rung, "title"), titleOf(name, standing, item, report));
  write(part(rung, "standing"), t(`rung.${standing}`));
  const note = part(rung, "note");
  write(note, standing === "todo" ? "" : noteOf(name, item, report, progress));
  show(note, note.textContent !== "");
}

function titleOf(name, standing, item, report) {
  if (name === "saved" && item?.durable === false && item.state !== "stored") return t("rung.saved_not");
  if (name === "saved") return t("rung.saved");
  if (standing === "todo") return t(`rung.${name}_todo`);
  if (name !== "shown") return t(`rung.${name}`);
  return report.screens > 0 ? t("rung.shown", { n: report.screens }) : t("rung.shown_done");
}

function noteOf(name, item, report, progress) {
  if (name === "stored") {
    const filed = report ?? item?.filed;
    return filed ? `${filed.desk.name} · ${timeOf(filed.filed_at)}` : "";
  }
  if (name !== "received" || progress.reached !== "received") return "";
  const { at, desk, dispatcher_number: number } = report.received;
  const took = duration(Date.parse(at) - Date.parse(report.filed_at));
  const lines = [desk, t("rung.by", { number }), t("rung.at", { time: timeOf(at), duration: took })];
  if (report.status === "received") lines.push("", t("state.received_note"));
  return lines.join("\n");
}

function showWait({ item, report, progress, now, locating }) {
  const wait = $("wait");
  const { phase } = progress;
  const what = locating ? "locating" : { sending: "sending", storing: "storing", waiting: "receiving" }[phase];
  // An alarm counts by itself.
  show(wait, what !== undefined && !isAlarming(progress));
  $("ladder").dataset.urgency = isAlarming(progress) ? "late" : "";
  if (what === undefined) return show($("wait-note"), false);
  write(part(wait, "what"), t(`wait.${what}`));
  write(part(wait, "counter"), duration(now - progress.since));
  const note = noteOfWait(item, report, progress);
  write($("wait-note"), note);
  return show($("wait-note"), note !== "");
}

function noteOfWait(item, report, { phase, late }) {
  if (report?.escalation && has(`alarm.escalation_${report.escalation}`)) return t(`alarm.escalation_${report.escalation}`);
  if (["storing", "waiting"].includes(phase) && isCalm(item, report)) return t("entries.calm");
  if (phase === "storing" && late) return t("wait.nobody");
  if (phase === "sending" && item?.tries > 1) return t("wait.trying", { n: item.tries });
  return "";
}

function showAlarm({ progress, now }) {
  const alarm = $("alarm");
  const [strong, counter, words] = alarm.querySelectorAll("strong, .counter, .alarm-head + p");
  write(counter, duration(now - progress.since));
  if (progress.overdue) {
    write(strong, t("alarm.undelivered"));
    const note = progress.phase !== "sending" ? "waiting_note" : navigator.onLine ? "undelivered_note" : "offline_note";
    write(words, t(`alarm.${note}`));
  } else if (progress.unsure) {
    write(strong, t("alarm.unsure"));
    write(words, t("alarm.unsure_note"));
  } else if (progress.late) {
    write(strong, t("alarm.late"));
    write(words, t("alarm.late_note"));
  }
  show(alarm, isAlarming(progress));
}

function showRefusal({ item, progress }) {
  const refused = progress.phase === "refused";
  show($("refusal"), refused);
  if (!refused) return;
  const { problem } = item;
  write($("refusal-detail"), `${sentence(problem)} ${t("alarm.refused_note")}`.trim());
  fillCalls($("refusal-calls"), problem.call?.length ? problem.call : ["tel:110", "sms:12110"]);
  write($("refused-again"), t(item.body.location ? "place.retry" : "alarm.again"));
}

function showAfter(report, { phase }) {
  const [title, note] = $("after").children;
  const status = report?.status;
  const words = {
    received: [["dispatched", "on_scene"].includes(status) ? t(`state.${status}`) : "", ""],
    closed: [t("state.closed"), has(`outcome.${report?.outcome}`) ? t(`outcome.${report.outcome}`) : ""],
    withdrawn: [t("state.withdrawn"), t("state.withdrawn_note")],
  }[phase];
  show($("after"), words !== undefined);
  if (!words) return;
  write(title, words[0]);
  write(note, words[1]);
  show(title, words[0] !== "");
  show(note, words[1] !== "");
  show($("after-again"), phase !== "received");
}

/** A screen reader hears each step once, and no second ticking. */
function tell({ item, report, progress }) {
  const step = progress.overdue ? "undelivered" : progress.unsure ? "unsure" : progress.late ? "late" : progress.phase;
  const about = `${item?.key ?? report?.id} ${step}`;
  if (about === told) return;
  told = about;
  const said = {
    sending: () => t("announce.saved"),
    storing: () => t("announce.stored"),
    waiting: () => t("announce.shown"),
    undelivered: () => t("announce.undelivered"),
    late: () => t("announce.late"),
    unsure: () => t("announce.unsure"),
    refused: () => t("announce.refused", { detail: sentence(item.problem) }),
    received: () => t("announce.received", { desk: report.received.desk, number: report.received.dispatcher_number }),
  }[step];
  if (said) announce(said());
}
