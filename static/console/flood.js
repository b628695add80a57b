// Floods: many cards of one person in one list fold into one card (dispatch/floods.py says which may). The folded ones
// stay in the page, out of sight, as true as all others: `A` accepts the one that stands first, Enter opens the list.
// The card that is chosen never folds, nor does what has a danger sign.
import { t } from "./words.js";

const FROM = 4; // dispatch/crowds.py
const FEW = 5; // of a flood with more beyond the page: ask for them

const folded = document.getElementById("folded");
// Set by cards.js, which knows where a card stands in its list.
let put = null;
let gone = null;

const members = new Map(); // key → the cards that may fold together
const keys = new WeakMap(); // card → its key
const floods = new Map(); // key → the card that stands for them
const beyond = new Map(); // person → ids of waiting reports of theirs without a card here
const turns = new Map(); // person → when one of theirs was last accepted: the flood waits anew from then on
const due = new Set();
let numbered = 0;

export function foldBy({ insert, leaveGap }) {
  put = insert;
  gone = leaveGap;
}

export const isFlood = (card) => card?.classList.contains("flood") ?? false;
export const isFolded = (card) => card?.parentElement === folded;
/** The folded cards of a list, by its id. */
export const foldedOf = (list) => [...folded.children].filter((card) => card.dataset.pageList === list);
/** How many waiting reports of floods have no card here. */
export const beyondFloods = () => [...beyond.values()].reduce((sum, ids) => sum + ids.size, 0);

/** What a snapshot says of those without a card: `person=id,id person=id`. */
export function setBeyond(line) {
  const before = [...beyond.keys()];
  beyond.clear();
  for (const part of (line ?? "").split(" ").filter(Boolean)) {
    const [person, ids] = part.split("=");
    beyond.set(person, new Set(ids.split(",").filter((id) => !document.getElementById(`report-${id}`))));
  }
  for (const person of [...before, ...beyond.keys()]) due.add(`${person} waiting filed`);
}

/** A report without a card here has got one; whether it was among those of a flood. */
export function came(card) {
  const { person, report } = card.dataset;
  const ids = beyond.get(person);
  if (!ids?.delete(report)) return false;
  if (ids.size === 0) beyond.delete(person);
  due.add(`${person} waiting filed`);
  return true;
}

/** Note where a card belongs: in which list, or in none. Gives whether it lies folded already and stays so. */
export function sortIn(card, list) {
  const before = keys.get(card);
  const { person, folds, receivedAt } = card.dataset;
  if (receivedAt && person && !(turns.get(person) >= receivedAt)) {
    turns.set(person, receivedAt);
    due.add(`${person} waiting filed`);
  }
  const key = list && folds ? `${person} ${list.id} ${folds}` : null;
  if (before && before !== key) leave(card, before);
  if (!key) return false;
  keys.set(card, key);
  if (!members.has(key)) members.set(key, new Set());
  members.get(key).add(card);
  due.add(key);
  if (isFolded(card)) card.dataset.pageList = list.id;
  if (!floods.has(key) || isChosen(card)) return isFolded(card);
  hide(card, list.id);
  return true;
}

function leave(card, key) {
  keys.delete(card);
  members.get(key)?.delete(card);
  due.add(key);
}

const isChosen = (card) => card.getAttribute("aria-current") === "true";

function hide(card, list) {
  card.dataset.pageList = list;
  card.tabIndex = -1;
  if (!isFolded(card)) folded.append(card);
}

function show(card) {
  const list = document.getElementById(card.dataset.pageList);
  delete card.dataset.pageList;
  put(card, list);
}

/** Fold and unfold what has changed; gives the cards of floods that are otherwise now. */
export function settleFloods() {
  const changed = [...due].flatMap(settle);
  due.clear();
  if (changed.length) document.dispatchEvent(new CustomEvent("desk:floods", { detail: { cards: changed } }));
}

