// The report in hand: fetched when a card is chosen, fetched again whenever its card changes, and morphed in, so that
// typed words, focus and place in the conversation stay.
import { atTheDoor } from "./accept.js";
import "./asks.js";
import { copyText } from "./copying.js";
import { version } from "./cards.js";
import "./playing.js";
import "./reply.js";
import "./viewer.js";
import { meta, t } from "./words.js";

const TIMEOUT_MS = 8_000;
const AGAIN_MS = 2_000;
const NEAR_END_PX = 40;

const hand = document.getElementById("hand");

let report = null; // whose report is in hand, or is being fetched
let running = null; // the request under way
let again = false; // its card changed meanwhile
let unknown = false; // it was not at this desk when it was asked for
let timer = 0;

/** The id of the report in hand. */
export function inHand() {
  return report;
}

/** Take a report in hand; `focus` moves into it when it is there. */
export async function take(id, { focus = false } = {}) {
  if (id !== report || unknown) {
    running?.abort();
    running = null;
    report = id;
    hand.setAttribute("data-page-loading", "");
    hand.inert = true;
    await load();
  }
  if (focus && report === id) hand.focus({ preventScroll: true });
}

async function load() {
  if (running) {
    again = true;
    return;
  }
  clearTimeout(timer);
  unknown = false;
  const id = report;
  const request = (running = new AbortController());
  const timeout = setTimeout(() => request.abort("timeout"), TIMEOUT_MS);
  try {
    const response = await fetch(`/console/reports/${id}`, {
      headers: { Accept: "text/html", "HX-Request": "true" },
      signal: request.signal,
    });
    if (atTheDoor(response)) return;
    if (response.status === 404) return missing();
    if (!response.ok) throw new Error(`status ${response.status}`);
    await show(id, await response.text());
  } catch {
    if (id === report && running === request) failed();
  } finally {
    clearTimeout(timeout);
    if (running === request) {
      running = null;
      if (again) {
        again = false;
        load();
      }
    }
  }
}

async function show(id, text) {
  if (id !== report) return;
  const here = document.getElementById("in-hand");
  const same = here?.dataset.report === id;
  const reading = same && reader(here);
  // htmx hands a field's attributes to the next report's field of the same id; a height that was dragged is a style.
  if (!same) for (const field of hand.querySelectorAll("[style]")) field.removeAttribute("style");
  await htmx.swap({
    sourceElement: hand, target: same ? here : hand, swap: same ? "outerMorph" : "innerHTML", text, transition: false,
  });
  hand.inert = false;
  hand.removeAttribute("data-page-loading");
  document.getElementById("report-stale").textContent = "";
  settle(reading);
}

/** Where in the conversation the reader was: at its end, or somewhere above it. */
function reader(here) {
  const lines = here.querySelector("#lines");
  return { count: lines.childElementCount, atEnd: lines.scrollHeight - lines.scrollTop - lines.clientHeight < NEAR_END_PX };
}

function settle(reading) {
  const here = document.getElementById("in-hand");
  here.toggleAttribute("data-page-mine", here.dataset.dispatcher === meta("dispatcher"));
  const lines = here.querySelector("#lines");
  const newer = here.querySelector("#newer");
  if (!reading || reading.atEnd) {
    lines.scrollTop = lines.scrollHeight;
    newer.hidden = true;
  } else if (lines.childElementCount > reading.count) {
    newer.textContent = `${t("newer_below")} ↓`;
    newer.hidden = false;
  }
  document.dispatchEvent(new CustomEvent("desk:hand", { detail: { report, fresh: !reading } }));
}

function failed() {
  const here = document.getElementById("in-hand");
  if (here?.dataset.report === report) document.getElementById("report-stale").textContent = t("hand_stale");
  else empty(t("hand_lost"));
  timer = setTimeout(load, AGAIN_MS);
}

function missing() {
  unknown = true; // choosing it again asks again: it may have come back
  empty(t("hand_unknown"));
}

function empty(sentence) {
  const words = document.createElement("p");
  words.textContent = sentence;
  words.setAttribute("role", "alert");
  const box = document.createElement("div");
  box.id = "in-hand";
  box.className = "empty-hand";
  box.append(words);
  hand.replaceChildren(box);
  hand.inert = false;
  hand.removeAttribute("data-page-loading");
}

// The answer to one's own words, or to a request, is the report with them in it: show them.
document.addEventListener("htmx:after:request", ({ detail: { ctx } }) => {
  if (ctx.sourceElement?.matches?.("#reply, [data-ask]") && ctx.response.status === 200) brought(ctx.text);
});

/** Another report may be in hand by now, or a newer state of this one: an answer never takes the screen back. */
async function brought(text, { end = true } = {}) {
  const incoming = new DOMParser().parseFromString(text, "text/html").getElementById("in-hand");
  const here = document.getElementById("in-hand");
  if (incoming?.dataset.report !== report || here.dataset.report !== report) return;
  if (version(incoming) >= version(here)) await show(report, text);
  else load();
  if (end) toEnd();
}

// An act on the map is answered with the report, too.
document.addEventListener("desk:brought", ({ detail: { text } }) => brought(text, { end: false }));

document.addEventListener("desk:cards", ({ detail: { changes } }) => {
  if (report && changes.some((change) => change.report === report || isLinked(change))) load();
});

/** Whether it is, or was until now, of the same incident as the report in hand. */
function isLinked({ report: other, card }) {
  const incident = document.getElementById("in-hand").dataset.incident;
  if (!incident) return false;
  return card?.dataset.incident === incident || Boolean(document.querySelector(`#incident [data-open="${other}"]`));
}

// What the desk has ready to say was changed, or may have been.
document.addEventListener("desk:stale", () => { if (report) load(); });

hand.addEventListener("click", (event) => {
  const copy = event.target.closest("[data-copy]");
  if (copy) copyText(copy.dataset.copy, copy);
  if (event.target.closest("#newer")) toEnd();
});

hand.addEventListener("scroll", (event) => {
  const newer = document.getElementById("newer");
  if (event.target.id !== "lines" || newer.hidden || !reader(document.getElementById("in-hand")).atEnd) return;
  newer.hidden = true;
  document.dispatchEvent(new CustomEvent("desk:read"));
}, { capture: true, passive: true });

function toEnd() {
  const lines = document.getElementById("lines");
  lines.scrollTop = lines.scrollHeight;
}
