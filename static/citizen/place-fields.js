// Fields for a place, in whatever form: each offers the ways to say where.

import { wordsOf } from "./finder.js";
import { element, icon } from "./page.js";
import { showWays } from "./ways.js";
import { t } from "./words.js";

/** Offers the ways at each field for a place (`data-place-for`), whenever a form with one comes. What was chosen is written into
 *  the field, and stands there as `field.place` (`{location, place_text, area}`) and `data-area` until somebody writes over it. */
export function watchPlaceFields(parts) {
  const attach = () => {
    for (const field of document.querySelectorAll("[data-place-for]:not([data-place-ways])")) offerAt(field, parts);
  };
  new MutationObserver(attach).observe(document.querySelector("main"), { childList: true, subtree: true });
  attach();
}

function offerAt(field, parts) {
  field.dataset.placeWays = "";
  const container = element("div", { className: "place-field" });
  const more = element("button", { className: "place-way", type: "button" }, icon("map-pinned"), element("span", { textContent: t("finder.choose") }));
  const close = () => container.replaceChildren(more);
  more.onclick = () => showWays(container, { ...parts, done });
  (field.closest("label") ?? field).after(container);
  // Before whoever reads the field.
  field.addEventListener("input", ({ isTrusted }) => isTrusted && forget(), true);
  close();

  function done(place) {
    field.value = wordsOf(place);
    field.place = place;
    if (place.area) field.dataset.area = place.area;
    else delete field.dataset.area;
    close();
    more.focus();
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function forget() {
    delete field.place;
    delete field.dataset.area;
  }
}
