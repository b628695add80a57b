// What counts: seconds on every card, the desk's figures, the clock and the title.
import { now, timeOfDay } from "./clock.js";
import { lasting, meta, t } from "./words.js";

const late = meta("late-seconds").split(" ").map(Number);
const name = meta("desk-name");
const waiting = document.getElementById("waiting");
const taken = document.getElementById("taken");

/** The figures as this page shows them. */
export function counted() {
  return {
    waiting: waiting.querySelectorAll(".card").length,
    taken: taken.querySelectorAll(".card").length,
    mine: taken.querySelectorAll(".card[data-page-mine]").length,
  };
}

/** How many more wait than the screen holds, as the server says: a page holds only so many cards. */
let unseen = 0;
export function showUnseen(count) {
  unseen = Math.max(0, count);
}

function paint() {
  const at = now();
  for (const time of document.querySelectorAll(".card-time")) paintTime(time, at);
  const figures = counted();
  const oldest = waiting.querySelector(".card");
  const waited = oldest ? at - Date.parse(oldest.dataset.filedAt) : null;
  write("figure-waiting", figures.waiting + unseen, waited);
  write("figure-oldest", waited === null ? t("none") : lasting(waited), waited);
  write("figure-mine", figures.mine);
  text(document.getElementById("waiting-count"), unseen ? `${figures.waiting} + ${unseen}` : figures.waiting);
  text(document.getElementById("taken-count"), figures.taken);
  text(document.getElementById("clock"), timeOfDay(at));
  const waits = figures.waiting + unseen;
  const title = waits ? t("title", { n: waits, name }) : name;
  if (document.title !== title) document.title = title;
}

function paintTime(time, at) {
  const owner = time.closest("[data-filed-at]");
  const { filedAt, receivedAt, status } = owner.dataset;
  const waited = at - Date.parse(receivedAt ?? filedAt);
  text(time, lasting(waited));
  level(owner, status === "filed" ? waited : null);
}

function write(id, value, waited = null) {
  const figure = document.getElementById(id);
  text(figure.querySelector("dd"), value);
  level(figure, waited);
}

/** Which of the steps a wait has reached; none for what does not wait. */
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
  text(figure.querySelector("dd"), numbers.length);
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
