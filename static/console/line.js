// The line to the server: the socket, the lamp that tells the truth about it, and asking by HTTP while it is down.
import { atTheDoor } from "./accept.js";
import { besides, split } from "./cards.js";
import { heard, now, timeOfDay } from "./clock.js";
import { counted, setLate, showColleagues, showUnseen } from "./figures.js";
import { t } from "./words.js";

const FRESH_MS = 2_500; // ticks come once a second
const BEHIND_MS = 1_000;
const LOST_MS = 5_000; // after so long without being live, ask by HTTP
const SILENT_MS = 10_000; // an open socket without a word for so long is dead; browsers do not find out themselves
const BROKEN_MS = 1_000; // not sooner after the last opening, should the snapshot be what cannot be shown
const POLL_MS = 2_000;
const POLL_TIMEOUT_MS = 3_000;
const SHOWN_MS = 250;
const SIGN_IN = [4401, 4403];
const DOUBT = 5; // ticks in a row whose count differs from the screen's, with nothing left to come
const DOUBT_AGAIN_MS = 30_000;

const line = document.getElementById("line");
const lamp = document.getElementById("live");

let connection = null;
let broken = false; // a frame could not be shown: only a snapshot makes the screen whole again
let lastWord = performance.now();
let lastTick = -Infinity;
let lastPoll = -Infinity;
let lastLive = performance.now();
let lastOpen = performance.now();
let behindSince = null;
let doorbell = true; // without it what happens is here a second late
let canary = ""; // where the way of the desk's canary ends; nothing as long as it comes
let polling = false;
let nextPoll = 0;
let doubts = 0;
let doubted = -Infinity;
let sentAt = -Infinity;
let sentSeq = -1;
let sending = 0;
let ready = null; // the event by which the desk's ready words were last changed
let units = null; // and anything of its units
let seen = ""; // the report and its version that the server knows to have been on this screen

const cursor = () => document.getElementById("cursor").getAttribute("value");
const isOpen = () => connection?.socket?.readyState === WebSocket.OPEN;

line.addEventListener("htmx:ws:before:connection", ({ detail }) => {
  connection = detail.connection;
  const url = new URL("/console/live", location.href);
  url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  if (!broken) url.searchParams.set("after", cursor());
  connection.url = url.href;
});

line.addEventListener("htmx:ws:after:connection", () => {
  // What has no card may have changed while the line was away.
  if (ready !== null) for (const what of ["stale", "units"]) document.dispatchEvent(new CustomEvent(`desk:${what}`));
  lastOpen = performance.now();
  broken = false; // a snapshot comes, since no cursor was sent
  sentSeq = -1;
  seen = "";
  tellShown();
  tellSeen();
  document.dispatchEvent(new CustomEvent("desk:connected"));
});

line.addEventListener("htmx:ws:before:message:incoming", (event) => {
  const { data } = event.detail.message;
  if (typeof data !== "string" || !data.startsWith("{")) return;
  event.preventDefault(); // nothing to swap
  const word = JSON.parse(data);
  if (word.type === "tick") ticked(word);
  else document.dispatchEvent(new CustomEvent(`desk:${word.type}`, { detail: word }));
});

// Fires only when the frame has been swapped whole.
line.addEventListener("htmx:ws:after:message:incoming", () => {
  lastWord = performance.now();
  tellShown();
  paint();
});

line.addEventListener("htmx:ws:error", ({ detail }) => {
  // A socket's own error is an Event, and its close follows. Anything else is a frame that could not be shown.
  if (detail.error instanceof Event || !isOpen()) return;
  broken = true;
  mind();
});

line.addEventListener("htmx:ws:close", ({ detail }) => {
  if (SIGN_IN.includes(detail.code)) location.assign("/console/sign-in");
});

/** Say something to the server; false while there is no line. */
export function tell(frame) {
  if (!isOpen()) return false;
  connection.socket.send(JSON.stringify(frame));
  return true;
}

function ticked(tick) {
  heard(tick.at);
  lastWord = lastTick = performance.now();
  const [, seq] = split(cursor());
  if (seq >= tick.seq) behindSince = null;
  else behindSince ??= lastTick;
  showColleagues(tick.dispatchers);
  setLate(tick.late);
  doorbell = tick.doorbell;
  canary = tick.canary;
  if (ready !== null && ready !== tick.ready) document.dispatchEvent(new CustomEvent("desk:stale"));
  ready = tick.ready;
  if (units !== null && units !== tick.units) document.dispatchEvent(new CustomEvent("desk:units"));
  units = tick.units;
  if (seq === tick.seq && tick.waiting !== null) doubt(tick.waiting - counted().waiting);
  paint();
}

