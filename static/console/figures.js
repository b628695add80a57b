// What counts: seconds on every card, the desk's figures, the clock and the title.
import { cardsIn } from "./cards.js";
import { now, timeOfDay } from "./clock.js";
import { foldedOf, isFolded } from "./flood.js";
import { lasting, meta, t } from "./words.js";

let late = meta("late-seconds").split(" ").map(Number);

/** The desk's steps of waiting, in seconds, as the server last said. */
export function setLate(seconds) {
  late = seconds;
}

const name = meta("desk-name");
const waiting = document.getElementById("waiting");
const taken = document.getElementById("taken");

/** The figures as this page shows them. */
export function counted() {
  return {
    waiting: cardsIn("waiting"),
    taken: cardsIn("taken"),
    mine: [...taken.querySelectorAll(".card:not(.flood)"), ...foldedOf("taken")].filter((card) => card.hasAttribute("data-page-mine")).length,
  };
}

/** How many more wait than the screen holds, as the server says: a page holds only so many cards. */
let unseen = 0;
export function showUnseen(count) {
  unseen = Math.max(0, count);
}

function paint() {
  const at = now();
  // Not the first card: what is urgent stands before what is the latest.
  let oldest = null;
  for (const time of document.querySelectorAll(".card-time")) {
    const owner = time.closest("[data-filed-at]");
    if (isFolded(owner)) continue; // the card of its flood says it
    const wait = waitOf(owner, at);
    text(time, lasting(wait.waited));
    level(owner, "waits" in owner.dataset || owner.dataset.releasedAt ? wait.felt : null);
    if (owner.parentElement === waiting && !(oldest?.felt >= wait.felt)) oldest = wait;
  }
  const figures = counted();
  write("figure-waiting", figures.waiting + unseen, oldest?.felt ?? null);
  write("figure-oldest", oldest ? lasting(oldest.waited) : t("none"), oldest?.felt ?? null);
  write("figure-mine", figures.mine);
  text(document.getElementById("waiting-count"), unseen ? `${figures.waiting} + ${unseen}` : figures.waiting);
  text(document.getElementById("taken-count"), figures.taken);
  text(document.getElementById("released-count"), cardsIn("released"));
  text(document.getElementById("clock"), timeOfDay(at));
  const waits = figures.waiting + unseen + cardsIn("released");
  const title = waits ? t("title", { n: waits, name }) : name;
  if (document.title !== title) document.title = title;
}

/** How long a card has waited, in milliseconds; and as long as that is felt: what is no emergency may wait so many times
 * as long (dispatch/escalation.py). */
export function waitOf(card, at) {
  const { filedAt, receivedAt, releasedAt, comesAt, patience } = card.dataset;
  const waited = at - Date.parse(comesAt ?? releasedAt ?? receivedAt ?? filedAt);
  return { waited, felt: waited / Number(patience) };
}

function write(id, value, waited = null) {
  const figure = document.getElementById(id);
  text(figure.querySelector("dd"), value);
  level(figure, waited);
}

/** Which of the steps a wait has reached, as it is felt; none for what does not wait. */
function level(element, waited) {
  const step = waited === null ? null : String(late.filter((s) => waited >= s * 1000).length);
  if (step === null) element.removeAttribute("data-page-late");
  else if (element.getAttribute("data-page-late") !== step) element.setAttribute("data-page-late", step);
}

function text(element, value) {
  const words = String(value);
  if (element.textContent !== words) element.textContent = words;
}

/** Who is on duty, as the server last said. */
export function showColleagues(numbers) {
  const figure = document.getElementById("figure-colleagues");
  text(figure.querySelector("dd span"), numbers.length);
  document.dispatchEvent(new CustomEvent("desk:colleagues", { detail: { numbers } }));
  figure.title = t("colleagues", { numbers: numbers.join(" ") || t("none") });
}

function second() {
  paint();
  document.dispatchEvent(new CustomEvent("desk:second"));
}

document.addEventListener("desk:cards", paint);
document.addEventListener("desk:hand", paint);
second();
// Four times a second, so that a second on the screen is never late by one.
setInterval(second, 250);
