// Photos: taken in, made smaller where that helps, shown as tiles with how far each got.

import { $, element, icon, show, write } from "./page.js";
import { sentence, t } from "./words.js";

const MOST = 8;
const HEAVIEST = 20 * 1024 * 1024;
const LONG_SIDE = 2048; // pixels: what a dispatcher's screen can show
const TILE_SIDE = 480;
const SLOW = new Set(["slow-2g", "2g", "3g"]);

const pictures = new Map(); // key → address of the small copy

/** What the person picked, ready for the outbox: `{blob, filename, filetype}` each; and a sentence for what was not taken. */
export async function takeIn(files, already) {
  const taken = [];
  let error = "";
  for (const file of files) {
    if (already + taken.length >= MOST) error = t("photo.too_many");
    else if (!file.type.startsWith("image/") && file.type !== "") error = t("photo.not_photo", { name: file.name });
    else {
      const ready = await prepare(file);
      if (ready) taken.push(ready);
      else error = t("photo.too_large", { name: file.name });
    }
  }
  return { taken, error };
}

/** The original where the line bears it, for it is evidence; a smaller copy where it does not. */
async function prepare(file) {
  const original = { blob: file, filename: file.name, filetype: file.type || "image/jpeg" };
  const slow = SLOW.has(navigator.connection?.effectiveType) || navigator.connection?.saveData;
  if (file.size <= HEAVIEST && (!slow || file.size < 400_000)) return original;
  const smaller = await shrunk(file, LONG_SIDE, 0.82);
  if (smaller && smaller.size < file.size) {
    return { blob: smaller, filename: file.name.replace(/\.\w+$/, "") + ".jpg", filetype: "image/jpeg" };
  }
  return file.size <= HEAVIEST ? original : null;
}

/** A JPEG whose longer side has `side` pixels at most; null for what this browser cannot read. */
async function shrunk(blob, side, quality) {
  try {
    const bitmap = await createImageBitmap(blob);
    const scale = Math.min(1, side / Math.max(bitmap.width, bitmap.height));
    const canvas = element("canvas", { width: Math.round(bitmap.width * scale), height: Math.round(bitmap.height * scale) });
    canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    bitmap.close();
    return await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", quality));
  } catch {
    return null;
  }
}

/** @param {{report: object | undefined, items: object[], address: (id: string) => string, again: Function, remove: Function}} facts
 *  `items`: the outbox's photos of this report. */
export function showPhotos({ report, items, address, again, remove }) {
  const list = $("photos");
  const tiles = new Map([...list.children].map((tile) => [tile.dataset.key, tile]));
  const photos = photosOf(report, items);
  photos.forEach((photo, at) => {
    const tile = tiles.get(photo.key) ?? newTile(photo, again, remove);
    tiles.delete(photo.key);
    fill(tile, photo, address);
    if (list.children[at] !== tile) list.insertBefore(tile, list.children[at] ?? null);
  });
  for (const [key, tile] of tiles) {
    tile.remove();
    if (pictures.has(key)) URL.revokeObjectURL(pictures.get(key));
    pictures.delete(key);
  }
  show(list, photos.length > 0);
  return photos.length;
}

function photosOf(report, items) {
  const mine = new Map(items.map((item) => [item.key, item]));
  const there = (report?.media ?? []).filter((media) => media.kind === "photo");
  const photos = items
    .filter((item) => item.state !== "removing")
    .map((item) => ({ key: item.key, name: item.filename, item, media: there.find((media) => media.client_id === item.key) }));
  for (const media of there) {
    if (!mine.has(media.client_id) && media.state !== "uploading") photos.push({ key: media.client_id ?? media.id, name: media.filename, item: null, media });
  }
  return photos;
}

function newTile({ key, name }, again, remove) {
  const tile = element("li", { className: "tile" },
    element("img", { alt: name, hidden: true, decoding: "async" }),
    icon("image"),
    element("p", { className: "tile-state" }, element("span"), element("progress", { max: 100, "aria-label": t("photo.progress", { name }) })),
    element("button", { className: "tile-remove", type: "button", onclick: () => remove(key), "aria-label": t("photo.remove", { name }) }, icon("x")),
    element("button", { className: "tile-again", type: "button", onclick: () => again(key), hidden: true }, icon("rotate-cw"), element("span", { textContent: t("photo.again") })),
  );
  tile.dataset.key = key;
  return tile;
}

function fill(tile, photo, address) {
  const { item, media } = photo;
  const [image, , state, removal, again] = tile.children;
  const [words, bar] = state.children;
  picture(image, photo, address);
  const phase = media?.state === "rejected" ? "rejected" : (item?.state ?? "stored");
  tile.dataset.state = phase;
  write(words, wordsOf(phase, item, media));
  const moving = phase === "sending" && item.size > 0;
  show(bar, moving);
  if (moving) bar.value = percentOf(item);
  show(again, phase === "refused");
  show(removal, Boolean(item) && phase !== "rejected");
}

function wordsOf(phase, item, media) {
  if (phase === "rejected") return t("photo.rejected");
  if (phase === "stored") return t(media && media.state === "uploading" ? "photo.checking" : "photo.stored");
  if (phase === "refused") return t("photo.failed", { detail: sentence(item.problem) });
  if (phase !== "sending" || (!item.url && !item.problem)) return t("photo.kept");
  if (item.problem) return t("photo.retrying");
  return t("photo.sending", { percent: percentOf(item) });
}

/** What has left the phone is not there yet: the whole is said only once the server says so. */
function percentOf({ moved, sent, size }) {
  return Math.min(99, Math.floor((Math.max(moved ?? 0, sent) / size) * 100));
}

/** The small copy made here, or else the server's. */
function picture(image, { key, item, media }, address) {
  if (image.dataset.of || (!item?.blob && media?.state !== "ready")) return;
  image.onload = () => show(image, true);
  if (!item?.blob) {
    image.dataset.of = "server";
    image.src = address(media.id);
    return;
  }
  image.dataset.of = "phone";
  shrunk(item.blob, TILE_SIDE, 0.7).then((small) => {
    if (!small) return;
    pictures.set(key, URL.createObjectURL(small));
    image.src = pictures.get(key);
  });
}
