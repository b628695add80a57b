// The desk's units on the map: a shield, filled while a unit is free, with its call sign and its state in words beside it.
/* global L */
import { t } from "../words.js";

const TIMEOUT_MS = 8_000;
const AGAIN_MS = 5_000; // after an answer that did not come
const WORDS_FROM = 11; // zoom from which call signs are written out: on the whole province they would cover everything

const drawn = new Map(); // unit → {key, marker}

/** Keeps the map's units in step with what the desk knows of them. */
export function units(map, there) {
  const layer = L.layerGroup().addTo(map);
  let asking = false;
  let due = false;

  async function renew() {
    if (asking) {
      due = true;
      return;
    }
    asking = true;
    try {
      const headers = { Accept: "application/json", "Accept-Language": document.documentElement.lang };
      const answer = await fetch("/console/units", { headers, signal: AbortSignal.timeout(TIMEOUT_MS) });
      if (!answer.ok || answer.redirected) throw new Error(`status ${answer.status}`);
      draw((await answer.json()).units);
    } catch {
      // What is drawn stays, and is asked for again: the list to choose from says what holds.
      setTimeout(renew, AGAIN_MS);
    } finally {
      asking = false;
      if (due) {
        due = false;
        renew();
      }
    }
  }

  function draw(found) {
    const here = new Set(found.map(({ id }) => id));
    for (const [id, { marker }] of drawn) {
      if (here.has(id)) continue;
      marker.remove();
      drawn.delete(id);
    }
    for (const unit of found) follow(unit);
  }

  function follow(unit) {
    const key = JSON.stringify(unit);
    if (drawn.get(unit.id)?.key === key) return;
    drawn.get(unit.id)?.marker.remove();
    const icon = L.divIcon({ className: "map-spot map-unit", html: drawing(unit), iconSize: [0, 0] });
    const marker = L.marker(there(unit), { icon, interactive: false, keyboard: false, zIndexOffset: unit.state === "free" ? 600 : 500 });
    drawn.set(unit.id, { key, marker: marker.addTo(layer) });
  }

  const near = () => map.getContainer().classList.toggle("map-near", map.getZoom() >= WORDS_FROM);
  map.on("zoomend", near);
  near();
  document.addEventListener("desk:units", renew);
  renew();
}

function drawing({ call_sign: name, state, words }) {
  const box = document.createElement("div");
  const sign = document.createElement("span");
  sign.className = "unit-mark";
  sign.dataset.state = state;
  const letter = document.createElement("b");
  letter.textContent = t("map_letter_unit");
  sign.append(letter);
  const beside = document.createElement("span");
  beside.className = "map-spot-word";
  beside.textContent = `${name} ${words}`;
  box.append(sign, beside);
  return box;
}
