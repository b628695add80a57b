// The shift: one key begins it, and the sound with it, and asks the browser to let calls through; the same key leads
// through the hand-over to its end. And who else is on.
import { atTheDoor } from "./accept.js";
import { say } from "./notices.js";
import { startSound } from "./sound.js";
import { askToNotify } from "./waking.js";
import { meta, t } from "./words.js";

const TIMEOUT_MS = 8_000;

const opener = document.getElementById("shift-open");
const dialog = document.getElementById("shift");
const colleagues = document.getElementById("colleagues");
const panel = () => document.getElementById("shift-panel");

let busy = false;

const isOn = () => Boolean(opener.dataset.since);

/** Begin the shift, or open its panel. */
export function toggleShift() {
  if (isOn()) open();
  else begin();
}

/** Open the list of who is on. */
export async function openColleagues() {
  await asked("/console/colleagues", null, colleagues.firstElementChild);
  if (!colleagues.open) colleagues.showModal();
}

async function open() {
  await asked("/console/shift", null, panel());
  show();
}

function show() {
  if (dialog.open) return;
  dialog.showModal();
  (panel().querySelector("select, textarea") ?? panel().querySelector("button")).focus();
}

async function begin() {
  askToNotify(); // at once: a browser asks only amid somebody's own act
  if (!(await asked("/console/shift", new URLSearchParams(), panel()))) return;
  startSound();
  say("said", t("shift_began"));
  if (Number(panel().dataset.left)) show();
  else dialog.close();
}

async function end(form) {
  if (!(await asked("/console/shift/end", new URLSearchParams(new FormData(form)), panel()))) return;
  dialog.close();
  say("said", t("shift_ended"));
}

/** Ask, or (with a body) do, and show the answer in `place`; whether it was done. */
async function asked(address, body, place) {
  if (busy) return false;
  busy = true;
  const headers = { "Accept-Language": document.documentElement.lang, "HX-Request": "true" };
  if (body) headers["X-CSRF-Token"] = meta("csrf-token");
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const response = await fetch(address, { method: body ? "POST" : "GET", headers, body, signal });
    if (atTheDoor(response)) return false;
    const text = await response.text();
    if (!response.ok) {
      await refused(response, text);
      return false;
    }
    await htmx.swap({ sourceElement: place, target: place, swap: "outerMorph", text, transition: false });
    paint();
    return true;
  } catch {
    fault(t("shift_lost"));
    return false;
  } finally {
    busy = false;
  }
}

async function refused(response, text) {
  let problem = {};
  try {
    problem = response.status < 500 ? JSON.parse(text) : {};
  } catch {
    // No problem of ours: its status says enough.
  }
  if (problem.code === "reports_in_hand") {
    busy = false;
    await asked("/console/shift", null, panel()); // with what came meanwhile; what was written stays
  }
  fault(problem.detail ?? t("shift_refused", { status: response.status }));
}

function fault(sentence) {
  const place = dialog.open ? document.getElementById("shift-fault") : null;
  if (place) place.textContent = sentence;
  else say("fault", sentence);
}

function paint() {
  const { since } = panel().dataset;
  if (since !== undefined) opener.dataset.since = since;
  opener.querySelector(".shift-word").textContent = t(isOn() ? "shift_on" : "shift_off");
}

dialog.addEventListener("submit", (event) => {
  event.preventDefault();
  end(event.target);
});

document.addEventListener("click", ({ target }) => {
  if (target.closest("#shift-open")) toggleShift();
  if (target.closest("#figure-colleagues")) openColleagues();
  if (target.closest("#shift [data-begin]")) begin();
  target.closest("#shift [data-close], #colleagues [data-close]")?.closest("dialog").close();
  const done = target.closest("[data-done]");
  if (done) asked("/console/shift/notes/done", new URLSearchParams({ note: done.dataset.done }), panel());
});

// Who signs out hands over first.
document.querySelector(".top-out").addEventListener("submit", (event) => {
  if (!isOn()) return;
  event.preventDefault();
  say("said", t("shift_first"));
  open();
});

paint();
if (!isOn()) say("said", t("shift_none"));
