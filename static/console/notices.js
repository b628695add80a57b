// The page's live region. What went wrong stays until it is closed; the rest leaves by itself.
import { icon, t } from "./words.js";

const STAY_MS = { lost: 20_000, said: 5_000 };
const AT_MOST = 4;

const region = document.getElementById("notices");

/** Say something: `kind` is `fault` or `said`. */
export function say(kind, sentence) {
  const notice = document.createElement("p");
  notice.className = "notice";
  notice.dataset.kind = kind;
  const words = document.createElement("span");
  words.textContent = sentence;
  notice.append(icon(kind === "fault" ? "triangle-alert" : "flag"), words);
  region.append(notice);
}

/** Close the newest notice; false when there is none. */
export function closeOne() {
  const newest = region.lastElementChild;
  newest?.remove();
  return Boolean(newest);
}

// Notices come from here and, as partials, from the server: both are dressed alike.
new MutationObserver((records) => {
  for (const notice of records.flatMap((record) => [...record.addedNodes])) {
    if (!(notice instanceof Element)) continue;
    const close = document.createElement("button");
    close.type = "button";
    close.className = "quiet";
    close.append(icon("x"));
    close.setAttribute("aria-label", t("close"));
    close.addEventListener("click", () => notice.remove());
    notice.append(close);
    const stay = STAY_MS[notice.dataset.kind];
    if (stay) setTimeout(() => notice.remove(), stay);
  }
  while (region.childElementCount > AT_MOST) region.firstElementChild.remove();
}).observe(region, { childList: true });
