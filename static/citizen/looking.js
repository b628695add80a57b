// One's own photos and videos, looked at in the page; one's own voice notes, played. Only a tap makes a sound.

import { $, element, icon, show } from "./page.js";
import { showPlaying } from "./tiles.js";
import { t } from "./words.js";

let stop = () => {};

/** Opens a photo or a video over the page, or plays a voice note in its tile; a second tap ends that. */
export async function look({ kind, key, name, media }, button, { client, files }) {
  const playing = button.hasAttribute("data-playing");
  stop();
  if (playing) return;
  const blob = media?.state === "ready" ? null : await files.get(key).catch(() => null);
  if (!blob && media?.state !== "ready") return;
  const address = blob ? URL.createObjectURL(blob) : client.media(media.id);
  const free = () => blob && URL.revokeObjectURL(address);
  if (kind === "voice") play(address, button, name, free);
  else open(kind, address, name, button, free);
}

function play(address, button, name, free) {
  const sound = new Audio(address);
  stop = () => {
    stop = () => {};
    sound.pause();
    free();
    showPlaying(button, false, name);
  };
  sound.onended = sound.onerror = () => stop();
  showPlaying(button, true, name);
  sound.play().catch(() => stop());
}

function open(kind, address, name, button, free) {
  const shown =
    kind === "photo" ? element("img", { src: address, alt: name }) : element("video", { src: address, controls: true, playsInline: true, autoplay: true, "aria-label": name });
  const back = element("button", { className: "solid", type: "button", onclick: () => stop() }, icon("x"), element("span", { textContent: t("media.close") }));
  const place = $("looking");
  place.replaceChildren(shown, back);
  show(place, true);
  const escape = ({ key }) => key === "Escape" && stop();
  addEventListener("keydown", escape);
  stop = () => {
    stop = () => {};
    removeEventListener("keydown", escape);
    place.replaceChildren();
    show(place, false);
    free();
    if (button.isConnected) button.focus({ preventScroll: true });
  };
  back.focus({ preventScroll: true });
}

/** Nothing plays on, and nothing stays to be seen. */
export const closeLook = () => stop();
