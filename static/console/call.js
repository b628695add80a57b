// Calling back. What speaks against it comes first; the number is asked for by an act that is logged, stands in the page
// as long as the panel is open, and nowhere else.
import { atTheDoor } from "./accept.js";
import { copyText } from "./copying.js";
import { meta, t } from "./words.js";

const TIMEOUT_MS = 8_000;

const panel = document.getElementById("call");
const reasons = document.getElementById("call-reasons");
const number = document.getElementById("call-number");
const fault = document.getElementById("call-fault");
const copy = document.getElementById("call-copy");

let report = "";
let asking = null; // the request under way

/** Open the panel for the report in hand. */
export function callBack() {
  const button = document.getElementById("call-back");
  if (!button || button.disabled || panel.open) return;
  report = document.getElementById("in-hand").dataset.report;
  document.getElementById("call-masked").textContent = button.dataset.masked;
  const guards = warn(button);
  clear();
  reasons.hidden = guards.length === 0;
  panel.showModal();
  if (guards.length) reasons.querySelector("button").focus();
  else ask("");
}

/** What speaks against the call, by the codes on the report's button; gives them. */
function warn(button) {
  const guards = button.dataset.guard.split(" ").filter(Boolean);
  for (const warning of panel.querySelectorAll("[data-guard]")) warning.hidden = !guards.includes(warning.dataset.guard);
  return guards;
}

function clear() {
  asking?.abort();
  asking = null;
  number.textContent = "";
  fault.textContent = "";
  copy.hidden = true;
}

async function ask(reason) {
  if (asking) return;
  clear();
  const request = (asking = new AbortController());
  const timer = setTimeout(() => request.abort(), TIMEOUT_MS);
  try {
    const answer = await fetch(`/console/reports/${report}/phone`, {
      method: "POST",
      headers: { "X-CSRF-Token": meta("csrf-token"), "Accept-Language": document.documentElement.lang },
      body: new URLSearchParams({ reason }),
      signal: request.signal,
    });
    if (atTheDoor(answer)) return;
    const said = await answer.json();
    if (asking !== request) return;
    if (answer.ok) show(said.phone);
    else refused(said);
  } catch {
    if (asking === request) fault.textContent = t("call_lost");
  } finally {
    clearTimeout(timer);
    if (asking === request) asking = null;
  }
}

function show(phone) {
  reasons.hidden = true;
  number.textContent = phone;
  copy.hidden = false;
  copy.focus();
}

function refused({ code, detail }) {
  fault.textContent = detail;
  // It turned so while the page did not know.
  if (code !== "reason_required") return;
  reasons.hidden = false;
  reasons.querySelector("button").focus();
}

reasons.addEventListener("click", (event) => {
  const button = event.target.closest("[data-reason]");
  if (button) ask(button.dataset.reason);
});

copy.addEventListener("click", () => copyText(number.textContent.replaceAll(" ", ""), copy));

panel.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const reason = reasons.hidden ? null : reasons.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (reason) reason.click();
  else if (event.key.toLowerCase() === "c" && !copy.hidden) copy.click();
  else return;
  event.preventDefault();
});

panel.addEventListener("close", clear);

// What turns out while the panel is open is said there, beside the number too.
document.addEventListener("desk:hand", ({ detail }) => {
  const button = document.getElementById("call-back");
  if (panel.open && button && detail.report === report) warn(button);
});

document.addEventListener("click", ({ target }) => {
  if (target.closest("#call-back")) callBack();
});
