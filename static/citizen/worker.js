// The service worker's page side: what it has to know of the page, and when it comes.

import { disguise } from "./disguise.js";
import { keep } from "./kept.js";
import { language } from "./words.js";

const CALM = 4_000; // ms: nothing of the first screen waits for it

/** Tells the worker what it cannot see, and brings it in when the line is free. */
export function startWorker(client) {
  if (!navigator.serviceWorker) return;
  // An earlier visit may have left another look than the cookie has, which ends with the browser.
  keep("look", disguise()?.look ?? null);
  keep("language", language);
  setTimeout(() => install(client), CALM);
}

/** Not while something is on its way: that has the line. */
function install(client) {
  if (client.outbox.reports().some((item) => item.state !== "stored")) return setTimeout(() => install(client), CALM);
  return navigator.serviceWorker.register("/sw.js", { scope: "/", type: "module", updateViaCache: "none" }).catch(() => {});
}
