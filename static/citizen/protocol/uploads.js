// Files by tus 1.0.0 (creation, HEAD, PATCH, DELETE). Our own hundred lines and not tus-js-client: the calls cost 1 KB
// instead of 22 on a bad line, the file and its address live in the outbox (so a reload resumes, which a File picked by
// hand does not survive there), and a line that has gone dead is noticed, for which 4.3 has no clock.

import { Problem, problemOf } from "./http.js";

// A piece is what the line carries in about five seconds: what breaks off is lost no more than that.
const FIRST = 32 * 1024;
const SMALLEST = 16 * 1024; // the first, too, where answers are slow in coming
const SLOW = 1_500; // ms
const LARGEST = 4 * 1024 * 1024;
const PIECE_MS = 5_000;
const TOO_LONG = 30_000; // ms: the line has become another; a large piece would keep everything else from it
const TELLING = 24 * 1024; // bytes: of a smaller piece the way to and fro is most of the time
const VERSION = { "Tus-Resumable": "1.0.0" };

/** @param {{http: object, turns: object, base: string, now: () => number,
 *  transmit: (request: object) => Promise<{status: number, ok: boolean, headers: {get(name: string): string | null}, said: object | null}>}} env
 *  `transmit` sends one request, gives up when nothing moves, and rejects when there is no answer. */
export function createUploads(env) {
  let size = null;
  let pace = null; // {rate, at}: bytes a second that the line lately carried, and when (ms)

  /** Sends what is missing of `blob`. `keep` stores changes of the item: how much of it the server has, each time that it says so. */
  async function send(item, blob, report, signal, keep) {
    let offset = null;
    do {
      const end = await env.turns.take(() => item.size - (offset ?? item.sent));
      try {
        if (signal.aborted) throw new Problem({ status: 400, code: "removed" });
        offset ??= await begin(item, report, signal, keep);
        if (offset < item.size) offset = await piece(item, blob, offset, signal, keep);
      } finally {
        end();
      }
    } while (offset === null || offset < item.size);
  }

  /** Where to go on: what the server has of it, or a new upload. */
  async function begin(item, report, signal, keep) {
    const offset = item.url ? await ask(item.url, signal) : null;
    if (offset !== null) {
      await keep({ sent: offset });
      return offset;
    }
    // Noted before it is asked for: from here on the server may know of it.
    await keep({ begun: true });
    const made = await create(item, report, signal);
    await keep({ url: made.url, sent: made.offset });
    return made.offset;
  }

  /** Its address, and how much the server has of it; the same for the same item, however often. */
  async function create(item, report, signal = null) {
    const answer = await request({
      method: "POST",
      url: `${env.base}/reports/${report}/media`,
      headers: { "Upload-Length": String(item.size), "Upload-Metadata": metadata(item) },
      signal,
    });
    const url = answer.headers.get("location");
    if (!url || (answer.status !== 201 && answer.status !== 200)) throw new Problem();
    return { url, offset: offsetOf(answer, 0) };
  }

  /** How much of it the server has; null when it does not know it any more. */
  async function ask(url, signal) {
    try {
      return offsetOf(await request({ method: "HEAD", url, signal }));
    } catch (problem) {
      if ([404, 410].includes(problem.status)) return null;
      throw problem;
    }
  }

  /** Sends the next one; gives how much the server has then, null when that is to be asked. */
  async function piece(item, blob, from, signal, keep) {
    const began = env.now();
    size ??= env.http.took() > SLOW ? SMALLEST : FIRST;
    const to = Math.min(from + size, item.size);
    const body = await bytesOf(blob, from, to);
    const stop = env.createStop();
    const timer = setTimeout(() => stop.abort(), TOO_LONG);
    const removed = () => stop.abort();
    signal.addEventListener("abort", removed);
    try {
      const offset = await append(item, from, body, stop.signal);
      measure(offset - from, Math.max(env.now() - began, 1));
      await keep({ sent: offset });
      return offset;
    } catch (problem) {
      if (signal.aborted || !stop.signal.aborted) throw problem;
      size = SMALLEST;
      return null;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", removed);
    }
  }

  /** The next piece is what five seconds carry; the pace is a mean in which the newest piece counts half. */
  function measure(bytes, ms) {
    size = Math.round(Math.min(Math.max((bytes / ms) * PIECE_MS, SMALLEST), size * 4, LARGEST));
    if (bytes < TELLING) return;
    const rate = (bytes / ms) * 1000;
    pace = { rate: pace ? (pace.rate + rate) / 2 : rate, at: env.now() };
  }

  async function append(item, offset, body, signal) {
    try {
      const answer = await request({
        method: "PATCH",
        url: item.url,
        headers: { "Upload-Offset": String(offset), "Content-Type": "application/offset+octet-stream" },
        body,
        signal,
      });
      return offsetOf(answer);
    } catch (problem) {
      // Another tab of ours was faster, an answer was lost, or the upload is known no more: the next try asks where we are.
      if ([404, 409, 410, 423].includes(problem.status)) throw new Problem({ code: problem.code });
      throw problem;
    }
  }

  /** Takes a file back. */
  const remove = (url) => request({ method: "DELETE", url });

  async function request({ headers = {}, signal, ...rest }) {
    let answer;
    try {
      answer = await env.transmit({ ...rest, signal, headers: { ...VERSION, "Accept-Language": env.language, ...env.http.authorization(), ...headers } });
    } catch {
      throw signal?.aborted ? new Problem({ status: 400, code: "removed" }) : new Problem();
    }
    if (!answer.ok) throw problemOf(answer, answer.said);
    return answer;
  }

  return { send, create, ask, remove, pace: () => pace };
}

/** Read before it is sent: a file that the phone has lost meanwhile is no fault of the line. */
async function bytesOf(blob, from, to) {
  try {
    return await blob.slice(from, to).arrayBuffer();
  } catch {
    throw new Problem({ status: 410, code: "file_lost" });
  }
}

function offsetOf(answer, missing = NaN) {
  const offset = Number.parseInt(answer.headers.get("upload-offset") ?? String(missing), 10);
  if (!Number.isInteger(offset) || offset < 0) throw new Problem();
  return offset;
}

function metadata({ filename, filetype, key }) {
  return Object.entries({ filename, filetype, client_id: key })
    .map(([name, value]) => `${name} ${base64(value)}`)
    .join(",");
}

function base64(text) {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
