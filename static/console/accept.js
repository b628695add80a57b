// Accepting. A card is shown as accepted by the answer or a push, never before; what fails is said on the card.
import { firstOf, isFlood, isFolded } from "./flood.js";
import { say } from "./notices.js";
import { meta, t } from "./words.js";

const ACCEPT = /^\/console\/reports\/([0-9a-f-]{36})\/(?:acknowledgement|pick-up|transfer-acceptance)$/;
const PAUSE_MS = 400; // a key pressed twice in this time was meant once

// Who wanted the chosen card does not want the next one unseen, if a colleague took it a moment before the key.
const SNATCHED_MS = 1_200;

let pressed = -Infinity;
let snatched = { at: -Infinity, by: "" };

/** The card that A accepts: the chosen one if nobody has it, else the one that stands first; what was received and
 * lies there waits from when it was put back. */
function nextToAccept() {
  const chosen = document.querySelector('.card[aria-current="true"]');
  if (chosen?.querySelector(".accept")) return chosen;
  const [waiting, lying] = ["waiting", "released"].map((list) => document.querySelector(`#${list} .card`));
  if (!waiting || !lying) return waiting ?? lying;
  return Date.parse(lying.dataset.releasedAt) < Number(waiting.dataset.rank) ? lying : waiting;
}

/** Press the button of the card that A accepts, or of `wanted`; of a flood, that of the report that stands first. Gives
 * the report's card, or null when there was none. */
export function acceptNext(wanted = null) {
  if (performance.now() - pressed < PAUSE_MS) return null;
  pressed = performance.now();
  if (document.querySelector(".card[data-page-busy]")) {
    say("said", t("accept_busy"));
    return null;
  }
  if (performance.now() - snatched.at < SNATCHED_MS) {
    say("said", t("accepted_by", { number: snatched.by }));
    return null;
  }
  const next = wanted ?? nextToAccept();
  const card = isFlood(next) ? firstOf(next) : next;
  if (card) card.querySelector(".accept").click();
  else say("said", t("accept_none"));
  return card;
}

function reportOf(ctx) {
  return ACCEPT.exec(ctx?.request?.action ?? "")?.[1] ?? null;
}

function cardOf(report) {
  return document.getElementById(`report-${report}`);
}

function fault(report, sentence) {
  const card = cardOf(report);
  if (card?.querySelector(".accept") && !isFolded(card)) {
    card.setAttribute("data-page-fault", "");
    card.querySelector(".card-fault").textContent = sentence;
  } else {
    say("fault", sentence);
  }
}

function clearFault(report) {
  const card = cardOf(report);
  card?.removeAttribute("data-page-fault");
  const words = card?.querySelector(".card-fault");
  if (words) words.textContent = "";
}

/** A session that has ended sends every request to the door; so does the page. */
export function atTheDoor(response) {
  const away = response.status === 401 || (response.redirected && new URL(response.url).pathname === "/console/sign-in");
  if (away) location.assign("/console/sign-in");
  return away;
}

/** What the server says no with, when it says it in words (RFC 9457). */
export function detailOf(ctx) {
  if (!ctx.response.headers.get("content-type")?.startsWith("application/problem+json")) return null;
  try {
    return JSON.parse(ctx.text).detail ?? null;
  } catch {
    return null;
  }
}

function sentence(status, detail) {
  if (status === 403) return t("accept_denied");
  if (status === 404) return t("accept_unknown");
  if (status >= 500) return t("accept_broken", { status });
  return detail ? t("accept_said", { detail }) : t("accept_refused", { status });
}

function markNext() {
  const next = nextToAccept();
  for (const card of document.querySelectorAll(".card[data-page-next]")) {
    if (card !== next) card.removeAttribute("data-page-next");
  }
  next?.setAttribute("data-page-next", "");
}

document.addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
  ctx.request.headers["X-CSRF-Token"] = meta("csrf-token");
  ctx.request.headers["Accept-Language"] = document.documentElement.lang;
});

document.addEventListener("htmx:before:request", ({ detail: { ctx } }) => {
  const report = reportOf(ctx);
  if (!report) return;
  clearFault(report);
  for (const place of document.querySelectorAll(`[data-report="${report}"]`)) place.setAttribute("data-page-busy", "");
});

document.addEventListener("htmx:before:response", (event) => {
  if (atTheDoor(event.detail.ctx.response.raw)) event.preventDefault();
});

document.addEventListener("htmx:after:request", ({ detail: { ctx } }) => {
  const report = reportOf(ctx);
  const status = ctx.response.status;
  // 409 with a card names the winner; 409 with a problem is another refusal.
  const detail = detailOf(ctx);
  if (report && status !== 200 && (status !== 409 || detail)) fault(report, sentence(status, detail));
});

document.addEventListener("htmx:error", ({ detail: { ctx } }) => {
  const report = reportOf(ctx);
  if (report) fault(report, t(ctx.request.signal.reason === "timeout" ? "accept_unsure" : "accept_lost_line"));
});

document.addEventListener("htmx:finally:request", ({ detail: { ctx } }) => {
  const report = reportOf(ctx);
  if (!report) return;
  for (const place of document.querySelectorAll(`[data-report="${report}"]`)) place.removeAttribute("data-page-busy");
});

document.addEventListener("desk:cards", ({ detail: { changes } }) => {
  for (const { card, waited } of changes) {
    if (!waited || card?.getAttribute("aria-current") !== "true") continue;
    const { dispatcher } = card.dataset;
    if (dispatcher && dispatcher !== meta("dispatcher")) {
      snatched = { at: performance.now(), by: dispatcher };
    }
  }
  markNext();
});
document.addEventListener("desk:chosen", markNext);
markNext();
