// Where cards land: an htmx extension with two swap styles for `#queue`. `card` brings changed cards, `queue` a whole
// snapshot. A card that is here is morphed (focus stays); a new one is put in its place; the page never goes back to an
// older version, and nothing moves under a pointer that is being used.
import { t, meta } from "./words.js";

const STILL_MS = 10_000; // a pointer that has not moved for so long is parked, not used
const REMEMBERED = 2_000;

const me = meta("dispatcher");
const waiting = document.getElementById("waiting");
const taken = document.getElementById("taken");

// Versions of cards that have left, so that a late answer does not bring one back.
const left = new Map();
let newEpoch = false;
let pointerMoved = -Infinity;
let htmxApi;

htmx.registerExtension("cards", {
  init: (api) => { htmxApi = api; },
  htmx_before_swap: (_, { tasks }) => guardCursor(tasks),
  handle_swap: (style, _, fragment) => {
    const incoming = style === "card" || style === "queue" ? [...fragment.querySelectorAll("article.card")] : null;
    if (!incoming) return false;
    const changes = style === "queue" ? dropAllBut(new Set(incoming.map((card) => card.id))) : [];
    const failures = [];
    for (const card of incoming) {
      try {
        changes.push(place(card));
      } catch (error) {
        failures.push(error); // one card must not keep the others away; the line begins again from a snapshot
      }
    }
    newEpoch = false;
    announce(changes.filter(Boolean));
    if (failures.length) throw failures[0];
    return changes.map((change) => change?.card).filter(Boolean);
  },
});

/** A frame that is older than what the page shows must not take it back. */
function guardCursor(tasks) {
  const moving = tasks.find((task) => task.target?.id === "cursor");
  if (!moving) return;
  const [epoch, seq] = split(moving.fragment.firstElementChild?.getAttribute("value"));
  const [ownEpoch, ownSeq] = split(document.getElementById("cursor").getAttribute("value"));
  if (epoch !== ownEpoch) {
    newEpoch = true;
    left.clear();
  } else if (seq < ownSeq) {
    tasks.splice(0, tasks.length, ...tasks.filter((task) => task !== moving && task.swapSpec.style !== "queue"));
  }
}

/** `epoch:seq` in its two parts. */
export function split(cursor) {
  const [epoch, seq] = (cursor ?? "").split(":");
  return [epoch, Number(seq) || 0];
}

function place(incoming) {
  let card = document.getElementById(incoming.id);
  const known = card ? version(card) : left.get(incoming.id);
  if (known > version(incoming) && !newEpoch) return null;
  const before = card?.dataset.status ?? null;
  if (card) {
    morph(card, incoming);
  } else {
    card = incoming;
  }
  mark(card, before);
  const list = listOf(card);
  if (!list) {
    remove(card);
    return { report: card.dataset.report, card: null, before };
  }
  if (card.parentNode !== list) {
    leaveGap(card);
    insert(card, list);
  } else if (!inOrder(card)) {
    // What has its place already keeps it under a pointer that is being used.
    if (inUse(list)) list.setAttribute("data-page-unsorted", "");
    else insert(card, list);
  }
  return { report: card.dataset.report, card, before };
}

function morph(card, incoming) {
  const focused = card.contains(document.activeElement);
  const fragment = document.createDocumentFragment();
  fragment.append(incoming);
  htmxApi.morph(card, fragment, false);
  if (focused && !card.contains(document.activeElement)) card.focus({ preventScroll: true });
}

/** What only this page knows of a card: whether it is new here, and whether it is the dispatcher's own. */
function mark(card, before) {
  card.toggleAttribute("data-page-mine", card.dataset.dispatcher === me);
  if (before === null && card.dataset.status === "filed") card.toggleAttribute("data-page-new", true);
  if (before && before !== card.dataset.status) {
    card.removeAttribute("data-page-fault");
    card.querySelector(".card-fault").textContent = "";
  }
}

function listOf(card) {
  // `left`: another desk has it now.
  if (card.dataset.status === "closed" || card.dataset.status === "left") return null;
  return card.dataset.status === "filed" ? waiting : taken;
}

