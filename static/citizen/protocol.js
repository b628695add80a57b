// The reporter's protocol, version 1, as any client speaks it. Knows no DOM and no browser: `fetch`, `WebSocket`, the store
// and the uploader are passed in, so that the mobile page and the mini program share it. What is used beside that is the
// language itself and its timers; `uuid` and `createStop` (an AbortController) may be passed in where there are none.
//
//   const client = createClient({ fetch, WebSocket, storage, transmit, base: "https://…/api/v1", line: "wss://…/api/v1/live", language });
//   client.listen((event) => …);   // item · taken_in · gone · report · message · request · me · left · line · unknown · error
//   await client.start();
//   const item = await client.file({ kind: "quick", text: "", location });

import { createMemory } from "./protocol/attachments.js";
import { createHttp } from "./protocol/http.js";
import { createLive } from "./protocol/live.js";
import { createMy } from "./protocol/my.js";
import { createDrafts } from "./protocol/drafts.js";
import { createOutbox } from "./protocol/outbox.js";
import { createPatience } from "./protocol/patience.js";
import { createTurns } from "./protocol/turns.js";
import { createUploads } from "./protocol/uploads.js";

export { isMedia } from "./protocol/attachments.js";
export { Problem } from "./protocol/http.js";

const AFTER_RECEIVED = new Set(["received", "dispatched", "on_scene", "closed"]);
const LAST = "session"; // under which it is kept who was last signed in
const OPEN = new Set(["filed", "received", "dispatched", "on_scene"]);

/** 已接收 may be shown: an acknowledgement is committed, and the status says so too. */
export const isReceived = (report) => report.received !== null && report.received !== undefined && AFTER_RECEIVED.has(report.status);

/** Somebody may still have to do with it. */
export const isOpen = (report) => OPEN.has(report.status);

/** The body of a report with everything said that a server may ask for. `location` and `place_text`: one of them at least. */
export function reportBody({ kind = "quick", text = "", category = null, covert = false, place_text = null, area = null, location = null, media_expected = 0, fraud = null, deed = null }) {
  return { kind, text, category, covert, place_text, area, location, media_expected, fraud, deed };
}

/** @param {{fetch: Function, WebSocket: Function, storage: object, files?: object, prepare?: Function, transmit: Function,
 *  base: string, line: string, language: string, token?: () => string | null, opened?: (session: object) => void, ended?: () => void,
 *  createUploads?: Function, createStop?: () => AbortController, now?: () => number, random?: () => number, uuid?: () => string}} given
 *  `opened` is told of a session's token, `ended` that it is no more; `createUploads` sends files another way than in pieces. */
