// Photos, videos and voice notes of a report: the ways to them in the composer. All that a way needs comes when the page has
// nothing better to do, or when it is first taken.

import { whenIdle } from "./later.js";
import { $, show, write } from "./page.js";
import { t } from "./words.js";

/** What the client asks before a photo leaves. Where the rule cannot be loaded, the original goes. */
export async function prepare(item, blob, pace) {
  if (item.kind !== "photo") return null;
  return (await import("./photos.js")).smallerPhoto(item, blob, pace);
}

/** @param {object} client  @param {object} files  where the bytes are kept  @param {() => string} handle  what things of the
 *  report on the screen are filed under */
export function createMedia(client, files, handle) {
  let coming = null;
  let part = null;
  let facts = null; // of the report on the screen

  /** A failure passes: the next who asks tries again. */
  function load() {
    coming ??= import("./attaching.js").then(
      ({ createAttaching }) => {
        part = createAttaching(client, files, handle);
        if (facts) part.render(facts);
      },
      () => (coming = null),
    );
    return coming;
  }

  async function act(what, given) {
    if (!part) await load();
    if (part) return part[what](given);
    write($("media-error"), t("media.not_loaded"));
    show($("media-error"), true);
    return undefined;
  }

  function pick({ target }) {
    const chosen = [...target.files];
    target.value = "";
    act("pick", chosen);
  }

  $("way-photo").onchange = pick;
  $("pick").onchange = pick;
  $("way-video").onclick = () => act("begin", "video");
  $("way-voice").onclick = () => act("begin", "voice");
  whenIdle(load);

  return {
    /** Shows the tiles; gives how many. `next`: {report, items, open} of the report on the screen. */
    render(next) {
      facts = next;
      if (!part) load();
      return part ? part.render(next) : 0;
    },
    /** What the dispatcher asked for. Called within a tap: a browser opens the camera for nothing less. */
    answer: (request) => (request === "video" ? act("begin", "video") : $("way-photo").click()),
    close() {
      facts = null;
      part?.close();
    },
  };
}
