// The place by hand: a map of our own boundaries under a fixed pin. The map is dragged, the pin stays.
//
// Tiles are a setting, and may speak another system of coordinates than we: then the whole map speaks it, and what the pin
// says is turned back. Without tiles there are borders and names alone, and no more exactness than they give.

import { round } from "./position.js";
/* global L, gcoord */

import { script, stylesheet } from "./later.js";
import { $, element, icon, write } from "./page.js";
import { distance, language, t } from "./words.js";

const VENDOR = new URL("../vendor", import.meta.url).pathname;
const PROVINCE = [[27.0, 118.0], [31.2, 123.0]];
const PIN_RADIUS = 24; // pixels: as far as a thumb can tell
const LEAST_M = { tiles: 15, borders: 300 };
const DEEPEST = { tiles: 18, borders: 14 };
const NAMES_FROM = 10; // zoom from which counties have their names written

/** Opens the map in `body`. */
export async function openMap(body, { position, done, drafted }) {
  const tiles = tilesOf($("place").dataset);
  const wanted = [script(`${VENDOR}/leaflet/leaflet.js`), stylesheet(`${VENDOR}/leaflet/leaflet.css`)];
  if (tiles && tiles.crs !== "wgs84") wanted.push(script(`${VENDOR}/gcoord.min.js`));
  await Promise.all(wanted);
  const said = element("p", { className: "map-said", role: "status" });
  const use = element("button", { className: "solid", type: "button", textContent: t("map.use") });
  const frame = element("div", { className: "map-frame" });
  const surface = element("div", { className: "map", tabIndex: 0, role: "application", "aria-label": t("map.keys") });
  frame.append(surface, pin(), tool("plus", "map.closer", () => map.zoomIn()), tool("minus", "map.farther", () => map.zoomOut()));
  if (position.best()) frame.append(tool("locate-fixed", "map.own", toOwn));
  body.replaceChildren(element("p", { className: "note", textContent: t("map.lead") }), frame, said, use);

  const convert = converter(tiles?.crs ?? "wgs84");
  const kind = tiles ? "tiles" : "borders";
  const map = L.map(surface, {
    attributionControl: false, zoomControl: false, zoomAnimation: false, fadeAnimation: false, markerZoomAnimation: false, inertia: false,
    minZoom: 6, maxZoom: DEEPEST[kind], maxBounds: [[24, 114], [34, 127]], doubleClickZoom: "center", scrollWheelZoom: "center", touchZoom: "center",
  });
  L.control.scale({ imperial: false }).addTo(map);
  if (tiles) {
    L.tileLayer(tiles.url, { maxZoom: DEEPEST.tiles }).addTo(map);
    body.append(element("p", { className: "note map-by", textContent: tiles.attribution }));
  }
  const best = position.best();
  if (best) {
    L.circle(convert.there(best), { radius: best.accuracy_m, className: "map-own", interactive: false }).addTo(map);
    // To be seen on any zoom.
    L.circleMarker(convert.there(best), { radius: 8, className: "map-own", interactive: false }).addTo(map);
    toOwn();
  } else map.fitBounds(PROVINCE);
  let moved = false;
  let counties = [];
  for (const act of ["dragend", "keydown"]) map.on(act, () => (moved = true));
  map.on("moveend zoomend", render);
  use.onclick = () => done({ location: location(), place_text: null, area: null });
  render();
  // The pin is of use before the outlines have come, and without them.
  counties = await outlines(map, convert);
  render();

  function toOwn() {
    const own = position.best();
    map.setView(convert.there(own), Math.min(DEEPEST[kind], own.accuracy_m > 2_000 ? 10 : tiles ? 16 : 12));
  }

  /** The pin's place, with a circle as wide as a thumb on this zoom. */
  function location() {
    const here = convert.back(map.getCenter());
    const metres = (40_075_017 * Math.cos((here.lat * Math.PI) / 180) * PIN_RADIUS) / 2 ** (map.getZoom() + 8);
    return { lat: round(here.lat), lon: round(here.lon), crs: "wgs84", accuracy_m: Math.max(LEAST_M[kind], Math.ceil(metres)), source: "manual", at: new Date().toISOString() };
  }

  function render() {
    const here = location();
    const county = counties.find(({ geometry }) => inside(here, geometry))?.properties;
    surface.classList.toggle("map-near", map.getZoom() >= NAMES_FROM);
    const name = county ? (language.startsWith("zh") ? county.name : county.name_en) : t("map.nowhere");
    const exact = t("position.roughly", { distance: distance(here.accuracy_m) });
    write(said, counties.length ? t("position.in", { area: name, roughly: exact }) : exact);
    // Deliberately used is deliberately sent; but who has no other position, and has moved the map, means something by it.
    if (moved && !position.best()) drafted?.({ location: here, place_text: null, area: null });
  }
}

