// What must reach the desk: kept on the device before it is sent, sent until the server has answered for good,
// once only by its key. Items are plain data:
//   report   {kind, key, body, created, state, problem, tries, refusals, report_id, filed, epoch, durable}   `epoch`: the database
//            that is known to have it; `refusals`: of the tries,
//            those that the server has clearly said no to; after any other it may have the report
//   message  {kind, key, report, text, created, state, problem}         `report` is a report item's key, or an id
//   answer   {kind, key, report, request, answer, created, state, problem}      to a dispatcher's request
//   location {kind, key, report, request, location, created, state, problem}   to a request, or a place that was chosen
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
const HELD_FOR = 4_000; // longer than any tab of ours waits
const SAID_ANEW = new Set(["message", "covert", "withdrawal"]); // an answer or a position is to a question that is lost too
const WAITING = new Set(["sign_in", "identity", "whose"]);
// The server looks for the key before it asks for a name: whatever became of earlier tries, it has nothing of them.
const KEY_UNKNOWN = "identity_required";
const WANTED = { 401: "sign_in", identity_required: "identity" };

/** @param {{http: object, patience: object, storage: {all(late?: Function): Promise<object[] | null>, put(item: object): Promise<boolean>,
 *  remove(key: string): Promise<void>}, uploads: object, hold: (most: number) => () => void, now: () => number, uuid: () => string,
 *  emit: (event: object) => void, stored: (report: object) => void}} env */
