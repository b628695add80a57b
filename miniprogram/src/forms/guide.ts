// What the two guided forms share: one question at a time, kept as it is written, gone when it is filed.

import { client, start } from "../client";
import { position } from "../parts/filing";
import { Facts } from "../protocol/protocol";
import { t } from "../words";

export type Values = Record<string, any>;

/** `38000`, `38,000.50` → fen; null for what is no amount. */
export function fenOf(text: string): number | null {
  const plain = text.replace(/[\s,，]/g, "");
  if (!/^\d{1,10}([.。]\d{1,2})?$/.test(plain)) return null;
  return Math.round(Number(plain.replace("。", ".")) * 100);
}

/** Without what was not said. */
export function said<T extends object>(facts: T): Partial<T> {
  const kept = Object.entries(facts).filter(([, value]) => value !== undefined && value !== null && value !== "" && !(Array.isArray(value) && value.length === 0));
  return Object.fromEntries(kept) as Partial<T>;
}

/** A day and a time as the pickers give them, in UTC; undefined where one is missing. */
export function momentOf(day: string | undefined, time: string | undefined): string | undefined {
  if (!day) return undefined;
  const [year, month, date] = day.split("-").map(Number);
  const [hour, minute] = (time ?? "00:00").split(":").map(Number);
  return new Date(year, month - 1, date, hour, minute).toISOString();
}

/** What was begun earlier. */
export async function begun(name: string): Promise<Values> {
  await start();
  return (await client.drafts.get(name)) ?? {};
}

export const keep = (name: string, values: Values) => client.drafts.keep(name, values);

/** Files it, with the position where there is one. */
export async function file(name: string, facts: Facts): Promise<void> {
  const item = await client.file({ ...facts, location: position.best() });
  await client.drafts.drop(name);
  wx.redirectTo({ url: `/pages/report/report?key=${item.key}` });
}

/** Options for a list of choices: `[{key, label}]`. */
export const named = (prefix: string, keys: string[]) => keys.map((key) => ({ key, label: t(`${prefix}_${key}`) }));
