// Reports of one event: linking what may be the same, by one key or by number; unlinking; one answer to all. What did
// not come through keeps its words and its id, so that sending again says it once.
import { atTheDoor } from "./accept.js";
import { newId } from "./ids.js";
import { say } from "./notices.js";
import { meta, t } from "./words.js";

const TIMEOUT_MS = 8_000;

const hand = document.getElementById("hand");
let busy = false;
let kept = null; // {report, words, id}: what was to be said to all

const reportNow = () => document.getElementById("in-hand").dataset.report;

/** Link the likeliest report, as its button does. */
export function linkLikely() {
  const button = document.querySelector("#incident [data-link]");
  if (button) link(button);
  else say("said", t("incident_none"));
}

const link = ({ dataset }) => post("incident", { with: dataset.link });

/** One at a time; whether it came through. The answer is the report in hand (hand.js shows it). */
async function post(route, fields) {
  if (busy) return false;
  busy = true;
  fault("");
  try {
    const response = await fetch(`/console/reports/${reportNow()}/${route}`, {
      method: "POST",
      headers: { "X-CSRF-Token": meta("csrf-token"), "Accept-Language": document.documentElement.lang, "HX-Request": "true" },
      body: new URLSearchParams(fields),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (atTheDoor(response)) return false;
    const text = await response.text();
    if (!response.ok) {
      fault(detailIn(response, text) ?? t("hands_refused", { status: response.status }));
      return false;
    }
    document.dispatchEvent(new CustomEvent("desk:brought", { detail: { text } }));
    return true;
  } catch {
    fault(t("hands_lost"));
    return false;
  } finally {
    busy = false;
  }
}

function detailIn(response, text) {
  try {
    return response.status < 500 ? JSON.parse(text).detail : null;
  } catch {
    return null;
  }
}

function fault(sentence) {
  const place = document.getElementById("incident-fault");
  if (place) place.textContent = sentence;
}

async function sayToAll(field) {
  const [report, words] = [reportNow(), field.value];
  if (!words.trim()) return;
  if (kept?.report !== report || kept.words !== words) kept = { report, words, id: newId() };
  if (!(await post("incident/messages", { client_id: kept.id, text: words }))) return;
  kept = null;
  const box = document.getElementById("incident-text");
  if (box && reportNow() === report && box.value === words) box.value = "";
}

async function linkNumber(field) {
  if (field.value.trim() && (await post("incident", { number: field.value.trim() }))) field.value = "";
}

hand.addEventListener("click", ({ target }) => {
  const open = target.closest("#incident [data-open]");
  const likely = target.closest("#incident [data-link]");
  if (open) document.dispatchEvent(new CustomEvent("desk:found", { detail: { report: open.dataset.open } }));
  else if (likely) link(likely);
  else if (target.closest("#incident-leave")) post("incident/leaving", {});
});

hand.addEventListener("submit", (event) => {
  const act = { "incident-say": sayToAll, "incident-by": linkNumber }[event.target.id];
  if (!act) return;
  event.preventDefault();
  act(event.target.querySelector("textarea, input"));
});
