// What must reach the desk: kept on the device before it is sent, sent until the server has answered for good,
// once only by its key. Items are plain data:
//   report   {kind, key, body, created, state, problem, tries, report_id, filed, durable}
//   message  {kind, key, report, text, created, state, problem}         `report` is a report item's key, or an id
//   answer   {kind, key, report, request, answer, created, state, problem}      to a dispatcher's request
//   withdrawal {kind, key, report, reason, created, state, problem}
//   covert   {kind, key, report, covert, created, state, problem}
//   photo, video, voice {kind, key, report, filename, filetype, size, facts, url, sent, begun, kept, created, state, problem}
//            the bytes lie apart; `kept`: whether they do on the disk, undefined until that is known
// `state`: held (not to be sent yet) · sending · sign_in · identity (what the server wants first) · refused · stored ·
// whose (who is signed in now is to say whether they wrote it; `reporter` of each item: see owners.js) ·
// removing (a photo, video or voice note taken back, until the server has forgotten it too).

import { createAttachments, isMedia } from "./attachments.js";
import { isDraft } from "./drafts.js";
import { Problem } from "./http.js";
import { createOwners } from "./owners.js";

const KEPT_FOR = 48 * 3600_000;
const WAITING = new Set(["sign_in", "identity", "whose"]);
const WANTED = { 401: "sign_in", identity_required: "identity" };

/** @param {{http: object, patience: object, storage: {all(): Promise<object[]>, put(item: object): Promise<boolean>,
 *  remove(key: string): Promise<void>}, uploads: object, now: () => number, uuid: () => string,
 *  emit: (event: object) => void, stored: (report: object) => void}} env */
