// What stands on the map: marks told apart by shape, letter and word. All of it stands in words beside, so the marks
// themselves are nothing to read aloud and no stop for the Tab key.
/* global L */
import { icon, t } from "../words.js";

export const KINDS = ["reporter", "described", "scene"];

/** A mark of a kind; `word` stands beside it. */
export function mark(at, kind, { word = "", draft = false, ...options } = {}) {
  const drawing = document.createElement("div");
  const sign = document.createElement("span");
  sign.className = "spot-mark";
  sign.dataset.spot = kind;
  if (kind === "photo") {
    sign.append(icon("camera"));
  } else {
    const letter = document.createElement("b");
    letter.textContent = t(`map_letter_${kind}`);
    sign.append(letter);
  }
  drawing.append(sign);
  if (word) {
    const beside = document.createElement("span");
    beside.className = "map-spot-word";
    beside.textContent = word;
    drawing.append(beside);
  }
  return point(at, drawing, draft ? "map-spot map-draft" : "map-spot", options);
}

/** A card on the map: a diamond while it waits, a ring when it was received. */
export function dot(at, { status, late, words }) {
  const drawing = document.createElement("span");
  drawing.className = "map-dot";
  drawing.dataset.status = status;
  if (late) drawing.dataset.late = late;
  drawing.title = words;
  return point(at, drawing, "map-spot", { interactive: true });
}

function point(at, html, className, options = {}) {
  return L.marker(at, { interactive: false, keyboard: false, ...options, icon: L.divIcon({ className, html, iconSize: [0, 0] }) });
}
