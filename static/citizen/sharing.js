// The phone's position follows its report, until somebody switches that off: then it does so nowhere on this phone, however
// the report is opened again, as long as anything is kept here.

import { inWords } from "./exactness.js";
import { FIX_WITHIN } from "./filing.js";
import { $, show, write } from "./page.js";
import { apart } from "./position.js";
import { isOpen } from "./protocol.js";
import { now } from "./waking.js";
import { t } from "./words.js";

const EVERY = 5_000;
const nameOf = (id) => `still ${id}`;

/** One for the whole page. @param {{client: object, position: object}} parts */
export function createSharing({ client, position }) {
  const stopped = new Map(); // report id → whether it was switched off; unknown until that is read
  const reading = new Set();
  const asked = new Set(); // requests that a position is just being taken for
  // What one tab is told holds in all of them.
  const tabs = globalThis.BroadcastChannel ? new BroadcastChannel("still") : null;
  let sent = null;
  let at = 0;
  let busy = false;
  let failing = false;

  if (tabs) tabs.onmessage = ({ data }) => stopped.delete(data);

  /** Another report: nothing has been sent of it but what stands in it. */
  function begin(location) {
    sent = location ?? null;
    failing = false;
  }

  /** Whether the position follows the report; not as long as it is not known that it may. */
  function follows(id) {
    if (!stopped.has(id)) read(id);
    return stopped.get(id) === false;
  }

  async function read(id) {
    if (reading.has(id)) return;
    reading.add(id);
    const kept = await client.drafts.get(nameOf(id));
    stopped.set(id, Boolean(kept));
    reading.delete(id);
  }

  async function toggle(id) {
    const stop = follows(id);
    stopped.set(id, stop);
    await (stop ? client.drafts.keep(nameOf(id), {}, Infinity) : client.drafts.drop(nameOf(id)));
    tabs?.postMessage(id);
  }

  /** `id`: the desk has the report under it, or undefined; `own`: the position that stands in it. */
  function render(open, id, own) {
    const [, words, toggle] = $("sharing").children;
    const on = id === undefined || follows(id);
    const known = id === undefined || stopped.has(id);
    show($("sharing"), open && known && position.state() !== "denied");
    write(words, id === undefined ? goingAlong(own ?? position.best()) : following(on));
    write(toggle, t(on ? "place.stop" : "place.go_on"));
    show(toggle, id !== undefined);
  }

  function following(on) {
    const best = position.best();
    if (!on) return t("place.sharing_off");
    if (!best) return t("place.sharing_none");
    return t(failing ? "offline.position_waits" : "position.sharing", { own: inWords(best) });
  }

  /** Nothing is sent before the report is: the position stands in it, or follows as soon as it is stored. */
  const goingAlong = (location) => (location ? t("offline.position_along", { own: inWords(location) }) : t("place.sharing_none"));

  /** Sends the position when it says more than the last one sent, or that one did not get through. Called every second. */
  async function follow(report) {
    const best = position.best();
    if (!report || !isOpen(report) || !best || !follows(report.id) || busy || now() - at < EVERY) return;
    if (!sent || failing || tellsMore(best, sent)) await send(report.id, best);
  }

  async function send(id, location) {
    busy = true;
    at = now();
    try {
      await client.locate(id, location);
      sent = location;
      failing = false;
    } catch {
      failing = true; // the next one is better
    } finally {
      busy = false;
    }
  }

  /** The dispatcher asked for it, and somebody sends it, whether it follows or not: kept until the desk has it.
   *  `report`: what its things are filed under. False where the phone knows none. */
  async function answer(report, request) {
    if (asked.has(request)) return true;
    asked.add(request);
    const found = await position.within(FIX_WITHIN);
    if (found) await client.outbox.locate(report, request, found);
    asked.delete(request);
    return Boolean(found);
  }

  return { begin, render, follow, answer, toggle };
}

const tellsMore = (location, last) =>
  location.accuracy_m < last.accuracy_m * 0.7 - 5 || apart(location, last) > Math.max(30, location.accuracy_m);
