// An outcome that a colleague proposes and a second person decides on: the key, a digit, Enter; who does not agree says
// why. Who proposed it may take it back.
import { askOutcome } from "./outcome.js";
import { meant, perform } from "./reason.js";
import { meta, t } from "./words.js";

const dialog = document.getElementById("proposal");
const form = document.getElementById("proposal-form");
const choices = [...document.getElementById("proposal-choices").children];
const words = document.getElementById("proposal-words");
const answer = document.getElementById("proposal-answer");
const fault = document.getElementById("proposal-fault");

let asked = null; // the report that is decided on
let chosen = null;

/** Close the report, or decide on what a colleague has proposed to close it with. */
export function closeOrDecide() {
  const card = meant();
  if (card?.dataset.proposal) decide(card);
  else askOutcome(card);
}

function decide(card) {
  const { report, number, proposal, proposedBy, proposedWhy } = card.dataset;
  const mine = proposedBy === meta("dispatcher");
  asked = report;
  document.getElementById("proposal-title").textContent = t("proposal_title", { number });
  document.getElementById("proposal-asked").textContent = t(`proposal_${proposal}`, { number: proposedBy });
  document.getElementById("proposal-why").textContent = proposedWhy;
  for (const choice of choices) choice.hidden = mine !== (choice.dataset.act === "withdrawal");
  form.reset();
  choose(available()[0]);
  dialog.showModal();
  chosen.firstElementChild.focus();
}

const available = () => choices.filter((choice) => !choice.hidden);

function choose(choice) {
  chosen = choice;
  for (const other of choices) other.firstElementChild.setAttribute("aria-pressed", other === choice);
  words.hidden = !("wantsReason" in choice.dataset);
  fault.textContent = "";
}

for (const choice of choices) {
  choice.firstElementChild.addEventListener("click", () => {
    choose(choice);
    if (!words.hidden) answer.focus();
  });
}

dialog.addEventListener("keydown", (event) => {
  if (event.target === answer && answer.value) return; // a digit of the words
  if (event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
  const choice = available()[Number(event.key) - 1];
  if (choice) {
    event.preventDefault();
    choice.firstElementChild.click();
    if (words.hidden) choice.firstElementChild.focus();
  } else if (event.key === "Enter" && event.target.closest("#proposal-choices")) {
    event.preventDefault();
    event.target.click();
    form.requestSubmit();
  }
});

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (!words.hidden && !answer.value.trim()) {
    fault.textContent = t("reason_needed");
    answer.focus();
    return;
  }
  await perform(asked, `proposal-${chosen.dataset.act}`, { reason: answer.value }, { dialog, fault });
});

document.getElementById("proposal-close").addEventListener("click", () => dialog.close());

document.addEventListener("click", ({ target }) => {
  if (target.closest("#close-report, #decide")) closeOrDecide();
});
