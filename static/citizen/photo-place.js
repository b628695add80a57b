// The place where a photo was taken, offered in words: never taken by itself.

import { ago, joined, means, roughly } from "./exactness.js";
import { positionIn } from "./taken.js";
import { element, icon, write } from "./page.js";
import { t } from "./words.js";

/** The way "by a photo": picks one, reads its position, sends nothing of it. */
export function openPhoto(body, { client, done, drafted }) {
  const said = element("div", { className: "offer-place", role: "status" });
  const pick = element("input", { className: "unseen", type: "file", accept: "image/*" });
  const label = element("label", { className: "plain pick-photo" }, icon("image"), element("span", { textContent: t("photo_place.pick") }), pick);
  pick.onchange = async () => {
    const [file] = pick.files;
    pick.value = "";
    if (!file) return;
    const location = await positionIn(file);
    drafted?.(location ? placeOf(location) : null);
    if (location) said.replaceChildren(...(await offer(location, client, () => done(placeOf(location)))));
    else said.replaceChildren(element("p", { textContent: t("photo_place.none") }));
  };
  body.replaceChildren(element("p", { className: "note", textContent: t("photo_place.lead") }), label, said);
}

/** Offers the place of the first of `files` that has one, in `container`; a later offer takes its place. */
export async function offerFrom(files, container, client, use) {
  for (const file of files) {
    const location = await positionIn(file);
    if (!location) continue;
    const close = () => container.replaceChildren();
    const made = await offer(location, client, () => {
      close();
      use(location);
    });
    const no = element("button", { className: "link", type: "button", textContent: t("photo_place.no") });
    no.onclick = close;
    container.replaceChildren(element("div", { className: "offer-place panel", role: "status" }, ...made, no));
    return;
  }
}

async function offer(location, client, use) {
  const words = element("p", {});
  const button = element("button", { className: "solid", type: "button", textContent: t("photo_place.use") });
  button.onclick = use;
  write(words, t("photo_place.taken", { when: location.at ? ago(location) : t("photo_place.some_time") }));
  const note = element("p", { className: "note", textContent: joined(means(location), roughly(location)) });
  name(words, location, client);
  return [words, note, button];
}

/** The county's name comes when it comes; the offer does not wait for it. */
async function name(words, location, client) {
  const when = location.at ? ago(location) : t("photo_place.some_time");
  try {
    const { area } = await client.nearest(location);
    write(words, t("photo_place.taken_in", { area: area.name, when }));
  } catch (problem) {
    if (problem.code === "outside_jurisdiction") write(words, t("photo_place.outside", { when }));
  }
}

const placeOf = (location) => ({ location, place_text: null, area: null });