// Waiting: who filed first stands first. In progress: one's own first, then the newest.
// Before all: who has said a duress word that nobody has taken notice of.
function comesBefore(one, other) {
  const forced = [one, other].map((card) => card.dataset.duress === "alarm");
  if (forced[0] !== forced[1]) return forced[0];
  if (one.dataset.status === "filed") {
    return one.dataset.filedAt < other.dataset.filedAt
      || (one.dataset.filedAt === other.dataset.filedAt && one.id < other.id);
  }
  const mine = [one, other].map((card) => card.hasAttribute("data-page-mine"));
  if (mine[0] !== mine[1]) return mine[0];
  const [a, b] = [one, other].map((card) => card.dataset.receivedAt ?? card.dataset.filedAt);
  return a > b || (a === b && one.id < other.id);
}

function inOrder(card) {
  const [above, below] = [neighbour(card, "previousElementSibling"), neighbour(card, "nextElementSibling")];
  return !(above && comesBefore(card, above)) && !(below && comesBefore(below, card));
}

function insert(card, list) {
  let after = list.lastElementChild;
  if (inUse(list)) {
    list.setAttribute("data-page-unsorted", ""); // to the end, and into its place when the pointer has gone
  } else {
    while (after && (!after.matches(".card") || after === card || comesBefore(card, after))) {
      after = after.previousElementSibling;
    }
  }
  const focused = card.contains(document.activeElement) ? document.activeElement : null;
  if (after) after.after(card);
  else list.prepend(card);
  focused?.focus({ preventScroll: true });
}

/** The next card that way, gaps left out. */
export function neighbour(element, way) {
  let other = element[way];
  while (other && !other.matches(".card")) other = other[way];
  return other;
}

function remove(card) {
  remember(card);
  if (card.contains(document.activeElement)) {
    (neighbour(card, "nextElementSibling") ?? neighbour(card, "previousElementSibling"))?.focus({ preventScroll: true });
  }
  leaveGap(card);
  card.remove();
}

function remember(card) {
  left.set(card.id, version(card));
  if (left.size > REMEMBERED) left.delete(left.keys().next().value);
}

function dropAllBut(ids) {
  return [...document.querySelectorAll("#queue .card")].filter((card) => !ids.has(card.id)).map((card) => {
    const change = { report: card.dataset.report, card: null, before: card.dataset.status };
    remove(card);
    left.delete(card.id); // gone from the desk, not from the world: it may be given back
    return change;
  });
}

/** While the pointer is used in a list, a card that leaves keeps its room, and says why. */
function leaveGap(card) {
  const list = card.parentElement;
  if (list !== waiting || !inUse(list)) return;
  const gap = document.createElement("p");
  gap.className = "gap";
  gap.textContent = card.dataset.dispatcher ? t("accepted_by", { number: card.dataset.dispatcher }) : "";
  list.insertBefore(gap, card);
}

function inUse(list) {
  return list.matches(":hover") && performance.now() - pointerMoved < STILL_MS;
}

/** The pointer has gone: gaps close, and what was put at the end goes to its place. */
function settle(list) {
  for (const gap of list.querySelectorAll(".gap")) gap.remove();
  if (!list.hasAttribute("data-page-unsorted")) return;
  list.removeAttribute("data-page-unsorted");
  sort(list);
}

/** Every card in its place, moving none that already is. */
function sort(list) {
  const focused = list.contains(document.activeElement) ? document.activeElement : null;
  let here = list.firstElementChild;
  for (const card of [...list.children].sort((one, other) => (comesBefore(one, other) ? -1 : 1))) {
    if (card === here) here = here.nextElementSibling;
    else list.insertBefore(card, here);
  }
  focused?.focus({ preventScroll: true });
}

function version(card) {
  return Number(card.dataset.version) || 0;
}

function announce(changes) {
  document.dispatchEvent(new CustomEvent("desk:cards", { detail: { changes } }));
}

for (const list of [waiting, taken]) {
  list.addEventListener("pointermove", () => { pointerMoved = performance.now(); }, { passive: true });
  list.addEventListener("pointerleave", () => settle(list));
  list.addEventListener("animationend", (event) => event.target.removeAttribute("data-page-new"));
}
document.addEventListener("desk:second", () => {
  for (const list of [waiting, taken]) if (!inUse(list)) settle(list);
});

// The first page came in the server's order, which does not know whose page it is.
for (const card of document.querySelectorAll("#queue .card")) mark(card, card.dataset.status);
sort(waiting);
sort(taken);
