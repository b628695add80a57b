// 静默: what the browser itself shows and keeps of the page while it pretends to be another: title, icon, colour, address,
// the entries of its history, what is asked of it by name. Nothing in here knows of a report.
//
// The cookie `look` names the look, so that the server sends every address of ours disguised from its first byte; it ends
// with the browser. `.rest` behind it: the person has left; the page is then only what it pretends to be.

import { keep as leave } from "./kept.js";
import { $ } from "./page.js";
import { t } from "./words.js";

export const LOOKS = ["weather", "notes", "calculator"];

const COLOURS = { weather: ["#eaf0ec", "#121614"], notes: ["#faf8f1", "#16140f"], calculator: ["#f2f2f3", "#101113"] };
// On this phone, under names that mean nothing: the look that was chosen last, a digest of one's own code, a draft.
const LAST = "v";
const CODE = "c";
const DRAFT = "n";
const NAMED = (picture) => [
  Object.assign(document.createElement("link"), { rel: "apple-touch-icon", href: picture }),
  Object.assign(document.createElement("link"), { rel: "manifest", href: "/manifest.webmanifest", crossOrigin: "use-credentials" }),
];
const TAUGHT = "2580"; // the middle of a phone's keys, from top to bottom

/** The look that is on: `{look, rest}`, or null. */
export function disguise() {
  const [, look, rest] = /(?:^|; )look=(\w+)(\.rest)?/.exec(document.cookie) ?? [];
  if (LOOKS.includes(look)) return { look, rest: Boolean(rest) };
  const address = location.pathname.slice(1);
  return LOOKS.includes(address) ? { look: address, rest: false } : null;
}

export function remember(look, rest) {
  document.cookie = `look=${look}${rest ? ".rest" : ""}; path=/; SameSite=Strict`;
  leave("look", look);
  keep(localStorage, LAST, look);
}

export function forget() {
  document.cookie = "look=; path=/; SameSite=Strict; Max-Age=0";
  leave("look", null);
}

/** The look of the last time; the weather at first. */
export function lastLook() {
  const look = kept(localStorage, LAST);
  return LOOKS.includes(look) ? look : LOOKS[0];
}

/** The browser's own things, as those of `look`; null: as they are. */
export function dress(look) {
  const name = look ? t(`covert.${look}.title`) : t("page.title");
  document.title = name;
  const link = $("favicon");
  const { plain, disguised } = link.dataset;
  const href = look ? disguised.replace("LOOK", look) : plain;
  if (link.getAttribute("href") !== href) link.href = href;
  // A name and a picture for the home screen are offered only by the page as it is.
  const named = document.querySelectorAll("link[rel=manifest], link[rel=apple-touch-icon]");
  if (look) for (const each of named) each.remove();
  else if (!named.length) document.head.append(...NAMED(plain));
  document.querySelectorAll('meta[name="theme-color"]').forEach((meta, at) => {
    meta.content = look ? COLOURS[look][at] : meta.dataset.plain;
  });
  if (look) $("announcer").textContent = "";
}

/** Makes the address that of `look`, and with it each entry of this tab's history that is of this document: going back
 *  and forward, and the list behind the back button, show the look alone. Entries of other documents stay. */
export async function cover(look) {
  const entry = () => {
    history.replaceState(null, "", `/${look}`);
    entitle();
  };
  entry();
  // Where a browser knows none, the entries stay, and each turns into the look when it is gone to.
  const { navigation } = globalThis;
  if (!navigation) return;
  const entries = navigation.entries();
  const here = navigation.currentEntry.index;
  const first = entries.slice(0, here + 1).map((each) => each.sameDocument).lastIndexOf(false) + 1;
  if (first === here && entries.length === here + 1) return;
  if (first < here) await moved(() => history.go(first - here));
  entry();
  // What lay before us in time is cut off by a new entry.
  if (first + 1 >= entries.length) return;
  await painted();
  history.pushState(null, "", `/${look}`);
  entitle();
}

/** An entry keeps the title that was last set while it was the present one: setting the same again would not count. */
function entitle() {
  const name = document.title;
  document.title = "";
  document.title = name;
}

const painted = () => new Promise((resolve) => setTimeout(resolve, 50));

function moved(move) {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      removeEventListener("popstate", end);
      resolve();
    };
    const timer = setTimeout(end, 1_000);
    addEventListener("popstate", end);
    move();
  });
}

/** Covers a page that was plain when it was left, if it is shown again after another tab, or a later page, was covered. */
export function guard(covered) {
  const root = document.documentElement;
  const follow = () => {
    if (root.dataset.view !== "covert" && disguise()) covered();
    root.toggleAttribute("data-left", false);
  };
  // A copy that the browser keeps for going back must not show for a moment what was plain when it was left.
  addEventListener("pagehide", () => root.toggleAttribute("data-left", root.dataset.view !== "covert"));
  addEventListener("pageshow", follow);
  document.addEventListener("visibilitychange", follow);
}

/** Whether these are the digits that bring everything back: one's own, or the taught ones of who has chosen none. */
export function isCode(digits) {
  const own = kept(localStorage, CODE);
  return own ? digest(digits) === own : digits === TAUGHT;
}

/** Four to eight digits of one's own; none: those that are taught. False for what is no code. */
export function chooseCode(digits) {
  if (digits !== "" && !/^\d{4,8}$/.test(digits)) return false;
  keep(localStorage, CODE, digits === "" ? null : digest(digits));
  return true;
}

/** What was being written, until this tab is closed. */
export const draft = () => kept(sessionStorage, DRAFT) ?? "";
export const keepDraft = (text) => keep(sessionStorage, DRAFT, text || null);

/** No secret from who takes the phone apart; but the digits do not stand there to be read. */
function digest(text) {
  let sum = 0x811c9dc5;
  for (let turn = 0; turn < 999; turn += 1) for (const sign of text) sum = Math.imul(sum ^ sign.charCodeAt(0) ^ turn, 0x01000193);
  return (sum >>> 0).toString(36);
}

function kept(storage, name) {
  try {
    return storage.getItem(name);
  } catch {
    return null; // a browser that keeps nothing
  }
}

function keep(storage, name, value) {
  try {
    if (value === null) storage.removeItem(name);
    else storage.setItem(name, value);
  } catch {
    // A browser that keeps nothing.
  }
}
