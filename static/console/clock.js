// The server's time. An office computer's clock may be minutes off, and a wait counted from it would be a lie.
import { meta } from "./words.js";

const SAMPLES = 30;

// Server time minus the page's own monotonic time. Word takes some time to travel, which makes a sample too small and
// never too big: the biggest of the last samples is the truest.
const offsets = [Date.parse(meta("server-time")) - (performance.getEntriesByType("navigation")[0]?.responseStart ?? 0)];

/** Word from the server, stamped with its own time. */
export function heard(at) {
  offsets.push(Date.parse(at) - performance.now());
  if (offsets.length > SAMPLES) offsets.shift();
}

/** The server's time now, in milliseconds since 1970. */
export function now() {
  return Math.max(...offsets) + performance.now();
}

const BEIJING = new Intl.DateTimeFormat("zh-CN", {
  timeZone: "Asia/Shanghai", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
});

/** A time of day in China, `18:00:05`. */
export function timeOfDay(milliseconds) {
  return BEIJING.format(milliseconds);
}
