// What is ready to be said: the category that is listed, and the quick replies. A digit puts a reply into the field,
// where it is read once before Enter sends it; who must not be noticed gets it as it stands.
import { closeQuestions } from "./asks.js";
import { say } from "./notices.js";
import { putIn } from "./reply.js";
import { t } from "./words.js";

const DIGITS = 9;
const MENUS = "#questions, #replies";

const chosen = new Map(); // report → category
let before = null; // where the focus was when the replies were opened

const asks = () => document.getElementById("asks");
const replies = () => document.getElementById("replies");
const reportNow = () => document.getElementById("in-hand").dataset.report;
const areOpen = () => asks()?.hasAttribute("data-page-replies") ?? false;
const questionsAreOpen = () => asks()?.hasAttribute("data-page-open") ?? false;
const listed = () => [...replies().querySelectorAll(".replies-list button:not([hidden])")];
const categoryNow = () => chosen.get(reportNow()) ?? asks().dataset.category;

/** Open the quick replies, or close them. */
export function toggleReplies() {
  const button = document.getElementById("pick-reply");
  if (!button || button.disabled) return;
  if (closeReplies()) return;
  before = document.activeElement;
  closeQuestions();
  show(true);
  listed()[0]?.focus({ preventScroll: true });
}

/** Close the quick replies; false when they were not open. */
export function closeReplies() {
  if (!areOpen()) return false;
  const within = asks().contains(document.activeElement);
  show(false);
  if (within && before?.isConnected) before.focus({ preventScroll: true });
  return true;
}

/** A key while the replies or the questions are open; true when it was for what is listed. */
export function readyKey(key) {
  if (!areOpen() && !questionsAreOpen()) return false;
  const turn = { PageDown: 1, PageUp: -1 }[key];
  if (turn) {
    switchBy(turn);
    return true;
  }
  if (!areOpen()) return false;
  const picked = /^[1-9]$/.test(key) ? listed()[Number(key) - 1] : null;
  if (picked) {
    picked.click();
    return true;
  }
  const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[key];
  if (!step) return false;
  const all = listed();
  all[(all.indexOf(document.activeElement) + step + all.length) % all.length]?.focus();
  return true;
}

function show(open) {
  asks().toggleAttribute("data-page-replies", open);
  document.getElementById("pick-reply")?.setAttribute("aria-expanded", String(open));
  if (open) list();
}

function switchBy(turn) {
  const all = [...replies().querySelectorAll(".ready-categories button")].map((button) => button.dataset.category);
  const at = Math.max(0, all.indexOf(categoryNow()));
  switchTo(all[(at + turn + all.length) % all.length]);
}

function switchTo(category) {
  chosen.set(reportNow(), category);
  list();
  const first = areOpen() ? listed()[0] : document.querySelector("#questions section button:not([hidden])");
  first?.focus({ preventScroll: true });
}

/** Show what is of the category, its own first, and number the replies as they stand. */
function list() {
  if (!asks()) return;
  const category = categoryNow();
  for (const button of asks().querySelectorAll(".ready-categories button")) {
    button.setAttribute("aria-pressed", String(button.dataset.category === category));
  }
  for (const button of document.querySelectorAll(`:is(${MENUS}) :is(.replies-list, section) button`)) {
    button.hidden = button.dataset.category !== "general" && button.dataset.category !== category;
  }
  for (const section of asks().querySelectorAll(".questions-own")) {
    section.hidden = !section.querySelector("button:not([hidden])");
  }
  const own = (button) => Number(button.dataset.category === "general");
  const place = replies().querySelector(".replies-list");
  const sorted = [...place.children].sort((one, other) => own(one) - own(other));
  if (sorted.some((button, at) => place.children[at] !== button)) {
    const focused = document.activeElement;
    place.append(...sorted);
    if (place.contains(focused)) focused.focus({ preventScroll: true });
  }
  for (const button of place.children) button.querySelector("kbd").textContent = "";
  listed().slice(0, DIGITS).forEach((button, at) => { button.querySelector("kbd").textContent = String(at + 1); });
  replies().querySelector(".ready-none").hidden = listed().length > 0;
}

function pick(button) {
  closeReplies();
  if (putIn(button.dataset.text, asks().hasAttribute("data-covert"))) say("said", t("ready_chosen"));
}

document.addEventListener("click", ({ target }) => {
  const category = target.closest(".ready-categories button");
  const reply = target.closest(".replies-list button");
  if (category) switchTo(category.dataset.category);
  else if (reply) pick(reply);
  else if (target.closest("#pick-reply")) toggleReplies();
  else if (!target.closest("#replies")) closeReplies();
});

document.addEventListener("desk:questions", () => {
  closeReplies();
  list();
});

// The report was painted anew: what the server renders knows nothing of a menu or of a category that was chosen.
document.addEventListener("desk:hand", () => {
  list();
  document.getElementById("pick-reply")?.setAttribute("aria-expanded", String(areOpen()));
});
