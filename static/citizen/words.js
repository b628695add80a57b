// The catalogue, as the page brought it.

const strings = JSON.parse(document.getElementById("words").textContent);
export const language = document.documentElement.lang;
const plural = new Intl.PluralRules(language);
const clock = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const day = new Intl.DateTimeFormat(language, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

/** The string `citizen.<key>` with its places filled; `<key>_one` where the language counts `n` as one. */
export function t(key, values = {}) {
  const one = "n" in values && plural.select(Number(values.n)) === "one" ? strings[`citizen.${key}_one`] : undefined;
  const text = one ?? strings[`citizen.${key}`] ?? key;
  return text.replace(/\{(\w+)\}/g, (place, name) => values[name] ?? place);
}

/** Whether the catalogue has `citizen.<key>`. */
export const has = (key) => `citizen.${key}` in strings;

/** A report's state as people call it. */
export const statusWord = (status) => strings[`terms.status.${status}`] ?? status;

export const timeOf = (moment) => clock.format(new Date(moment));
export const dayOf = (moment) => day.format(new Date(moment));

/** `12 秒`, `3 分 4 秒`, `2 小时 5 分`. */
export function duration(ms) {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 60) return t("wait.seconds", { n: s });
  if (s < 3600) return t("wait.minutes", { m: Math.floor(s / 60), s: s % 60 });
  return t("wait.hours", { h: Math.floor(s / 3600), m: Math.floor((s % 3600) / 60) });
}

/** A length in words, as exact as it deserves: `20 米`, `350 米`, `1.2 公里`. */
export function distance(m) {
  if (m < 1000) return t("place.metres", { n: Math.max(5, m < 100 ? Math.ceil(m / 5) * 5 : Math.ceil(m / 50) * 50) });
  return t("place.kilometres", { n: (Math.ceil(m / 100) / 10).toString() });
}

/** What a problem says to a person. */
export function sentence(problem) {
  if (problem.detail) return problem.detail;
  return t(problem.status ? "problem.server" : "problem.network");
}
