// Photos made smaller: for the line, when they are about to be sent, and for the tile.

import { withOrigin } from "./exif.js";
import { element } from "./page.js";
import { lineOf, photoPlan } from "./shrink.js";
import { now } from "./waking.js";

const TILE_SIDE = 480; // pixels

let queue = Promise.resolve();

/** How the line is just now: `good`, `poor` or `bad`. */
export function lineNow(pace) {
  // eslint-disable-next-line compat/compat -- where there is no such thing, nothing is told
  const { effectiveType, saveData, downlink } = navigator.connection ?? {};
  return lineOf({ effectiveType, saveData, downlink, online: navigator.onLine }, pace, now());
}

/** The photo as it is to be sent, `{blob, filename, filetype}`, or null for as it is. One after the other: a phone's
 *  memory does not hold eight of them at once. */
export function smallerPhoto({ facts, filename }, blob, pace) {
  const work = queue.then(async () => {
    const plan = photoPlan({ size: blob.size, line: lineNow(pace), pace, original: facts?.original });
    if (!plan) return null;
    const drawn = await redrawn(blob, plan.side, plan.quality);
    if (!drawn || drawn.size >= blob.size) return null;
    const smaller = await withOrigin(drawn, blob);
    return { blob: smaller, filename: `${filename.replace(/\.\w+$/, "")}.jpg`, filetype: "image/jpeg" };
  });
  queue = work.catch(() => {});
  return work;
}

/** A small copy for the tile; null for what this browser cannot read. */
export const thumbnail = (blob) => redrawn(blob, TILE_SIDE, 0.7);

/** An upright JPEG whose longer side has `side` pixels at most; null for what this browser cannot read.
 *  By an `<img>`: it stands upright in every browser, which `createImageBitmap` does not leave to chance only since 2023. */
export async function redrawn(blob, side, quality) {
  const address = URL.createObjectURL(blob);
  const image = element("img", { src: address });
  try {
    await image.decode();
    return await drawn(image, image.naturalWidth, image.naturalHeight, side, quality);
  } catch {
    return null;
  } finally {
    URL.revokeObjectURL(address);
  }
}

/** What a source shows now, as a JPEG. */
export function drawn(source, width, height, side, quality) {
  const scale = Math.min(1, side / Math.max(width, height));
  const canvas = element("canvas", { width: Math.round(width * scale), height: Math.round(height * scale) });
  canvas.getContext("2d").drawImage(source, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", quality));
}
