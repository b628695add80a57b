// The ladder: how far the report has come. It says what is committed, never what is hoped for.

import { Item, Report } from "../protocol/protocol";
import { Progress, isCalm } from "../protocol/progress";
import { duration, has, sentence, t, timeOf } from "../words";

const RUNGS = ["saved", "stored", "shown", "received"] as const;
const SENT = ["dispatched", "on_scene"];

export interface Rung {
  name: string;
  standing: "todo" | "now" | "done";
  title: string;
  note: string;
  spoken: string;
}

export interface Shown {
  rungs: Rung[];
  received: boolean;
  waiting: { what: string; counter: string; note: string } | null;
  alarm: { of: string; title: string; note: string; counter: string } | null;
  refusal: { detail: string; calls: { kind: string; number: string; label: string }[] } | null;
  after: { title: string; note: string; calls: { kind: string; number: string; label: string }[] } | null;
}

interface Of {
  item: Item | undefined;
  report: Report | undefined;
  progress: Progress;
  now: number;
  locating: boolean;
  online: boolean;
}

export function ladderOf(of: Of): Shown {
  const { progress } = of;
  const reached = RUNGS.indexOf(progress.reached as "saved");
  return {
    rungs: progress.phase === "refused" ? [] : RUNGS.map((name, at) => rungOf(name, at, reached, of)),
    received: progress.reached === "received",
    waiting: waitingOf(of),
    alarm: alarmOf(of),
    refusal: progress.phase === "refused" ? refusalOf(of.item) : null,
    after: afterOf(of),
  };
}

function rungOf(name: string, at: number, reached: number, { item, report, progress }: Of): Rung {
  const standing = at > reached ? "todo" : at === reached ? "now" : "done";
  const title = titleOf(name, standing, item, report);
  const note = standing === "todo" ? "" : noteOf(name, item, report, progress);
  return { name, standing, title, note, spoken: [title, t(`rung.${standing}`), note].filter(Boolean).join(" ") };
}

function titleOf(name: string, standing: string, item: Item | undefined, report: Report | undefined): string {
  if (name === "saved") return t(item?.durable === false && item.state !== "stored" ? "rung.saved_not" : "rung.saved");
  if (standing === "todo") return t(`rung.${name}_todo`);
  if (name !== "shown") return t(`rung.${name}`);
  return report && report.screens > 0 ? t("rung.shown", { n: report.screens }) : t("rung.shown_done");
}

function noteOf(name: string, item: Item | undefined, report: Report | undefined, progress: Progress): string {
  if (name === "stored") {
    const filed = report ?? item?.filed;
    return filed ? `${report?.received?.desk ?? filed.desk.name} · ${timeOf(filed.filed_at)}` : "";
  }
  if (name !== "received" || progress.reached !== "received" || !report?.received) return "";
  const { at, desk, desk_adcode, dispatcher_number: number } = report.received;
  const took = duration(Date.parse(at) - Date.parse(report.filed_at));
  const lines = [desk, t("rung.by", { number }), t("rung.at", { time: timeOf(at), duration: took })];
  if (report.desk.adcode !== desk_adcode && report.status !== "closed") lines.push(t("rung.moved", { desk: report.desk.name }));
  return lines.join("\n");
}

const isAlarming = ({ overdue, late, unsure }: Progress) => overdue || late || unsure;

function waitingOf({ item, report, progress, now, locating }: Of): Shown["waiting"] {
  const names: Record<string, string> = { sending: "sending", storing: "storing", waiting: "receiving" };
  const what = locating ? "locating" : names[progress.phase];
  if (!what || isAlarming(progress)) return null;
  return { what: t(`wait.${what}`), counter: duration(now - progress.since), note: waitNote(item, report, progress) };
}

