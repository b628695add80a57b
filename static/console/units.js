// Sending units from the report in hand: one key lists them, digits choose one or several, Enter sends. Who was sent by
// somebody else a moment before is named in the answer, and the nearest free one is chosen in their place.
import { atTheDoor } from "./accept.js";
import { now } from "./clock.js";
import { inHand } from "./hand.js";
import { say } from "./notices.js";
import { brought, detailIn, post } from "./unit_acts.js";
import { markStep } from "./unit_steps.js";
import { lasting, t } from "./words.js";

const TIMEOUT_MS = 8_000;

const dialog = document.getElementById("units-choice");
const fault = document.getElementById("units-fault");
const go = document.getElementById("units-go");
const panel = () => document.getElementById("units-panel");

let asking = null; // the request under way
let sending = false;

const rows = () => [...panel().querySelectorAll("[data-unit]")];
const firstFree = () => rows().find((row) => !row.disabled);
const chosen = () => rows().filter((row) => row.getAttribute("aria-pressed") === "true");
const reportHere = () => panel().dataset.report;

/** Open the list of units for the report in hand. */
export async function openUnits() {
  const report = inHand();
  if (!report) {
    say("said", t("units_no_report"));
    return;
  }
  if (dialog.open) return;
  // At once, so that the next keys are not the page's; nobody is sent by a digit that nobody has read.
  empty();
  dialog.showModal();
  document.getElementById("units-close").focus();
  const text = await fetched(report);
  if (text === null || !dialog.open) return;
  show(text);
  focusFirst();
}

function empty() {
  const title = document.createElement("h2");
  title.id = "units-title";
  title.textContent = t("units_reading");
  panel().replaceChildren(title);
  panel().removeAttribute("data-report");
  fault.textContent = "";
  paint();
}

/** The list for a report; null when it did not come, which is said if `told`, or when it is asked for anew meanwhile. */
async function fetched(report, told = true) {
  asking?.abort("left");
  const request = (asking = new AbortController());
  const timeout = setTimeout(() => request.abort("timeout"), TIMEOUT_MS);
  try {
    const headers = { Accept: "text/html", "HX-Request": "true", "Accept-Language": document.documentElement.lang };
    const answer = await fetch(`/console/reports/${report}/units`, { headers, signal: request.signal });
    if (atTheDoor(answer)) return null;
    const text = await answer.text();
    if (answer.ok) return asking === request ? text : null;
    if (told) fault.textContent = detailIn(answer, text);
  } catch {
    if (told && request.signal.reason !== "left") fault.textContent = t("units_not_read");
  } finally {
    clearTimeout(timeout);
    if (asking === request) asking = null;
  }
  return null;
}

const parsed = (text) => document.adoptNode(new DOMParser().parseFromString(text, "text/html").getElementById("units-panel"));

/** A new list, from the top. */
function show(text) {
  fault.textContent = "";
  panel().replaceWith(parsed(text));
  paint();
}

/** The same list, newer: who was free keeps the place and the digit, so that no key means somebody else meanwhile. */
function renew(text) {
  const incoming = parsed(text);
  const free = new Map([...incoming.querySelectorAll("[data-unit]")].map((row) => [row.dataset.unit, row]));
  const gone = rows().filter((row) => !row.disabled && !free.has(row.dataset.unit));
  const wanted = gone.filter((row) => row.getAttribute("aria-pressed") === "true").map((row) => row.querySelector(".unit-name").textContent);
  for (const row of rows()) {
    row.disabled = !free.has(row.dataset.unit);
    if (row.disabled) row.setAttribute("aria-pressed", "false");
    free.delete(row.dataset.unit);
  }
  const list = panel().querySelector("#units-free");
  for (const row of list ? free.values() : []) {
    list.querySelector(".units-empty")?.remove();
    row.querySelector("kbd").textContent = rows().length < 9 ? String(rows().length + 1) : "";
    list.append(row.parentElement);
  }
  const { sending: marked } = document.activeElement?.dataset ?? {};
  for (const name of ["here", "busy"]) partOf(panel(), name).replaceWith(partOf(incoming, name));
  if (!dialog.contains(document.activeElement) || document.activeElement.disabled) {
    (panel().querySelector(`[data-sending="${marked}"]`) ?? firstFree() ?? go).focus();
  }
  if (wanted.length) fault.textContent = t("units_gone", { unit: wanted.join(" ") });
  paint();
}

