// Where cards land: an htmx extension with two swap styles for `#queue`. `card` brings changed cards, `queue` a whole
// snapshot. A card that is here is morphed (focus stays); a new one is put in its place; the page never goes back to an
// older version, and nothing moves under a pointer that is being used.
import { beyondFloods, came, foldBy, isFlood, isFolded, setBeyond, settleFloods, sortIn } from "./flood.js";
import { t, meta } from "./words.js";

const STILL_MS = 10_000; // a pointer that has not moved for so long is parked, not used
const REMEMBERED = 2_000;

const me = meta("dispatcher");
const waiting = document.getElementById("waiting");
const released = document.getElementById("released");
const taken = document.getElementById("taken");
const lists = [waiting, released, taken];

// Versions of cards that have left, so that a late answer does not bring one back.
const left = new Map();
// A page is given only so many of those who wait: the ids of the others, less whoever has got a card here since.
let beyond = idsIn(document.getElementById("beyond"));
let given = waiting.childElementCount; // so many cards of those who wait the last snapshot had
setBeyond(document.getElementById("beyond").dataset.floods);
foldBy({ insert, leaveGap });
let newEpoch = false;
let pointerMoved = -Infinity;
let htmxApi;

htmx.registerExtension("cards", {
  init: (api) => { htmxApi = api; },
  htmx_before_swap: (_, { tasks }) => guardCursor(tasks),
  handle_swap: (style, _, fragment) => {
    const incoming = style === "card" || style === "queue" ? [...fragment.querySelectorAll("article.card")] : null;
    if (!incoming) return false;
    const others = style === "queue" ? idsIn(fragment.querySelector(".beyond")) : null;
    const changes = others ? dropAllBut(incoming, [...others, ...idsOfFloods(fragment.querySelector(".beyond"))]) : [];
    const failures = [];
    for (const card of incoming) {
      try {
        changes.push(place(card));
      } catch (error) {
        failures.push(error); // one card must not keep the others away; the line begins again from a snapshot
      }
    }
    newEpoch = false;
    if (others) {
      beyond = new Set([...others].filter((id) => !document.getElementById(`report-${id}`)));
      given = incoming.filter(waits).length;
      setBeyond(fragment.querySelector(".beyond").dataset.floods);
    }
    settleFloods();
    announce(changes.filter(Boolean).map((change) => ({ ...change, fresh: change.fresh && !isFolded(change.card) })));
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

function idsIn(data) {
  return new Set(data?.getAttribute("value").split(" ").filter(Boolean));
}

function idsOfFloods(data) {
  return (data?.dataset.floods ?? "").split(" ").filter(Boolean).flatMap((part) => part.split("=")[1].split(","));
}

/** How many wait that have no card here, and whether some of them would be given one if the page asked. */
export function besides() {
  return { count: beyond.size + beyondFloods(), room: beyond.size > 0 && cardsIn("waiting") < given };
}

/** How many reports have a card in a list, folded or not. */
export function cardsIn(list) {
  const open = document.querySelectorAll(`#${list} .card:not(.flood)`).length;
  return open + document.querySelectorAll(`#folded > [data-page-list="${list}"]`).length;
}

/** Whether nobody of this desk has accepted it yet: it was filed, be it taken back since, or another desk would transfer
 * it here. */
export function waits(card) {
  return "waits" in card.dataset;
}

function place(incoming) {
  let card = document.getElementById(incoming.id);
  const known = card ? version(card) : left.get(incoming.id);
  if (known > version(incoming) && !newEpoch) return null;
  const before = card?.dataset.status ?? null;
  const [lay, holder] = [Boolean(card?.dataset.releasedAt), card?.dataset.dispatcher ?? null];
  // It has waited all along, without a card here.
  const lain = [beyond.delete(incoming.dataset.report), came(incoming)].some(Boolean);
  const waited = lay || lain || Boolean(card && waits(card));
  if (card) {
    morph(card, incoming);
  } else {
    card = incoming;
  }
  mark(card, before, lain);
  const list = listOf(card);
  if (!list) {
    sortIn(card, null);
    remove(card);
    return { report: card.dataset.report, card: null, before, waited, holder, dataset: card.dataset };
  }
  const stays = sortIn(card, list);
  if (stays) {
    // Its flood stands for it.
  } else if (card.parentNode !== list) {
    leaveGap(card);
    delete card.dataset.pageList;
    insert(card, list);
  } else if (!inOrder(card)) {
    // What has its place already keeps it under a pointer that is being used.
    if (inUse(list)) list.setAttribute("data-page-unsorted", "");
    else insert(card, list);
  }
  // What calls for everybody: a new one, one that is offered again, one that was taken back before anybody had it.
  const takenBack = before === "filed" && card.dataset.status === "withdrawn";
  const fresh = waits(card) ? (before === null && !lain) || takenBack : Boolean(card.dataset.releasedAt) && !lay;
  return { report: card.dataset.report, card, before, waited, holder, fresh, dataset: card.dataset };
}

function morph(card, incoming) {
  const focused = card.contains(document.activeElement);
  const fragment = document.createDocumentFragment();
  fragment.append(incoming);
  htmxApi.morph(card, fragment, false);
  if (focused && !card.contains(document.activeElement)) card.focus({ preventScroll: true });
}

/** What only this page knows of a card: whether it is new here, and whether it is the dispatcher's own. */
function mark(card, before, lain = false) {
  card.toggleAttribute("data-page-mine", card.dataset.dispatcher === me);
  if (before === null && !lain && waits(card)) card.toggleAttribute("data-page-new", true);
  if (before && before !== card.dataset.status) {
    card.removeAttribute("data-page-fault");
    card.querySelector(".card-fault")?.replaceChildren(); // one that leaves has none
  }
}

function listOf(card) {
  // `left`: another desk has it now.
  if (card.dataset.status === "closed" || card.dataset.status === "left") return null;
  if (card.dataset.releasedAt) return released;
  return waits(card) ? waiting : taken;
}

// Waiting: by the server's number, the time of filing less the minutes that a report's signs count for
// (dispatch/order.py); time alone changes no order. In progress: one's own first, then the newest, and before all who
// has said a duress word that nobody has taken notice of. Put back, or offered again: what lies there longest first.
function comesBefore(one, other) {
  if (waits(one)) {
    const [rank, others] = [one, other].map((card) => Number(card.dataset.rank));
    return rank < others || (rank === others && one.id < other.id);
  }
  const forced = [one, other].map((card) => card.dataset.duress === "alarm");
  if (forced[0] !== forced[1]) return forced[0];
  if (one.dataset.releasedAt && other.dataset.releasedAt) return one.dataset.releasedAt < other.dataset.releasedAt;
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
  if (card.parentNode === list && isFlood(card) && (inUse(list) || inOrder(card))) {
    if (!inOrder(card)) list.setAttribute("data-page-unsorted", "");
    return;
  }
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

/** What is neither in the snapshot nor among the others that wait has gone. A card that a push has brought stays. */
function dropAllBut(incoming, others) {
  const stay = new Set([...incoming.map((card) => card.dataset.report), ...others]);
  return [...document.querySelectorAll("#queue .card:not(.flood)")].filter((card) => !stay.has(card.dataset.report)).map((card) => {
    const change = { report: card.dataset.report, card: null, before: card.dataset.status };
    sortIn(card, null);
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

/** Which of two states of a report is the newer: by what the reporter may see, then by whose hands it is in, and by the
 * units that were sent. */
export function version({ dataset: { version, handled, sent } }) {
  return (Number(version) || 0) * 1e6 + (Number(handled) || 0) + (Number(sent) || 0);
}

function announce(changes) {
  document.dispatchEvent(new CustomEvent("desk:cards", { detail: { changes } }));
}

for (const list of lists) {
  list.addEventListener("pointermove", () => { pointerMoved = performance.now(); }, { passive: true });
  list.addEventListener("pointerleave", () => settle(list));
  list.addEventListener("animationend", (event) => event.target.removeAttribute("data-page-new"));
}
document.addEventListener("desk:second", () => {
  for (const list of lists) if (!inUse(list)) settle(list);
});

// The first page came in the server's order, which does not know whose page it is.
for (const card of document.querySelectorAll("#queue .card")) {
  mark(card, card.dataset.status);
  sortIn(card, listOf(card));
}
lists.forEach(sort);
settleFloods();