export function createOutbox(env) {
  const items = new Map();
  const running = new Set();
  const arrivals = new Map(); // report key → [resolve], for what waits for its report
  const lanes = new Map(); // "talk of a report", or an item's key → the promise at its end
  const owners = createOwners(env.whose);
  const attachments = createAttachments(env, { get: (key) => items.get(key), enter, change, forget, send, arrival });

  async function load() {
    for (const item of await env.storage.all()) {
      if (isDraft(item)) continue;
      if (item.state === "stored" && env.now() - item.created > KEPT_FOR) await env.storage.remove(item.key);
      else items.set(item.key, item);
    }
    for (const item of inOrder()) send(item);
    env.files.sweep(inOrder().filter((item) => isMedia(item) && item.state !== "stored").map(({ key }) => key));
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

  /** Whether nobody may notice it, from now on (静默). */
  const cover = (report, covert) =>
    add({ kind: "covert", key: env.uuid(), report, covert, created: env.now(), state: "sending" });

  /** Withdraws a report. One that was never tried just goes; any other is filed first, for it may be there already. */
  async function withdraw(report, reason) {
    const item = items.get(report);
    if (item && item.state !== "stored" && item.tries === 0) return forget(report);
    await add({ kind: "withdrawal", key: env.uuid(), report, reason, created: env.now(), state: "sending" });
  }

  async function add(item) {
    item.reporter = owners.ofNew(items.get(item.report));
    items.set(item.key, item);
    item.durable = await env.storage.put(item);
    env.emit({ type: "item", item });
    send(item);
    return item;
  }

  /** Takes an item in that is kept later, by a change of it. */
  function enter(item) {
    item.reporter = owners.ofNew(items.get(item.report));
    items.set(item.key, item);
    env.emit({ type: "item", item });
    send(item);
  }

  async function change(item, changes) {
    Object.assign(item, changes);
    if (!items.has(item.key)) return;
    // Without its bytes a file on the disk is of no use; that it is to be removed is.
    if (!isMedia(item) || item.kept || item.state === "removing") item.durable = await env.storage.put(item);
    env.emit({ type: "item", item });
  }

  /** Takes an item away; a report takes with it what belongs to it. */
  async function forget(key) {
    for (const item of [...items.values()]) {
      if (item.key !== key && item.report !== key) continue;
      items.delete(item.key);
      if (isMedia(item)) await attachments.drop(item);
      await env.storage.remove(item.key);
      env.emit({ type: "gone", item });
    }
  }

  /** What was said to one report is said to another: to the same one, reported again. */
  async function readdress(from, to) {
    for (const item of inOrder()) if (item.report === from) await change(item, { report: to });
    if (arrivals.has(from)) arrivals.set(to, [...(arrivals.get(to) ?? []), ...arrivals.get(from)]);
    arrivals.delete(from);
  }

  /** Takes away what is of whoever leaves: the next person's phone is not theirs. What others left to be sent stays. */
  async function clear() {
    const own = [...items.values()].filter((item) => !owners.foreign(item));
    for (const item of own) await forget(item.key);
    await env.files.forget(own.flatMap((item) => [item.key, item.report_id]));
  }

  /** The server has said who is signed in: what was written meanwhile is theirs, and what waited for them goes. */
  async function recognised({ id }) {
    for (const item of inOrder()) if (owners.recognises(item)) await change(item, { reporter: id });
    await resume();
  }

  /** Somebody signs in: what an earlier session left without a name may be another's. */
  async function doubt() {
    for (const item of inOrder()) if (owners.recognises(item)) await change(item, owners.unsure);
  }

  /** Nobody is signed in, as it turns out: what waited to know goes, and the server says what it wants. */
  function kick() {
    for (const item of inOrder()) send(item);
  }

  /** A report that was written while nobody was signed in, with what belongs to it: theirs who is, or somebody else's. */
  async function claim(key, { id }, mine = true) {
    for (const item of inOrder()) {
      if ((item.key !== key && item.report !== key) || !owners.claimable(item)) continue;
      await change(item, mine ? { reporter: id } : owners.disowned);
    }
    if (mine) await resume();
  }

  /** Sends again what waited for a signature, a name, or a finger: all of it, or one item. */
  async function resume(key = null) {
    for (const item of inOrder()) {
      const waits = WAITING.has(item.state);
      if (key === null ? waits : item.key === key) await change(item, { state: "sending", problem: null });
      if (key === null || item.key === key) send(item);
    }
    env.patience.wake();
  }

  function send(item) {
    if (!["sending", "removing"].includes(item.state) || running.has(item.key)) return;
    const wanted = owners.waits(item);
    if (wanted !== null) {
      if (wanted !== "me" && item.state === "sending") change(item, { state: wanted });
      return;
    }
    running.add(item.key);
    const lane = laneOf(item);
    const after = (lanes.get(lane) ?? Promise.resolve())
      .then(() => (item.state === "removing" ? attachments.sendRemoval(item) : SENDERS[item.kind](item)))
      .catch((error) => settle(item, error))
      .finally(() => {
        running.delete(item.key);
        // Asked for again while it was ending.
        if (items.has(item.key)) send(item);
      });
    lanes.set(lane, after);
  }

  /** What is in one lane goes one after the other; files have turns among themselves. */
  function laneOf(item) {
    return item.kind === "report" || isMedia(item) ? item.key : `talk of ${item.report}`;
  }

  async function sendReport(item) {
    const { said } = await env.patience.persist(async (n) => {
      // Somebody may have signed in between two tries.
      if (["whose", "sign_in"].includes(owners.waits(item))) throw new Problem({ status: 401, code: "sign_in_required" });
      // Noted before the try: from here on the body must not change, for the server may have it.
      await change(item, { tries: item.tries + 1 });
      const answer = await env.http.call("POST", "/reports", {
        body: item.body,
        headers: { "Idempotency-Key": item.key, ...owners.header(item) },
        timeout: Math.min(10_000 * n, 30_000),
      });
      if (typeof answer.said?.id !== "string" || typeof answer.said.version !== "number") throw new Problem();
      return answer;
    }, (problem) => change(item, { problem: problem.facts }));
    const { id, number, desk, filed_at, location_code, location_code_expires_at } = said;
    env.stored(said);
    await change(item, { state: "stored", problem: null, report_id: id, filed: { number, desk, filed_at, location_code, location_code_expires_at }, stored: env.now() });
    for (const resolve of arrivals.get(item.key) ?? []) resolve(id);
    arrivals.delete(item.key);
  }

  async function sendMessage(item) {
    const id = await arrival(item.report);
    await env.patience.persist(
      () => env.http.call("POST", `/reports/${id}/messages`, { body: { client_id: item.key, text: item.text }, headers: owners.header(item) }),
      (problem) => change(item, { problem: problem.facts }),
    );
    await change(item, { state: "stored", problem: null });
  }

  const sendAnswer = (item) => act(item, "answers", { request_id: item.request, answer: item.answer });
  const sendWithdrawal = (item) => act(item, "withdrawal", { reason: item.reason });
  const sendCover = (item) => act(item, "covert", { covert: item.covert }, "PUT");

  /** What is answered with the report as it stands then. */
  async function act(item, resource, body, method = "POST") {
    const id = await arrival(item.report);
    const { said } = await env.patience.persist(
      () => env.http.call(method, `/reports/${id}/${resource}`, { body, headers: owners.header(item) }),
      (problem) => change(item, { problem: problem.facts }),
    );
    await change(item, { state: "stored", problem: null });
    env.stored(said);
  }

  function settle(item, error) {
    if (item.state === "removing") return undefined;
    const problem = error instanceof Problem ? error : new Problem({ status: 400, code: "internal" });
    const asked = problem.status === 401 && owners.waits(item) === "whose";
    const state = asked ? "whose" : (WANTED[problem.status] ?? WANTED[problem.code] ?? "refused");
    return change(item, { state, problem: problem.facts });
  }

  /** The server's id of a report, as soon as there is one. */
  function arrival(report) {
    const item = items.get(report);
    if (!item) return Promise.resolve(report);
    if (item.report_id) return Promise.resolve(item.report_id);
    return new Promise((resolve) => arrivals.set(report, [...(arrivals.get(report) ?? []), resolve]));
  }

  const SENDERS = { report: sendReport, message: sendMessage, answer: sendAnswer, withdrawal: sendWithdrawal, covert: sendCover, photo: attachments.send, video: attachments.send, voice: attachments.send };
  const inOrder = () => [...items.values()].sort((a, b) => a.created - b.created);

  return {
    load, file, release, say, answer, cover, withdraw, forget, readdress, clear, resume, recognised, doubt, kick, claim,
    foreign: owners.foreign,
    /** Reports that somebody else left on this phone, still to be sent. */
    others: () => inOrder().filter((item) => item.kind === "report" && item.state !== "stored" && owners.foreign(item)),
    attach: attachments.attach,
    remove: attachments.remove,
    takeBack: attachments.takeBack,
    /** The item of a key. */
    get: (key) => items.get(key),
    /** The report items, oldest first, but those of somebody else. */
    reports: () => inOrder().filter((item) => item.kind === "report" && !owners.foreign(item)),
    /** The report item that became the report `id`. */
    of: (id) => [...items.values()].find((item) => item.report_id === id),
    /** What belongs to a report, known by its item's key, its id, or both; oldest first. */
    belonging: (key, id) => inOrder().filter((item) => item.report && (item.report === key || item.report === id)),
  };
}
