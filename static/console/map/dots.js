// The desk's cards on the map: where it burns. Choosing one there chooses the card.
/* global L */
import { dot } from "./marks.js";

const known = new Map(); // report → {key, marker}

/** Keeps the map's dots in step with the queue. */
export function dots(map, there) {
  const layer = L.layerGroup().addTo(map);
  let due = 0;

  function draw() {
    due = 0;
    const here = new Set();
    const inHand = document.getElementById("in-hand").dataset.report; // it has its own marks
    for (const card of document.querySelectorAll("#queue .list .card[data-place]")) {
      if (card.dataset.report === inHand) continue;
      here.add(card.dataset.report);
      follow(card);
    }
    for (const [report, { marker }] of known) {
      if (here.has(report)) continue;
      marker.remove();
      known.delete(report);
    }
  }

  function follow(card) {
    const { report, place, status } = card.dataset;
    const late = card.getAttribute("data-page-late") ?? "";
    const key = `${place} ${status} ${late}`;
    if (known.get(report)?.key === key) return;
    known.get(report)?.marker.remove();
    const [lat, lon] = place.split(" ").map(Number);
    const words = [".card-time", ".card-kind", ".card-words"].map((part) => card.querySelector(part)?.textContent.trim()).join(" · ");
    const marker = dot(there({ lat, lon }), { status, late, words }).addTo(layer);
    marker.on("click", () => document.dispatchEvent(new CustomEvent("desk:found", { detail: { report } })));
    known.set(report, { key, marker });
  }

  const soon = () => { due ||= requestAnimationFrame(draw); };
  for (const moment of ["desk:cards", "desk:hand"]) document.addEventListener(moment, soon);
  // Lateness moves by the second; what has not changed is left alone.
  setInterval(soon, 1_000);
  draw();
}
