// A word outside of the browser for whoever looks elsewhere: how many wait, and of which kind. Nothing of what they say,
// nor that somebody must not be noticed: a screen in a room is read by others. Whether the browser lets it through stands
// in the top line, in words, as long as it does not.
import { say } from "./notices.js";
import { meta, t } from "./words.js";

const cards = () => [...document.querySelectorAll("#waiting .card, #released .card")];
const supported = "Notification" in window;
const button = document.getElementById("wake");

let shown = null; // the notification on the screen
let last = ""; // the report that it was shown for
const steps = new Map(); // how far each report that waits has been escalated, by its id

/** Ask whether one may: when a shift begins, by the sound's key, or by the words in the top line; never by itself. */
export async function askToNotify() {
  if (supported && Notification.permission === "default") await Notification.requestPermission();
  paint();
}

/** What stands in the way, as a code: nothing, or why nobody is called. */
function obstacle() {
  if (!("Notification" in window) || !window.isSecureContext) return "impossible";
  const { permission } = Notification;
  return { granted: "", denied: "denied" }[permission] ?? "off";
}

function paint() {
  const state = obstacle();
  button.hidden = state === "";
  if (!state || button.dataset.state === state) return;
  button.dataset.state = state;
  button.querySelector(".wake-word").textContent = t(`wake_${state}`);
  button.title = t(`wake_${state}_more`);
}

// Only the browser can undo what somebody has denied: say how.
button.addEventListener("click", async () => {
  await askToNotify();
  const state = obstacle();
  say("said", t(state ? `wake_${state}_more` : "wake_on"));
});

/** How many wait of each kind: `快速报警 2 · 诈骗登记 1`. */
function kinds(waiting) {
  const counts = new Map();
  for (const card of waiting) {
    const name = card.querySelector(".card-kind").textContent.trim();
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].map(([name, count]) => `${name} ${count}`).join(" · ");
}

/** `anew`: something has happened, and the same call shall be seen once more. */
function wake(report, { anew = true } = {}) {
  if (obstacle() || !document.hidden) return;
  last = report;
  const waiting = cards();
  const late = waiting.filter((card) => card.dataset.escalation).length;
  const title = t(late ? "wake_title_late" : "wake_title", { n: waiting.length, late, name: meta("desk-name") });
   
  shown = new Notification(title, { body: kinds(waiting), tag: "desk110.waiting", renotify: anew, silent: true });
  shown.addEventListener("click", () => {
    window.focus();
    document.dispatchEvent(new CustomEvent("desk:found", { detail: { report: last } }));
    close();
  });
}

function close() {
  shown?.close();
  shown = null;
}

/** Reports that have just gone a step further up. */
function escalated(changes) {
  return changes.filter(({ report, card }) => {
    const before = steps.get(report) ?? 0;
    const step = Number(card?.dataset.escalation) || 0;
    if (step) steps.set(report, step);
    else steps.delete(report);
    return step > before && card.closest("#waiting");
  });
}

document.addEventListener("desk:cards", ({ detail: { changes } }) => {
  const fresh = changes.filter((change) => change.fresh);
  const calling = escalated(changes).at(-1) ?? fresh.at(-1);
  if (calling) wake(calling.report);
  // Accepted, here or elsewhere: nobody need be called for it any more. For the others the call stands, in silence.
  else if (shown && !cards().length) close();
  else if (shown && !cards().some((card) => card.dataset.report === last)) wake(cards()[0].dataset.report, { anew: false });
});

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) close();
  paint(); // somebody may come back from the browser's settings
});

/** What is changed in the browser while this page is in view is seen at once, where the browser says so. */
async function follow() {
  try {
    // eslint-disable-next-line compat/compat -- what is missing is caught below
    const status = await navigator.permissions.query({ name: "notifications" });
    status.addEventListener("change", paint);
  } catch {
    // It does not say: seen when somebody comes back to this page.
  }
}

for (const card of cards()) steps.set(card.dataset.report, Number(card.dataset.escalation) || 0);
paint();
follow();
