// The open line: the socket while there is one, questions over HTTP while there is none. Knows no DOM.

const SUBPROTOCOL = "desk110.v1";
const OPENING = 30_000; // there and back three times: on a slow line that takes its time
const WAITED_FOR = 10_000; // ms that files give way to an opening line
const ASKED_FOR = 15_000; // ms that a question over HTTP may take
const ASK_AGAIN = 6_000; // ms after which it is asked again beside the one that is not answered
const ASK_WAITING = 2_000; // without a socket, a report that waits to be received
const ASK_CALM = 8_000;
const ASK_UNSHOWN = 3_000; // beside a socket, a report that no screen shows yet
const ASK_BESIDE = 10_000; // beside a socket: a line can be dead for a while before it says so
const ASK_BESIDE_SLOWLY = 6_000; // the same where answers are slow in coming: the last one is old by the time that one comes
const ASK_BESIDE_CALM = 20_000;
const SLOW = 1_500;
const TYPING = 3_000; // no oftener than this is it said that somebody writes
const DAZE = 13_000; // of the 18 s after which a silence means something, what a sleep excuses is all but five
const STATES_AT_REST = new Set(["closed", "withdrawn"]);

// Why the server closed: what to do then. Anything else is a line that broke.
const CLOSED = {
  1008: { pause: 30_000 }, // too many frames
  1012: { pause: 2_000 }, // restarting: all phones come back, so not at once
  1013: { pause: 45_000 }, // overloaded: HTTP meanwhile
  4401: { end: "signed_out" },
  4403: { end: "refused" },
};

/** @param {{WebSocket: typeof WebSocket, url: string, http: object, patience: object, known: Map<string, object>,
 *  hold: (most: number) => () => void, accept: (report: object) => void, emit: (event: object) => void, random: () => number, now: () => number,
 *  token?: () => string | null}} env  `known` is id → newest report. */
