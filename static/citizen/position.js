// Where the phone is, getting better while the page is open; and the place that the person chose instead.
// The two are apart: what the phone says is never overwritten, and what was chosen is only ever sent because it was chosen.

import { now } from "./waking.js";

const FRESH = 60_000; // a fix older than this is only taken when there is none better
const OLD = 90_000; // a fix older than this is not where somebody is: a tap asks for another, and waits for it a little
const OVERTAKEN = 15_000; // a fix this old gives way to a coarser new one: the person may have moved
const GNSS_ACCURACY = 100; // metres; coarser comes from masts and wireless networks
export const COARSE = 500; // metres; coarser than this a position leaves the street open

/** @param {Geolocation | undefined} geolocation */
export function createPosition(geolocation) {
  const listeners = new Set();
  let best = null;
  let state = geolocation ? "asking" : "none"; // asking | found | denied | none
  let begun = false;
  let chosen = null;

  function start() {
    if (begun || !geolocation) return;
    begun = true;
    // A coarse fix comes at once from the network; the exact one takes its time.
    geolocation.getCurrentPosition(take, fail, { enableHighAccuracy: false, maximumAge: FRESH, timeout: 5_000 });
    geolocation.watchPosition(take, fail, { enableHighAccuracy: true, maximumAge: 5_000, timeout: 30_000 });
  }

  function take({ coords, timestamp }) {
    const location = {
      lat: round(coords.latitude),
      lon: round(coords.longitude),
      crs: "wgs84",
      accuracy_m: Math.round(coords.accuracy * 10) / 10,
      source: coords.accuracy <= GNSS_ACCURACY ? "gnss" : "network",
      at: new Date(timestamp).toISOString(),
    };
    if (best && location.accuracy_m > best.accuracy_m && age(best) < OVERTAKEN) return;
    taken.set(location, now() - Math.max(0, Date.now() - timestamp));
    best = location;
    become("found");
  }

  function fail(error) {
    if (error.code === error.PERMISSION_DENIED) become("denied");
    else if (!best) become("none");
  }

  function become(next) {
    state = next;
    for (const listener of listeners) listener(best, state);
  }

  /** A place that was chosen by hand, or null for the phone's own again. */
  function choose(place) {
    chosen = place;
    become(state);
  }

  /** What a report is filed with now. Somebody who picked an area means it: the phone's own position then follows live. */
  function place() {
    const { location = null, place_text = null, area = null } = chosen ?? {};
    return { location: location ?? (area ? null : best), place_text, area };
  }

  /** Asks for one besides: a phone that does not move, or slept, tells of nothing by itself. */
  function renew() {
    if (!begun || state === "denied" || (best && age(best) < FRESH)) return;
    geolocation.getCurrentPosition(take, fail, { enableHighAccuracy: true, maximumAge: FRESH, timeout: 30_000 });
  }

  /** A position as soon as there is a fresh one, any one after `ms`, null when there is none. */
  function within(ms) {
    if (best && age(best) < FRESH) return Promise.resolve(best);
    if (state === "denied" || !geolocation) return Promise.resolve(best);
    let asked = begun;
    renew();
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        listeners.delete(heard);
        resolve(best);
      };
      const heard = () => {
        if (state === "denied" || (best && age(best) < FRESH)) return end();
        // Somebody was faster than the page: only now is there anybody to ask.
        if (begun && !asked) {
          asked = true;
          renew();
        }
      };
      const timer = setTimeout(end, ms);
      listeners.add(heard);
    });
  }

  return {
    start,
    renew,
    within,
    choose,
    place,
    /** The phone's own. */
    best: () => best,
    state: () => state,
    /** `{location, place_text, area}` as it was chosen, each or null; null for the phone's own. */
    chosen: () => chosen,
    /** Hears `(location | null, state)` now and whenever it changes. */
    listen(listener) {
      listeners.add(listener);
      listener(best, state);
      return () => listeners.delete(listener);
    },
  };
}

/** Metres between two positions; exact enough for a few kilometres. */
export function apart(a, b) {
  const north = (a.lat - b.lat) * 111_320;
  const east = (a.lon - b.lon) * 111_320 * Math.cos((a.lat * Math.PI) / 180);
  return Math.hypot(north, east);
}

const taken = new WeakMap(); // the phone's own positions → when they were taken, as the page counts time

/** Milliseconds since a position was taken. */
export const age = (location) => now() - (taken.get(location) ?? Date.parse(location.at));

/** Whether somebody may be elsewhere by now. */
export const isOld = (location) => age(location) > OLD;

// Seven places are a centimetre; more is noise.
export const round = (degrees) => Math.round(degrees * 1e7) / 1e7;
