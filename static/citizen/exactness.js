// A position in words: by what means, how exact, how old.

import { age } from "./position.js";
import { distance, t } from "./words.js";

const NOW = 60_000;

/** `约 20 米`; nothing where the phone did not say. */
export const roughly = (location) =>
  typeof location.accuracy_m === "number" ? t("position.roughly", { distance: distance(location.accuracy_m) }) : "";

/** `刚刚`, `3 分钟前`, `2 小时前`. */
export function ago(location) {
  const ms = age(location);
  if (!(ms >= NOW)) return t("position.now");
  if (ms < 3600_000) return t("position.minutes_ago", { n: Math.floor(ms / 60_000) });
  if (ms < 86_400_000) return t("position.hours_ago", { n: Math.floor(ms / 3600_000) });
  return t("position.days_ago", { n: Math.floor(ms / 86_400_000) });
}

/** `卫星定位` */
export const means = (location) => t(`position.by_${location.source}`);

/** All three: `卫星定位 · 约 20 米 · 刚刚`. */
export const inWords = (location) => [means(location), roughly(location), ago(location)].filter(Boolean).join(" · ");

/** Parts of a sentence, those that are there. */
export const joined = (...parts) => parts.filter(Boolean).join(" · ");
