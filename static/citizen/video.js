// A video: looked through first, begun by a tap, ended and sent by a tap or by its fifteen seconds.

import { element, icon, $ } from "./page.js";
import { drawn, lineNow } from "./photos.js";
import { close, recordBy } from "./recorder.js";
import { filmPlan } from "./shrink.js";
import { t } from "./words.js";

export const LONGEST = 15; // seconds
export const TOLERANCE = 0.5;
export const TYPES = ["video/mp4", "video/webm;codecs=vp9,opus", "video/webm;codecs=vp8,opus", "video/webm"];
const TILE_SIDE = 480; // pixels
const PATIENCE = 8_000; // ms: a file that has not told its length by then tells none

export function record(context, halting) {
  const { width, height, video, audio } = filmPlan(lineNow(context.client.pace()));
  const picture = { width: { ideal: width }, height: { ideal: height }, frameRate: { ideal: 24, max: 30 } };
  return recordBy(context, halting, {
    kind: "video",
    constraints: { audio: true, video: { ...picture, facingMode: { ideal: "environment" } } },
    // A picture without sound is one too.
    lesser: { video: { ...picture, facingMode: { ideal: "environment" } } },
    types: TYPES,
    options: { videoBitsPerSecond: video, audioBitsPerSecond: audio },
    most: LONGEST,
    stage: (stream) => preview(stream, picture),
  });
}

/** What the camera sees, above the composer, without its sound. Whoever signs turns it to themselves. */
function preview(first, picture) {
  let stream = first;
  let facing = "environment";
  const screen = element("video", { className: "camera-screen", autoplay: true, muted: true, playsInline: true, srcObject: stream, "aria-label": t("media.camera") });
  const turn = element("button", { className: "camera-turn", type: "button", hidden: true, onclick: turned }, icon("switch-camera"), element("span", { textContent: t("media.turn_camera") }));
  const camera = element("div", { className: "camera" }, screen, turn);
  $("capture").before(camera);
  navigator.mediaDevices.enumerateDevices().then((all) => {
    turn.hidden = all.filter(({ kind }) => kind === "videoinput").length < 2;
  });

  /** Some phones give one camera at a time: the one is given back before the other is asked for. */
  async function turned() {
    facing = facing === "environment" ? "user" : "environment";
    const [old] = stream.getVideoTracks();
    old.stop();
    const found = await navigator.mediaDevices.getUserMedia({ video: { ...picture, facingMode: { ideal: facing } } }).catch(() => null);
    if (!found) return;
    stream = new MediaStream([...found.getVideoTracks(), ...stream.getAudioTracks()]);
    screen.srcObject = stream;
  }

  return {
    /** From here on the camera stays the same. */
    stream() {
      turn.hidden = true;
      return stream;
    },
    close() {
      screen.srcObject = null;
      camera.remove();
      close(stream);
    },
  };
}

/** Seconds; 0 where the file does not tell. A recording of a browser says how long it is only at its end. */
export function durationOf(blob) {
  return within(watched(blob, async (film) => {
    await event(film, "loadedmetadata");
    if (film.duration !== Infinity) return film.duration;
    film.currentTime = 1e7;
    await event(film, "durationchange");
    return film.duration === Infinity ? film.currentTime : film.duration;
  }));
}

/** A picture from its beginning, for the tile; null for what this browser cannot read. */
export function thumbnail(blob) {
  return within(watched(blob, async (film) => {
    await event(film, "loadeddata");
    return drawn(film, film.videoWidth, film.videoHeight, TILE_SIDE, 0.7);
  })).then((picture) => picture || null);
}

/** Works on a video that nobody sees or hears. */
export async function watched(blob, work) {
  const address = URL.createObjectURL(blob);
  const film = element("video", { muted: true, playsInline: true, preload: "auto", src: address });
  try {
    return await work(film);
  } finally {
    film.removeAttribute("src");
    film.load();
    URL.revokeObjectURL(address);
  }
}

export function event(film, name) {
  return new Promise((resolve, reject) => {
    film.addEventListener(name, resolve, { once: true });
    film.addEventListener("error", () => reject(film.error), { once: true });
  });
}

function within(promise) {
  const late = new Promise((resolve) => {
    setTimeout(() => resolve(0), PATIENCE);
  });
  return Promise.race([promise.catch(() => 0), late]);
}
