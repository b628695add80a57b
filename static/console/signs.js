// The signs of a card stand on one line, in the order of what decides (templates/console/card.html). Where they do not
// all fit, words give way to icons, the least urgent first; then whole signs give way to a number that names them. What
// is urgent stays, and nothing is cut off without a mark. Only cards that are in view are measured, once a frame.
import { t } from "./words.js";

const AHEAD_PX = 300; // a card is ready before it is scrolled into view
const URGENT = ".sign-code, .sign-loss, .sign-late"; // these stay longer than the kind does

const lists = ["waiting", "released", "taken"].map((id) => document.getElementById(id));
const fitted = new WeakMap(); // card → the width that its line was made to fit
let due = 0;

const lineOf = (card) => card.querySelector(".card-signs");
const fits = (line) => line.scrollWidth <= line.clientWidth;
const shown = (element) => element.getClientRects().length > 0;

function look() {
  due = 0;
  const cards = lists.flatMap(inView).filter((card) => fitted.get(card) !== lineOf(card).clientWidth);
  fit(cards.map(lineOf));
  for (const card of cards) fitted.set(card, lineOf(card).clientWidth);
}

/** The cards of a list that are in view or nearly so: the first is sought by halves. */
function inView(list) {
  const { top, bottom } = list.getBoundingClientRect();
  const { children } = list;
  let [from, to] = [0, children.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (children[middle].getBoundingClientRect().bottom < top - AHEAD_PX) from = middle + 1;
    else to = middle;
  }
  const found = [];
  for (let at = from; at < children.length && children[at].getBoundingClientRect().top < bottom + AHEAD_PX; at += 1) {
    if (children[at].matches(".card")) found.push(children[at]);
  }
  return found;
}

/** All lines take a step before any is measured again, so that the page is laid out once a step. */
function fit(lines) {
  lines.forEach(reset);
  const steps = new Map();
  for (let full = lines; full.length;) {
    full = full.filter((line) => !fits(line));
    for (const line of full) if (!steps.has(line)) steps.set(line, stepsOf(line));
    full = full.filter((line) => steps.get(line).length);
    for (const line of full) steps.get(line).shift()();
  }
  lines.filter((line) => line.querySelector(".card-kind[data-page-over]")).forEach(fill);
}

function reset(line) {
  for (const sign of line.querySelectorAll("[data-page-slim], [data-page-over]")) {
    sign.removeAttribute("data-page-slim");
    sign.removeAttribute("data-page-over");
  }
  line.querySelector(".sign-more")?.remove();
}

/** What can give way on a line, in the order in which it does: words, then signs that may go, amid them the kind; at
 * last, in a list that is narrower still, the words that should stay. */
function stepsOf(line) {
  const signs = (which) => [...line.querySelectorAll(`.sign${which}`)].reverse();
  const slim = (sign) => () => sign.setAttribute("data-page-slim", "");
  const go = (sign) => () => leave(line, sign);
  return [
    ...signs(":not(.sign-said):has(.sign-word)").map(slim),
    ...signs(`:not(.sign-said, .sign-stays, ${URGENT})`).map(go),
    go(line.querySelector(".card-kind")),
    ...signs(`:is(${URGENT})`).map(go),
    ...signs(".sign-said").map(slim),
  ];
}

function leave(line, sign) {
  if (!shown(sign)) return; // not in this list
  sign.setAttribute("data-page-over", "");
  count(line);
}

/** The number of those that have gone, and their names. */
function count(line) {
  const over = [...line.querySelectorAll("[data-page-over]")];
  const names = over.map((one) => (one.querySelector(".unseen") ?? one).textContent.trim());
  const more = line.querySelector(".sign-more") ?? line.appendChild(newMore());
  more.title = more.firstElementChild.textContent = t("more_signs", { signs: names.join(t("between_signs")) });
  more.lastElementChild.textContent = `+${over.length}`;
}

function newMore() {
  const more = document.createElement("span");
  more.className = "sign sign-more";
  const [said, number] = [document.createElement("span"), document.createElement("b")];
  said.className = "unseen";
  number.setAttribute("aria-hidden", "true");
  more.append(said, number);
  return more;
}

/** Where the kind has made room, the most urgent of those that had gone come back. */
function fill(line) {
  for (const sign of line.querySelectorAll(".sign[data-page-over]")) {
    sign.removeAttribute("data-page-over");
    count(line);
    if (fits(line)) continue;
    sign.setAttribute("data-page-over", "");
    count(line);
    return;
  }
}

function soon() {
  due ||= requestAnimationFrame(look);
}

document.addEventListener("desk:cards", ({ detail: { changes } }) => {
  for (const { card } of changes) if (card) fitted.delete(card);
  soon();
});
document.addEventListener("desk:floods", ({ detail: { cards } }) => {
  for (const card of cards) fitted.delete(card);
  soon();
});
// The time in front of the signs needs more room as it grows.
document.addEventListener("desk:second", soon);
window.addEventListener("resize", soon);
for (const list of lists) list.addEventListener("scroll", soon, { passive: true });
soon();
