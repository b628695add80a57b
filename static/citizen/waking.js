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

// Time as this page counts it: a clock that cannot be set, and what the phone slept meanwhile. The two look alike, for a
// clock that cannot be set stands still in sleep; but who sleeps is not looked at.
const began = Date.now() - performance.now();
const NOTHING = 500; // ms that the two clocks may drift apart
let slept = 0;
let apart = 0;
let away = false;

/** Milliseconds since 1970 by the phone's clock as it was when the page was opened: setting it makes no wait shorter or longer. */
export function now() {
  const drift = Date.now() - performance.now() - began - apart;
  if (Math.abs(drift) > NOTHING) {
    apart += drift;
    if (drift > 0 && (away || document.visibilityState !== "visible")) slept += drift;
  }
  return Math.round(began + performance.now() + slept);
}

for (const event of ["visibilitychange", "freeze", "resume"]) {
  document.addEventListener(event, () => {
    now();
    away = event === "freeze" || document.visibilityState !== "visible";
  });
}
