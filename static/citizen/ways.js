// The ways to say where: by area, on the map, by what can be seen, by a photo. Each comes when it is first wanted.

import { stylesheet } from "./later.js";
import { clone, part, show, write } from "./page.js";
import { t } from "./words.js";

const STYLES = new URL("finder.css", import.meta.url).pathname;
const LOST_FOR = 3600_000; // whoever begins to say what they see an hour later sees something else

/** What the ways are made of, fetched before it is wanted: somebody who is lost may lose the network too. */
export async function prepareWays() {
  await Promise.allSettled([stylesheet(STYLES), import("./finder.js")]);
}

/** What somebody who is lost had begun to say, `{road: "…", …}`; null when nothing was, or too long ago. */
export async function begunLost({ drafts, now }) {
  const { at, seen } = (await drafts.get("lost").catch(() => null)) ?? {};
  return seen && now() - at < LOST_FOR ? seen : null;
}

/** Shows the buttons in `container`; the one that is tapped takes their place there.
 *  @param {{client: object, position: object, done: (place: object) => void, drafted?: (place: object | null) => void,
 *  photo?: () => void}} parts `done`: a place was chosen; `drafted`: what has been collected so far; what was
 *  begun before a reload goes on by itself then */
export function showWays(container, parts) {
  const ways = clone("place-ways");
  container.replaceChildren(ways);
  const fault = part(ways, "fault");
  ways.onclick = ({ target }) => follow(target.closest("[data-way]")?.dataset.way);
  if (parts.drafted && !parts.shown) begunLost(parts.client).then((begun) => begun && follow("lost"));

  async function follow(way) {
    if (!way) return;
    try {
      const [{ openWay }] = await Promise.all([import("./finder.js"), stylesheet(STYLES)]);
      if (ways.isConnected) openWay(way, container, { ...parts, back: () => showWays(container, { ...parts, shown: true }) });
    } catch {
      write(fault, t("finder.did_not_come"));
      show(fault, true);
    }
  }
}
