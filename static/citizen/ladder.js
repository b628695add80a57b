// The ladder: how far the report has come. It says what is committed, never what is hoped for.

import { textNumber } from "./lifeline.js";
import { $, announce, fillCalls, part, show, write } from "./page.js";
import { isCalm } from "./progress.js";
import { outcomeOf } from "./outcome.js";
import { dayOf, duration, has, sentence, t, timeOf } from "./words.js";

const RUNGS = ["saved", "stored", "shown", "received"];
const LATE = 60_000; // a report that came so long after it was written says so
const DAY = 86_400_000;
const ENDED = new Set(["received", "closed", "withdrawn", "refused"]);
const SENT = new Set(["dispatched", "on_scene"]); // what follows 已接收: said in words, and nothing more turns green

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
  show($("exercise"), report?.exercise === true);
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
    return filed ? [`${filed.received?.desk ?? filed.desk.name} · ${timeOf(filed.filed_at)}`, writtenNote(filed)].filter(Boolean).join("\n") : "";
  }
  if (name !== "received" || progress.reached !== "received") return "";
  const { at, desk, dispatcher_number: number } = report.received;
  const took = duration(Date.parse(at) - Date.parse(report.filed_at));
  const lines = [desk, t("rung.by", { number }), t("rung.at", { time: timeOf(at), duration: took })];
  // Another desk has it by now: received it stays, by the first.
  if (report.desk.adcode !== report.received.desk_adcode && report.status !== "closed") lines.push(t("rung.moved", { desk: report.desk.name }));
  if (report.status === "received") lines.push("", t("state.received_note"));
  return lines.join("\n");
}

/** When it was written, where it came long after. */
function writtenNote({ written_at: written, filed_at: filed }) {
  const late = Date.parse(filed) - Date.parse(written ?? filed);
  if (!(late > LATE)) return "";
  const at = late < DAY && timeOf(written) < timeOf(filed) ? timeOf(written) : dayOf(written);
  return t("offline.written", { at, duration: duration(late) });
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
  alarm.dataset.of = progress.overdue ? "overdue" : progress.unsure ? "unsure" : "late";
  show(alarm, isAlarming(progress));
}

function showRefusal({ item, progress }) {
  const refused = progress.phase === "refused";
  show($("refusal"), refused);
  if (!refused) return;
  const { problem } = item;
  write($("refusal-detail"), `${sentence(problem)} ${t("alarm.refused_note")}`.trim());
  fillCalls($("refusal-calls"), problem.call?.length ? problem.call : ["tel:110", `sms:${textNumber()}`]);
  write($("refused-again"), t(item.body.location ? "place.retry" : "alarm.again"));
}

function showAfter(report, { phase }) {
  const [title, note] = $("after").children;
  const ended = phase === "closed" ? outcomeOf(report) : null;
  const status = report?.status;
  const words = {
    received: SENT.has(status) ? [t(`state.${status}`), stepsOf(report)] : ["", ""],
    closed: [t("state.closed"), [ended?.word, ended?.note].filter(Boolean).join("\n")],
    withdrawn: [t("state.withdrawn"), t("state.withdrawn_note")],
  }[phase];
  show($("after"), words !== undefined);
  fillCalls($("after-calls"), ended?.calls ?? []);
  if (!words) return;
  write(title, words[0]);
  write(note, words[1]);
  show(title, words[0] !== "");
  show(note, words[1] !== "");
  show($("after-again"), phase !== "received");
}

/** When somebody was sent, and until they arrive what to do meanwhile. */
function stepsOf({ dispatched_at: sent, on_scene_at: there }) {
  const then = there ? t("state.arrived_at", { time: timeOf(there) }) : t("state.received_note");
  return `${t("state.sent_at", { time: timeOf(sent) })} · ${then}`;
}

/** A screen reader hears each step once, and no second ticking. */
function tell({ item, report, progress }) {
  const reached = progress.phase === "received" && SENT.has(report.status) ? report.status : progress.phase;
  const step = progress.overdue ? "undelivered" : progress.unsure ? "unsure" : progress.late ? "late" : reached;
  const about = `${item?.key ?? report?.id} ${step}`;
  if (about === told) return;
  told = about;
  const said = {
    sending: () => t("announce.saved"),
    storing: () => t("announce.stored"),
    waiting: () => t("announce.shown"),
    undelivered: () => t("announce.undelivered", { number: textNumber() }),
    late: () => t("announce.late"),
    unsure: () => t("announce.unsure"),
    refused: () => t("announce.refused", { detail: sentence(item.problem) }),
    received: () => t("announce.received", { desk: report.received.desk, number: report.received.dispatcher_number }),
    dispatched: () => t("state.dispatched"),
    on_scene: () => t("state.on_scene"),
  }[step];
  if (said) announce(said());
}
