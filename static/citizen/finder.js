// The places where somebody says where they are: the view of its own, and the frame that each way stands in.

import { ago, inWords, roughly } from "./exactness.js";
import { openLost } from "./lost.js";
import { $, clone, element, fromTop, go, icon, show, title, write } from "./page.js";
import { openPicker } from "./picker.js";
import { t } from "./words.js";
import { showWays } from "./ways.js";

const WAYS = {
  picker: openPicker,
  lost: openLost,
  map: async (...wanted) => (await import("./map.js")).openMap(...wanted),
  photo: async (...wanted) => (await import("./photo-place.js")).openPhoto(...wanted),
};

/** Opens one way in `container`: its name, the way back to the others, and what it is. */
export async function openWay(way, container, parts) {
  const body = element("div", { className: "way-body" });
  const back = element("button", { className: "way-back", type: "button" }, icon("chevron-left"), element("span", { textContent: t("finder.back") }));
  const heading = element("h2", { textContent: t(`finder.${way}`), tabIndex: -1 });
  back.onclick = () => {
    parts.drafted?.(null);
    parts.back();
  };
  container.replaceChildren(element("div", { className: "way-open" }, back, heading, body));
  heading.focus({ preventScroll: true });
  try {
    await WAYS[way](body, parts);
  } catch {
    body.replaceChildren(element("p", { className: "error", role: "alert", textContent: t("finder.did_not_come") }));
  }
}

/** The view that the first screen's line leads to.
 *  @param {() => Promise<void>} report  files what was written on the first screen */
export function createPlaceView(client, position, report) {
  let draft = null;
  let open = false;
  const view = clone("place-view");
  $("place").replaceChildren(view);
  const [own, again, ways, now] = view.children;

  function render() {
    if (!open) return;
    const chosen = position.chosen();
    const best = position.best();
    const said = chosen ? t("finder.chosen", { place: chosen.place_text ?? inWords(chosen.location) }) : best ? t("finder.own", { own: inWords(best) }) : t(`place.${position.state()}`);
    write(own, said);
    show(again, Boolean(chosen));
  }

  function choose(place) {
    position.choose(place);
    go("home", null, "/");
  }

  again.onclick = () => choose(null);
  now.onclick = async () => {
    now.disabled = true;
    if (draft) position.choose(draft);
    client.drafts.drop("lost").catch(() => {});
    await report();
    now.disabled = false;
  };
  position.listen(render);

  return {
    open() {
      open = true;
      draft = null;
      title(t("finder.title"));
      showWays(ways, { client, position, done: choose, drafted: (place) => (draft = place) });
      render();
      fromTop();
    },
    close() {
      open = false;
      ways.replaceChildren();
    },
  };
}

/** A place as a sentence for the conversation, when its report is filed already. */
export const sentenceOf = (place) => t("finder.said", { place: wordsOf(place) });

/** A place as words. */
export function wordsOf({ location, place_text }) {
  const figures = location ? `${location.lat.toFixed(5)}, ${location.lon.toFixed(5)}` : "";
  const position = location ? t("finder.said_position", { figures, means: t(`position.by_${location.source}`), exactness: [roughly(location), ago(location)].filter(Boolean).join(" · ") }) : "";
  return [place_text, position].filter(Boolean).join(" ");
}
