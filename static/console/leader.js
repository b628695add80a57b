// The shift leader's own strip: who has waited so long that the leader was told, at this desk and at those below that
// offered it; and how many open reports each dispatcher has. On no other console; it is heard too (sound.js).
import { now } from "./clock.js";
import "./export.js";
import "./mark.js";
import "./hold.js";
import { waitOf } from "./figures.js";
import { foldedOf } from "./flood.js";
import { icon, lasting, meta, t } from "./words.js";

const TOLD = 2; // the step of an escalation at which the shift leader is told (dispatch/escalation.py)
const AT_MOST = 12; // the strip is one line: the worst, and how many more

const strip = document.getElementById("leader");
const waiting = document.getElementById("waiting");
const queue = document.getElementById("queue");

let onDuty = [];

/** Cards of which the shift leader was told and that nobody has accepted, the longest waiting for their kind first. */
function late(at) {
  return [...waiting.querySelectorAll(".card[data-escalation]")]
    .filter((card) => Number(card.dataset.escalation) >= TOLD)
    .sort((one, other) => waitOf(other, at).felt - waitOf(one, at).felt);
}

function paintLate() {
  const at = now();
  const cards = late(at);
  const list = document.getElementById("leader-late");
  const shown = cards.slice(0, AT_MOST);
  list.replaceChildren(...shown.map((card) => itemOf(list, card, at)));
  const more = cards.length - shown.length;
  text(document.getElementById("leader-more"), more ? t("leader_more", { n: more }) : "");
  text(document.getElementById("leader-count"), cards.length ? String(cards.length) : "");
  strip.toggleAttribute("data-page-late", cards.length > 0);
  document.body.toggleAttribute("data-page-told", cards.length > 0);
}

/** The same element as long as the report is there, so that focus and pointer stay. */
function itemOf(list, card, at) {
  const { report, escalation, desk, comesFrom } = card.dataset;
  const item = list.querySelector(`[data-of="${report}"]`) ?? newItem(report);
  const [button] = item.children;
  const kind = card.querySelector(".card-kind")?.textContent.trim() ?? "";
  const where = desk === meta("desk") ? "" : (comesFrom ?? card.querySelector(".sign-offered")?.dataset.from ?? desk);
  text(button.children[0], lasting(waitOf(card, at).waited));
  text(button.children[1], [kind, t(`leader_step_${escalation}`), where].filter(Boolean).join(" · "));
  return item;
}

function newItem(report) {
  const item = document.createElement("li");
  item.dataset.of = report;
  const button = document.createElement("button");
  button.type = "button";
  button.append(document.createElement("b"), document.createElement("span"));
  button.addEventListener("click", () => {
    document.dispatchEvent(new CustomEvent("desk:found", { detail: { report } }));
  });
  item.append(button);
  return item;
}

/** Who is on, and how many reports each has in hand; also who has some and is not on any more. */
function paintLoad() {
  const open = new Map(onDuty.map((number) => [number, 0]));
  for (const card of [...queue.querySelectorAll("#taken .card[data-dispatcher]:not(.flood)"), ...foldedOf("taken")]) {
    const { dispatcher } = card.dataset;
    open.set(dispatcher, (open.get(dispatcher) ?? 0) + 1);
  }
  const list = document.getElementById("leader-load");
  list.replaceChildren(...[...open].sort(([one], [other]) => (one < other ? -1 : 1)).map(([number, count]) => {
    const known = list.querySelector(`[data-of="${number}"]`);
    const item = known ?? document.createElement("li");
    const on = onDuty.includes(number);
    if (!known) {
      item.dataset.of = number;
      item.append(icon("user"), document.createElement("span"), document.createElement("b"));
    }
    item.toggleAttribute("data-off", !on);
    text(item.children[1], on ? number : t("leader_off", { number }));
    text(item.children[2], t("leader_open", { n: count }));
    return item;
  }));
}

function text(element, value) {
  if (element.textContent !== value) element.textContent = value;
}

function paint() {
  paintLate();
  paintLoad();
}

if (strip) {
  document.addEventListener("desk:cards", paint);
  document.addEventListener("desk:second", paint);
  document.addEventListener("desk:colleagues", ({ detail: { numbers } }) => {
    onDuty = numbers;
    paintLoad();
  });
  paint();
}
