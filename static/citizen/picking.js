// Files that were picked from the album or taken by the phone's own camera: which are taken, and what is said of the others.

import { MOST } from "./attaching.js";
import { offerCut } from "./offers.js";
import { t } from "./words.js";
import { durationOf, LONGEST, TOLERANCE } from "./video.js";

/** Takes in what the report still has room for, in the order in which it was picked. */
export async function takeIn(chosen, context) {
  for (const file of chosen) {
    const kind = kindOf(file);
    if (kind === null) context.complain(t("media.not_taken", { name: file.name }));
    else if (context.left(kind) < 1) context.complain(t(`media.${kind}_most`, { n: MOST[kind] }));
    else if (kind === "video") await takeVideo(file, context);
    else take(kind, file, context);
  }
}

async function takeVideo(file, context) {
  const seconds = await durationOf(file);
  if (seconds > LONGEST + TOLERANCE) return offerCut(file, seconds, context);
  return take("video", file, context, { seconds });
}

function take(kind, file, { attach, original }, facts = {}) {
  const filetype = file.type || { photo: "image/jpeg", video: "video/mp4", voice: "audio/mp4" }[kind];
  return attach({ kind, blob: file, filename: file.name, filetype, facts: { ...facts, original: original() } });
}

/** A phone that does not know a type leaves it out: the server will know. */
function kindOf({ type, name }) {
  if (type.startsWith("video/") || (!type && /\.(mp4|mov|webm|3gp)$/i.test(name))) return "video";
  if (type.startsWith("audio/") || (!type && /\.(m4a|aac|amr|mp3|ogg|wav)$/i.test(name))) return "voice";
  return type.startsWith("image/") || type === "" ? "photo" : null;
}
