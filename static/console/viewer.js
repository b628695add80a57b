// Photos at large: one after the other by the arrow keys, turned by R, larger by + and the wheel, dragged, and moved by
// the arrows while larger than the stage. What is opened here stands in the desk's log.
import { askOriginal } from "./original.js";

const viewer = document.getElementById("viewer");
const stage = viewer.querySelector("figure");
const image = viewer.querySelector("img");
const caption = viewer.querySelector(".viewer-caption");
const scale = viewer.querySelector(".viewer-scale");
const hand = document.getElementById("hand");

const NOTHING = image.getAttribute("src"); // a picture of ours: an <img> has to have one
const LARGEST = 8;
const STEP = 1.5; // by which a key makes it larger
const PAN_PX = 80;

let shown = ""; // the address of the photo that is open
let turns = 0;
let zoom = 1;
let at = { x: 0, y: 0 }; // how far its middle is from the stage's, in pixels
let held = null; // the pointer that drags it
let before = null; // where the hand was when it opened: a dialog gives the focus back there

const photos = () => [...hand.querySelectorAll("a[data-view]")];

function show(photo) {
  shown = photo.getAttribute("href");
  image.src = photo.href;
  image.alt = photo.getAttribute("aria-label");
  const all = photos();
  caption.textContent = `${all.indexOf(photo) + 1}/${all.length} · ${photo.dataset.caption}`;
  turnTo(0);
  viewer.toggleAttribute("data-only", all.length < 2);
}

function turnTo(quarter) {
  turns = quarter % 4;
  image.dataset.turned = String(turns);
  zoomTo(1);
}

/** Make it `to` times as large as it fits the stage, keeping what is under (x, y) where it is; from the stage's middle. */
function zoomTo(to, x = 0, y = 0) {
  const next = Math.min(LARGEST, Math.max(1, to));
  at = { x: x - ((x - at.x) * next) / zoom, y: y - ((y - at.y) * next) / zoom };
  zoom = next;
  place();
}

function place() {
  const { width, height } = stage.getBoundingClientRect();
  const upright = turns % 2 === 0;
  const [wide, high] = upright ? [image.offsetWidth, image.offsetHeight] : [image.offsetHeight, image.offsetWidth];
  const room = { x: Math.max(0, (wide * zoom - width) / 2), y: Math.max(0, (high * zoom - height) / 2) };
  at = { x: Math.min(room.x, Math.max(-room.x, at.x)), y: Math.min(room.y, Math.max(-room.y, at.y)) };
  image.style.transform = zoom === 1 ? "" : `translate(${at.x}px, ${at.y}px) scale(${zoom}) rotate(${turns * 90}deg)`;
  viewer.toggleAttribute("data-zoomed", zoom > 1);
  scale.textContent = `${Math.round(zoom * 100)} %`;
}

function pan(x, y) {
  at = { x: at.x + x, y: at.y + y };
  place();
}

function step(way) {
  const all = photos();
  const now = all.findIndex((photo) => photo.getAttribute("href") === shown);
  if (all.length) show(all[(now + way + all.length) % all.length]);
}

/** The arrows move what is larger than the stage, and else go from photo to photo. */
const arrow = (x, y, way) => () => {
  if (zoom > 1) pan(x * PAN_PX, y * PAN_PX);
  else if (way) step(way);
};

const acts = {
  ArrowLeft: arrow(1, 0, -1),
  ArrowRight: arrow(-1, 0, 1),
  ArrowUp: arrow(0, 1, 0),
  ArrowDown: arrow(0, -1, 0),
  PageUp: () => step(-1),
  PageDown: () => step(1),
  r: () => turnTo(turns + 1),
  "+": () => zoomTo(zoom * STEP),
  "=": () => zoomTo(zoom * STEP),
  "-": () => zoomTo(zoom / STEP),
  0: () => zoomTo(1),
  o: () => askOriginal(shown.split("/")[3]),
};

/** Open the first photo of the report in hand, or go to its first video or voice note. False where there is none. */
export function openMedia() {
  const first = photos()[0] ?? hand.querySelector(".media video, .voice-play");
  if (first?.matches("a")) first.click();
  else first?.focus();
  first?.scrollIntoView({ block: "nearest" });
  return Boolean(first);
}

hand.addEventListener("click", (event) => {
  const photo = event.target.closest("a[data-view]");
  if (!photo || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  before = document.activeElement;
  show(photo); // first: the focus goes to what is shown
  viewer.showModal();
});

viewer.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const act = acts[event.key] ?? acts[event.key.toLowerCase()];
  if (!act) return;
  event.preventDefault();
  act();
});

viewer.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-act]");
  if (button) acts[button.dataset.act]();
});

stage.addEventListener("wheel", (event) => {
  event.preventDefault();
  const { left, top, width, height } = stage.getBoundingClientRect();
  const [x, y] = [event.clientX - left - width / 2, event.clientY - top - height / 2];
  zoomTo(zoom * Math.exp(-event.deltaY / 400), x, y);
}, { passive: false });

stage.addEventListener("dblclick", () => zoomTo(zoom > 1 ? 1 : STEP * STEP));

stage.addEventListener("pointerdown", (event) => {
  if (event.button !== 0 || zoom === 1) return;
  event.preventDefault();
  held = { id: event.pointerId, x: event.clientX, y: event.clientY };
  stage.setPointerCapture(event.pointerId);
});

stage.addEventListener("pointermove", (event) => {
  if (held?.id !== event.pointerId) return;
  pan(event.clientX - held.x, event.clientY - held.y);
  held = { id: held.id, x: event.clientX, y: event.clientY };
});

for (const end of ["pointerup", "pointercancel"]) stage.addEventListener(end, () => { held = null; });

image.addEventListener("load", place);

// Back to where the thumb was pressed, also when another photo was open by then. The browser tells late that a dialog
// has closed: a hand that has gone elsewhere meanwhile, into the map say, stays there.
viewer.addEventListener("close", () => {
  image.src = NOTHING;
  zoomTo(1);
  if (![before, document.body].includes(document.activeElement)) return;
  photos().find((photo) => photo.getAttribute("href") === shown)?.focus({ preventScroll: true });
});