const partOf = (within, name) => within.querySelector(`[data-part="${name}"]`);

/** Choose a unit, or choose it no more. */
function toggle(row) {
  row.setAttribute("aria-pressed", String(row.getAttribute("aria-pressed") !== "true"));
  row.focus();
  fault.textContent = "";
  paint();
}

function paint() {
  const n = chosen().length;
  document.getElementById("units-count").textContent = n > 1 ? String(n) : "";
  go.hidden = rows().length === 0;
  for (const time of panel().querySelectorAll("[data-ago], [data-since]")) {
    const ago = lasting(now() - Date.parse(time.dateTime));
    time.textContent = "ago" in time.dataset ? t("units_ago", { ago }) : ago;
  }
}

function focusFirst() {
  (chosen()[0] ?? firstFree() ?? panel().querySelector("button") ?? document.getElementById("units-close")).focus();
}

/** Send whom the digits chose; without a choice, whom the focus is on: at first that is the nearest. */
async function send() {
  if (sending || !reportHere()) return;
  const focused = document.activeElement?.closest?.("[data-unit]");
  const units = chosen().length ? chosen() : [focused].filter(Boolean);
  if (!units.length) {
    fault.textContent = t("units_none_chosen");
    return;
  }
  sending = true;
  fault.textContent = "";
  try {
    const answer = await post(reportHere(), "sendings", { units: units.map(({ dataset }) => dataset.unit).join(" ") });
    if (!answer) return;
    if (answer.status === 200) {
      dialog.close();
      brought(answer.text);
      say("said", t("units_sent", { n: units.length }));
    } else if (answer.html) {
      show(answer.text); // the others went
      focusFirst();
    } else {
      fault.textContent = answer.detail;
    }
  } catch {
    fault.textContent = t("units_lost");
  } finally {
    sending = false;
  }
}

dialog.addEventListener("keydown", (event) => {
  if (event.isComposing || event.keyCode === 229 || event.ctrlKey || event.altKey || event.metaKey) return;
  const act = actOf(event);
  if (!act) return;
  event.preventDefault();
  if (!event.repeat || event.key.startsWith("Arrow")) act();
});

function actOf({ key, target }) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[key];
  if (step) return () => move(step);
  if (/^[1-9]$/.test(key)) {
    const row = rows()[Number(key) - 1];
    return row && !row.disabled ? () => toggle(row) : null;
  }
  // Enter on one of the other buttons is theirs.
  if (key === "Enter") return target.closest("button:not([data-unit], #units-go)") ? null : send;
  const out = key.length === 1 ? stepButton(key.toUpperCase()) : null;
  return out ? () => out.click() : null;
}

const stepButton = (letter) => [...panel().querySelectorAll("#units-here button")].find((button) => button.querySelector("kbd").textContent === letter);

function move(step) {
  const all = [...panel().querySelectorAll("button:enabled")];
  const at = all.indexOf(document.activeElement);
  all[(at + step + all.length) % all.length]?.focus();
}

dialog.addEventListener("click", ({ target }) => {
  const row = target.closest("[data-unit]");
  const out = target.closest("[data-step]");
  if (row) toggle(row);
  else if (out) step(out);
  else if (target.closest("#units-go")) send();
  else if (target.closest("#units-close")) dialog.close();
});

function step(button) {
  dialog.close();
  markStep(button, button.dataset.of ?? reportHere());
}

dialog.addEventListener("close", () => asking?.abort("left"));

document.addEventListener("click", ({ target }) => {
  if (target.closest("#send-units")) openUnits();
});

// Somebody of the desk sent a unit, or one became free, while the list is open.
document.addEventListener("desk:units", async () => {
  if (!dialog.open || sending || !reportHere()) return;
  // What is older is no harm: who is not free any more is not sent.
  const text = await fetched(reportHere(), false);
  if (text !== null && dialog.open && !sending) renew(text);
});

document.addEventListener("desk:second", () => {
  if (dialog.open) paint();
});
