// What a unit has reached: on scene by a press, clear with what it reports back, a ready line by its digit or a few words.
// Beside each stands since when, ticking.
import { now } from "./clock.js";
import { say } from "./notices.js";
import { brought, post } from "./unit_acts.js";
import { lasting, t } from "./words.js";

const dialog = document.getElementById("clearing");
const form = document.getElementById("clearing-form");
const field = document.getElementById("clearing-text");
const ready = document.getElementById("clearing-ready");
const fault = document.getElementById("clearing-fault");

let asked = null; // {report, sending, name}
let busy = false;

/** The next step of the unit that a button is of. */
export function markStep({ dataset: { step, sending, name } }, report) {
  if (step === "on_scene") ask({ report, sending, name });
  else act(report, "arrivals", { sending }, t("units_arrived", { unit: name }), (sentence) => say("fault", sentence));
}

function ask(of) {
  asked = of;
  document.getElementById("clearing-title").textContent = t("units_clear_title", { unit: of.name });
  fault.textContent = field.value = "";
  ready.replaceChildren(...t("units_feedback").split("\n").map(choice));
  dialog.showModal();
  field.focus();
}

function choice(words, at) {
  const item = document.createElement("li");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet";
  const key = document.createElement("kbd");
  key.textContent = at + 1;
  button.append(key, ` ${words}`);
  button.addEventListener("click", () => clear(words));
  item.append(button);
  return item;
}

async function clear(reason) {
  const { report, sending, name } = asked;
  const failed = (sentence) => { fault.textContent = sentence; };
  if (await act(report, "clearings", { sendings: sending, reason }, t("units_cleared", { unit: name }), failed)) dialog.close();
}

async function act(report, route, fields, said, failed) {
  if (busy) return false;
  busy = true;
  try {
    const answer = await post(report, route, fields);
    if (!answer) return false;
    if (answer.status >= 400) {
      failed(answer.detail);
      return false;
    }
    if (answer.html) brought(answer.text);
    say("said", said);
    return true;
  } catch {
    failed(t("units_mark_lost"));
    return false;
  } finally {
    busy = false;
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (field.value.trim()) clear(field.value);
  else fault.textContent = t("units_feedback_needed");
});

field.addEventListener("keydown", (event) => {
  // In an empty field a digit is a choice.
  const button = field.value ? null : ready.children[Number(event.key) - 1]?.firstChild;
  if (!button || event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
  event.preventDefault();
  button.click();
});

document.getElementById("clearing-close").addEventListener("click", () => dialog.close());

document.addEventListener("click", ({ target }) => {
  const button = target.closest("#units [data-step]");
  if (button) markStep(button, document.getElementById("in-hand").dataset.report);
});

function tick() {
  for (const time of document.querySelectorAll("#units .unit-since")) time.textContent = lasting(now() - Date.parse(time.dateTime));
}

for (const moment of ["desk:second", "desk:hand"]) document.addEventListener(moment, tick);
