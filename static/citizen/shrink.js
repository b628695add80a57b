// What is sent smaller, and how small: the one rule. Pure: no DOM, no clock of its own.
//
// The original is evidence and goes as it is where the line bears it. Where it does not, a smaller one now is worth more
// than the whole later, and the person can still choose the original.

const FRESH = 5 * 60_000; // how long a measured pace says more than the phone's own guess (ms)
const GOES_SOON = 10_000; // what is there by then goes as it is (ms)
const SMALL = 256 * 1024; // bytes: nothing to be gained below
export const HEAVIEST = 20 * 1024 * 1024; // bytes of a photo that the server takes
export const PACE = { bad: 24 * 1024, poor: 120 * 1024 }; // bytes a second, below which a line is called so

const PHOTO = {
  good: { side: 4096, quality: 0.85 }, // only for what is too heavy
  poor: { side: 1920, quality: 0.8 }, // about 2 MP: what a dispatcher's screen can show
  bad: { side: 1280, quality: 0.7 },
};
const FILM = {
  good: { width: 1280, height: 720, video: 2_500_000, audio: 64_000 },
  poor: { width: 640, height: 480, video: 600_000, audio: 32_000 },
  bad: { width: 480, height: 360, video: 250_000, audio: 24_000 },
};
const VOICE = { good: 32_000, poor: 24_000, bad: 16_000 };

/** How the line is: `good`, `poor` or `bad`.
 *  @param {{effectiveType?: string, saveData?: boolean, downlink?: number, online?: boolean}} told  `navigator.connection`
 *  and `onLine`; `downlink` in Mbit/s. @param {{rate: number, at: number} | null} pace  what our own uploads carried, in
 *  bytes a second, and when. @param {number} now  ms */
export function lineOf(told, pace, now) {
  if (told.saveData) return "bad";
  if (pace && now - pace.at < FRESH) return pace.rate < PACE.bad ? "bad" : pace.rate < PACE.poor ? "poor" : "good";
  if (/^(slow-)?2g$/.test(told.effectiveType) || told.downlink < 0.1) return "bad";
  // A place without a network is seldom beside one with a good one.
  if (told.effectiveType === "3g" || told.downlink < 0.5 || told.online === false) return "poor";
  return "good";
}

/** How a photo is to be made smaller: `{side, quality}` (pixels of the longer side at most; JPEG's 0 to 1), or null for the original.
 *  @param {{size: number, line: string, pace?: {rate: number} | null, original?: boolean}} facts  `size` in bytes */
export function photoPlan({ size, line, pace = null, original = false }) {
  if (size > HEAVIEST) return PHOTO.good;
  if (original || line === "good" || size <= SMALL) return null;
  if (pace && line !== "bad" && (size / pace.rate) * 1000 <= GOES_SOON) return null;
  return PHOTO[line];
}

/** A video to be recorded: width and height at most, bits a second of picture and sound. */
export const filmPlan = (line) => FILM[line];

/** Bits a second of a voice note. */
export const voicePlan = (line) => VOICE[line];
