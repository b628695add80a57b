// The map of the desk, put together. It follows the queue and the report in hand by the events that they give.
import { converter } from "./system.js";
import { counties, surface } from "./surface.js";
import { dots } from "./dots.js";
import { placing } from "./placing.js";
import { follow } from "./report.js";
import { units } from "./units.js";
import { vendor } from "./vendor.js";

const column = document.getElementById("map");
const PAN_PX = 80;

let begun = null;

/** Begins once, and gives what the page's keys ask of the map; rejects when what it is made of did not come. */
export function start() {
  begun ??= open().catch((error) => {
    begun = null;
    throw error;
  });
  return begun;
}

async function open() {
  const crs = column.dataset.tilesCrs ?? "wgs84";
  await vendor(crs);
  const there = converter(crs);
  const map = surface();
  map.keyboard.disable(); // keys are ours: those of placing among them
  const borders = { of: () => [] };
  const report = follow(map, there, borders);
  const scene = placing(map, there, crs);
  dots(map, there);
  units(map, there);
  report.draw();
  keys(map, report, scene);
  // The marks stand before the outlines have come, and without them.
  counties(map, there).then((found) => {
    borders.of = found;
    report.bordered();
  });
  return { begin: scene.begin, back: report.back };
}

function keys(map, report, scene) {
  const pan = (x, y) => { report.hold(); map.panBy([x * PAN_PX, y * PAN_PX], { animate: false }); };
  const zoom = (by) => { report.hold(); map.setZoom(map.getZoom() + by, { animate: false }); };
  const acts = {
    ArrowLeft: () => pan(-1, 0), ArrowRight: () => pan(1, 0), ArrowUp: () => pan(0, -1), ArrowDown: () => pan(0, 1),
    "+": () => zoom(1), "=": () => zoom(1), "-": () => zoom(-1), o: report.back, l: scene.begin,
  };
  for (const [id, by] of [["map-closer", 1], ["map-farther", -1]]) {
    const button = document.getElementById(id);
    button.disabled = false;
    button.addEventListener("click", () => zoom(by));
  }
  column.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.isComposing) return;
    if (event.key === "Enter" && event.target.closest("button")) return;
    const act = scene.key(event) ?? (event.altKey ? null : acts[event.key] ?? acts[event.key.toLowerCase()]);
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  }, { capture: true }); // before the door's: Esc leaves the placing first, then the map
}