export function createLive(env) {
  const watched = new Set(); // ids that a screen is about
  let typed = -Infinity;
  const seen = new Map(); // id → highest version that a screen has shown
  let epoch = null; // which database the versions are of
  let socket = null;
  let state = "off"; // off | connecting | live | polling
  let tries = 0;
  let heartbeat = 20_000;
  let heard = 0; // when the socket last said anything
  let woken = 0; // when the phone last came back: what was not heard in its sleep is no sign
  const asked = new Map(); // id → when a question about it went out that is not answered yet
  let answered = 0; // when a question over HTTP was last answered
  let reconnecting = null;
  let asking = null;

  function start() {
    if (state === "off") connect();
    ask();
  }

  function stop() {
    clearTimeout(reconnecting);
    clearTimeout(asking);
    become("off");
    socket?.close(1000);
    socket = null;
  }

  function connect() {
    clearTimeout(reconnecting);
    become(tries ? "polling" : "connecting");
    let line;
    try {
      line = new env.WebSocket(env.url, [SUBPROTOCOL]);
    } catch {
      return again({ pause: 30_000 });
    }
    socket = line;
    // A piece of a photo that is ahead of the first words would keep them too long.
    const goOn = env.hold(WAITED_FOR);
    // `line` and not `socket`: what an earlier line still says is nobody's business.
    const late = setTimeout(() => line === socket && drop(), OPENING);
    const opened = () => {
      clearTimeout(late);
      goOn();
    };
    line.onopen = () => say({ type: "hello", ...token(), known: versions(), ...(epoch ? { epoch } : {}) });
    line.onmessage = ({ data }) => {
      if (line !== socket) return;
      opened();
      hear(data);
    };
    line.onclose = ({ code }) => {
      opened();
      if (line === socket) again(CLOSED[code] ?? {});
    };
  }

  /** Ends a line that is dead without waiting for it to say goodbye, which can take minutes. */
  function drop() {
    const dead = socket;
    socket = null;
    dead?.close();
    again({});
  }

  function again({ end, pause }) {
    socket = null;
    if (state === "off") return;
    become("polling");
    if (end) {
      if (end === "signed_out") env.emit({ type: "signed_out" });
      return;
    }
    tries += 1;
    const wait = pause ? pause * (0.25 + env.random()) : env.patience.before(tries, 500, 20_000);
    reconnecting = setTimeout(connect, wait);
    ask();
  }

  function hear(data) {
    heard = env.now();
    const frame = parse(data);
    if (frame) HEARD[frame.type]?.(frame);
  }

  const HEARD = {
    welcome(frame) {
      tries = 0;
      heartbeat = (frame.heartbeat_s ?? 20) * 1000;
      become("live");
      const anew = Boolean(epoch && frame.epoch && epoch !== frame.epoch);
      epoch = frame.epoch ?? epoch;
      if (anew) forgetVersions();
      if (epoch) env.emit({ type: "epoch", epoch });
      for (const report of frame.reports ?? []) env.accept(report);
      for (const [report_id, version] of seen) say({ type: "shown", report_id, version });
      for (const id of watched) refresh(id, { again: true, anew });
    },
    report: (frame) => env.accept(frame.report),
    message: (frame) => env.emit({ type: "message", id: frame.report_id, message: frame.message }),
    request: (frame) => env.emit({ type: "request", id: frame.report_id, request: frame.request, question: frame.question ?? null }),
    error: (frame) => env.emit({ type: "error", code: frame.code, detail: frame.detail ?? "" }),
    ping: () => say({ type: "pong" }),
  };

  /** A backup was restored: what the server has now is the truth, though it is older than what was seen. */
  function forgetVersions() {
    for (const [id, report] of env.known) env.known.set(id, { ...report, version: 0 });
    seen.clear();
  }

  function say(frame) {
    if (socket?.readyState === 1) socket.send(JSON.stringify(frame));
  }

  const token = () => (env.token?.() ? { token: env.token() } : {});
  const versions = () => Object.fromEntries([...env.known].map(([id, report]) => [id, report.version]));

  /** Asks for the watched reports in turn, the oftener the more hangs on the answer; notices a dead line. */
  async function ask() {
    clearTimeout(asking);
    asking = setTimeout(ask, interval() * (0.8 + env.random() * 0.4));
    if (state === "live" && env.now() - heard > heartbeat * 2.2) drop();
    for (const id of watched) await refresh(id);
  }

  function interval() {
    // One that nobody has told us of yet counts as waiting.
    const filed = [...watched].map((id) => env.known.get(id)).filter((report) => !report || report.status === "filed");
    const waiting = filed.length > 0;
    if (state === "live" && filed.some((report) => !report?.screens)) return ASK_UNSHOWN;
    if (state === "live" && waiting) return env.http.took() > SLOW ? ASK_BESIDE_SLOWLY : ASK_BESIDE;
    if (state === "live") return ASK_BESIDE_CALM;
    return waiting ? ASK_WAITING : ASK_CALM;
  }

  /** The newest state of one report over HTTP. Failures pass: the next turn asks again, unless one is still on its way: a
   *  thin line would be full of questions. `again`: asked all the same, for something has happened meanwhile; `anew`: even of
   *  what was at rest. */
  async function refresh(id, { again = false, anew = false } = {}) {
    if (!anew && STATES_AT_REST.has(env.known.get(id)?.status) && state === "live") return;
    const at = env.now();
    if (!again && at - (asked.get(id) ?? -Infinity) < ASK_AGAIN) return;
    asked.set(id, at);
    try {
      const { said } = await env.http.call("GET", `/reports/${id}`, { timeout: ASKED_FOR });
      answered = env.now();
      env.accept(said);
    } catch (problem) {
      if (problem.status === 401) env.emit({ type: "signed_out" });
      if (problem.status === 404) env.emit({ type: "unknown", id, code: problem.code });
    } finally {
      if (asked.get(id) === at) asked.delete(id);
    }
  }

  /** A screen is about this report: its state is asked for until `unwatch`. */
  function watch(id) {
    watched.add(id);
    ask();
  }

  /** A screen truly shows this version: the desk is told, now and on every new line. */
  function shown(id, version) {
    if ((seen.get(id) ?? 0) >= version) return;
    seen.set(id, version);
    if (state === "live") say({ type: "shown", report_id: id, version });
  }

  /** Somebody is writing about the report: the desk may see it, and misses nothing where it does not. */
  function typing(id) {
    if (state !== "live" || env.now() - typed < TYPING) return;
    typed = env.now();
    say({ type: "typing", report_id: id });
  }

  /** The network may be back, or the phone awake: everything is asked at once. */
  function wake(slept) {
    if (slept) woken = env.now();
    if (state === "off") return;
    if (state === "polling" && socket === null) connect();
    for (const id of watched) refresh(id, { again: true });
  }

  function become(next) {
    if (state === next) return;
    state = next;
    env.emit({ type: "line", state });
  }

  return { start, stop, watch, unwatch: (id) => watched.delete(id), shown, typing, wake, state: () => state, heard: () => Math.max(heard, answered, woken - DAZE) };
}

function parse(data) {
  try {
    const frame = JSON.parse(data);
    return typeof frame?.type === "string" ? frame : null;
  } catch {
    return null;
  }
}
