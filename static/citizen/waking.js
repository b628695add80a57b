// A phone that slept, a page that was put aside, a clock that was set: what is on the screen is then only a memory.

const LOOK = 2_000;
const SLEPT = 6_000; // ms between two looks that should have been 2 s apart

/** Calls `wake({slept})` as soon as the page lives again; `slept`: it may have missed something. */
export function onWaking(wake) {
  for (const event of ["online", "focus"]) addEventListener(event, () => wake({ slept: false }));
  addEventListener("pageshow", ({ persisted }) => wake({ slept: persisted }));
  document.addEventListener("resume", () => wake({ slept: true }));
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && wake({ slept: true }));
  let last = Date.now();
  setInterval(() => {
    const passed = Date.now() - last;
    last += passed;
    // Back, too: whoever sets the clock has gone on living meanwhile.
    if (passed > SLEPT || passed < 0) wake({ slept: true });
  }, LOOK);
}

let ahead = 0;
let latest = 0;

/** Milliseconds since 1970 that never go back while the page is open: no wait becomes shorter by a clock that is set. */
export function now() {
  const wall = Date.now() + ahead;
  if (wall < latest) ahead += latest - wall;
  latest = Math.max(wall, latest);
  return latest;
}
