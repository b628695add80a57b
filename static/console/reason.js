// Putting a report back, taking one over from a colleague, returning one to the desk that would transfer it, opening a
// closed one again: all want a reason, a ready one by its digit or a few words. What comes of it is said by the card, in the answer or a push; who came too late reads who has it.
import { atTheDoor } from "./accept.js";
import { say } from "./notices.js";
import { readyReasons } from "./ready_reasons.js";
import { meta, t } from "./words.js";

const TIMEOUT_MS = 8_000;

const dialog = document.getElementById("reason");
const form = document.getElementById("reason-form");
const field = document.getElementById("reason-text");
const ready = document.getElementById("reason-ready");
const fault = document.getElementById("reason-fault");
const button = document.getElementById("reason-send");

let asked = null; // {act, report, handler}
let busy = false;

/** The card that is chosen, or whose report is in hand. */
export function meant() {
  return document.querySelector('.card[aria-current="true"]:not(.flood)') ?? document.querySelector("#in-hand[data-report]");
}

/** Ask why: `wanted` is `release`, `take_over` or `reopen`. What cannot be done is said instead. */
export function askReason(wanted) {
  const { report, number, dispatcher: handler, status, comesAt } = meant()?.dataset ?? {};
  const mine = handler === meta("dispatcher");
  // What another desk would transfer is put back to that desk.
  const act = wanted === "release" && comesAt ? "give_back" : wanted;
  if (!["reopen", "give_back"].includes(act) && (!handler || status === "filed" || mine !== (act === "release"))) {
    say("said", t(act === "release" ? "release_not_mine" : "take_over_none"));
    return;
  }
  asked = { act, report, handler };
  document.getElementById("reason-title").textContent = t(`${act}_title`, { number, handler });
  button.querySelector("span").textContent = t(`${act}_send`);
  fault.textContent = field.value = "";
  readyReasons(ready, field, t(`${act}_reasons`), send);
  dialog.showModal();
  field.focus();
}

const routes = { release: "release", take_over: "take-over", give_back: "transfer-return", reopen: "reopening" };

async function send(reason) {
  const { act: kind, report, handler = "" } = asked;
  await perform(report, routes[kind], { reason, handler }, { dialog, fault });
}

/** Do something to a report, once at a time; what comes of it stands on its card, what fails in the dialog. */
export async function perform(report, route, fields, { dialog, fault }) {
  if (busy) return;
  busy = true;
  try {
    const response = await fetch(`/console/reports/${report}/${route}`, {
      method: "POST",
      headers: { "X-CSRF-Token": meta("csrf-token"), "Accept-Language": document.documentElement.lang, "HX-Request": "true" },
      body: new URLSearchParams(fields),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (atTheDoor(response)) return;
    await answered(response, await response.text(), { dialog, fault });
  } catch {
    fault.textContent = t("hands_lost");
  } finally {
    busy = false;
  }
}

/** 200 and 409 bring the card as it is now, 409 who has it; a problem says why not. */
async function answered(response, text, { dialog, fault }) {
  const html = response.headers.get("content-type")?.startsWith("text/html");
  if (html && (response.ok || response.status === 409)) {
    dialog.close();
    await htmx.swap({ sourceElement: dialog, target: dialog, swap: "none", text, transition: false });
    return;
  }
  let detail;
  try {
    detail = response.status < 500 ? JSON.parse(text).detail : null;
  } catch {
    detail = null;
  }
  fault.textContent = detail ?? t("hands_refused", { status: response.status });
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (field.value.trim()) send(field.value);
  else fault.textContent = t("reason_needed");
});

document.getElementById("reason-close").addEventListener("click", () => dialog.close());

document.addEventListener("click", ({ target }) => {
  const pressed = target.closest("#release, #take-over, #give-back, #reopen");
  if (pressed) askReason(pressed.id === "give-back" ? "release" : pressed.id.replace("-", "_"));
});

// What left one's own hands without one's doing, or came into them, is said in words.
document.addEventListener("desk:cards", ({ detail: { changes } }) => {
  const me = meta("dispatcher");
  for (const { card, holder, before } of changes) {
    if (!card || !before) continue;
    const { number, dispatcher: handler, released } = card.dataset;
    if (holder === me && released && released !== "released") say("fault", t("gone_idle", { number }));
    else if (holder === me && handler && handler !== me) say("lost", t("gone_taken", { number, handler }));
    else if (handler === me && holder && holder !== me && asked?.report !== card.dataset.report) {
      say("said", t("came_to_you", { number }));
    }
  }
});
