// What is true of a report just now, from what the phone keeps and what the server said. No DOM, no clock of its own.

import { isReceived } from "./protocol.js";

const UNDELIVERED_AFTER = 10_000;
const LATE_AFTER = 15_000;
const STOPPABLE = 30 * 60_000; // money that went so lately may be stopped
// Even beside a quiet socket the server is asked every ten seconds: after this the state on the screen is only a memory.
const UNSURE_AFTER = 18_000;

/** What is no emergency waits to be read: a fraud that is over, a tip-off. Not one that goes on, as far as this phone knows. */
export function isCalm(item, report) {
  if (!["fraud", "tip"].includes(report?.kind ?? item?.body.kind)) return false;
  const { fraud, deed } = item?.body ?? {};
  const paid = Date.parse(fraud?.paid_at ?? "");
  return deed?.when !== "ongoing" && !fraud?.in_contact && !(item?.created - paid < STOPPABLE);
}

/** What takes text messages about it, as far as the server has said: its desk's number, or that of a refusal. */
export function textedAt({ item, report }) {
  const refused = item?.problem?.call?.find((call) => call.startsWith("sms:"));
  return (report ?? item?.filed)?.desk.sms ?? refused?.slice("sms:".length);
}

/** @param {{item: object | undefined, report: object | undefined, now: number, here: (moment: string) => number, heard: number}} of
 *  @returns {{phase: string, reached: string, since: number, overdue: boolean, late: boolean, unsure: boolean}}
 *  `phase`: held · sign_in · identity · refused · sending · storing · waiting · received · withdrawn · closed
 *  `reached`: the highest rung of the ladder: none · saved · stored · shown · received
 *  `since`: from when the waiting counts (ms) · `overdue`: not stored within 10 s · `late`: not received within 15 s
 *  `unsure`: nothing heard from the server for so long that nobody knows (`heard`: when something was, ms) */
export function progressOf({ item, report, now, here, heard }) {
  const stored = Boolean(report) || item?.state === "stored";
  if (!stored) {
    const phase = item.state;
    const since = item.since ?? item.created;
    const overdue = phase !== "refused" && now - since >= UNDELIVERED_AFTER;
    return { phase, reached: item.durable === false ? "none" : "saved", since, overdue, late: false, unsure: false };
  }
  const since = item?.stored ?? (report ? here(report.filed_at) : item.created);
  const settled = (phase, reached) => ({ phase, reached, since, overdue: false, late: false, unsure: false });
  if (report?.status === "withdrawn") return settled("withdrawn", "stored");
  if (report && isReceived(report)) return settled(report.status === "closed" ? "closed" : "received", "received");
  if (report?.status === "closed") return settled("closed", "stored");
  const shown = (report?.screens ?? 0) > 0;
  return {
    phase: shown ? "waiting" : "storing",
    reached: shown ? "shown" : "stored",
    since,
    overdue: false,
    late: !isCalm(item, report) && now - since >= LATE_AFTER,
    unsure: now - Math.max(heard, since) >= UNSURE_AFTER,
  };
}
