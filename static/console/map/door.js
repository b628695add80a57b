// The map's door: its script comes when the page has time for it, or when it is opened, and whatever goes wrong with it is
// said in its place. Nothing else on the page waits for it.
import { icon, t } from "../words.js";

const LATER_MS = 5_000; // the queue and the line come first

const column = document.getElementById("map");
const surface = document.getElementById("map-surface");
const opening = document.getElementById("map-opening");
const opener = document.getElementById("map-open");
const folded = matchMedia("(max-width: 1679px)"); // as map.css has it

let map = null; // what it can do, or a promise of that
let before = null; // where the hand was

function load() {
  map ??= import("./map.js").then((module) => module.start()).then(ready, failed);
  return map;
}

function ready(acts) {
  opening.hidden = true;
  return acts;
}

function failed() {
  map = null;
  const words = document.createElement("span");
  words.textContent = t("map_failed");
  const again = document.createElement("button");
  again.type = "button";
  again.className = "quiet";
  again.textContent = t("map_again");
  again.addEventListener("click", load);
  opening.replaceChildren(icon("triangle-alert"), words, again);
  opening.setAttribute("role", "alert");
  opening.hidden = false;
}

const isOpen = () => !folded.matches || column.hasAttribute("data-page-open");

function open(yes) {
  column.toggleAttribute("data-page-open", yes);
  opener.setAttribute("aria-expanded", String(yes));
}

/** Open the map and go into it; out of it, close it and go back to where the hand was. */
export function toggleMap() {
  if (column.contains(document.activeElement) || (folded.matches && isOpen())) {
    closeMap();
    return;
  }
  enter();
  load();
}

function enter() {
  if (column.contains(document.activeElement)) return;
  before = document.activeElement;
  open(true);
  surface.focus({ preventScroll: true });
}

/** Go into the map and begin to place the scene. */
export async function placeScene() {
  enter();
  (await load())?.begin();
}

/** The map goes back to the places of the report in hand. */
export async function backToPlace() {
  if (!isOpen()) enter();
  (await load())?.back();
}

function closeMap() {
  open(false);
  if (!column.contains(document.activeElement)) return;
  const back = before?.isConnected && before !== document.body ? before : null;
  (back ?? document.querySelector('#queue .card[tabindex="0"]') ?? document.getElementById("hand")).focus({ preventScroll: true });
}

opener.addEventListener("click", toggleMap);
document.getElementById("map-close").addEventListener("click", closeMap);
column.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented) return;
  event.preventDefault();
  event.stopPropagation();
  closeMap();
});
folded.addEventListener("change", () => { if (isOpen()) load(); });

if (isOpen()) {
  if (document.readyState === "complete") requestIdleCallback(load, { timeout: LATER_MS });
  else addEventListener("load", () => requestIdleCallback(load, { timeout: LATER_MS }), { once: true });
}
