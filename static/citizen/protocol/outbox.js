// What must reach the desk: kept on the device before it is sent, sent until the server has answered for good,
// once only by its key. Items are plain data:
//   report   {kind, key, body, created, state, problem, tries, report_id, filed, durable}
//   message  {kind, key, report, text, created, state, problem}         `report` is a report item's key, or an id
//   answer   {kind, key, report, request, answer, created, state, problem}      to a dispatcher's request
//   withdrawal {kind, key, report, reason, created, state, problem}
//   photo    {kind, key, report, blob, filename, filetype, url, sent, created, state, problem}
// `state`: held (not to be sent yet) · sending · sign_in · identity (what the server wants first) · refused · stored ·
// removing (a photo taken back, until the server has forgotten it too).

import { Problem } from "./http.js";

const KEPT_FOR = 48 * 3600_000;
const WANTED = { 401: "sign_in", identity_required: "identity" };

/** @param {{http: object, patience: object, storage: {all(): Promise<object[]>, put(item: object): Promise<boolean>,
 *  remove(key: string): Promise<void>}, uploads: object, now: () => number, uuid: () => string,
 *  emit: (event: object) => void, stored: (report: object) => void}} env */
export function createOutbox(env) {
  const items = new Map();
  const running = new Set();
  const arrivals = new Map(); // report key → [resolve], for what waits for its report
  const lanes = new Map(); // "messages of a report", "photos" → the promise at its end
  const stops = new Map(); // photo key → AbortController

  async function load() {
    for (const item of await env.storage.all()) {
      if (item.state === "stored" && env.now() - item.created > KEPT_FOR) await env.storage.remove(item.key);
      else items.set(item.key, item);
    }
    for (const item of inOrder()) send(item);
  }

  /** Keeps a report, then sends it; `held` keeps it only, until `release`. */
  async function file(body, { held = false } = {}) {
    const item = { kind: "report", key: env.uuid(), body, created: env.now(), state: held ? "held" : "sending", tries: 0 };
    return add(item);
  }

  /** A held report gets what it waited for, and goes. */
  async function release(key, changes) {
    const item = items.get(key);
    if (item?.state !== "held") return;
    item.body = { ...item.body, ...changes };
    await change(item, { state: "sending" });
    send(item);
  }

  const say = (report, text) =>
    add({ kind: "message", key: env.uuid(), report, text, created: env.now(), state: "sending" });

  const answer = (report, request, words) =>
    add({ kind: "answer", key: env.uuid(), report, request, answer: words, created: env.now(), state: "sending" });

  const attach = (report, { blob, filename, filetype }) =>
    add({ kind: "photo", key: env.uuid(), report, blob, filename, filetype, size: blob.size, url: null, sent: 0, created: env.now(), state: "sending" });

  /** Withdraws a report. One that was never tried just goes; any other is filed first, for it may be there already. */
  async function withdraw(report, reason) {
    const item = items.get(report);
    if (item && item.state !== "stored" && item.tries === 0) return forget(report);
    await add({ kind: "withdrawal", key: env.uuid(), report, reason, created: env.now(), state: "sending" });
  }

  async function add(item) {
    items.set(item.key, item);
    item.durable = await env.storage.put(item);
    env.emit({ type: "item", item });
    send(item);
    return item;
  }

  async function change(item, changes) {
    Object.assign(item, changes);
    if (!items.has(item.key)) return;
    item.durable = await env.storage.put(item);
    env.emit({ type: "item", item });
  }

  /** Takes an item away; a report takes with it what belongs to it. */
  async function forget(key) {
    stops.get(key)?.abort();
    for (const item of [...items.values()]) {
      if (item.key !== key && item.report !== key) continue;
      items.delete(item.key);
      await env.storage.remove(item.key);
      env.emit({ type: "gone", item });
    }
  }

  /** Takes everything away: the next person's phone is not this person's. */
  async function clear() {
    for (const item of [...items.values()]) await forget(item.key);
  }

  /** Takes a photo back: here at once, and on the server as soon as it can be told. */
  async function remove(key) {
    const item = items.get(key);
    if (!item) return;
    stops.get(key)?.abort();
    if (!item.url) return forget(key);
    await change(item, { state: "removing", blob: null });
    send(item);
  }

  /** Sends again what waited for a signature, a name, or a finger: all of it, or one item. */
  async function resume(key = null) {
    for (const item of inOrder()) {
      const waits = ["sign_in", "identity"].includes(item.state);
      if (key === null ? waits : item.key === key) {
        await change(item, { state: "sending", problem: null });
        send(item);
      }
    }
    env.patience.wake();
  }

  function send(item) {
    if (!["sending", "removing"].includes(item.state) || running.has(item.key)) return;
    running.add(item.key);
    const lane = laneOf(item);
    const after = (lanes.get(lane) ?? Promise.resolve())
      .then(() => (item.state === "removing" ? sendRemoval(item) : SENDERS[item.kind](item)))
      .catch((error) => settle(item, error))
      .finally(() => {
        running.delete(item.key);
        // Asked for again while it was ending.
        if (items.has(item.key)) send(item);
      });
    lanes.set(lane, after);
  }

  /** What is in one lane goes one after the other. */
  function laneOf(item) {
    return item.kind === "report" ? item.key : `${item.kind === "photo" ? "photos" : "talk"} of ${item.report}`;
  }

  async function sendReport(item) {
    const { said } = await env.patience.persist(async (n) => {
      // Noted before the try: from here on the body must not change, for the server may have it.
      await change(item, { tries: item.tries + 1 });
      const answer = await env.http.call("POST", "/reports", {
        body: item.body,
        headers: { "Idempotency-Key": item.key },
        timeout: Math.min(10_000 * n, 30_000),
      });
      if (typeof answer.said?.id !== "string" || typeof answer.said.version !== "number") throw new Problem();
      return answer;
    }, (problem) => change(item, { problem: problem.facts }));
    const { id, number, desk, filed_at } = said;
    env.stored(said);
    await change(item, { state: "stored", problem: null, report_id: id, filed: { number, desk, filed_at }, stored: env.now() });
    for (const resolve of arrivals.get(item.key) ?? []) resolve(id);
    arrivals.delete(item.key);
  }

  async function sendMessage(item) {
    const id = await arrival(item.report);
    await env.patience.persist(
      () => env.http.call("POST", `/reports/${id}/messages`, { body: { client_id: item.key, text: item.text } }),
      (problem) => change(item, { problem: problem.facts }),
    );
    await change(item, { state: "stored", problem: null });
  }

  const sendAnswer = (item) => act(item, "answers", { request_id: item.request, answer: item.answer });
  const sendWithdrawal = (item) => act(item, "withdrawal", { reason: item.reason });

  /** What is answered with the report as it stands then. */
  async function act(item, resource, body) {
    const id = await arrival(item.report);
    const { said } = await env.patience.persist(
      () => env.http.call("POST", `/reports/${id}/${resource}`, { body }),
      (problem) => change(item, { problem: problem.facts }),
    );
    await change(item, { state: "stored", problem: null });
    env.stored(said);
  }

  async function sendPhoto(item) {
    const id = await arrival(item.report);
    if (item.state !== "sending" || !items.has(item.key)) return;
    const stop = new AbortController();
    stops.set(item.key, stop);
    await env.patience.persist(
      () => env.uploads.send(item, id, stop.signal, (changes) => change(item, changes), (sent) => moved(item, sent)),
      (problem) => change(item, { problem: problem.facts }),
    );
    stops.delete(item.key);
    // The server has the whole: the phone need not keep it twice.
    await change(item, { state: "stored", problem: null, blob: null });
  }

  /** Bytes on their way: seen, not kept. */
  function moved(item, sent) {
    Object.assign(item, { problem: null, moved: sent });
    env.emit({ type: "progress", item });
  }

  async function sendRemoval(item) {
    try {
      await env.patience.persist(() => env.uploads.remove(item.url));
    } catch {
      // It may not be taken back any more: then it stands in the report, and the report shows it.
    }
    await forget(item.key);
  }

  function settle(item, error) {
    if (item.state === "removing") return undefined;
    const problem = error instanceof Problem ? error : new Problem({ status: 400, code: "internal" });
    const state = WANTED[problem.status] ?? WANTED[problem.code] ?? "refused";
    return change(item, { state, problem: problem.facts });
  }

  /** The server's id of a report, as soon as there is one. */
  function arrival(report) {
    const item = items.get(report);
    if (!item) return Promise.resolve(report);
    if (item.report_id) return Promise.resolve(item.report_id);
    return new Promise((resolve) => arrivals.set(report, [...(arrivals.get(report) ?? []), resolve]));
  }

  const SENDERS = { report: sendReport, message: sendMessage, answer: sendAnswer, withdrawal: sendWithdrawal, photo: sendPhoto };
  const inOrder = () => [...items.values()].sort((a, b) => a.created - b.created);

  return {
    load, file, release, say, answer, attach, withdraw, forget, clear, remove, resume,
    /** The item of a key. */
    get: (key) => items.get(key),
    /** The report items, oldest first. */
    reports: () => inOrder().filter((item) => item.kind === "report"),
    /** The report item that became the report `id`. */
    of: (id) => [...items.values()].find((item) => item.report_id === id),
    /** What belongs to a report, known by its item's key, its id, or both; oldest first. */
    belonging: (key, id) => inOrder().filter((item) => item.report && (item.report === key || item.report === id)),
  };
}
