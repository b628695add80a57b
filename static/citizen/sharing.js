// The phone's position follows its report, until somebody switches that off.

import { inWords } from "./exactness.js";
import { $, show, write } from "./page.js";
import { apart } from "./position.js";
import { isOpen } from "./protocol.js";
import { t } from "./words.js";

const EVERY = 5_000;

/** @param {{client: object, position: object}} parts */
export function createSharing({ client, position }) {
  let on = true;
  let sent = null;
  let at = 0;
  let busy = false;

  /** Another report: nothing has been sent of it but what stands in it. */
  function begin(location) {
    sent = location ?? null;
  }

  function render(open) {
    const best = position.best();
    const [, words, toggle] = $("sharing").children;
    show($("sharing"), open && position.state() !== "denied");
    write(words, !on ? t("place.sharing_off") : best ? t("position.sharing", { own: inWords(best) }) : t("place.sharing_none"));
    write(toggle, t(on ? "place.stop" : "place.go_on"));
  }

  /** Sends the position when it says more than the last one sent. Called every second. */
  async function follow(report) {
    const best = position.best();
    if (!report || !isOpen(report) || !best || !on || busy || Date.now() - at < EVERY) return;
    if (!sent || tellsMore(best, sent)) await send(report.id, best);
  }

  /** Sends it now: the dispatcher asked for it. */
  async function answer(id) {
    on = true;
    const found = await position.within(3_000);
    if (found) await send(id, found);
    return Boolean(found);
  }

  async function send(id, location) {
    busy = true;
    at = Date.now();
    try {
      await client.locate(id, location);
      sent = location;
    } catch {
      // The next one is better.
    } finally {
      busy = false;
    }
  }

  return { begin, render, follow, answer, toggle: () => (on = !on) };
}

const tellsMore = (location, last) =>
  location.accuracy_m < last.accuracy_m * 0.7 - 5 || apart(location, last) > Math.max(30, location.accuracy_m);
