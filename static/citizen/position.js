// Where the phone is, getting better while the page is open.

const FRESH = 60_000; // a fix older than this is only taken when there is none better
const OVERTAKEN = 15_000; // a fix this old gives way to a coarser new one: the person may have moved
const GNSS_ACCURACY = 100; // metres; coarser comes from masts and wireless networks

/** @param {Geolocation | undefined} geolocation */
export function createPosition(geolocation) {
  const listeners = new Set();
  let best = null;
  let state = geolocation ? "asking" : "none"; // asking | found | denied | none
  let begun = false;

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

  /** A position as soon as there is a fresh one, any one after `ms`, null when there is none. */
  function within(ms) {
    if (best && age(best) < FRESH) return Promise.resolve(best);
    if (state === "denied" || !geolocation) return Promise.resolve(best);
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        listeners.delete(heard);
        resolve(best);
      };
      const heard = () => (state === "denied" || (best && age(best) < FRESH)) && end();
      const timer = setTimeout(end, ms);
      listeners.add(heard);
    });
  }

  return {
    start,
    within,
    best: () => best,
    state: () => state,
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

const age = (location) => Date.now() - Date.parse(location.at);
// Seven places are a centimetre; more is noise.
const round = (degrees) => Math.round(degrees * 1e7) / 1e7;