/** The server counts what waits, and so does the screen: its cards, and those that lie beyond them. If they go on to
 * differ, the screen was wrong: ask for everything. So too when there is room for some that lie beyond. */
function doubt(unseen) {
  showUnseen(unseen);
  const { count, room } = besides();
  doubts = unseen !== count || room ? doubts + 1 : 0;
  if (doubts < DOUBT || performance.now() - doubted < DOUBT_AGAIN_MS) return;
  doubted = performance.now();
  poll();
}

function state() {
  const at = performance.now();
  const behind = behindSince !== null && at - behindSince > BEHIND_MS;
  if (at - lastTick < FRESH_MS && !behind && !broken) {
    lastLive = lastTick;
    return "live";
  }
  if (at - lastLive < LOST_MS) return "catching-up";
  if (at - lastPoll < LOST_MS) return "polling";
  return polling && at - lastWord < LOST_MS + POLL_TIMEOUT_MS ? "catching-up" : "offline";
}

function paint() {
  const is = state();
  const key = is !== "live" ? `lamp_${is.replace("-", "_")}` : canary ? "lamp_canary" : doorbell ? "lamp_live" : "lamp_slow";
  if (lamp.dataset.state !== is || lamp.dataset.says !== key) {
    lamp.dataset.state = is;
    lamp.dataset.says = key;
    document.body.dataset.line = is;
    lamp.title = t(`${key}_more`, { at: timeOfDay(now() - (performance.now() - lastWord)) });
    lamp.querySelector(".lamp-word").textContent = t(key);
    const gone = document.getElementById("gone");
    gone.hidden = is !== "offline";
    if (is === "offline") gone.querySelector("span").textContent = lamp.title;
  }
  const age = t("age", { n: Math.floor((performance.now() - lastWord) / 1000) });
  const place = lamp.querySelector(".lamp-age");
  if (place.textContent !== age) place.textContent = age;
}

function mind() {
  paint();
  const at = performance.now();
  if (at - lastLive > LOST_MS && at > nextPoll) poll();
  if (at - Math.max(lastTick, lastOpen) > SILENT_MS && isOpen()) reconnect();
  if (broken && isOpen() && at - lastOpen > BROKEN_MS) reconnect();
}

/** Begin a new connection now, whatever the old one believes. */
function reconnect() {
  lastOpen = performance.now();
  htmx.process(line, true);
}

/** The whole queue by HTTP, placed as a snapshot from the socket would be. */
async function poll() {
  nextPoll = performance.now() + POLL_MS;
  if (polling) return;
  polling = true;
  try {
    const response = await fetch("/console/queue", {
      headers: { Accept: "text/html", "HX-Request": "true" },
      signal: AbortSignal.timeout(POLL_TIMEOUT_MS),
    });
    if (atTheDoor(response) || !response.ok) return;
    await htmx.swap({ sourceElement: line, target: line, swap: "none", text: await response.text(), transition: false });
    lastPoll = lastWord = performance.now();
    showUnseen(besides().count);
    broken = false;
    tellShown();
  } catch {
    // No answer: the lamp says so by itself.
  } finally {
    polling = false;
    paint();
  }
}

/** Tell the server up to where this screen has painted: at once, then at most every 250 ms. A hidden page paints
 * nothing and says nothing. */
function tellShown() {
  if (sending) return;
  const wait = Math.max(0, sentAt + SHOWN_MS - performance.now());
  sending = setTimeout(() => requestAnimationFrame(() => setTimeout(() => {
    sending = 0;
    const [, seq] = split(cursor());
    if (seq === sentSeq || !isOpen()) return;
    connection.socket.send(JSON.stringify({ type: "shown", seq }));
    sentSeq = seq;
    sentAt = performance.now();
  })), wait);
}

/** Tell the server which version of the report in hand has truly been painted: the reporter's lines get their second
 * tick by it. Not while the window is hidden, nor while its newest lines lie below what is in view or behind the questions. */
function tellSeen() {
  requestAnimationFrame(() => setTimeout(() => {
    const { report, version } = document.getElementById("in-hand").dataset;
    const now = `${report} ${version}`;
    if (!report || now === seen || !isOpen() || document.visibilityState !== "visible") return;
    if (!document.getElementById("newer").hidden || document.querySelector("#asks[data-page-open]")) return;
    connection.socket.send(JSON.stringify({ type: "seen", report, version: Number(version) }));
    seen = now;
  }));
}

showUnseen(besides().count);
for (const painted of ["desk:hand", "desk:read", "visibilitychange"]) document.addEventListener(painted, tellSeen);
document.addEventListener("desk:second", mind);
// Of a flood few cards are left here, and more of it wait.
document.addEventListener("desk:room", () => { if (performance.now() > nextPoll) poll(); });
window.addEventListener("online", () => { if (!isOpen()) reconnect(); });
