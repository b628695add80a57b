// The service worker's page side: what it has to know of the page, and when it comes.

import { disguise } from "./disguise.js";
import { OUTBOX, keep } from "./kept.js";
import { language } from "./words.js";

const CALM = 4_000; // ms: nothing of the first screen waits for it

/** Tells the worker what it cannot see, and brings it in when the line is free. */
export function startWorker(client) {
  if (!navigator.serviceWorker) return;
  // An earlier visit may have left another look than the cookie has, which ends with the browser.
  keep("look", disguise()?.look ?? null);
  keep("language", language);
  setTimeout(() => install(client), CALM);
  leaveToWorker(client);
}

/** What the page cannot send, the worker may send when the network is back and the page is gone. */
function leaveToWorker(client) {
  const left = ({ state, problem }) => state === "sending" && problem;
  client.listen(({ type, item }) => type === "item" && left(item) && ask());
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden" && client.outbox.reports().some(({ state }) => state === "sending")) ask();
  });
}

async function ask() {
  // Chromium alone has it. A worker that is not there yet has nothing to open the page with either.
  const { sync } = await navigator.serviceWorker.ready;
  await sync?.register(OUTBOX).catch(() => {});
}

/** Not while something is on its way: that has the line. What waits for a person has not. */
function install(client) {
  if (client.outbox.reports().some(({ state }) => state === "sending")) return setTimeout(() => install(client), CALM);
  return navigator.serviceWorker.register("/sw.js", { scope: "/", type: "module", updateViaCache: "none" }).catch(() => {});
}
