// What was left in the outbox when the page was closed: sent as soon as the network is back, where the browser wakes a
// worker for that (Background Sync). Elsewhere, and for photos, the page does it when it is opened again.
//
// It is the page's own outbox, with the same keys: whoever comes second is told that it is there. Nothing is ever shown.

import { createMemory, isMedia } from "../citizen/protocol/attachments.js";
import { isDraft } from "../citizen/protocol/drafts.js";
import { createHttp } from "../citizen/protocol/http.js";
import { createOutbox } from "../citizen/protocol/outbox.js";
import { createOwners } from "../citizen/protocol/owners.js";
import { createPatience } from "../citizen/protocol/patience.js";

const TRIES = 3; // then the browser says when to try again

/** Sends what waits of whoever is signed in, and of nobody else. Rejects while there is no line: it is to be asked again.
 *  @param {{fetch: Function, storage: object, base: string, language: string}} given */
export async function sendKept(given) {
  const env = { now: Date.now, random: Math.random, files: createMemory(), uploads: null, hold: () => () => {}, uuid: null, stored: () => {}, ...given };
  const items = (await env.storage.all()).filter((item) => !isDraft(item) && !isMedia(item));
  if (!items.some(({ state }) => state === "sending")) return;
  const http = createHttp(env);
  const me = await whoIs(http);
  if (me) await sendAll({ ...env, http, whose: () => me }, itemsOf(me, items));
}

/** Whose session it is; null when it is nobody's. */
async function whoIs(http) {
  try {
    return (await http.call("GET", "/me")).said;
  } catch (problem) {
    if (problem.passing) throw problem;
    return null;
  }
}

/** Those that name this reporter, or were written before the server had said whose the session is, and it was theirs before. */
function itemsOf(me, items) {
  const owners = createOwners(() => me);
  const theirs = (item) => owners.recognises(item) && item.guess === me.id;
  return items.map((item) => (theirs(item) ? { ...item, reporter: me.id } : item)).filter(({ reporter }) => reporter === me.id);
}

function sendAll(env, items) {
  return new Promise((resolve, reject) => {
    const outbox = createOutbox({ ...env, patience: tiring(env, reject), storage: onlyThese(env.storage, items), emit: end });
    outbox.load().then(end, reject);

    function end() {
      if (!items.some((item) => goesOn(item, outbox.get(item.report)))) resolve();
    }
  });
}

/** What is said to a report that cannot go waits with it. */
const goesOn = ({ state }, report) => state === "sending" && (!report || ["sending", "stored"].includes(report.state));

/** The outbox's storage, as if there were nothing else in it. What the page has taken away meanwhile stays away. */
function onlyThese(storage, items) {
  const there = async (key) => (await storage.all()).some((item) => item.key === key);
  return { ...storage, all: async () => items, put: async (item) => (await there(item.key)) && storage.put(item) };
}

/** Patience that ends: after some tries `tired` is told, and nothing more happens. */
function tiring(env, tired) {
  const patience = createPatience(env);
  let tries = 0;
  async function failed(problem) {
    tries += 1;
    if (tries < TRIES) return;
    tired(problem);
    await new Promise(() => {});
  }
  return {
    ...patience,
    persist: (attempt, note = () => {}) => patience.persist(attempt, async (problem, n) => {
      await note(problem, n);
      await failed(problem);
    }),
  };
}
