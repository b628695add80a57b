// What stands in the composer's place while something is recorded: what goes on, how long still, and two large buttons.

import { $, element, icon, setIcon, show, write } from "./page.js";
import { clock } from "./tiles.js";
import { t } from "./words.js";

const DEAF_FOR = 800; // ms after a change of the buttons: a hand that shakes taps twice
const LAST = 10; // seconds left, when that is said

/** Opens it for `voice` or `video`; `most` in seconds. Only one is open at a time. */
export function openPanel(kind, most) {
  let heard = () => {};
  let deaf = 0;
  let warned = false;
  const title = element("strong");
  const time = element("span", { className: "counter", role: "timer" });
  const note = element("p", { className: "capture-note" });
  const level = element("meter", { className: "capture-level", max: 1, value: 0, hidden: true });
  const cancel = element("button", { className: "plain", type: "button", onclick: () => press("cancel") }, icon("x"), element("span", { textContent: t("media.cancel") }));
  const main = element("button", { className: "solid", type: "button", onclick: () => press("main") }, icon("circle"), element("span"));
  const file = fileWay(kind, (files) => press(files));
  $("capture").replaceChildren(
    element("div", { className: "capture-head" }, title, time, level),
    note,
    element("div", { className: "capture-acts" }, cancel, main, file),
  );
  for (const id of ["media-ways", "composer-words", "new-message"]) show($(id), false);
  show($("capture"), true);

  function press(what) {
    if (performance.now() >= deaf || what !== "main") heard(what);
  }

  function set({ said, counted = "", noted = "", act = null, glyph = "circle", from = null }) {
    write(title, said);
    write(time, counted);
    write(note, noted);
    show(note, noted !== "");
    show(main, act !== null);
    show(file, from !== null);
    write(main.lastElementChild, act ?? "");
    setIcon(main.firstElementChild, glyph);
    deaf = performance.now() + DEAF_FOR;
    (act ? main : cancel).focus({ preventScroll: true });
  }

  return {
    level,
    asking: () => set({ said: t(`media.${kind}_allow`) }),
    ready: () => set({ said: t("media.video_ready", { n: most }), act: t("media.video_start") }),
    recording() {
      set({ said: t(`media.${kind}_recording`), counted: counter(kind, 0, most), act: t("media.stop_and_send"), glyph: "square" });
      write($("media-status"), t(`media.${kind}_recording`));
    },
    /** How long it lasts by now, in seconds. */
    tick(seconds) {
      write(time, counter(kind, seconds, most));
      if (warned || most - seconds > LAST) return;
      warned = true;
      write($("media-status"), t("media.seconds_left", { n: LAST }));
    },
    hint(words) {
      write(note, words);
      show(note, words !== "");
    },
    /** It cannot be: why, and the other way. */
    refused: (why) => set({ said: t(`media.${kind}_refused`), noted: t(`media.${why}`), from: kind }),
    /** The next press: `main`, `cancel`, or files that were chosen. */
    pressed: () => new Promise((resolve) => {
      heard = resolve;
    }),
    close() {
      // Whoever came by the keyboard goes on by it; under a thumb no ring lights up.
      const focused = $("capture").contains(document.activeElement) && document.activeElement.matches(":focus-visible");
      show($("capture"), false);
      $("capture").replaceChildren();
      for (const id of ["media-ways", "composer-words"]) show($(id), true);
      if (focused) $(`way-${kind}`).focus({ preventScroll: true });
    },
  };
}

function counter(kind, seconds, most) {
  if (kind === "video") return t("media.left", { n: Math.max(0, Math.ceil(most - seconds)) });
  return `${clock(Math.floor(seconds))} / ${clock(most)}`;
}

/** The phone's own recorder or camera, where the page gets none. */
function fileWay(kind, chosen) {
  const accept = kind === "voice" ? "audio/*" : "video/*";
  const input = element("input", { className: "unseen", type: "file", accept, onchange: ({ target }) => chosen([...target.files]) });
  input.setAttribute("capture", kind === "voice" ? "user" : "environment");
  return element("label", { className: "solid capture-file" }, icon("upload"), element("span", { textContent: t(`media.${kind}_file`) }), input);
}
