// The ways to say where: by area, on the map, by what can be seen, by a photo. Each comes when it is first wanted.

import { stylesheet } from "./later.js";
import { clone, element, icon, part, show, write } from "./page.js";
import { t } from "./words.js";

const STYLES = new URL("finder.css", import.meta.url).pathname;

/** What the ways are made of, fetched before it is wanted: somebody who is lost may lose the network too. */
export async function prepareWays() {
  await Promise.allSettled([stylesheet(STYLES), import("./finder.js")]);
}

/** Shows the buttons in `container`; the one that is tapped takes their place there.
 *  @param {{client: object, position: object, done: (place: object) => void, drafted?: (place: object | null) => void,
 *  photo?: () => void}} parts `done`: a place was chosen; `drafted`: what has been collected so far */
export function showWays(container, parts) {
  const ways = clone("place-ways");
  container.replaceChildren(ways);
  const fault = part(ways, "fault");
  ways.onclick = async ({ target }) => {
    const way = target.closest("[data-way]")?.dataset.way;
    if (!way) return;
    try {
      const [{ openWay }] = await Promise.all([import("./finder.js"), stylesheet(STYLES)]);
      if (ways.isConnected) openWay(way, container, { ...parts, back: () => showWays(container, parts) });
    } catch {
      write(fault, t("finder.did_not_come"));
      show(fault, true);
    }
  };
}

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
  field.addEventListener("input", ({ isTrusted }) => isTrusted && forget());
  close();

  async function done(place) {
    const { wordsOf } = await import("./finder.js");
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