function settle(key) {
  const [person, list] = key.split(" ");
  const all = [...(members.get(key) ?? [])];
  if (!all.length) members.delete(key);
  const without = key === `${person} waiting filed` ? (beyond.get(person)?.size ?? 0) : 0;
  const before = floods.get(key);
  const folding = all.filter((card) => !isChosen(card)).sort(older);
  if (all.length + without < FROM || !folding.length) {
    for (const card of all.filter(isFolded)) show(card);
    if (before) unmake(before, key, all[0]);
    if (without) askForMore();
    return [];
  }
  for (const card of all) {
    if (isChosen(card)) {
      if (isFolded(card)) show(card);
    } else if (!isFolded(card)) {
      gone(card);
      hide(card, list);
    }
  }
  if (without && folding.length < FEW) askForMore();
  const flood = before ?? make(key);
  dress(flood, folding, folding.length + without, person);
  put(flood, document.getElementById(list));
  return [flood];
}

const older = (one, other) => (Number(one.dataset.rank) - Number(other.dataset.rank)) || (one.id < other.id ? -1 : 1);
const askForMore = () => document.dispatchEvent(new CustomEvent("desk:room"));

function make(key) {
  const flood = document.createElement("article");
  numbered += 1;
  flood.id = `flood-${numbered}`;
  flood.className = "card flood";
  flood.tabIndex = -1;
  floods.set(key, flood);
  return flood;
}

/** Whoever had the card of the flood goes on with what stood behind it. */
function unmake(flood, key, heir) {
  const focused = flood.contains(document.activeElement);
  floods.delete(key);
  flood.remove();
  if (focused) (heir ?? document.querySelector("#queue .list .card"))?.focus({ preventScroll: true });
}

/** Let the card of a flood say what it stands for: the first of them, how many, and the newest words. */
function dress(flood, folding, count, person) {
  const [first] = folding;
  const last = folding.at(-1);
  const keep = new Set(["pageLate"]);
  for (const name of Object.keys(flood.dataset)) if (!(name in first.dataset) && !keep.has(name)) delete flood.dataset[name];
  for (const [name, value] of Object.entries(first.dataset)) {
    if (!name.startsWith("page") && !["word", "htmxPowered"].includes(name) && flood.dataset[name] !== value) flood.dataset[name] = value;
  }
  flood.toggleAttribute("data-page-mine", first.hasAttribute("data-page-mine"));
  flood.dataset.count = String(count);
  flood.dataset.escalation = String(Math.max(0, ...folding.map((card) => Number(card.dataset.escalation) || 0)));
  if (flood.dataset.escalation === "0") delete flood.dataset.escalation;
  // One turn a person: once one of theirs was accepted, the others wait anew.
  const turn = "waits" in first.dataset ? Date.parse(turns.get(person) ?? "") || 0 : 0;
  if (first.dataset.rank) flood.dataset.rank = String(Math.max(Number(first.dataset.rank), turn));
  flood.setAttribute("aria-label", t("flood_label", { n: count }));
  const inside = [...first.cloneNode(true).children].filter((part) => !part.classList.contains("card-fault"));
  const signs = inside.find((part) => part.classList.contains("card-signs"));
  signs.querySelector(".sign-more")?.remove();
  for (const sign of signs.querySelectorAll("[data-page-slim], [data-page-over]")) {
    sign.removeAttribute("data-page-slim");
    sign.removeAttribute("data-page-over");
  }
  signs.prepend(sign(count));
  inside.find((part) => part.classList.contains("card-words")).replaceChildren(...last.querySelector(".card-words").cloneNode(true).childNodes);
  const act = inside.find((part) => part.classList.contains("card-act"));
  const accept = act.querySelector(".accept");
  for (const name of ["data-hx-post", "data-htmx-powered"]) accept?.removeAttribute(name);
  const focused = flood.contains(document.activeElement);
  flood.replaceChildren(...inside);
  if (focused && !flood.contains(document.activeElement)) flood.focus({ preventScroll: true });
}

function sign(count) {
  const all = document.createElement("span");
  all.className = "sign sign-flood sign-stays";
  all.title = t("flood_title", { n: count });
  const icon = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  icon.setAttribute("class", "icon");
  icon.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", "/static/vendor/icons.svg#layers");
  icon.append(use);
  const words = document.createElement("b");
  words.textContent = t("flood_sign", { n: count });
  all.append(icon, words);
  return all;
}

/** The card of the report that the flood's card stands for first. */
export const firstOf = (flood) => document.getElementById(`report-${flood.dataset.report}`);

// Whoever is chosen stands on its own; who was, goes back.
document.addEventListener("desk:chosen", () => {
  for (const key of floods.keys()) due.add(key);
  for (const [key, cards] of members) if (cards.size >= FROM) due.add(key);
  settleFloods();
});
