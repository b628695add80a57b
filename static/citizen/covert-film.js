// Filming while the look stays on the screen: no preview, no sound, and the lamp of the camera is out with it. The browser's own
// question, where it was never answered, and its own sign that a camera is on cannot be hidden; the explanation of 静默 says so.

import { canCut, cut } from "./cutting.js";
import { lineNow } from "./photos.js";
import { close, sendTake, streamOf } from "./recorder.js";
import { filmPlan } from "./shrink.js";
import { abandoned, startTake } from "./take.js";
import { durationOf, LONGEST, TOLERANCE, TYPES } from "./video.js";

const SPARE = 300; // ms: a recorder takes a little longer to end than it was told
const DEAF_FOR = 1_000; // ms after it began: a hand that shakes taps twice

/** @param {{client: object, files: object, handle: () => string, changed: () => void}} parts */
export function createFilm({ client, files, handle, changed }) {
  const attach = (file, report) => client.outbox.attach(report, file);
  const context = { client, files, attach, complain: () => {} };
  let one = null; // {take, end()}: what is filmed, or about to be

  /** Begins, or ends what goes on: what there is goes to the desk. False where there is no camera to be had. */
  async function press() {
    if (one) {
      if (one.take && one.take.seconds() * 1000 > DEAF_FOR) one.end();
      return true;
    }
    const mine = (one = { take: null, end: () => {} });
    const ended = new Promise((resolve) => (mine.end = resolve));
    try {
      return await filmed(mine, ended);
    } finally {
      one = null;
      changed();
    }
  }

  async function filmed(mine, ended) {
    const { width, height, video, audio } = filmPlan(lineNow(client.pace()));
    const picture = { width: { ideal: width }, height: { ideal: height }, frameRate: { ideal: 24, max: 30 }, facingMode: { ideal: "environment" } };
    const stream = await streamOf({ constraints: { audio: true, video: picture }, lesser: { video: picture } }, ended);
    if (!(stream instanceof MediaStream)) return stream === null;
    const facts = { key: client.uuid(), kind: "video", report: handle(), covert: true };
    mine.take = startTake({ stream, types: TYPES, options: { videoBitsPerSecond: video, audioBitsPerSecond: audio }, most: LONGEST * 1000 - SPARE, files, facts });
    changed();
    await Promise.race([mine.take.full, mine.take.cut, ended]);
    const made = await mine.take.finish();
    close(stream);
    if (made.blob.size) await sendTake(facts, made, context);
    else await files.takes.remove(facts.key);
    return true;
  }

  /** A video that was picked; of a longer one its first seconds, where this browser can cut. */
  async function takeIn(blob) {
    const seconds = await durationOf(blob);
    const facts = { key: client.uuid(), kind: "video", report: handle(), covert: true };
    const made = seconds > LONGEST + TOLERANCE && canCut() ? await cut(blob, context, facts, () => {}) : null;
    if (made) await sendTake(facts, made, context);
    else await attach({ kind: "video", blob, filename: blob.name, filetype: blob.type, facts: { seconds } }, facts.report);
  }

  /** What was filmed here and never sent: whoever pressed wanted it to go. */
  async function resume() {
    const takes = (await files.takes.all()).filter(({ covert, report }) => covert && report === handle());
    for (const take of await abandoned(takes)) {
      if (!client.outbox.get(take.key)) await sendTake(take, { ...take, blob: await files.takes.whole(take) }, context);
    }
  }

  return { press, takeIn, resume, stop: () => one?.end(), seconds: () => one?.take?.seconds() ?? null };
}
