// Placing the scene: a mark that is moved by arrows, or clicked and dragged, and set by Enter. Until the server has it, it
// is nothing but a mark of this page. A retry carries the same id, so that it is stored once.
/* global L */
import { atTheDoor } from "../accept.js";
import { newId } from "../ids.js";
import { meta, t } from "../words.js";
import { mark } from "./marks.js";
import { places, whenInHand } from "./report.js";

const STEP_PX = 12;
const FAR = 6; // steps with Shift
const FINE = 1 / 12; // of a step with Alt: a pixel
const POINTED_PX = 6; // as fine as a hand points
const LEAST_M = 3;
const TIMEOUT_MS = 8_000;

const surface = document.getElementById("map-surface");
const bar = document.getElementById("map-bar");
const said = document.getElementById("map-said");
const $ = (id) => document.getElementById(id);

export function placing(map, there, crs) {
  let draft = null; // {report, marker, id, at}
  let storing = null;

  function begin() {
    if (draft) return;
    const found = places();
    if (!found) return say(t("map_no_report"));
    if (found.closed) return say(t("map_closed_report"));
    const [from, at] = first(found);
    const marker = mark(at, "scene", { word: t("map_draft"), draft: true, draggable: true, interactive: true, zIndexOffset: 5_000 }).addTo(map);
    draft = { report: found.report, marker, id: "", where: "" };
    marker.on("drag", moved);
    surface.classList.add("map-placing");
    bar.hidden = false;
    surface.focus({ preventScroll: true });
    inView();
    moved();
    said.textContent = `${t(`map_draft_from_${from}`)} ${away()}`;
  }

  /** Where it starts: at what is known best. */
  function first(found) {
    for (const kind of ["scene", "reporter", "described"]) {
      if (found[kind]?.lat !== undefined) return [kind, L.latLng(there(found[kind]))];
    }
    return ["middle", map.getCenter()];
  }

  function end(sentence = "") {
    if (!draft) return;
    storing?.abort();
    storing = null;
    draft.marker.remove();
    draft = null;
    surface.classList.remove("map-placing");
    bar.hidden = true;
    const inside = bar.contains(document.activeElement) || document.activeElement === document.body;
    if (inside) surface.focus({ preventScroll: true });
    say(sentence);
  }

  function to(at) {
    if (!draft || storing) return;
    draft.marker.setLatLng(at);
    inView();
    moved();
  }

  function step(x, y, event) {
    const by = STEP_PX * (event.shiftKey ? FAR : event.altKey ? FINE : 1);
    to(map.layerPointToLatLng(map.latLngToLayerPoint(draft.marker.getLatLng()).add([x * by, y * by])));
  }

  function inView() {
    map.panInside(draft.marker.getLatLng(), { paddingTopLeft: [40, 60], paddingBottomRight: [40, bar.offsetHeight + 40], animate: false });
  }

  function moved() {
    said.textContent = away();
  }

  function away() {
    const own = places()?.reporter;
    if (own?.lat === undefined) return "";
    const metres = map.distance(L.latLng(there(own)), draft.marker.getLatLng());
    const distance = metres < 1_000 ? t("map_metres", { n: Math.round(metres) }) : t("map_kilometres", { n: (metres / 1_000).toFixed(1) });
    return t("map_draft_away", { distance });
  }

  async function set() {
    if (!draft || storing) return;
    const { report } = draft;
    const at = draft.marker.getLatLng();
    const where = `${at.lat.toFixed(7)} ${at.lng.toFixed(7)}`;
    if (draft.where !== where) Object.assign(draft, { where, id: newId() });
    const request = (storing = new AbortController());
    const timeout = setTimeout(() => request.abort("timeout"), TIMEOUT_MS);
    said.textContent = t("map_storing");
    try {
      const body = new URLSearchParams({ client_id: draft.id, lat: at.lat.toFixed(7), lon: at.lng.toFixed(7), crs, accuracy_m: String(exactness(at)) });
      const headers = { "X-CSRF-Token": meta("csrf-token"), "Accept-Language": document.documentElement.lang };
      const answer = await fetch(`/console/reports/${report}/scene`, { method: "POST", headers, body, signal: request.signal });
      if (atTheDoor(answer)) return;
      const text = await answer.text();
      if (storing !== request) return; // dropped meanwhile
      storing = null;
      if (answer.ok) {
        end(t("map_placed"));
        document.dispatchEvent(new CustomEvent("desk:brought", { detail: { text } }));
      } else {
        said.textContent = t("map_not_stored", { detail: detailOf(answer, text) });
      }
    } catch {
      if (storing !== request) return;
      storing = null;
      said.textContent = t("map_unsure");
    } finally {
      clearTimeout(timeout);
    }
  }

  /** As fine as the map could be pointed at on this zoom, in metres. */
  function exactness(at) {
    const point = map.latLngToLayerPoint(at);
    return Math.max(LEAST_M, Math.ceil(map.distance(at, map.layerPointToLatLng(point.add([POINTED_PX, 0])))));
  }

  function key(event) {
    if (!draft) return null;
    const acts = {
      ArrowLeft: () => step(-1, 0, event), ArrowRight: () => step(1, 0, event), ArrowUp: () => step(0, -1, event), ArrowDown: () => step(0, 1, event),
      Enter: set, Escape: () => end(), u: toMiddle, o: toReporter,
    };
    return acts[event.key] ?? acts[event.key.toLowerCase()] ?? null;
  }

  const toMiddle = () => to(map.getCenter());
  function toReporter() {
    const own = places()?.reporter;
    if (own?.lat !== undefined) to(L.latLng(there(own)));
  }

  map.on("click", ({ latlng }) => to(latlng));
  for (const [id, act] of [["map-place", begin], ["map-set", set], ["map-drop", () => end()], ["map-at-middle", toMiddle], ["map-at-reporter", toReporter]]) {
    $(id).addEventListener("click", act);
  }
  function taken() {
    const found = places();
    $("map-place").disabled = !found || found.closed;
    if (draft && found?.report !== draft.report) end(t("map_placing_ended"));
  }

  whenInHand(taken);
  taken();
  return { begin, key };
}

function detailOf(answer, text) {
  if (!answer.headers.get("content-type")?.startsWith("application/problem+json")) return String(answer.status);
  try {
    return JSON.parse(text).detail ?? String(answer.status);
  } catch {
    return String(answer.status);
  }
}

/** One sentence on the map's own lines; it leaves by itself. */
function say(sentence) {
  if (!sentence) return;
  const line = document.createElement("p");
  line.textContent = sentence;
  $("map-fault").append(line);
  setTimeout(() => line.remove(), 6_000);
}
