// Photos, videos and voice notes as tiles: each with how far it got, to be looked at, sent again, taken back.

import { $, element, icon, setIcon, show, write } from "./page.js";
import { isMedia } from "./protocol.js";
import { has, sentence, t } from "./words.js";

const GLYPHS = { photo: "image", video: "video", voice: "play" };
const SPOKEN = new Set(["stored", "refused", "rejected"]);

const pictures = new Map(); // key → address of the small copy, made on this phone

/** @param {{report: object | undefined, items: object[], open: boolean, address: (id: string) => string, acts: object}} facts
 *  `items`: what the outbox has for this report; `open`: whether anything may still be taken back;
 *  `acts`: again(key) · remove(tile) · look(tile, button) · picture(item): Promise<Blob | null>. Gives how many tiles there are. */
export function showTiles({ report, items, open, address, acts }) {
  const list = $("tiles");
  const there = new Map([...list.children].map((row) => [row.dataset.key, row]));
  const tiles = tilesOf(report, items);
  tiles.forEach((tile, at) => {
    const row = there.get(tile.key) ?? newRow(tile);
    there.delete(tile.key);
    fill(row, tile, { open, address, acts });
    if (list.children[at] !== row) list.insertBefore(row, list.children[at] ?? null);
  });
  for (const [key, row] of there) {
    row.remove();
    if (pictures.has(key)) URL.revokeObjectURL(pictures.get(key));
    pictures.delete(key);
  }
  show(list, tiles.length > 0);
  return tiles.length;
}

/** What a report has or is to get, `{key, kind, name, item, media}` each: the outbox's, and what other phones of the person sent. */
export function tilesOf(report, items) {
  const own = new Map(items.filter(isMedia).map((item) => [item.key, item]));
  const there = report?.media ?? [];
  const tiles = [...own.values()]
    .filter((item) => item.state !== "removing")
    .map((item) => ({ key: item.key, kind: item.kind, item, media: there.find((media) => media.client_id === item.key) }));
  for (const media of there) {
    if (!own.has(media.client_id) && media.state !== "uploading") tiles.push({ key: media.client_id ?? media.id, kind: media.kind, item: null, media });
  }
  return tiles.map((tile) => ({ ...tile, name: nameOf(tile) }));
}

function nameOf({ kind, item, media }) {
  const seconds = media?.duration_s ?? item?.facts?.seconds;
  if (kind === "photo") return t("media.photo_of", { name: media?.filename ?? item.filename });
  return seconds ? t(`media.${kind}_of`, { time: clock(seconds) }) : t(`media.${kind}`);
}

/** `0:07`, `1:00`. */
export function clock(seconds) {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

function newRow({ key, kind }) {
  const row = element("li", { className: "tile" },
    element("button", { className: "tile-look", type: "button" }, icon(GLYPHS[kind]), element("span", { className: "tile-time" })),
    element("p", { className: "tile-state" }, element("span"), element("progress", { max: 100 })),
    element("button", { className: "tile-remove", type: "button" }, icon("x")),
    element("button", { className: "tile-again", type: "button", hidden: true }, icon("rotate-cw"), element("span", { textContent: t("media.again") })),
  );
  row.dataset.key = key;
  row.dataset.kind = kind;
  return row;
}

function fill(row, tile, { open, address, acts }) {
  const { item, media, kind, name } = tile;
  const [look, state, removal, again] = row.children;
  const [words, bar] = state.children;
  const phase = phaseOf(tile);
  const said = wordsOf(phase, tile);
  if (SPOKEN.has(phase) && row.dataset.state && row.dataset.state !== phase) write($("media-status"), `${name}: ${said}`);
  row.dataset.state = phase;
  write(words, said);
  picture(look, tile, address, acts);
  const seconds = media?.duration_s ?? item?.facts?.seconds;
  write(look.lastElementChild, kind === "photo" || !seconds ? "" : clock(seconds));
  if (!look.hasAttribute("data-playing")) label(look, t(`media.look_${kind}`, { name }));
  // Between the last byte and the server's word for it, it lies neither here nor there to be looked at.
  look.disabled = phase === "rejected" || (media?.state !== "ready" && (!item || item.state === "stored"));
  look.onclick = () => acts.look(tile, look);
  row.toggleAttribute("data-retrying", phase === "sending" && Boolean(item.problem));
  const moving = phase === "sending" && item.size > 0;
  show(bar, moving);
  label(bar, t("media.progress", { name }));
  if (moving) bar.value = percentOf(item);
  show(again, phase === "refused" && item.problem?.code !== "file_lost");
  again.onclick = () => acts.again(tile.key);
  show(removal, phase !== "rejected" && (open || phase !== "stored"));
  label(removal, t("media.remove", { name }));
  removal.onclick = () => acts.remove(tile);
}

function phaseOf({ item, media }) {
  if (media?.state === "rejected") return "rejected";
  if (media?.state === "ready") return "stored";
  if (item && item.state !== "stored") return item.state;
  return "checking";
}

function wordsOf(phase, { item, media, kind }) {
  if (phase === "rejected") return t("media.rejected", { why: t(has(`media.why.${media.refused}`) ? `media.why.${media.refused}` : "media.why.other") });
  if (phase === "stored") return t("media.stored");
  if (phase === "checking") return t("media.checking");
  if (phase === "refused") return t("media.failed", { detail: item.problem.code === "file_lost" ? t("media.file_lost") : sentence(item.problem) });
  const kept = item.kept === false ? t("media.not_kept") : "";
  if (phase !== "sending" || (!item.url && !item.problem)) return kept || t(item.kept ? "media.kept" : "media.keeping");
  const how = item.problem ? t("media.retrying") : t(item.facts?.smaller && kind === "photo" ? "media.sending_smaller" : "media.sending", { percent: percentOf(item) });
  return kept ? `${how} · ${kept}` : how;
}

/** What has left the phone is not there yet: what the server has, as it says. */
function percentOf({ sent, size }) {
  return Math.min(99, Math.floor((sent / Math.max(size, 1)) * 100));
}

/** The small copy made here, or else the server's. */
function picture(look, { key, kind, item, media }, address, acts) {
  if (kind === "voice" || look.dataset.of) return;
  if (media?.state === "ready") {
    look.dataset.of = "server";
    look.prepend(image(`${address(media.id)}/thumb`));
  } else if (item && item.state !== "stored") {
    look.dataset.of = "phone";
    acts.picture(item).then((small) => {
      if (!small || !look.isConnected) return;
      pictures.set(key, URL.createObjectURL(small));
      look.prepend(image(pictures.get(key)));
    });
  }
}

/** Unseen until it is there, and where it does not come. */
function image(src) {
  const made = element("img", { alt: "", hidden: true, decoding: "async" });
  made.onload = () => show(made, true);
  made.onerror = () => show(made, false);
  made.src = src;
  return made;
}

function label(target, words) {
  if (target.getAttribute("aria-label") !== words) target.setAttribute("aria-label", words);
}

/** Turns the sign on a voice note's tile, while it plays. */
export function showPlaying(look, playing, name) {
  setIcon(look.querySelector(".icon"), playing ? "square" : "play");
  look.toggleAttribute("data-playing", playing);
  label(look, t(playing ? "media.stop_voice" : "media.look_voice", { name }));
}
