// A flood opened: the list of its reports, each accepted (A) or looked at (Enter) by itself; and one act for all of them
// by its digit, with a reason where it is held against somebody. It follows what happens while it is open.
import { atTheDoor } from "./accept.js";
import { firstOf } from "./flood.js";
import { say } from "./notices.js";
import { meta, t } from "./words.js";

const TIMEOUT_MS = 8_000;
const ACT_MS = 120_000; // hundreds, each with its receipt
const AGAIN_MS = 400;

const dialog = document.getElementById("flood");
const form = document.getElementById("flood-form");
const list = document.getElementById("flood-list");
const acts = [...document.getElementById("flood-acts").children];
const words = document.getElementById("flood-words");
const reason = document.getElementById("flood-reason");
const fault = document.getElementById("flood-fault");

// Which acts there are for which kind of flood.
const WAITING = ["accept", "invalid", "false_report", "harassment"];
const FITTING = {
  filed: WAITING, taken_back: WAITING, released: WAITING, in_hand: WAITING.slice(1), proposed: ["confirm", "refuse"], own: ["withdraw"],
};

let asked = null; // a report of the flood
let person = null;
let chosen = null;
let busy = false;
let timer = 0;

/** Open the list of a flood, by its card. */
export function openFlood(card) {
  asked = card.dataset.report;
  person = card.dataset.person;
  form.reset();
  choose(null);
  list.replaceChildren();
  document.getElementById("flood-said").textContent = t("flood_title", { n: card.dataset.count });
  dialog.showModal();
  load(true);
}

async function load(first = false) {
  try {
    const answer = await fetch(`/console/reports/${asked}/flood`, {
      headers: { Accept: "text/html", "HX-Request": "true", "Accept-Language": document.documentElement.lang },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (atTheDoor(answer)) return;
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    show(new DOMParser().parseFromString(await answer.text(), "text/html").querySelector(".flood-found"), first);
  } catch {
    fault.textContent = t("flood_lost");
  }
}

function show(found, first) {
  if (!dialog.open) return;
  const { alike, count } = found.dataset;
  if (!alike) {
    dialog.close(); // it stands on its own by now, as its card does
    return;
  }
  const at = document.activeElement?.dataset?.report;
  list.replaceChildren(document.adoptNode(found));
  document.getElementById("flood-said").textContent = t("flood_title", { n: count });
  const fitting = FITTING[alike === "proposed" && "mine" in found.dataset ? "own" : alike];
  for (const act of acts) act.hidden = !fitting.includes(act.dataset.act);
  if (chosen?.hidden) choose(null);
  const lines = linesOf();
  if (first || at) (lines.find((line) => line.dataset.report === at) ?? lines[0])?.focus();
}

const linesOf = () => [...list.querySelectorAll(".flood-line")];

function choose(act) {
  chosen = act;
  for (const other of acts) other.firstElementChild.setAttribute("aria-pressed", String(other === act));
  words.hidden = !act || !("wantsReason" in act.dataset);
  document.getElementById("flood-send").disabled = !act;
  fault.textContent = "";
}

for (const act of acts) {
  act.firstElementChild.addEventListener("click", () => {
    choose(act);
    (words.hidden ? document.getElementById("flood-send") : reason).focus();
  });
}

list.addEventListener("click", ({ target }) => {
  const line = target.closest(".flood-line");
  if (line) leaveFor("desk:found", line.dataset.report);
});

/** One of them alone: the list closes, and the desk goes on with it. */
function leaveFor(event, report) {
  dialog.close();
  document.dispatchEvent(new CustomEvent(event, { detail: { report } }));
}

dialog.addEventListener("keydown", (event) => {
  if (event.target === reason || event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
  const lines = linesOf();
  const at = lines.indexOf(document.activeElement);
  const act = acts.find((one) => !one.hidden && one.dataset.key === event.key);
  if (act) act.firstElementChild.click();
  else if (event.key === "ArrowDown" || event.key === "j") (lines[at + 1] ?? lines.at(-1))?.focus();
  else if (event.key === "ArrowUp" || event.key === "k") (lines[at - 1] ?? lines[0])?.focus();
  else if (event.key.toLowerCase() === "a" && at >= 0 && !event.repeat) leaveFor("desk:accept", lines[at].dataset.report);
  else return;
  event.preventDefault();
});

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (!chosen || busy) return;
  if (!words.hidden && !reason.value.trim()) {
    fault.textContent = t("reason_needed");
    reason.focus();
    return;
  }
  busy = true;
  document.getElementById("flood-send").disabled = true;
  try {
    await perform(chosen.dataset.act);
  } catch {
    fault.textContent = t("flood_lost");
  } finally {
    busy = false;
    document.getElementById("flood-send").disabled = !chosen;
  }
});

const ACT = { invalid: "close", false_report: "propose", harassment: "propose" };

async function perform(name) {
  const { until } = list.querySelector(".flood-found").dataset;
  const response = await fetch(`/console/reports/${asked}/flood-act`, {
    method: "POST",
    headers: { "X-CSRF-Token": meta("csrf-token"), "Accept-Language": document.documentElement.lang },
    body: new URLSearchParams({ do: ACT[name] ?? name, outcome: ACT[name] ? name : "", reason: reason.value, until }),
    signal: AbortSignal.timeout(ACT_MS),
  });
  if (atTheDoor(response)) return;
  const { said, detail } = await response.json();
  if (!response.ok) {
    fault.textContent = detail;
    return;
  }
  dialog.close();
  say("said", said);
}

document.getElementById("flood-close").addEventListener("click", () => dialog.close());

document.addEventListener("desk:cards", ({ detail: { changes } }) => {
  if (!dialog.open || busy || !changes.some(({ dataset }) => dataset?.person === person)) return;
  clearTimeout(timer);
  timer = setTimeout(() => {
    // The report by which it was opened may have been accepted meanwhile: its flood goes by another.
    const flood = document.querySelector(`.flood[data-person="${person}"]`);
    if (dialog.open && flood && firstOf(flood)) asked = flood.dataset.report;
    if (dialog.open && !busy) load();
  }, AGAIN_MS);
});
