// The keyboard, and choosing a card. While somebody writes in a field, a letter is a letter.
import { acceptNext } from "./accept.js";
import { closeQuestions, press, questionKey, toggleQuestions } from "./asks.js";
import { callBack } from "./call.js";
import { openCommand } from "./command.js";
import { neighbour } from "./cards.js";
import { isFlood } from "./flood.js";
import { openFlood } from "./flood_list.js";
import { take } from "./hand.js";
import { linkLikely } from "./incident.js";
import { openLookup } from "./lookup.js";
import { backToPlace, placeScene, toggleMap } from "./map/door.js";
import { closeOne } from "./notices.js";
import { closeReplies, readyKey, toggleReplies } from "./ready.js";
import { askReason, meant } from "./reason.js";
import { closeOrDecide } from "./proposal.js";
import { askReferral } from "./referral.js";
import { openNote } from "./notes.js";
import { openReply } from "./reply.js";
import { openColleagues, toggleShift } from "./shift.js";
import { toggleSound } from "./sound.js";
import { askTransfer } from "./transfer.js";
import { openUnits } from "./units.js";
import { closeWhy, toggleWhy } from "./why.js";
import { openMedia } from "./viewer.js";

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
  // A flood is no report: it is opened by Enter, and what is in hand stays there meanwhile.
  if (!isFlood(card)) opening = setTimeout(() => take(card.dataset.report), open);
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
  const all = ["waiting", "released", "taken"].flatMap(cardsOf);
  const to = neighbour(from, way) ?? all[all.indexOf(from) + (way === "nextElementSibling" ? 1 : -1)];
  if (to) choose(to, { focus: true, open: OPEN_AFTER_MS });
}

function across(list) {
  const from = chosen();
  if (from?.parentElement.id === list) return;
  const first = cardsOf(list)[0];
  if (first) choose(first, { focus: true, open: OPEN_AFTER_MS });
}

function accept(wanted = null) {
  const card = acceptNext(wanted);
  if (card) choose(card);
}

async function enter() {
  const card = chosen() ?? queue.querySelector(".card");
  if (!card) return;
  choose(card);
  clearTimeout(opening);
  if (isFlood(card)) {
    openFlood(card);
    return;
  }
  await take(card.dataset.report, { focus: true });
}

/** Of the chosen card, else of the first. */
function why() {
  const card = chosen() ?? queue.querySelector("#waiting .card");
  if (!card) return;
  if (card !== chosen()) choose(card, { focus: true, open: OPEN_AFTER_MS });
  toggleWhy(card);
}

function toggleHelp() {
  if (help.open) help.close();
  else help.show();
}

function leave() {
  if (help.open) help.close();
  else if (!closeQuestions() && !closeReplies() && !closeWhy() && !closeOne()) backToQueue();
}

function backToQueue() {
  (chosen() ?? queue.querySelector(".card") ?? document.getElementById("hand")).focus({ preventScroll: true });
}

const acts = {
  a: () => accept(),
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
  e: toggleReplies,
  h: callBack,
  i: openMedia,
  b: () => askReason("release"),
  t: () => askReason("take_over"),
  z: closeOrDecide,
  u: openUnits,
  2: askTransfer,
  5: () => askReferral(meant()),
  w: why,
  y: linkLikely,
  n: openNote,
  s: toggleShift,
  c: openColleagues,
  m: toggleSound,
  g: openLookup,
  x: toggleMap,
  l: placeScene,
  o: backToPlace,
  Escape: leave,
  "?": toggleHelp,
  "/": openCommand,
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
  if (!event.repeat && (readyKey(event.key) || questionKey(event.key))) {
    event.preventDefault();
    return;
  }
  const act = acts[event.key] ?? acts[event.key.toLowerCase()];
  if (!act) return;
  const arrows = event.key.startsWith("Arrow");
  // Enter on a button or a link is theirs; arrows in the conversation scroll it.
  if (event.key === "Enter" && event.target.closest("button, a")) return;
  if (arrows && event.target.closest("#hand, #map")) return;
  if (event.repeat && !arrows && !"jk".includes(event.key.toLowerCase())) return;
  event.preventDefault();
  act();
}

document.addEventListener("keydown", pressed);

queue.addEventListener("click", (event) => {
  const card = event.target.closest(".card");
  if (!card) return;
  choose(card, { focus: !event.target.closest("button") });
  if (!isFlood(card)) return;
  if (event.target.closest(".accept")) accept(card);
  else openFlood(card);
});

// One of a flood's list is accepted as if by the key.
document.addEventListener("desk:accept", ({ detail: { report } }) => {
  const card = document.getElementById(`report-${report}`);
  if (card) accept(card);
});

// A report that was found by its code is chosen as if by hand.
document.addEventListener("desk:found", ({ detail: { report } }) => {
  const card = document.getElementById(`report-${report}`);
  if (card) choose(card, { focus: true });
  else take(report, { focus: true });
});

// What the command line was told to do is done as if by its key.
document.addEventListener("desk:act", ({ detail: { key } }) => acts[key]?.());

document.getElementById("show-keys").addEventListener("click", toggleHelp);
document.addEventListener("desk:cards", rove);
rove();
