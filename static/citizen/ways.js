// The ways to say where: by area, on the map, by what can be seen, by a photo. Each comes when it is first wanted.

import { stylesheet } from "./later.js";
import { clone, part, show, write } from "./page.js";
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
