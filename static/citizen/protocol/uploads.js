// Photos by tus 1.0.0 (creation, HEAD, PATCH, DELETE). Our own hundred lines and not tus-js-client: the three calls cost
// 1 KB instead of 22 on a bad line, the piece and its address live in the outbox (so a reload resumes, which a File picked
// by hand does not survive there), and a line that has gone dead is noticed, for which 4.3 has no clock.

import { Problem, problemOf } from "./http.js";

// A piece is what the line carries in about five seconds: what breaks off is lost no more than that.
const FIRST = 64 * 1024;
const SMALLEST = 32 * 1024;
const LARGEST = 4 * 1024 * 1024;
const PIECE_MS = 5_000;
const VERSION = { "Tus-Resumable": "1.0.0" };

/** @param {{http: object, base: string, now: () => number,
 *  transmit: (request: object) => Promise<{status: number, ok: boolean, headers: {get(name: string): string | null}, said: object | null}>}} env
 *  `transmit` sends one request with progress, gives up when nothing moves, and rejects when there is no answer. */
export function createUploads(env) {
  /** Sends what is missing of a photo. `keep` stores changes of the item; `progress` hears the bytes sent. */
  async function send(item, report, signal, keep, progress) {
    let offset = item.url ? await ask(item.url, signal) : null;
    if (offset === null) {
      await keep({ url: await create(item, report, signal), sent: 0 });
      offset = 0;
    }
    let size = FIRST;
    while (offset < item.blob.size) {
      const began = env.now();
      const from = offset;
      offset = await append(item, from, size, signal, (sent) => progress(from + sent));
      await keep({ sent: offset });
      const carried = ((offset - from) / Math.max(env.now() - began, 1)) * PIECE_MS;
      size = Math.round(Math.min(Math.max(carried, SMALLEST), size * 4, LARGEST));
    }
  }

  async function create(item, report, signal) {
    const answer = await request({
      method: "POST",
      url: `${env.base}/reports/${report}/media`,
      headers: { "Upload-Length": String(item.blob.size), "Upload-Metadata": metadata(item) },
      signal,
    });
    const place = answer.headers.get("location");
    if (answer.status !== 201 && answer.status !== 200) throw new Problem();
    if (!place) throw new Problem();
    return place;
  }

  /** How much of it the server has; null when it does not know it any more. */
  async function ask(url, signal) {
    try {
      const answer = await request({ method: "HEAD", url, signal });
      return offsetOf(answer);
    } catch (problem) {
      if ([404, 410].includes(problem.status)) return null;
      throw problem;
    }
  }

  async function append(item, offset, size, signal, progress) {
    try {
      const answer = await request({
        method: "PATCH",
        url: item.url,
        headers: { "Upload-Offset": String(offset), "Content-Type": "application/offset+octet-stream" },
        body: item.blob.slice(offset, offset + size),
        signal,
        progress,
      });
      return offsetOf(answer);
    } catch (problem) {
      // Another tab of ours was faster, or an answer was lost: the next try asks where we are.
      if ([409, 423].includes(problem.status)) throw new Problem({ code: problem.code });
      throw problem;
    }
  }

  /** Takes a photo back. */
  const remove = (url) => request({ method: "DELETE", url });

  async function request({ headers = {}, signal, ...rest }) {
    let answer;
    try {
      answer = await env.transmit({ ...rest, signal, headers: { ...VERSION, ...env.http.authorization(), ...headers } });
    } catch {
      throw signal?.aborted ? new Problem({ status: 400, code: "removed" }) : new Problem();
    }
    if (!answer.ok) throw problemOf(answer, answer.said);
    return answer;
  }

  return { send, remove };
}

function offsetOf(answer) {
  const offset = Number.parseInt(answer.headers.get("upload-offset") ?? "", 10);
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
