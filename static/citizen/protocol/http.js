// One call to the server, and what can go wrong with it. Knows no DOM: `fetch` and the timers are passed in.

const PASSING = new Set([408, 423, 425, 429]);
// 5xx that no patience cures.
const FINAL = new Set(["no_desk_open", "wechat_unavailable"]);

/** What came instead of an answer: `code` is the server's, or `network` when there was no server to ask. */
export class Problem extends Error {
  /** @param {{status?: number, code?: string, detail?: string, call?: string[], wait?: number}} facts
   *  `status` is 0 without an answer; `call` lists `tel:` and `sms:` addresses; `wait` is in milliseconds. */
  constructor({ status = 0, code = "network", detail = "", call = [], wait = 0 } = {}) {
    super(code);
    Object.assign(this, { status, code, detail, call, wait });
  }

  /** Whether trying the same again can end otherwise. */
  get passing() {
    return !FINAL.has(this.code) && (this.status === 0 || this.status >= 500 || PASSING.has(this.status));
  }

  /** The same as plain data, to be kept in a store that knows no classes. */
  get facts() {
    const { status, code, detail, call } = this;
    return { status, code, detail, call };
  }
}

/** @param {{fetch: typeof fetch, base: string, language: string, token?: () => string | null, now: () => number}} env */
export function createHttp(env) {
  const { createStop = () => new AbortController() } = env;
  let skew = 0;
  let took = 0; // ms that the last answer took

  async function call(method, path, { body, headers = {}, timeout = 10_000 } = {}) {
    const stop = createStop();
    const timer = setTimeout(() => stop.abort(), timeout);
    const began = env.now();
    try {
      const answer = await env.fetch(env.base + path, {
        method,
        headers: { "Accept-Language": env.language, ...authorization(), ...typeOf(body), ...headers },
        body: body === undefined ? undefined : JSON.stringify(body),
        credentials: "same-origin",
        redirect: "error",
        signal: stop.signal,
      });
      took = env.now() - began;
      readClock(answer);
      const said = await read(answer);
      if (!answer.ok) throw problemOf(answer, said);
      // A portal of a hotel's network answers everything with 200 and a page: that is no answer of ours.
      if (said === null && answer.status !== 204) throw new Problem();
      return { status: answer.status, said, headers: answer.headers };
    } catch (error) {
      throw error instanceof Problem ? error : new Problem();
    } finally {
      clearTimeout(timer);
    }
  }

  function authorization() {
    const token = env.token?.();
    return token ? { Authorization: `Bearer ${token}` } : {};
  }

  function readClock(answer) {
    const date = Date.parse(answer.headers.get("date") ?? "");
    if (!Number.isNaN(date)) skew = date + 500 - env.now();
  }

  return {
    call,
    authorization,
    took: () => took,
    /** A moment of the server's clock (RFC 3339) as milliseconds of this device's clock, to about a second. */
    here: (moment) => Math.min(Date.parse(moment) - skew, env.now()),
  };
}

export function problemOf(answer, said) {
  const seconds = Number(answer.headers.get("retry-after"));
  return new Problem({
    status: answer.status,
    code: said?.code ?? `status_${answer.status}`,
    detail: said?.detail ?? "",
    call: Array.isArray(said?.call) ? said.call : [],
    wait: Number.isFinite(seconds) ? seconds * 1000 : 0,
  });
}

function typeOf(body) {
  return body === undefined ? {} : { "Content-Type": "application/json" };
}

async function read(answer) {
  if (!(answer.headers.get("content-type") ?? "").includes("json")) return null;
  try {
    return await answer.json();
  } catch {
    return null;
  }
}
