// Closing a report with its outcome: the key, a digit, Enter. What is held against somebody wants a reason, and a false
// report or harassment a second person; what goes to 12345 has a dialog of its own (referral.js).
import { say } from "./notices.js";
import { askReferral } from "./referral.js";
import { perform } from "./reason.js";
import { meta, t } from "./words.js";

const dialog = document.getElementById("outcome");
const form = document.getElementById("outcome-form");
const choices = [...document.getElementById("outcome-choices").children];
const results = document.getElementById("outcome-results");
const reason = document.getElementById("outcome-reason");
const fault = document.getElementById("outcome-fault");
const send = document.querySelector("#outcome-send span");

let asked = null; // the card of the report that is being closed
let chosen = null;

/** Ask how the report in one's hands ended. What cannot be closed is said instead. */
export function askOutcome(card) {
  const { number, dispatcher: handler, status, releasedAt, receivedAt } = card?.dataset ?? {};
  if (!receivedAt || status === "closed" || !(releasedAt || handler === meta("dispatcher"))) {
    say("said", t("close_not_mine"));
    return;
  }
  asked = card;
  document.getElementById("outcome-title").textContent = t("close_title", { number });
  const withdrawn = choices.find((choice) => choice.dataset.outcome === "withdrawn");
  withdrawn.hidden = status !== "withdrawn";
  form.reset();
  choose(status === "withdrawn" ? withdrawn : choices[0]);
  dialog.showModal();
  chosen.firstElementChild.focus();
}

function choose(choice) {
  chosen = choice;
  for (const other of choices) other.firstElementChild.setAttribute("aria-pressed", other === choice);
  results.hidden = choice.dataset.outcome !== "handled";
  send.textContent = t("wantsSecond" in choice.dataset ? "close_propose" : "close_send");
  fault.textContent = "";
}

for (const choice of choices) {
  choice.firstElementChild.addEventListener("click", () => {
    if (choice.dataset.outcome === "referred") {
      dialog.close();
      askReferral(asked);
      return;
    }
    choose(choice);
    if ("wantsReason" in choice.dataset) reason.focus();
  });
}

dialog.addEventListener("keydown", (event) => {
  if (results.contains(event.target) || (event.target === reason && reason.value)) return; // a digit of its own
  if (event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
  const choice = choices[Number(event.key) - 1];
  if (choice && !choice.hidden) {
    event.preventDefault();
    choice.firstElementChild.click();
    if (dialog.open && !("wantsReason" in choice.dataset)) choice.firstElementChild.focus();
  } else if (event.key === "Enter" && event.target.closest("#outcome-choices")) {
    event.preventDefault(); // Enter on a choice closes with it
    event.target.click();
    if (dialog.open) form.requestSubmit();
  }
});

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if ("wantsReason" in chosen.dataset && !reason.value.trim()) {
    fault.textContent = t("reason_needed");
    reason.focus();
    return;
  }
  const route = "wantsSecond" in chosen.dataset ? "proposal" : "closing";
  const people = results.hidden ? [] : [...results.querySelectorAll("input")].map(({ name, value }) => [name, value]);
  const fields = { outcome: chosen.dataset.outcome, reason: reason.value, ...Object.fromEntries(people) };
  await perform(asked.dataset.report, route, fields, { dialog, fault });
});

document.getElementById("outcome-close").addEventListener("click", () => dialog.close());
