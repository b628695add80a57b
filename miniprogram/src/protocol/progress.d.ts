import { Item, Report } from "./protocol";

export interface Progress {
  phase: "held" | "sign_in" | "identity" | "whose" | "refused" | "sending" | "storing" | "waiting" | "received" | "withdrawn" | "closed";
  reached: "none" | "saved" | "stored" | "shown" | "received";
  since: number;
  overdue: boolean;
  late: boolean;
  unsure: boolean;
}

export function progressOf(of: {
  item: Item | undefined;
  report: Report | undefined;
  now: number;
  here: (moment: string) => number;
  heard: number;
}): Progress;
export function isCalm(item: Item | undefined, report: Report | undefined): boolean;
export function textedAt(of: { item?: Item; report?: Report }): string | undefined;
