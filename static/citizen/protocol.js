// The reporter's protocol, version 1, as any client speaks it. Knows no DOM and no browser: `fetch`, `WebSocket`, the store
// and the uploader are passed in, so that the mobile page and the mini program share it.
//
//   const client = createClient({ fetch, WebSocket, storage, transmit, base: "https://…/api/v1", line: "wss://…/api/v1/live", language });
//   client.listen((event) => …);   // item · gone · progress · report · message · request · me · line · unknown · error
//   await client.start();
//   const item = await client.file({ kind: "quick", text: "", location });

import { createMemory } from "./protocol/attachments.js";
import { createHttp } from "./protocol/http.js";
import { createLive } from "./protocol/live.js";
import { createMy } from "./protocol/my.js";
import { createDrafts } from "./protocol/drafts.js";
import { createOutbox } from "./protocol/outbox.js";
import { createPatience } from "./protocol/patience.js";
import { createUploads } from "./protocol/uploads.js";

export { isMedia } from "./protocol/attachments.js";
export { Problem } from "./protocol/http.js";

const AFTER_RECEIVED = new Set(["received", "dispatched", "on_scene", "closed"]);
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
 *  base: string, line: string, language: string, token?: () => string | null, now?: () => number, random?: () => number, uuid?: () => string}} given */
export function createClient(given) {
  const listeners = new Set();
  const known = new Map();
  const env = { now: Date.now, random: Math.random, uuid: randomUuid, files: createMemory(), prepare: async () => null, ...given };
  let me; // undefined: not known yet; null: nobody

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
  const uploads = createUploads({ ...env, http });
  const outbox = createOutbox({ ...env, http, patience, uploads, emit, stored: accept, whose: () => me });
  const drafts = createDrafts(env);
  const live = createLive({ ...env, url: env.line, http, patience, known, accept, emit: heard });

  /** Loads what is kept, begins to send it, and asks who is signed in; does not wait for any answer.
   *  `session`: whether there may be one; without, nobody needs to be asked. */
  async function start({ session = true } = {}) {
    await outbox.load();
    if (session) whoAmI();
    else became(null);
  }

  /** Who is signed in. Goes on asking until there is an answer; `me` is undefined until then. */
  async function whoAmI() {
    try {
      became((await patience.persist(() => http.call("GET", "/me"))).said);
    } catch {
      became(null);
      return outbox.kick();
    }
    return outbox.recognised(me);
  }

  function heard(event) {
    if (event.type === "signed_out") became(null);
    else emit(event);
  }

  function became(reporter) {
    me = reporter;
    if (me) live.start();
    else live.stop();
    emit({ type: "me", me });
  }

  const requestCode = async (phone) => (await http.call("POST", "/phone-codes", { body: { phone } })).said;

  /** `claiming`: the key of a report that was written before, in front of whose form somebody signs in to send it. */
  async function signIn(phone, code, { claiming = null } = {}) {
    const { said } = await http.call("POST", "/sessions", { body: { phone, code } });
    // A line opened before the cookie was there has no person.
    live.stop();
    await outbox.doubt();
    became(said.reporter ?? {});
    if (claiming) await outbox.claim(claiming, me);
    await outbox.resume();
    return said;
  }

  async function signOut() {
    await http.call("DELETE", "/sessions/current");
    await left();
  }

  /** Nobody is signed in any more: the next person's phone is not this person's. */
  async function left() {
    await outbox.clear();
    await drafts.clear();
    known.clear();
    became(null);
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
    const query = new URLSearchParams();
    for (const name of ["lat", "lon", "crs", "accuracy_m", "area"]) {
      if (place[name] !== null && place[name] !== undefined) query.set(name, place[name]);
    }
    return (await http.call("GET", `/desks/nearest?${query}`, { timeout: 6_000 })).said;
  }

  /** A newer position for a report. Not kept: the next one is better. */
  const locate = (id, location) => http.call("POST", `/reports/${id}/locations`, { body: location, bare: true });

  /** The network may be back; `slept`: what is known may be old. */
  function wake({ slept = false } = {}) {
    patience.wake();
    live.wake(slept);
    emit({ type: "woken" });
  }

  return {
    start, requestCode, signIn, signOut, verify, change, my, read, list, nearest, locate, wake,
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
