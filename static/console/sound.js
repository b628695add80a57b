// The sound of waiting: once for a new report, then the more urgent the longer somebody waits. It can be muted for
// oneself, which is recorded; what has been escalated sounds all the same.
import { say } from "./notices.js";
import { hearing, play } from "./tones.js";
import { meta, t } from "./words.js";

const NEW = { tones: [[740, 0]], loudness: 0.12 };
// By the step of waiting that the card's colour has reached: how often, in milliseconds, and what.
const LATE = [
  null,
  { every: 5_000, tones: [[740, 0], [740, 0.2]], loudness: 0.16 },
  { every: 3_500, tones: [[740, 0], [880, 0.2]], loudness: 0.24 },
  { every: 2_000, tones: [[880, 0], [1040, 0.18], [880, 0.36]], loudness: 0.34 },
];
const KEPT = `desk110.muted.${meta("dispatcher")}`;

const button = document.getElementById("sound");
const words = button.querySelector(".sound-word");
const waiting = document.getElementById("waiting");

let muted = kept();
let soundedAt = -Infinity;

/** Mute, or sound again; only what the desk's log has taken counts. */
export async function toggleSound() {
  if (hearing() === "blocked") return paint();
  askToNotify();
  const wanted = !muted;
  try {
    const response = await fetch("/console/sound", {
      method: "POST",
      headers: { "X-CSRF-Token": meta("csrf-token"), "Content-Type": "application/x-www-form-urlencoded" },
      body: `muted=${wanted ? 1 : 0}`,
    });
    if (!response.ok) throw new Error(`status ${response.status}`);
  } catch {
    say("fault", t("sound_lost"));
    return undefined;
  }
  muted = wanted;
  keep();
  paint();
  if (!muted) play(NEW.tones, NEW.loudness);
  return undefined;
}

function kept() {
  try {
    return localStorage.getItem(KEPT) === "1";
  } catch {
    return false;
  }
}

function keep() {
  try {
    localStorage.setItem(KEPT, muted ? "1" : "0");
  } catch {
    // A browser that keeps nothing sounds again after a reload.
  }
}

/** Once a second: sounds what is due, the most urgent alone. */
function follow() {
  paint();
  const cards = [...waiting.querySelectorAll(".card")];
  const escalated = cards.some((card) => card.dataset.escalation);
  const step = Math.max(0, ...cards.map((card) => Number(card.getAttribute("data-page-late")) || 0));
  const late = LATE[Math.min(step, LATE.length - 1)];
  // A duress word has a sound of its own, over which nothing else need be heard.
  if (!late || (muted && !escalated) || document.body.hasAttribute("data-page-duress")) return;
  if (performance.now() - soundedAt < late.every) return;
  soundedAt = performance.now();
  play(late.tones, late.loudness);
}

function arrived({ detail: { changes } }) {
  const fresh = changes.filter(({ card, before }) => before === null && card?.dataset.status === "filed");
  if (!fresh.length) return;
  if (!muted) play(NEW.tones, NEW.loudness);
  notify();
}

/** A word outside of the browser for whoever looks elsewhere: how many wait, nothing of what they say. */
function notify() {
  if (!document.hidden || !("Notification" in window) || Notification.permission !== "granted") return;
  const count = waiting.querySelectorAll(".card").length;
  // eslint-disable-next-line compat/compat -- asked for above
  new Notification(t("title", { n: count, name: meta("desk-name") }), { tag: "desk110.waiting", silent: true });
}

function askToNotify() {
  if ("Notification" in window && Notification.permission === "default") Notification.requestPermission();
}

function paint() {
  const state = muted ? "muted" : hearing();
  if (button.dataset.state === state) return;
  button.dataset.state = state;
  button.setAttribute("aria-pressed", String(muted));
  button.querySelector("use").setAttribute("href", `/static/vendor/icons.svg#${state === "running" ? "volume-2" : "volume-x"}`);
  words.textContent = t(`sound_${state}`);
}

button.addEventListener("click", toggleSound);
document.addEventListener("desk:cards", arrived);
let seconds = 0;
document.addEventListener("desk:second", () => {
  // The event comes four times a second.
  if (seconds++ % 4 === 0) follow();
});
paint();
