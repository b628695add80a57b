// The page's live region. What went wrong stays until it is closed; the rest leaves by itself.
import { icon, t } from "./words.js";

const STAY_MS = { lost: 20_000, said: 5_000 };
const AT_MOST = 4;

const region = document.getElementById("notices");
const passing = '.notice:not([data-kind="duress"])';

/** Say something: `kind` is `fault`, `said` or `duress`, which nothing but its end takes away. Gives the notice. */
export function say(kind, sentence) {
  const notice = document.createElement("p");
  notice.className = "notice";
  notice.dataset.kind = kind;
  const words = document.createElement("span");
  words.textContent = sentence;
  notice.append(icon({ fault: "triangle-alert", duress: "siren" }[kind] ?? "flag"), words);
  region.append(notice);
  return notice;
}

/** Close the newest notice; false when there is none. */
export function closeOne() {
  const newest = [...region.querySelectorAll(passing)].at(-1);
  newest?.remove();
  return Boolean(newest);
}

// Notices come from here and, as partials, from the server: both are dressed alike.
new MutationObserver((records) => {
  for (const notice of records.flatMap((record) => [...record.addedNodes])) {
    if (!(notice instanceof Element) || notice.dataset.kind === "duress") continue;
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
  for (const old of [...region.querySelectorAll(passing)].slice(0, -AT_MOST)) old.remove();
}).observe(region, { childList: true });
