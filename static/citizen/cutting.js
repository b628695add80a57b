// The first fifteen seconds of a longer video: played unseen and unheard, and recorded as it plays.

import { startTake } from "./take.js";
import { event, LONGEST, TYPES, watched } from "./video.js";
import { lineNow } from "./photos.js";
import { filmPlan } from "./shrink.js";

const SPARE = 0.3; // seconds

/** Whether this browser can do that. */
export const canCut = () => "captureStream" in HTMLMediaElement.prototype && "MediaRecorder" in window;

/** `{blob, filetype, seconds}`; null where the video cannot be read. `progress` hears the seconds.
 *  @param {{key: string, kind: string, report: string}} facts  what it is kept under, second by second */
export async function cut(blob, { client, files }, facts, progress) {
  const { video, audio } = filmPlan(lineNow(client.pace()));
  const options = { videoBitsPerSecond: video, audioBitsPerSecond: audio };
  try {
    return await watched(blob, async (film) => {
      await event(film, "canplay");
      await film.play();
      const stream = film.captureStream();
      const take = startTake({ stream, types: TYPES, options, most: (LONGEST - SPARE) * 1000, files, facts });
      const telling = setInterval(() => progress(take.seconds()), 500);
      await Promise.race([take.full, take.cut, new Promise((resolve) => (film.onended = resolve))]);
      clearInterval(telling);
      const made = await take.finish();
      return made.blob.size ? made : null;
    });
  } catch {
    return null;
  }
}
