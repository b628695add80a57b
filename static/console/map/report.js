// The report in hand on the map: its three places, the reporter's way, the photos' own places. The view goes with them until
// somebody takes it elsewhere; from then on it stays until it is asked back.
/* global L */
import { t } from "../words.js";
import { tell } from "./surface.js";
import { KINDS, mark } from "./marks.js";

const CLOSE = { tiles: 16, borders: 13 };
const NEWER_MS = 15_000;

/** What the report in hand says of its places; null without one. */
export function places() {
  const said = document.getElementById("map-report")?.value;
  return said ? JSON.parse(said) : null;
}

/** Runs when there is, or may be, another state of the report in hand, or none any more. */
export function whenInHand(act) {
  document.addEventListener("desk:hand", act);
  new MutationObserver(act).observe(document.getElementById("hand"), { childList: true });
}

/** @param {{of: (area: string) => any[]}} borders the outlines of an area; none until they have come */
export function follow(map, there, borders) {
  const layer = L.layerGroup().addTo(map);
  const { desk, tiles } = document.getElementById("map").dataset;
  const closest = CLOSE[tiles ? "tiles" : "borders"];
  const own = document.getElementById("map-own");
  const bar = document.getElementById("map-bar"); // shown while a scene is being placed: the view keeps still
  let shown = null; // the report that the view is of
  let kept = ""; // what is drawn
  let held = false; // somebody has taken the view elsewhere
  let framed = false; // the outlines were there for the last view

  for (const act of ["dragstart", "boxzoomstart"]) map.on(act, hold);
  map.getContainer().addEventListener("wheel", hold, { passive: true });
  map.getContainer().addEventListener("dblclick", hold);
  own.addEventListener("click", back);
  // A folded map has no size, and so no view; it gets one when it is opened.
  map.on("resize", ({ oldSize }) => { if (!oldSize.x && !held) look(places(), true); });

  function hold() {
    held = true;
  }

  function draw() {
    const found = places();
    const drawn = found ? JSON.stringify(found) : "";
    if (drawn === kept && found?.report === shown) return;
    layer.clearLayers();
    tell("words", found && !found.closed ? inWords(found) : "");
    if (found) put(found);
    const another = (found?.report ?? null) !== shown;
    const moved = !another && kept !== "" && KINDS.some((kind) => changed(JSON.parse(kept)[kind], found?.[kind]));
    [shown, kept] = [found?.report ?? null, drawn];
    if (another) held = false;
    if (!held && bar.hidden) look(found, another || !framed);
    else if (moved) say();
  }

  function put(found) {
    const { reporter, described, scene } = found;
    if (found.trail.length > 1) L.polyline(found.trail.map(([lat, lon]) => there({ lat, lon })), { className: "map-trail", interactive: false }).addTo(layer);
    if (reporter?.m) L.circle(there(reporter), { radius: reporter.m, className: "map-circle", interactive: false }).addTo(layer);
    if (described?.area && described.lat === undefined) outline(described.area);
    for (const [lat, lon] of found.photos) mark(there({ lat, lon }), "photo", { zIndexOffset: 1_000 }).addTo(layer);
    [described, reporter, scene].forEach((spot, at) => {
      const kind = ["described", "reporter", "scene"][at];
      if (spot?.lat !== undefined) mark(there(spot), kind, { word: t(`map_${kind}`), zIndexOffset: 2_000 + at * 100 }).addTo(layer);
    });
  }

  /** A picked area: its outline and its middle, which is no place of its own. */
  function outline(area) {
    const bounds = boundsOf(area);
    for (const county of borders.of(area)) L.polygon(county.getLatLngs(), { className: "map-area", interactive: false }).addTo(layer);
    if (bounds) mark(bounds.getCenter(), "described", { word: t("map_described"), zIndexOffset: 2_000 }).addTo(layer);
  }

  function boundsOf(area) {
    const bounds = L.latLngBounds([]);
    for (const county of area ? borders.of(area) : []) bounds.extend(county.getBounds());
    return bounds.isValid() ? bounds : null;
  }

  /** The view goes to the report's places, or to the area that was picked; without a report, to the desk's own. */
  function look(found, another) {
    if (!map.getSize().x) return;
    const bounds = L.latLngBounds(KINDS.map((kind) => found?.[kind]).filter((spot) => spot?.lat !== undefined).map(there));
    if (!bounds.isValid()) {
      const area = boundsOf(found?.described?.area || desk);
      if (area && another) map.fitBounds(area, { animate: false });
      return;
    }
    if (found.reporter?.m) bounds.extend(L.latLng(there(found.reporter)).toBounds(found.reporter.m * 2));
    if (another || !map.getBounds().pad(-0.1).contains(bounds)) map.fitBounds(bounds.pad(0.3), { animate: false, maxZoom: closest });
  }

  function inWords(found) {
    if (KINDS.some((kind) => found[kind]?.lat !== undefined)) return "";
    const words = document.querySelector("#spot-described .spot-words")?.textContent;
    return words ? t("map_words_only", { words }) : t("map_no_place");
  }

  function say() {
    tell("moved", t("map_moved"));
    setTimeout(() => tell("moved", ""), NEWER_MS);
  }

  /** The view goes back to the report's places. */
  function back() {
    held = false;
    tell("moved", "");
    look(places(), true);
  }

  whenInHand(draw);
  /** The outlines have come. */
  function bordered() {
    kept = "";
    draw();
    framed = true;
  }

  own.disabled = false;
  return { draw, back, hold, bordered };
}

const changed = (one, other) => one?.lat !== other?.lat || one?.lon !== other?.lon;
