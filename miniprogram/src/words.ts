// The catalogue, as the build brought it; without `Intl`, which some phones' engine lacks.

import { STRINGS } from "./strings";

const DEFAULT = "zh-CN";
let chosen: string | null = null;

/** The language of WeChat, where we have it; Chinese else. */
export function language(): string {
  chosen ??= choose(wx.getAppBaseInfo().language ?? "");
  return chosen;
}

function choose(wanted: string): string {
  const tag = wanted.replace("_", "-");
  const kin = Object.keys(STRINGS).filter((name) => name.split("-")[0] === tag.split("-")[0]);
  return kin.find((name) => name === tag) ?? kin[0] ?? DEFAULT;
}

const strings = () => STRINGS[language()] ?? STRINGS[DEFAULT];

/** The string `key` with its places filled; `<key>_one` where English counts `n` as one. */
export function t(key: string, values: Record<string, string | number> = {}): string {
  const all = strings();
  const one = values.n === 1 && language().startsWith("en") ? all[`${key}_one`] : undefined;
  return (one ?? all[key] ?? key).replace(/\{(\w+)\}/g, (place, name) => (name in values ? String(values[name]) : place));
}

export const has = (key: string): boolean => key in strings();

/** Groups of strings for a page: `texts("home", "rung")` → `{home: {quick: …}, rung: {…}}`. What has places is left out. */
export function texts(...groups: string[]): Record<string, Record<string, string>> {
  const found: Record<string, Record<string, string>> = {};
  for (const group of groups) found[group] = {};
  for (const [key, text] of Object.entries(strings())) {
    const [group, name, ...rest] = key.split(".");
    if (group in found && rest.length === 0 && !text.includes("{")) found[group][name] = text;
  }
  return found;
}

const two = (n: number) => String(n).padStart(2, "0");

/** `18:04:05` */
export function timeOf(moment: string | number): string {
  const at = new Date(moment);
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** `11-23 18:04` */
export function dayOf(moment: string | number): string {
  const at = new Date(moment);
  return `${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** `12 秒`, `3 分 4 秒`, `2 小时 5 分`. */
export function duration(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 60) return t("wait.seconds", { n: s });
  if (s < 3600) return t("wait.minutes", { m: Math.floor(s / 60), s: s % 60 });
  return t("wait.hours", { h: Math.floor(s / 3600), m: Math.floor((s % 3600) / 60) });
}

/** `20 米`, `350 米`, `1.2 公里`. */
export function distance(m: number): string {
  if (m < 1000) return t("place.metres", { n: Math.max(5, m < 100 ? Math.ceil(m / 5) * 5 : Math.ceil(m / 50) * 50) });
  return t("place.kilometres", { n: String(Math.ceil(m / 100) / 10) });
}

/** What a problem says to a person. */
export function sentence(problem: { detail?: string; status?: number } | null | undefined): string {
  if (problem?.detail) return problem.detail;
  return t(problem?.status ? "problem.server" : "problem.network");
}
