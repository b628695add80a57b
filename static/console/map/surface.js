// The map itself: tiles where an operator has set some, our own boundaries over them, names where there is room.
/* global L */
import { t } from "../words.js";

const PROVINCE = [[27.0, 118.0], [31.2, 123.0]];
const DEEPEST = 18;
const NAMES_FROM = 9; // zoom from which counties have their names written
const GRID = 7; // names are put where the county is in view: so many points a side are looked at
const TIMEOUT_MS = 20_000;
const AT_ONCE = 8; // counties

const frame = document.getElementById("map-surface");
const column = document.getElementById("map");
const language = document.documentElement.lang;

/** The empty map. */
export function surface() {
  const map = L.map(frame, {
    attributionControl: false, zoomControl: false, zoomAnimation: false, fadeAnimation: false, markerZoomAnimation: false, inertia: false,
    minZoom: 6, maxZoom: DEEPEST, maxBounds: [[20, 105], [38, 135]],
  });
  L.control.scale({ imperial: false, position: "topleft" }).addTo(map);
  map.fitBounds(PROVINCE);
  if (column.dataset.tiles) tiles(map);
  new ResizeObserver(() => map.invalidateSize({ animate: false })).observe(frame);
  return map;
}

function tiles(map) {
  const layer = L.tileLayer(column.dataset.tiles, { maxZoom: DEEPEST }).addTo(map);
  let lost = 0;
  layer.on("loading", () => { lost = 0; });
  layer.once("tileload", () => frame.classList.add("map-tiled"));
  layer.on("tileerror", () => { lost += 1; tell("tiles", t("map_tiles_failed")); });
  layer.on("load", () => { if (!lost) tell("tiles", ""); });
}

/** What is wrong with the map, in words: one sentence a thing, gone when it is well again. */
export function tell(what, sentence) {
  const place = document.getElementById("map-fault");
  const known = place.querySelector(`[data-what="${what}"]`);
  if (known?.textContent === sentence) return;
  known?.remove();
  if (!sentence) return;
  const line = document.createElement("p");
  line.dataset.what = what;
  line.textContent = sentence;
  place.append(line);
}

/** The counties on the map; gives what finds the outlines of an area, by adcode: of a county, a city, the province. */
export async function counties(map, there) {
  let features = [];
  try {
    const answer = await fetch("/console/counties.geojson", { signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    ({ features } = await answer.json());
  } catch {
    tell("borders", t("map_borders_failed"));
  }
  const own = of(column.dataset.desk);
  const drawn = L.geoJSON(null, {
    interactive: false,
    style: ({ properties }) => ({ className: own(properties.adcode) ? "map-county map-county-own" : "map-county" }),
    coordsToLatLng: ([lon, lat]) => L.latLng(there({ lat, lon })),
  }).addTo(map);
  for (let first = 0; first < features.length; first += AT_ONCE) {
    drawn.addData({ type: "FeatureCollection", features: features.slice(first, first + AT_ONCE) });
    await new Promise((next) => setTimeout(next)); // whatever else the page has to do comes between
  }
  drawn.eachLayer((layer) => { if (own(layer.feature.properties.adcode)) layer.bringToFront(); });
  names(map, drawn);
  return (area) => drawn.getLayers().filter((layer) => of(area)(layer.feature.properties.adcode));
}

/** Whether a county is of an area: it itself, one of a city's, or any of the province's. */
function of(area) {
  const prefix = area.replace(/(?:00){1,2}$/, "");
  return (adcode) => adcode.startsWith(prefix);
}

/** A county's name stands inside the part of it that is in view: near a border both are read. */
function names(map, drawn) {
  const shown = L.layerGroup().addTo(map);
  const write = () => {
    shown.clearLayers();
    if (map.getZoom() < NAMES_FROM) return;
    const view = map.getBounds();
    drawn.eachLayer((layer) => {
      if (!view.intersects(layer.getBounds())) return;
      const at = inView(view, layer);
      if (at) shown.addLayer(name(at, layer.feature.properties));
    });
  };
  map.on("moveend", write);
  write();
}

function name(at, properties) {
  const words = document.createElement("span");
  words.textContent = language.startsWith("zh") ? properties.name : properties.name_en;
  return L.marker(at, { interactive: false, keyboard: false, icon: L.divIcon({ className: "map-name", html: words, iconSize: [0, 0] }) });
}

/** Among the points of a grid over the view that lie in the county, the one in their middle. */
function inView(view, layer) {
  const found = [];
  for (let row = 1; row < GRID; row += 1) {
    for (let across = 1; across < GRID; across += 1) {
      const lat = view.getSouth() + ((view.getNorth() - view.getSouth()) * row) / GRID;
      const lng = view.getWest() + ((view.getEast() - view.getWest()) * across) / GRID;
      if (inside(lat, lng, layer.getLatLngs())) found.push({ lat, lng });
    }
  }
  if (!found.length) return null;
  const middle = ["lat", "lng"].map((axis) => found.reduce((sum, point) => sum + point[axis], 0) / found.length);
  const away = ({ lat, lng }) => (lat - middle[0]) ** 2 + (lng - middle[1]) ** 2;
  return found.reduce((best, point) => (away(point) < away(best) ? point : best));
}

/** Whether a place is in an area: a line to the east crosses its rings an odd number of times. */
function inside(lat, lng, rings) {
  let odd = false;
  for (const ring of rings.flat(rings[0][0].lat === undefined ? 1 : 0)) {
    for (let n = 0, last = ring.length - 1; n < ring.length; last = n, n += 1) {
      const [one, other] = [ring[n], ring[last]];
      if (one.lat > lat !== other.lat > lat && lng < ((other.lng - one.lng) * (lat - one.lat)) / (other.lat - one.lat) + one.lng) odd = !odd;
    }
  }
  return odd;
}