function waitNote(item: Item | undefined, report: Report | undefined, { phase, late }: Progress): string {
  if (report?.escalation && has(`alarm.escalation_${report.escalation}`)) return t(`alarm.escalation_${report.escalation}`);
  if (["storing", "waiting"].includes(phase) && isCalm(item, report)) return t("entries.calm");
  if (phase === "storing" && late) return t("wait.nobody");
  if (phase === "sending" && (item?.tries ?? 0) > 1) return t("wait.trying", { n: item?.tries ?? 0 });
  return "";
}

function alarmOf({ report, progress, now, online }: Of): Shown["alarm"] {
  if (!isAlarming(progress)) return null;
  const counter = duration(now - progress.since);
  if (progress.overdue) {
    const note = progress.phase !== "sending" ? "waiting_note" : online ? "undelivered_note" : "offline_note";
    return { of: "overdue", title: t("alarm.undelivered"), note: t(`alarm.${note}`), counter };
  }
  if (progress.unsure) return { of: "unsure", title: t("alarm.unsure"), note: t("alarm.unsure_note"), counter };
  const step = report?.escalation && has(`alarm.escalation_${report.escalation}`) ? t(`alarm.escalation_${report.escalation}`) : "";
  return { of: "late", title: t("alarm.late"), note: [t("alarm.late_note"), step].filter(Boolean).join("\n"), counter };
}

function refusalOf(item: Item | undefined): Shown["refusal"] {
  const calls = item?.problem?.call?.length ? item.problem.call : ["tel:110", "sms:12110"];
  return { detail: `${sentence(item?.problem)} ${t("alarm.refused_note")}`.trim(), calls: calls.map(callOf) };
}

/** `tel:110` as a button. */
export function callOf(address: string): { kind: string; number: string; label: string } {
  const [kind, number] = address.split(":");
  const key = `number.${kind}_${number}`;
  return { kind, number, label: has(key) ? t(key) : t(`number.other_${kind}`, { number }) };
}

function afterOf({ report, progress }: Of): Shown["after"] {
  if (!report) return null;
  if (progress.phase === "withdrawn") return { title: t("state.withdrawn"), note: t("state.withdrawn_note"), calls: [] };
  if (progress.phase === "closed") return { title: t("state.closed"), ...outcomeOf(report) };
  if (progress.phase !== "received") return null;
  if (!SENT.includes(report.status)) return { title: "", note: t("state.received_note"), calls: [] };
  const then = report.on_scene_at ? t("state.arrived_at", { time: timeOf(report.on_scene_at) }) : t("state.received_note");
  return { title: t(`state.${report.status}`), note: `${t("state.sent_at", { time: timeOf(report.dispatched_at ?? report.filed_at) })} · ${then}`, calls: [] };
}

function outcomeOf({ outcome, referral, desk }: Report): { note: string; calls: ReturnType<typeof callOf>[] } {
  if (!outcome || !has(`outcome.${outcome}`)) return { note: "", calls: [] };
  const kind = referral?.where ? "referred_elsewhere" : outcome;
  const values = { desk: desk.name, where: referral?.where ?? "", number: referral?.number ?? "" };
  const note = has(`outcome_note.${kind}`) ? t(`outcome_note.${kind}`, values) : "";
  return { note: [t(`outcome.${kind}`, values), note].filter(Boolean).join("\n"), calls: referral ? [callOf(referral.call)] : [] };
}

/** The step that a screen reader hears once. */
export function stepOf({ item, report, progress }: Pick<Of, "item" | "report" | "progress">): string {
  if (progress.overdue) return t("announce.undelivered", { number: report?.desk.sms ?? "12110" });
  if (progress.unsure) return t("announce.unsure");
  if (progress.late) return t("announce.late");
  if (progress.phase === "refused") return t("announce.refused", { detail: sentence(item?.problem) });
  if (progress.phase === "received" && report?.received) {
    return SENT.includes(report.status)
      ? t(`state.${report.status}`)
      : t("announce.received", { desk: report.received.desk, number: report.received.dispatcher_number });
  }
  const said: Record<string, string> = { sending: "saved", storing: "stored", waiting: "shown" };
  return said[progress.phase] ? t(`announce.${said[progress.phase]}`) : "";
}
