// What a report still needs to be told of its place before it can go, and what may be told of it afterwards.

import { tell } from "./lifeline.js";
import { $, announce, clone, part, show } from "./page.js";
import { COARSE } from "./position.js";
import { t } from "./words.js";
import { showWays } from "./ways.js";
import { HOUR, createWriting } from "./writing.js";

const LONGEST = 500;

/** @param {{client: object, position: object, handle: () => string, item: () => object | undefined,
 *  report: () => object | undefined, photo: () => void}} parts `handle`: what the report's things are filed under */
export function createPlacing({ client, position, handle, item, report, photo }) {
  const { outbox } = client;
  let draft = null; // what one of the ways has collected
  let typed = "";
  let adding = false;

  /** What a report gets: what was picked, and what was typed besides. An area that was picked speaks for itself. */
  function whole({ location = null, place_text = null, area = null }) {
    const words = [place_text, typed].filter(Boolean).join(" ").slice(0, LONGEST);
    return { location: location ?? (area ? null : (position.best() ?? item()?.body.location ?? null)), place_text: words || null, area };
  }

  /** It goes; what was begun for it goes with it. */
  function release(place) {
    for (const name of ["lost", `place ${handle()}`]) client.drafts.drop(name).catch(() => {});
    return outbox.release(handle(), whole(place));
  }

  /** The panel of a report that is held for want of a place. */
  function form() {
    [draft, typed] = [null, ""];
    const panel = clone("place-form");
    const words = panel.querySelector("form");
    words.onsubmit = (event) => {
      event.preventDefault();
      if (typed) release({});
    };
    const heard = (text) => {
      typed = text.trim();
      tell({ place: typed });
    };
    createWriting(client, words.elements.place, { heldFor: HOUR, heard }).begin(`place ${handle()}`);
    showWays(part(panel, "ways"), { client, position, done: release, drafted: (place) => (draft = place) });
    part(panel, "send-now").onclick = () => release(draft ?? { place_text: typed ? null : t("finder.unknown") });
    return panel;
  }

  /** What was collected or typed by the time that a position came by itself: it goes along, nothing of it is lost. */
  function collected() {
    const { place_text } = whole(draft ?? {});
    return place_text ? { place_text, area: draft?.area ?? null } : {};
  }

  /** The same ways for a report that is there: words go into the conversation, a position into the trail. */
  function open() {
    const container = $("place-tell");
    showWays(container, { client, position, done: add, photo });
    container.scrollIntoView({ block: "nearest" });
    container.querySelector("button").focus({ preventScroll: true });
  }

  async function add(place) {
    if (adding) return; // a hand that shakes taps twice
    adding = true;
    try {
      await tellDesk(place);
    } finally {
      adding = false;
    }
  }

  async function tellDesk(place) {
    const { sentenceOf } = await import("./finder.js");
    close();
    await outbox.say(handle(), sentenceOf(place));
    if (place.location) await outbox.locate(handle(), null, place.location);
    announce(t("position.told"));
  }

  function close() {
    for (const id of ["place-tell", "photo-offer"]) $(id).replaceChildren();
    [draft, typed] = [null, ""];
  }

  /** Whether a photo may know better than the phone. */
  function wanting() {
    const known = [position.best(), item()?.body.location].filter(Boolean);
    return known.every(({ accuracy_m: m }) => m === null || m > COARSE);
  }

  // Before whoever takes the photos in has emptied the field.
  document.addEventListener("change", ({ target }) => {
    const files = target.type === "file" && !$("report").hidden ? [...target.files] : [];
    if (!files.length || target.closest(".way-open") || !(item() || report()) || !wanting()) return;
    import("./photo-place.js").then(({ offerFrom }) => offerFrom(files, $("photo-offer"), client, (location) => add({ location, place_text: null, area: null }))).catch(() => {});
  }, true);
  $("tell-place").onclick = () => ($("place-tell").firstElementChild ? close() : open());

  return {
    form,
    collected,
    open,
    close,
    render: (there) => show($("tell-place"), there),
  };
}
