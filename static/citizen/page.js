// What all parts of the page share: finding and filling elements, telling a screen reader, going from view to view.

import { t } from "./words.js";

export const $ = (id) => document.getElementById(id);
export const part = (root, name) => root.querySelector(`[data-part="${name}"]`);

/** An element with attributes, properties and children. */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name in made && name !== "list") made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

const SVG = "http://www.w3.org/2000/svg";
// Of the same version as this module.
const ICONS = new URL("../vendor/icons.svg", import.meta.url).pathname;

/** An icon of the sprite. It says nothing by itself: words stand beside it. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  svg.append(document.createElementNS(SVG, "use"));
  setIcon(svg, name);
  return svg;
}

export function setIcon(svg, name) {
  const href = `${ICONS}#${name}`;
  if (svg.firstElementChild.getAttribute("href") !== href) svg.firstElementChild.setAttribute("href", href);
}

/** Sets text only where it differs, so that a screen reader is not told the same again. */
export function write(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

export function show(target, visible) {
  if (target.hidden === visible) target.hidden = !visible;
}

/** The content of a `<template>`. */
export const clone = (id) => $(id).content.firstElementChild.cloneNode(true);

/** Boxes for text grow with what is in them. */
export function grow(field) {
  field.rows = 1;
  while (field.scrollHeight > field.clientHeight + 4 && field.rows < 5) field.rows += 1;
}

/** Tells whoever does not see the screen. */
export function announce(text) {
  $("announcer").textContent = text;
}

/** Buttons that call or text: what a refusal names, in its order. */
export function fillCalls(list, calls) {
  const wanted = calls.filter((call) => /^(tel|sms):\+?[0-9]+$/.test(call));
  if (list.dataset.calls !== wanted.join()) {
    list.dataset.calls = wanted.join();
    list.replaceChildren(...wanted.map((call) => element("li", {}, callLink(call))));
  }
  show(list, wanted.length > 0);
}

/** A link that calls or writes to such an address (`tel:110`, `sms:12110`). */
export function callLink(address) {
  const [scheme, number] = address.split(":");
  const key = `number.${scheme}_${number}`;
  const name = t(key) === key ? t(`number.other_${scheme}`, { number }) : t(key);
  return element("a", { className: "call", href: address }, icon(scheme === "tel" ? "phone" : "message-square"), element("span", {}, name));
}

const PRESSED_LATELY = 60_000;

/** The button inside `root` that was pressed while its script was on the way (`early.js`): told once, and not after so long that
 *  whoever pressed it has given up. */
export function takeEarly(root) {
  const { dataset } = document.documentElement;
  const [id, at] = (dataset.pressed ?? "").split(" ");
  const button = id ? $(id) : null;
  if (!root.contains(button)) return null;
  delete dataset.pressed;
  return performance.now() - Number(at) < PRESSED_LATELY ? button : null;
}

const views = new Map();
let current = null;

/** A view is `{open(value), close()}`; `close` may be missing. */
export function register(name, view) {
  views.set(name, view);
}

/** Shows a view. `value` says what it is about; it stands in the history, so that going back finds it again. */
export function go(name, value = null, address = null, { replace = false } = {}) {
  if (address !== null) history[replace ? "replaceState" : "pushState"]({ name, value }, "", address);
  if (current && current !== name) views.get(current).close?.();
  current = name;
  document.documentElement.dataset.view = name;
  for (const id of views.keys()) show($(id), id === name);
  show($("back"), name !== "home");
  show($("to-account"), name === "home");
  views.get(name).open(value);
}

/** Where a report is looked at that no desk has yet. */
export const unsentAt = (key) => `/#report-${key}`;

/** Writes the heading, and the title that the browser shows. */
export function title(text) {
  write($("title"), text);
  document.title = text === t("page.title") ? text : `${text} · ${t("page.title")}`;
}

/** Begins each view at its top and lets a screen reader read on from its heading. */
export function fromTop() {
  scrollTo(0, 0);
  $("title").focus({ preventScroll: true });
}
