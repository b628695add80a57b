// The way into 静默 from the first screen.

import { remember } from "./covert.js";
import { $, fromTop, go, write } from "./page.js";
import { t } from "./words.js";

const KNOWN = "look-known"; // the explanation was seen on this phone

/** The way in: what the signs mean, the first time; afterwards one tap. */
export function createSilent() {
  function enter(look) {
    keepKnown(look);
    remember(look, false);
    go("covert", null, `/${look}`, { replace: true });
  }

  $("to-covert").onclick = () => {
    const look = known();
    if (look) enter(look);
    else go("silent");
  };
  $("to-covert-help").onclick = () => go("silent");
  for (const button of document.querySelectorAll("[data-enter]")) button.onclick = () => enter(button.dataset.enter);
  return {
    open() {
      write($("title"), t("covert.entry"));
      document.title = t("covert.notes.title");
      fromTop();
    },
  };
}

function known() {
  try {
    const look = localStorage.getItem(KNOWN);
    return ["weather", "notes"].includes(look) ? look : null;
  } catch {
    return null; // a browser that keeps nothing explains each time
  }
}

function keepKnown(look) {
  try {
    localStorage.setItem(KNOWN, look);
  } catch {
    // Explained again next time.
  }
}
