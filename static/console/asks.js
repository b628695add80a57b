// Asking the reporter: for a position, a photo, or an answer to a ready question. What did not come through keeps its
// id, so that pressing again asks once.
import { detailOf } from "./accept.js";
import { newId } from "./ids.js";
import { say } from "./notices.js";
import { t } from "./words.js";

const PAUSE_MS = 400; // a key pressed twice in this time was meant once

const ids = new Map();
let pressed = { key: "", at: -Infinity };
let before = null; // where the focus was when the questions were opened

const reportNow = () => document.getElementById("in-hand").dataset.report;
const asks = () => document.getElementById("asks");
const isAsk = (ctx) => ctx?.sourceElement?.matches?.("[data-ask]") ?? false;

function fault(ask, sentence) {
  if (ask.report === reportNow()) document.getElementById("asks-fault").textContent = sentence;
  else say("fault", sentence);
}

/** Press a request's button. */
export function press(kind) {
  document.getElementById(`ask-${kind}`)?.click();
}

/** Open the ready questions, or close them. */
export function toggleQuestions() {
  const button = document.getElementById("ask-question");
  if (!button || button.disabled) return;
  if (closeQuestions()) return;
  before = document.activeElement;
  show(true);
  document.dispatchEvent(new CustomEvent("desk:questions"));
  document.querySelector("#questions section button:not([hidden])")?.focus({ preventScroll: true });
}

/** Close the ready questions; false when they were not open. */
export function closeQuestions() {
  if (!areOpen()) return false;
  const within = asks().contains(document.activeElement);
  show(false);
  if (within && before?.isConnected) before.focus({ preventScroll: true });
  return true;
}

/** A key while the questions are open; true when it was theirs. */
export function questionKey(key) {
  if (!areOpen()) return false;
  const buttons = [...document.querySelectorAll("#questions section button:not([hidden])")];
  const asked = buttons.find((button) => button.dataset.key === key.toUpperCase());
  if (asked) {
    asked.click();
    return true;
  }
  const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[key];
  if (!step) return false;
  const at = buttons.indexOf(document.activeElement);
  buttons[(at + step + buttons.length) % buttons.length].focus();
  return true;
}

const areOpen = () => asks()?.hasAttribute("data-page-open") ?? false;

function show(open) {
  asks().toggleAttribute("data-page-open", open);
  tellOpen();
  if (!open) document.dispatchEvent(new CustomEvent("desk:read"));
}

function tellOpen() {
  document.getElementById("ask-question")?.setAttribute("aria-expanded", String(areOpen()));
}

document.addEventListener("htmx:config:request", (event) => {
  const { ctx } = event.detail;
  if (!isAsk(ctx)) return;
  const { ask: kind, text = "", answers = "", said = "" } = ctx.sourceElement.dataset;
  const report = reportNow();
  const key = `${report} ${kind} ${text}${said}`;
  if (pressed.key === key && performance.now() - pressed.at < PAUSE_MS) {
    event.preventDefault();
    return;
  }
  pressed = { key, at: performance.now() };
  if (!ids.has(key)) ids.set(key, newId());
  for (const [name, value] of Object.entries({ client_id: ids.get(key), kind, text, answers, said })) {
    ctx.request.body.set(name, value);
  }
  ctx.ask = { report, key, kind };
  document.getElementById("asks-fault").textContent = "";
  closeQuestions();
});

document.addEventListener("htmx:before:request", ({ detail: { ctx } }) => {
  if (isAsk(ctx)) ctx.sourceElement.setAttribute("data-page-busy", "");
});

document.addEventListener("htmx:finally:request", ({ detail: { ctx } }) => {
  if (isAsk(ctx)) ctx.sourceElement.removeAttribute("data-page-busy");
});

document.addEventListener("htmx:after:request", ({ detail: { ctx } }) => {
  if (!isAsk(ctx)) return;
  const { status } = ctx.response;
  if (status < 400) {
    ids.delete(ctx.ask.key);
    return;
  }
  const detail = status < 500 ? detailOf(ctx) : null;
  fault(ctx.ask, detail ? t("ask_said", { detail }) : t("ask_refused", { status }));
});

document.addEventListener("htmx:error", ({ detail: { ctx } }) => {
  if (isAsk(ctx) && ctx.ask) fault(ctx.ask, t(ctx.ask.kind === "duress" ? "duress_lost" : "ask_lost"));
});

document.addEventListener("click", ({ target }) => {
  if (target.closest("#ask-question")) toggleQuestions();
  else if (!target.closest("#questions")) closeQuestions();
});

// The report was painted anew: what the server renders knows nothing of an open menu.
document.addEventListener("desk:hand", tellOpen);