export function createClient(given) {
  const listeners = new Set();
  const known = new Map();
  const env = { now: Date.now, random: Math.random, uuid: randomUuid, files: createMemory(), prepare: async () => null, createStop: () => new AbortController(), createUploads, opened() {}, ended() {}, ...given };
  let me; // undefined: not known yet; null: nobody
  let wishes = null; // comes when somebody changes something
  let was = null; // the reporter whom the server last named, on an earlier visit even

  function emit(event) {
    for (const listener of listeners) listener(event);
  }

  /** A client keeps the highest version; an equal one replaces too, for `screens` moves without a version. */
  function accept(report) {
    if (typeof report?.id !== "string" || typeof report.version !== "number") return;
    if ((known.get(report.id)?.version ?? 0) > report.version) return;
    known.set(report.id, report);
    emit({ type: "report", report });
  }

  const http = createHttp(env);
  const patience = createPatience(env);
  const turns = createTurns();
  const uploads = env.createUploads({ ...env, http, turns });
  const outbox = createOutbox({ ...env, http, patience, uploads, hold: turns.hold, emit, stored: accept, whose: () => me, was: () => was });
  const drafts = createDrafts(env);
  const live = createLive({ ...env, url: env.line, http, patience, hold: turns.hold, known, accept, emit: heard });

  /** Loads what is kept, begins to send it, and asks who is signed in; does not wait for any answer.
   *  `session`: whether there may be one; without, nobody needs to be asked. */
  async function start({ session = true } = {}) {
    [was] = await Promise.all([drafts.get(LAST), outbox.load()]);
    drafts.sweep();
    if (session) return void whoAmI();
    became(null);
    outbox.kick(); // what was on its way when the page went has waited to know that
  }

  /** Who is signed in. Goes on asking until there is an answer; `me` is undefined until then. */
  async function whoAmI() {
    try {
      became((await patience.persist(() => http.call("GET", "/me"))).said);
    } catch {
      became(null);
      return outbox.kick();
    }
    goOnWishing();
    return outbox.recognised(me);
  }

  function heard(event) {
    if (event.type === "signed_out") became(null);
    else if (event.type === "epoch") lookAfter(event.epoch);
    else if (event.type === "unknown") forgotten(event);
    else emit(event);
  }

  /** A server that was brought back from a backup may not have what it had stored: each report is asked for once an epoch. */
  async function lookAfter(epoch) {
    for (const { key, report_id: id } of outbox.storedBefore(epoch)) {
      try {
        await read(id);
        await outbox.storedIn(key, epoch);
      } catch ({ code }) {
        if (code === "report_unknown") await forgotten({ type: "unknown", id, code });
      }
    }
  }

  /** The server knows nothing of a report. What this phone still has of it goes again; what was shown of it is no longer true. */
  async function forgotten(event) {
    if (event.code === "report_unknown") {
      const closed = known.get(event.id)?.status === "closed";
      known.delete(event.id);
      if (!closed && (await outbox.fileAnew(event.id))) return live.unwatch(event.id);
    }
    return emit(event);
  }

  function became(reporter) {
    me = reporter;
    if (me?.id) {
      was = me.id;
      drafts.keep(LAST, was);
    }
    if (me) live.start();
    else live.stop();
    emit({ type: "me", me });
  }

  const requestCode = async (phone) => (await http.call("POST", "/phone-codes", { body: { phone } })).said;

  /** `claiming`: the key of a report that was written before, in front of whose form somebody signs in to send it. */
  const signIn = (phone, code, options) => enter({ phone, code }, options);

  /** The same by any proof that `POST /sessions` takes. */
  async function enter(proof, { claiming = null } = {}) {
    const { said } = await http.call("POST", "/sessions", { body: proof });
    env.opened(said);
    // A line opened before the cookie was there has no person.
    live.stop();
    await outbox.doubt();
    became(said.reporter ?? {});
    if (claiming) await outbox.claim(claiming, me);
    await outbox.resume();
    goOnWishing();
    return said;
  }

  async function signOut() {
    await http.call("DELETE", "/sessions/current");
    await left();
  }

  /** Nobody is signed in any more: the next person's phone is not this person's. */
  async function left() {
    env.ended();
    await outbox.clear();
    await drafts.clear();
    known.clear();
    wishes?.forget();
    became(null);
    emit({ type: "left" });
  }

  const my = createMy({ http, refresh: whoAmI, ended: left });

  async function verify(name, id_number) {
    const { said } = await http.call("PUT", "/me/identity", { body: { name, id_number } });
    became({ ...me, identity: said.identity });
    await outbox.resume();
  }

  async function change(changes) {
    became((await http.call("PATCH", "/me", { body: changes })).said);
  }

  /** Changes that must not be lost: kept until the server has them. Rejects when it does not take them. */
  const wish = async (changes) => (await wishing()).wish(changes);

  async function wishing() {
    const { createWishes } = await import("./protocol/wishes.js");
    wishes ??= createWishes({ http, patience, drafts, whose: () => me, told: became, changed: () => emit({ type: "me", me }) });
    return wishes;
  }

  async function goOnWishing() {
    try {
      if (await drafts.get("me")) await (await wishing()).goOn();
    } catch {
      // It did not come, or was not taken: the account's page says what stands.
    }
  }

  /** One report as it is now; a failure is the caller's to tell. */
  async function read(id) {
    accept((await http.call("GET", `/reports/${id}`)).said);
    return known.get(id);
  }

  async function list(cursor = null) {
    const { said } = await http.call("GET", `/reports${cursor ? `?cursor=${encodeURIComponent(cursor)}` : ""}`);
    for (const report of said.reports) accept(report);
    return said;
  }

  /** How the desk for a place stands: a position, the adcode of an `area` that was picked, or both. */
  async function nearest(place) {
    const named = ["lat", "lon", "crs", "accuracy_m", "area"].filter((name) => place[name] !== null && place[name] !== undefined);
    const query = named.map((name) => `${name}=${encodeURIComponent(place[name])}`).join("&");
    return (await http.call("GET", `/desks/nearest?${query}`, { timeout: 6_000 })).said;
  }

  /** A newer position for a report. Not kept: the next one is better. */
  const locate = (id, location) => http.call("POST", `/reports/${id}/locations`, { body: location });

  /** The network may be back; `slept`: what is known may be old. */
  function wake({ slept = false } = {}) {
    patience.wake();
    if (slept) outbox.look();
    live.wake(slept);
    emit({ type: "woken" });
  }

  return {
    start, requestCode, signIn, enter, signOut, verify, change, wish, wished: () => wishes?.pending() ?? null, my, read, list, nearest, locate, wake,
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    me: () => me,
    report: (id) => known.get(id),
    reports: () => [...known.values()],
    here: http.here,
    now: env.now,
    media: (id) => `${env.base}/media/${id}`,
    pace: uploads.pace,
    uuid: env.uuid,
    outbox,
    drafts,
    file: (facts, options) => outbox.file(reportBody(facts), options),
    live,
  };
}

function randomUuid() {
  if (globalThis.crypto?.randomUUID) return globalThis.crypto.randomUUID();
  const bytes = globalThis.crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
