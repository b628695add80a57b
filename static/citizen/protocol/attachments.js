// Photos, videos and voice notes of a report, from the thumb to the server. The outbox keeps what is said of them; the
// bytes lie in `env.files` until the server has them. Knows no DOM.

import { Problem } from "./http.js";

const KINDS = new Set(["photo", "video", "voice"]);

/** Whether an item of the outbox is a photo, a video or a voice note. */
export const isMedia = ({ kind }) => KINDS.has(kind);

/** @param {{files: object, prepare: (item: object, blob: Blob) => Promise<{blob: Blob, filename: string, filetype: string} | null>, uploads: object, patience: object, now: () => number, uuid: () => string, base: string, emit: (event: object) => void}} env
 *  @param {{get: Function, enter: Function, change: Function, forget: Function, send: Function, arrival: Function}} box  the outbox's own hands */
export function createAttachments(env, box) {
  const stops = new Map(); // key → AbortController

  /** Takes a file in: seen and on its way at once, and kept on the phone beside that.
   *  `key`: the item's, where the file had one before; `facts`: what a tile says of it. */
  async function attach(report, { kind = "photo", blob, filename, filetype, key = env.uuid(), facts = {} }) {
    if (box.get(key)) return box.get(key);
    const created = env.now();
    const item = { kind, key, report, filename, filetype, size: blob.size, facts, url: null, sent: 0, created, state: "sending" };
    const keeping = env.files.put(key, blob);
    box.enter(item);
    const kept = await keeping;
    if (box.get(key) !== item) await env.files.remove(key);
    else await box.change(item, { kept });
    return item;
  }

  async function send(item) {
    const id = await box.arrival(item.report);
    if (item.state !== "sending" || box.get(item.key) !== item) return;
    const stop = env.createStop();
    stops.set(item.key, stop);
    try {
      await env.patience.persist(() => sendRest(item, id, stop.signal), (problem) => box.change(item, { problem: problem.facts }));
    } finally {
      stops.delete(item.key);
    }
    // The server has the whole: the phone need not keep it twice.
    await box.change(item, { state: "stored", problem: null });
    await env.files.remove(item.key);
  }

  async function sendRest(item, id, signal) {
    if (signal.aborted) throw new Problem({ status: 400, code: "removed" });
    const blob = await env.files.get(item.key).catch(() => {
      throw new Problem();
    });
    if (!blob) {
      // Another tab of ours may have brought it to its end.
      if (item.url && (await env.uploads.ask(item.url, signal)) === item.size) return;
      throw new Problem({ status: 410, code: "file_lost" });
    }
    const ready = item.begun ? blob : await prepared(item, blob);
    await env.uploads.send(item, ready, id, signal, (changes) => box.change(item, "sent" in changes ? { problem: null, ...changes } : changes));
  }

  /** What is truly sent: once the server knows how long it is, that stays. */
  async function prepared(item, blob) {
    const smaller = item.facts.smaller ? null : await env.prepare(item, blob).catch(() => null);
    if (!smaller) {
      if (item.size !== blob.size) await box.change(item, { size: blob.size });
      return blob;
    }
    const kept = await env.files.put(item.key, smaller.blob);
    const { filename, filetype } = smaller;
    await box.change(item, { kept, size: smaller.blob.size, filename, filetype, facts: { ...item.facts, smaller: true } });
    return smaller.blob;
  }

  /** Takes one back: here at once, and on the server as soon as it can be told. */
  async function remove(key) {
    const item = box.get(key);
    if (!item) return;
    stops.get(key)?.abort();
    await env.files.remove(key);
    if (!item.begun && !item.url) return box.forget(key);
    await box.change(item, { state: "removing" });
    box.send(item);
  }

  /** Takes back what the server has and this phone does not keep any more: `media` as a report shows it. */
  async function takeBack(report, { id, kind, client_id, filename }) {
    const key = client_id ?? id;
    if (box.get(key)) return remove(key);
    const url = `${env.base}/reports/${report}/media/${id}`;
    box.enter({ kind, key, report, filename, size: 0, facts: {}, url, sent: 0, created: env.now(), state: "removing", kept: true });
  }

  async function sendRemoval(item) {
    try {
      const id = await box.arrival(item.report);
      // Whether the server knows of it was never answered: the same question again tells its address.
      const url = item.url ?? (await env.patience.persist(() => env.uploads.create(item, id))).url;
      await env.patience.persist(() => env.uploads.remove(url));
    } catch {
      // It may not be taken back any more: then it stands in the report, and the report shows it.
    }
    await box.forget(item.key);
  }

  /** What belongs to a forgotten item goes with it. */
  function drop(item) {
    stops.get(item.key)?.abort();
    return env.files.remove(item.key);
  }

  return { attach, send, remove, takeBack, sendRemoval, drop };
}

/** Files in memory alone, for a client that has nowhere to keep them. */
export function createMemory() {
  const blobs = new Map();
  return {
    put: async (key, blob) => {
      blobs.set(key, blob);
      return false;
    },
    get: async (key) => blobs.get(key) ?? null,
    remove: async (key) => {
      blobs.delete(key);
    },
    sweep: async () => {},
    forget: async () => {},
  };
}
