// The room's big screen: asks for its content again and again, counts the seconds in between, and says when it is old.
import { heard, now, timeOfDay } from "./clock.js";
import { lasting, t } from "./words.js";

const ASK_MS = 2_000;
const PATIENCE_MS = 5_000;
const STALE_MS = 10_000; // five questions without an answer

const clock = document.getElementById("clock");
const stale = document.getElementById("stale");

let answeredAt = performance.now();
let door = false; // the session has ended: asking again does not help

/** Take the newest content in the place of what is shown. */
async function ask() {
  try {
    const response = await fetch("/console/wallboard/board", { signal: AbortSignal.timeout(PATIENCE_MS) });
    door = response.status === 401 || response.status === 403;
    if (response.ok) {
      const answer = new DOMParser().parseFromString(await response.text(), "text/html").getElementById("board");
      document.getElementById("board").replaceWith(answer);
      answeredAt = performance.now();
      heard(answer.dataset.at);
    }
  } catch {
    // No answer: the page says so by itself.
  }
  paint();
  setTimeout(ask, ASK_MS);
}

function paint() {
  const at = now();
  const board = document.getElementById("board");
  const late = board.dataset.late.split(" ").map(Number);
  for (const figure of board.querySelectorAll("[data-since]")) {
    const waited = at - Date.parse(figure.dataset.since);
    figure.setAttribute("data-page-late", String(late.filter((s) => waited >= s * 1000).length));
    if (figure.classList.contains("board-oldest")) figure.querySelector("dd").textContent = lasting(waited);
  }
  clock.textContent = timeOfDay(at);
  const old = performance.now() - answeredAt > STALE_MS;
  const state = door ? "door" : old ? "stale" : "live";
  if (document.body.dataset.line === state) return;
  document.body.dataset.line = state;
  const since = timeOfDay(at - (performance.now() - answeredAt));
  stale.textContent = state === "live" ? "" : t(`board_${state}`, { at: since });
}

paint();
setInterval(paint, 250);
setTimeout(ask, ASK_MS);
