// Photos and videos from behind a look: from the album, by the phone's own camera, or filmed while the look stays on the
// screen (`covert-film.js`, which comes when there is time for it).

import { whenIdle } from "./later.js";
import { $, element } from "./page.js";

const PICTURES = 8;

/** @param {{client: object, files: object, handle: () => string, belonging: () => object[], begun: () => Promise<void>,
 *  changed: () => void}} parts  `begun`: files the report where there is none yet; `changed`: what is shown of it is to be shown anew */
export function createCovertMedia(parts) {
  const { client, handle, belonging, begun, changed } = parts;
  let coming = null;
  let film = null;
  const over = []; // pictures that the report takes no more of

  /** A failure passes: the next who asks tries again. */
  function load() {
    coming ??= import("./covert-film.js").then(
      ({ createFilm }) => (film = createFilm(parts)),
      () => (coming = null),
    );
    return coming;
  }

  const fields = { album: field({}), camera: field({ capture: "environment" }) };

  /** A field that nobody sees: clicking it opens what the phone has for it. */
  function field(more) {
    const made = element("input", { type: "file", className: "unseen", tabIndex: -1, "aria-hidden": "true", ...more });
    made.onchange = () => {
      const chosen = [...made.files];
      made.value = "";
      if (chosen.length) attach(chosen);
    };
    $("covert-bar").after(made);
    return made;
  }

  /** Whoever sends one before anything else reports by it. */
  async function attach(chosen) {
    await begun();
    let room = PICTURES - belonging().filter(({ kind, state }) => kind === "photo" && state !== "refused").length;
    for (const blob of chosen) {
      if (blob.type.startsWith("video/")) {
        await load();
        await film?.takeIn(blob);
      } else if (room > 0) {
        room -= 1;
        await client.outbox.attach(handle(), { kind: "photo", blob, filename: blob.name, filetype: blob.type || "image/jpeg" });
      } else over.push({ key: client.uuid(), report: handle(), filename: blob.name, at: client.now() });
    }
    changed();
  }

  /** What the dispatcher asked for, by the way that was chosen. Called within a tap: a browser opens nothing for less. */
  async function answer(kind, way) {
    if (way === "film") {
      await load();
      return film?.press();
    }
    fields[way].accept = `${kind === "video" ? "video" : "image"}/*`;
    return fields[way].click();
  }

  whenIdle(load);

  return {
    attach,
    answer,
    /** Pictures that were picked and did not go. */
    over: () => over.filter(({ report }) => report === handle()),
    /** Seconds that are filmed already; null when nothing is. */
    filming: () => film?.seconds() ?? null,
    /** At once, and what there is goes. */
    stop: () => film?.stop(),
    /** What was cut off by a page that died goes as far as it came. */
    async resume() {
      // What goes on in a hurry has the line to itself: only who needs it loads it now.
      if (!(await parts.files.takes.all()).some(({ covert }) => covert)) return;
      await load();
      await film?.resume();
    },
  };
}
