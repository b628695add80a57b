// One recording: begun, kept on the phone second by second, ended. Who is killed amid it has lost no more than a second.

const PIECE = 1_000;
const LOCK = "take-";

/** @param {{stream: MediaStream, types: string[], options: object, most: number, files: object, facts: {key: string, kind: string, report: string}}} of
 *  `types`: the first that this browser writes is taken; `most`: ms, after which it ends by itself. */
export function startTake({ stream, types, options, most, files, facts }) {
  const mimeType = types.find((type) => MediaRecorder.isTypeSupported(type));
  // An MP4 comes in pieces that begin with a whole picture: without more of these a piece would be five seconds long.
  const machine = new MediaRecorder(stream, { videoKeyFrameIntervalDuration: PIECE, ...options, ...(mimeType ? { mimeType } : {}) });
  const free = hold(facts.key);
  const pieces = [];
  const began = performance.now();
  let end = null;
  let keeping = Promise.resolve();
  const seconds = () => ((end ?? performance.now()) - began) / 1000;
  const note = () => ({ ...facts, filetype: filetypeOf(), seconds: seconds() });
  const filetypeOf = () => machine.mimeType || pieces[0]?.type || types[0];

  const ended = new Promise((resolve) => {
    machine.onstop = resolve;
  });
  const full = new Promise((resolve) => {
    setTimeout(() => resolve("full"), most);
  });
  // A call that comes in, or a microphone that is pulled out.
  const cut = new Promise((resolve) => {
    for (const track of stream.getTracks()) track.onended = () => resolve("cut");
    machine.onerror = () => resolve("cut");
  });
  machine.ondataavailable = ({ data }) => {
    if (!data.size) return;
    pieces.push(data);
    // A full disk is no reason to stop recording: it is in memory too.
    keeping = files.takes.add(note(), pieces.length, data).catch(() => {});
  };
  machine.start(PIECE);

  /** Ends it; gives `{blob, filetype, seconds}`. */
  async function finish() {
    end ??= performance.now();
    if (machine.state !== "inactive") machine.stop();
    else if (!pieces.length) return { blob: new Blob([]), filetype: filetypeOf(), seconds: 0 };
    await ended;
    await keeping;
    free();
    return { blob: new Blob(pieces, { type: filetypeOf() }), filetype: filetypeOf(), seconds: seconds() };
  }

  return { key: facts.key, seconds, finish, full, cut };
}

/** What nobody is recording just now: other tabs of ours hold a lock on what they record. */
export async function abandoned(takes) {
  const free = await Promise.all(takes.map(({ key }) => isFree(key)));
  return takes.filter((_, at) => free[at]);
}

function hold(key) {
  let free = () => {};
  const held = new Promise((resolve) => {
    free = resolve;
  });
  navigator.locks?.request(LOCK + key, () => held);
  return free;
}

async function isFree(key) {
  if (!navigator.locks) return true;
  return navigator.locks.request(LOCK + key, { ifAvailable: true }, (lock) => lock !== null);
}