export function createOutbox(env) {
  const items = new Map();
  const running = new Set();
  const arrivals = new Map(); // report key → [resolve], for what waits for its report
  const lanes = new Map(); // "talk of a report", or an item's key → the promise at its end
  const owners = createOwners(env.whose, env.was);
  const attachments = createAttachments(env, { get: (key) => items.get(key), enter, change, forget, send, arrival });

  /** What was kept; where the store is slow, the page goes on meanwhile and takes it in when it comes. */
  async function load() {
    const kept = await env.storage.all(async (late) => {
      await takeIn(late);
      env.emit({ type: "taken_in" });
    });
    if (kept) await takeIn(kept);
  }

  async function takeIn(kept) {
    const taken = [];
    for (const item of kept) {
      if (isDraft(item) || items.has(item.key)) continue;
      if (item.state === "stored" && env.now() - item.created > KEPT_FOR) await env.storage.remove(item.key);
      else taken.push(known(item));
    }
    for (const item of taken) items.set(item.key, item);
    const me = env.whose();
    for (const item of taken) if (me && owners.recognises(item)) await change(item, owners.recognised(item, me));
    for (const item of taken) env.emit({ type: "item", item });
    for (const item of inOrder()) send(item);
    for (const item of taken) if (item.state === "held" && item.body.location) goOn(item);
    // Only now is it known what nobody wants any more.
    env.files.sweep(inOrder().filter((item) => isMedia(item) && item.state !== "stored").map(({ key }) => key));
  }

  /** A clock that was set back while nobody looked must not make a wait that never ends: it counts from now. */
  function known(item) {
    const now = env.now();
    item.since = Math.min(item.created, now);
    if (item.stored > now) item.stored = now;
    return item;
  }

  /** Keeps a report, then sends it; `held` keeps it only, until `release`. */
  async function file(body, { held = false } = {}) {
    const item = { kind: "report", key: env.uuid(), body, created: env.now(), state: held ? "held" : "sending", tries: 0 };
    return add(item);
  }

  /** A held report gets what it waited for, and goes. */
  async function release(key, changes) {
    const kept = await keptOf(key);
    const item = items.get(key);
    if (item?.state !== "held") return;
    // Another tab of ours was faster: one key has one content.
    const theirs = kept && kept.state !== "held" ? kept : null;
    await change(item, theirs ?? { state: "sending", body: { ...item.body, ...changes } });
    send(item);
  }

  /** It had a position, and waited for a better one when the page went: that is not waited for twice. */
  async function goOn({ key }) {
    await env.patience.sleep(HELD_FOR);
    await release(key, {});
  }

  const keptOf = async (key) => (await env.storage.all()).find((item) => item.key === key);

  const say = (report, text) =>
    add({ kind: "message", key: env.uuid(), report, text, created: env.now(), state: "sending" });

  const answer = (report, request, words) =>
    add({ kind: "answer", key: env.uuid(), report, request, answer: words, created: env.now(), state: "sending" });

  /** A place that somebody means to tell: asked for by `request`, or said unasked (null). */
  const locate = (report, request, location) =>
    add({ kind: "location", key: env.uuid(), report, request, location, created: env.now(), state: "sending" });

  /** Whether nobody may notice it, from now on (静默). */
  const cover = (report, covert) =>
    add({ kind: "covert", key: env.uuid(), report, covert, created: env.now(), state: "sending" });

  /** Withdraws a report. One that the server has surely not just goes; any other is filed first, for it may be there already. */
  async function withdraw(report, reason) {
    await look();
    const item = items.get(report);
    if (item && isOnlyHere(item)) return takeBack(item);
    await add({ kind: "withdrawal", key: env.uuid(), report, reason, created: env.now(), state: "sending" });
  }

  /** A report that is on this phone alone goes, and with it what belongs to it. */
  function takeBack(item) {
    item.state = "withdrawn";
    return forget(item.key);
  }

  const isWithdrawn = ({ key }) => inOrder().some(({ kind, report }) => kind === "withdrawal" && report === key);

  async function add(item) {
    Object.assign(item, owners.ofNew(items.get(item.report)));
    items.set(item.key, item);
    item.durable = await env.storage.put(item);
    env.emit({ type: "item", item });
    send(item);
    return item;
  }

  /** Takes an item in that is kept later, by a change of it. */
  function enter(item) {
    Object.assign(item, owners.ofNew(items.get(item.report)));
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

  /** Reports that the server stored, not known to be in the database that it has now. */
  const storedBefore = (epoch) => inOrder().filter((item) => item.kind === "report" && item.state === "stored" && item.epoch !== epoch && !owners.foreign(item));

  const storedIn = async (key, epoch) => items.has(key) && change(items.get(key), { epoch });

  /** The server has lost a report that it had stored, for a backup from before was restored: it goes again under its key,
   *  with what was said to it. Answers whether this phone still has it. */
  async function fileAnew(id) {
    const item = inOrder().find((each) => each.kind === "report" && each.state === "stored" && each.report_id === id);
    if (!item || owners.foreign(item)) return false;
    const said = inOrder().filter((each) => SAID_ANEW.has(each.kind) && each.state === "stored" && [item.key, id].includes(each.report));
    await change(item, { state: "sending", problem: null, report_id: undefined, filed: undefined, stored: undefined, since: env.now() });
    for (const each of said) await change(each, { state: "sending", problem: null, report: item.key });
    kick();
    return true;
  }

  /** Takes away what is of whoever leaves: the next person's phone is not theirs. What others left to be sent stays. */
  async function clear() {
    const own = [...items.values()].filter((item) => !owners.foreign(item));
    for (const item of own) await forget(item.key);
    await env.files.forget(own.flatMap((item) => [item.key, item.report_id]));
  }

  /** The server has said who is signed in: what was written meanwhile is theirs, and what waited for them goes. */
  async function recognised(me) {
    for (const item of inOrder()) if (owners.recognises(item)) await change(item, owners.recognised(item, me));
    await resume();
  }

  /** Somebody signs in: what an earlier session left without a name may be another's, in another page of ours too. */
  async function doubt() {
    for (const item of inOrder()) if (owners.recognises(item)) await change(item, owners.unsure);
    const others = (await env.storage.all()).filter((item) => !items.has(item.key) && owners.recognises(item));
    for (const item of others) await env.storage.put({ ...item, ...owners.unsure });
  }

  /** What our worker has done while the page slept. */
  async function look() {
    for (const kept of await env.storage.all()) {
      const item = items.get(kept.key);
      if (!item || item.state !== "sending" || isMedia(item)) continue;
      if (kept.state !== "stored") {
        // Of the one that tried more; of two that tried as often the one that knows less.
        const same = (kept.tries ?? 0) === (item.tries ?? 0);
        if (same) item.refusals = Math.min(kept.refusals ?? 0, item.refusals ?? 0);
        else if (kept.tries > (item.tries ?? 0)) Object.assign(item, { tries: kept.tries, refusals: kept.refusals });
      } else {
        Object.assign(item, kept);
        env.emit({ type: "item", item });
      }
    }
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
      // Taken back, or somebody has signed in, between two tries.
      if (items.get(item.key) !== item) throw new Problem({ status: 400, code: "removed" });
      if (["whose", "sign_in"].includes(owners.waits(item))) throw new Problem({ status: 401, code: "sign_in_required" });
      // Noted before the try: from here on the body must not change, for the server may have it.
      await change(item, { tries: item.tries + 1 });
      const timeout = Math.min(10_000 * n, 30_000);
      const end = env.hold(timeout);
      return post(item, timeout).finally(end).catch(async (problem) => {
        if (isNo(problem)) await change(item, { refusals: problem.code === KEY_UNKNOWN ? item.tries : (item.refusals ?? 0) + 1 });
        throw problem;
      });
    }, (problem) => change(item, { problem: problem.facts }));
    const { id, number, desk, filed_at, location_code, location_code_expires_at } = said;
    env.stored(said);
    await change(item, { state: "stored", problem: null, report_id: id, filed: { number, desk, filed_at, location_code, location_code_expires_at }, stored: env.now() });
    for (const resolve of arrivals.get(item.key) ?? []) resolve(id);
    arrivals.delete(item.key);
  }

  async function post(item, timeout) {
    const answer = await env.http.call("POST", "/reports", {
      body: { ...item.body, written_at: moment(item.created), sent_at: moment(env.now()) },
      headers: { "Idempotency-Key": item.key, ...owners.header(item) },
      timeout,
    });
    if (typeof answer.said?.id !== "string" || typeof answer.said.version !== "number") throw new Problem();
    return answer;
  }

  async function sendMessage(item) {
    const id = await arrival(item.report);
    await env.patience.persist(
      () => env.http.call("POST", `/reports/${id}/messages`, { body: { client_id: item.key, text: item.text }, headers: owners.header(item) }),
      (problem) => change(item, { problem: problem.facts }),
    );
    await change(item, { state: "stored", problem: null });
  }

  async function sendLocation(item) {
    const id = await arrival(item.report);
    await env.patience.persist(
      () => env.http.call("POST", `/reports/${id}/locations`, { body: item.location, headers: owners.header(item) }),
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
    // It was withdrawn while nobody knew yet whether the server would take it.
    if (item.kind === "report" && items.has(item.key) && isOnlyHere(item) && isWithdrawn(item)) return takeBack(item);
    return change(item, { state, problem: problem.facts });
  }

  /** The server's id of a report, as soon as there is one. */
  function arrival(report) {
    const item = items.get(report);
    if (!item) return Promise.resolve(report);
    if (item.report_id) return Promise.resolve(item.report_id);
    return new Promise((resolve) => arrivals.set(report, [...(arrivals.get(report) ?? []), resolve]));
  }

  const SENDERS = { report: sendReport, message: sendMessage, answer: sendAnswer, location: sendLocation, withdrawal: sendWithdrawal, covert: sendCover, photo: attachments.send, video: attachments.send, voice: attachments.send };
  const inOrder = () => [...items.values()].sort((a, b) => a.created - b.created);

  return {
    load, file, fileAnew, storedBefore, storedIn, release, say, answer, locate, cover, withdraw, forget, readdress, clear, resume, recognised, doubt, look, kick, claim,
    foreign: owners.foreign,
    isOnlyHere,
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

/** Whether the server has surely nothing of a report: it was never tried, or each try was clearly refused. */
const isOnlyHere = ({ state, tries, refusals = 0 }) => state !== "stored" && tries === refusals;

/** Whether a try was clearly refused. Where the key was used for another content, something of that key is there. */
const isNo = (problem) => problem instanceof Problem && (!problem.passing || problem.status === 429) && problem.code !== "idempotency_conflict";

/** RFC 3339, of this phone's clock; nothing where that is beyond all calendars. */
function moment(ms) {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}
