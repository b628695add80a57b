// Where the phone is, in GCJ-02 as WeChat's maps are; and the place that the person chose instead. The two are apart: what
// the phone says is never overwritten, and what was chosen is only ever sent because it was chosen.

import { Location } from "../protocol/protocol";
import { allow } from "./permissions";

const FRESH = 60_000;
const OLD = 90_000; // a fix older than this is not where somebody is
const OVERTAKEN = 15_000;
const GNSS_ACCURACY = 100; // metres; coarser comes from masts and wireless networks
const EXACT_WITHIN = 4_000; // ms that the platform may take for a high accuracy

export type State = "asking" | "found" | "denied" | "none";
export interface Chosen {
  location: Location | null;
  place_text: string | null;
  area: string | null;
}
type Listener = (best: Location | null, state: State) => void;
interface Fix {
  latitude: number;
  longitude: number;
  accuracy: number;
}

export type Position = ReturnType<typeof createPosition>;

export function createPosition(now: () => number = Date.now) {
  const listeners = new Set<Listener>();
  let best: Location | null = null;
  let takenAt = 0;
  let state: State = "asking";
  let watching = false;
  let chosen: Chosen | null = null;

  /** Begins, or begins again after the settings were changed. */
  async function start(): Promise<void> {
    const allowed = await allow("scope.userLocation");
    if (allowed !== "yes") return become("denied");
    if (state === "denied") become(best ? "found" : "asking");
    once();
    watch();
  }

  function once(): void {
    wx.getLocation({
      type: "gcj02",
      isHighAccuracy: true,
      highAccuracyExpireTime: EXACT_WITHIN,
      success: take,
      fail: ({ errMsg }) => (/auth|denied|deny/.test(errMsg) ? become("denied") : best || become("none")),
    });
  }

  /** Followed while the mini program is in front; WeChat asks for more than that needs. */
  function watch(): void {
    if (watching) return;
    watching = true;
    wx.startLocationUpdate({ type: "gcj02", success: () => wx.onLocationChange(take), fail: () => (watching = false) });
  }

  function stop(): void {
    if (!watching) return;
    watching = false;
    wx.offLocationChange(take);
    wx.stopLocationUpdate({});
  }

  function take({ latitude, longitude, accuracy }: Fix): void {
    const location: Location = {
      lat: round(latitude),
      lon: round(longitude),
      crs: "gcj02",
      accuracy_m: Math.round(accuracy * 10) / 10,
      source: accuracy <= GNSS_ACCURACY ? "gnss" : "network",
      at: new Date().toISOString(),
    };
    if (best && accuracy > (best.accuracy_m ?? Infinity) && now() - takenAt < OVERTAKEN) return;
    [best, takenAt] = [location, now()];
    become("found");
  }

  function become(next: State): void {
    state = next;
    for (const listener of [...listeners]) listener(best, state);
  }

  function place(): Chosen {
    const { location = null, place_text = null, area = null } = chosen ?? {};
    return { location: location ?? (area ? null : best), place_text, area };
  }

  /** A position as soon as there is a fresh one; the best there is after `ms`, or null. */
  function within(ms: number): Promise<Location | null> {
    if (state === "denied" || (best && now() - takenAt < FRESH)) return Promise.resolve(best);
    once();
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        listeners.delete(heard);
        resolve(best);
      };
      const heard = () => (state === "denied" || (best && now() - takenAt < FRESH)) && end();
      const timer = setTimeout(end, ms);
      listeners.add(heard);
    });
  }

  return {
    start,
    stop,
    within,
    place,
    choose(next: Chosen | null) {
      chosen = next;
      become(state);
    },
    best: () => best,
    state: () => state,
    chosen: () => chosen,
    isOld: () => now() - takenAt > OLD,
    listen(listener: Listener) {
      listeners.add(listener);
      listener(best, state);
      return () => void listeners.delete(listener);
    },
  };
}

/** A place picked on WeChat's own map, or null. Its figures are GCJ-02 too. */
export function choosePlace(at: Location | null): Promise<Chosen | null> {
  return new Promise((resolve) => {
    wx.chooseLocation({
      ...(at ? { latitude: at.lat, longitude: at.lon } : {}),
      success: ({ name, address, latitude, longitude }) =>
        resolve({
          location: { lat: round(latitude), lon: round(longitude), crs: "gcj02", accuracy_m: null, source: "manual", at: new Date().toISOString() },
          place_text: [address, name].filter(Boolean).join(" ").slice(0, 500) || null,
          area: null,
        }),
      fail: () => resolve(null),
    });
  });
}

// Seven places are a centimetre; more is noise.
const round = (degrees: number) => Math.round(degrees * 1e7) / 1e7;
