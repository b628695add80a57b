// The sound of waiting: once for a new report, then the more urgent the longer somebody waits. It can be muted for
// oneself, which is recorded; what has been escalated sounds all the same.
import { waits } from "./cards.js";
import { say } from "./notices.js";
import { hearing, play } from "./tones.js";
import { askToNotify } from "./waking.js";
import { meta, t } from "./words.js";

const NEW = { tones: [[740, 0]], loudness: 0.12 };
// By the step that somebody's waiting has reached: how often, in milliseconds, and what.
const LATE = [
  null,
  { every: 5_000, tones: [[740, 0], [740, 0.2]], loudness: 0.16 },
  { every: 3_500, tones: [[740, 0], [880, 0.2]], loudness: 0.24 },
  { every: 2_000, tones: [[880, 0], [1040, 0.18], [880, 0.36]], loudness: 0.34 },
];
// On the shift leader's console alone, when somebody waits of whom the shift leader was told: never muted.
const TOLD = { every: 2_500, tones: [[523, 0], [784, 0.16], [523, 0.32], [784, 0.48]], loudness: 0.4 };
const KEPT = `desk110.muted.${meta("dispatcher")}`;

const button = document.getElementById("sound");
const words = button.querySelector(".sound-word");

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

/** The shift has begun: sound is on, and is heard once to prove it. */
export function startSound() {
  if (muted) toggleSound();
  else if (hearing() === "running") play(NEW.tones, NEW.loudness);
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
  const cards = [...document.querySelectorAll("#waiting .card, #released .card")];
  const escalated = cards.some((card) => card.dataset.escalation);
  const step = Math.max(0, ...cards.map(stepOf));
  const late = document.body.hasAttribute("data-page-told") ? TOLD : LATE[Math.min(step, LATE.length - 1)];
  // A duress word has a sound of its own, over which nothing else need be heard.
  if (!late || (muted && !escalated) || document.body.hasAttribute("data-page-duress")) return;
  if (performance.now() - soundedAt < late.every) return;
  soundedAt = performance.now();
  play(late.tones, late.loudness);
}

/** The step of a card's waiting; of one that was escalated, at least the step of that: a desk may set its colours so
 * late that somebody is told before the first. */
function stepOf(card) {
  const late = Number(card.getAttribute("data-page-late")) || 0;
  return waits(card) ? Math.max(late, Number(card.dataset.escalation) || 0) : late;
}

function arrived({ detail: { changes } }) {
  if (!muted && changes.some((change) => change.fresh)) play(NEW.tones, NEW.loudness);
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