/** The counties' outlines and names on the map; without a network the map stays empty, and says nothing wrong. */
async function outlines(map, convert) {
  let features = [];
  try {
    const answer = await fetch("/counties.geojson");
    if (answer.ok) ({ features } = await answer.json());
  } catch {
    // The pin still has its place.
  }
  L.geoJSON(features, { interactive: false, className: "map-county", coordsToLatLng: ([lon, lat]) => L.latLng(convert.there({ lat, lon })) }).addTo(map);
  for (const { geometry, properties } of features) {
    const name = element("span", { textContent: language.startsWith("zh") ? properties.name : properties.name_en });
    const middle = L.latLngBounds(largest(geometry).map(([lon, lat]) => convert.there({ lat, lon }))).getCenter();
    L.marker(middle, { interactive: false, keyboard: false, icon: L.divIcon({ className: "map-name", html: name, iconSize: [0, 0] }) }).addTo(map);
  }
  return features;
}

const ringsOf = ({ type, coordinates }) => (type === "Polygon" ? [coordinates] : coordinates);
const largest = (geometry) => ringsOf(geometry).map(([outer]) => outer).sort((a, b) => b.length - a.length)[0];

/** Whether a place is in an area: a line to the east crosses its rings an odd number of times. */
function inside({ lat, lon }, geometry) {
  let odd = false;
  for (const ring of ringsOf(geometry).flat()) {
    for (let n = 0, last = ring.length - 1; n < ring.length; last = n, n += 1) {
      const [x, y] = ring[n];
      const [u, v] = ring[last];
      if (y > lat !== v > lat && lon < ((u - x) * (lat - y)) / (v - y) + x) odd = !odd;
    }
  }
  return odd;
}

/** Between our WGS-84 and the map's system. */
function converter(crs) {
  if (crs === "wgs84") return { there: ({ lat, lon }) => [lat, lon], back: ({ lat, lng }) => ({ lat, lon: lng }) };
  const theirs = { gcj02: gcoord.GCJ02, bd09: gcoord.BD09 }[crs];
  return {
    there({ lat, lon }) {
      const [x, y] = gcoord.transform([lon, lat], gcoord.WGS84, theirs);
      return [y, x];
    },
    back({ lat, lng }) {
      const [lon, y] = gcoord.transform([lng, lat], theirs, gcoord.WGS84);
      return { lat: y, lon };
    },
  };
}

function tilesOf({ tiles, tilesCrs, tilesAttribution }) {
  return tiles ? { url: tiles, crs: tilesCrs, attribution: tilesAttribution } : null;
}

function pin() {
  const made = element("span", { className: "map-pin" }, icon("map-pin"));
  made.append(element("span", { className: "map-cross" }));
  return made;
}

function tool(glyph, words, act) {
  const button = element("button", { className: `map-tool map-tool-${glyph}`, type: "button", "aria-label": t(words) }, icon(glyph));
  button.onclick = act;
  return button;
}
