// The keyboard, and choosing a card. While somebody writes in a field, a letter is a letter.
import { acceptNext } from "./accept.js";
import { closeQuestions, press, questionKey, toggleQuestions } from "./asks.js";
import { neighbour } from "./cards.js";
import { take } from "./hand.js";
import { openLookup } from "./lookup.js";
import { closeOne } from "./notices.js";
import { openReply } from "./reply.js";
import { toggleSound } from "./sound.js";

const OPEN_AFTER_MS = 120; // running through cards with the arrows does not fetch each of them

const queue = document.getElementById("queue");
const help = document.getElementById("keys");
let opening = 0;

const chosen = () => queue.querySelector('.card[aria-current="true"]');
const cardsOf = (list) => [...document.getElementById(list).querySelectorAll(".card")];

/** Choose a card and take its report in hand. */
function choose(card, { focus = false, open = 0 } = {}) {
  const before = chosen();
  if (before !== card) {
    before?.removeAttribute("aria-current");
    card.setAttribute("aria-current", "true");
    rove();
    document.dispatchEvent(new CustomEvent("desk:chosen"));
  }
  if (focus) {
    card.focus({ preventScroll: true });
    card.scrollIntoView({ block: "nearest" });
  }
  clearTimeout(opening);
  opening = setTimeout(() => take(card.dataset.report), open);
}

/** One stop for the Tab key in the queue: the chosen card, or the first. */
function rove() {
  const stop = chosen() ?? queue.querySelector(".card");
  for (const card of queue.querySelectorAll('.card[tabindex="0"]')) if (card !== stop) card.tabIndex = -1;
  if (stop && stop.tabIndex !== 0) stop.tabIndex = 0;
}

function step(way) {
  const from = chosen();
  if (!from) {
    const first = queue.querySelector(".card");
    if (first) choose(first, { focus: true, open: OPEN_AFTER_MS });
    return;
  }
  let to = neighbour(from, way);
  const [waiting, taken] = [cardsOf("waiting"), cardsOf("taken")];
  if (!to && way === "nextElementSibling" && waiting.includes(from)) to = taken[0];
  if (!to && way === "previousElementSibling" && taken.includes(from)) to = waiting[waiting.length - 1];
  if (to) choose(to, { focus: true, open: OPEN_AFTER_MS });
}

function across(list) {
  const from = chosen();
  if (from?.parentElement.id === list) return;
  const first = cardsOf(list)[0];
  if (first) choose(first, { focus: true, open: OPEN_AFTER_MS });
}

function accept() {
  const card = acceptNext();
  if (card) choose(card);
}

async function enter() {
  const card = chosen() ?? queue.querySelector(".card");
  if (!card) return;
  choose(card);
  clearTimeout(opening);
  await take(card.dataset.report, { focus: true });
}

function toggleHelp() {
  if (help.open) help.close();
  else help.show();
}

function leave() {
  if (help.open) help.close();
  else if (!closeQuestions() && !closeOne()) backToQueue();
}

function backToQueue() {
  (chosen() ?? queue.querySelector(".card") ?? document.getElementById("hand")).focus({ preventScroll: true });
}

const acts = {
  a: accept,
  j: () => step("nextElementSibling"),
  ArrowDown: () => step("nextElementSibling"),
  k: () => step("previousElementSibling"),
  ArrowUp: () => step("previousElementSibling"),
  ArrowLeft: () => across("waiting"),
  ArrowRight: () => across("taken"),
  Enter: enter,
  r: openReply,
  d: () => press("duress"),
  p: () => press("location"),
  f: () => press("photo"),
  v: () => press("video"),
  q: toggleQuestions,
  m: toggleSound,
  g: openLookup,
  Escape: leave,
  "?": toggleHelp,
};

function inField(event) {
  if (event.key === "Escape") {
    backToQueue();
  } else if (event.key === "Enter" && event.target.id === "reply-text" && !event.shiftKey) {
    event.preventDefault();
    event.target.form.requestSubmit();
  }
}

function pressed(event) {
  // 229: the key belongs to an input method (Chinese is written with one).
  if (event.defaultPrevented || event.isComposing || event.keyCode === 229) return;
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  if (document.querySelector("dialog:modal")) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) {
    inField(event);
    return;
  }
  if (!event.repeat && questionKey(event.key)) {
    event.preventDefault();
    return;
  }
  const act = acts[event.key] ?? acts[event.key.toLowerCase()];
  if (!act) return;
  const arrows = event.key.startsWith("Arrow");
  // Enter on a button or a link is theirs; arrows in the conversation scroll it.
  if (event.key === "Enter" && event.target.closest("button, a")) return;
  if (arrows && event.target.closest("#hand")) return;
  if (event.repeat && !arrows && !"jk".includes(event.key.toLowerCase())) return;
  event.preventDefault();
  act();
}

document.addEventListener("keydown", pressed);

queue.addEventListener("click", (event) => {
  const card = event.target.closest(".card");
  if (card) choose(card, { focus: !event.target.closest("button") });
});

// A report that was found by its code is chosen as if by hand.
document.addEventListener("desk:found", ({ detail: { report } }) => {
  const card = document.getElementById(`report-${report}`);
  if (card) choose(card, { focus: true });
  else take(report, { focus: true });
});

document.getElementById("show-keys").addEventListener("click", toggleHelp);
document.addEventListener("desk:cards", rove);
rove();
