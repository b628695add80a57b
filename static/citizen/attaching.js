// What media.js loads with the first report on the screen: what the ways in the composer lead to, and the tiles.

import { disguise } from "./disguise.js";
import { stylesheet, whenIdle } from "./later.js";
import { $, show, write } from "./page.js";
import { showTiles, tilesOf } from "./tiles.js";
import { t } from "./words.js";

const PARTS = {
  looking: () => import("./looking.js"),
  offers: () => import("./offers.js"),
  photos: () => import("./photos.js"),
  picking: () => import("./picking.js"),
  video: () => import("./video.js"),
  voice: () => import("./voice.js"),
};
export const MOST = { photo: 8, video: 1, voice: 4 };
const GONE = new Set(["refused", "rejected"]);
const STYLES = new URL("./media.css", import.meta.url).pathname;

/** @param {object} client  @param {object} files  where the bytes are kept  @param {() => string} handle  what things of the
 *  report on the screen are filed under */
export function createAttaching(client, files, handle) {
  const { outbox } = client;
  let facts = null; // {report, items, open} of the report on the screen
  let recording = null; // {halt()}
  let ready = false;
  let offered = false;
  let closeLook = () => {};
  const context = { client, files, handle, attach, complain, left, load, begin, original: () => $("original-size").checked };

  /** Shows the tiles; gives how many. */
  function render(next) {
    facts = next;
    // Not before the report is there: everything else can wait.
    if (facts.report && !ready) whenIdle(makeReady);
    ready ||= Boolean(facts.report);
    if (!facts.open) recording?.halt();
    if (facts.open && !offered) offerRest();
    offered ||= facts.open;
    const acts = { again: outbox.resume, remove, look, picture };
    return showTiles({ ...facts, address: client.media, acts });
  }

  /** How many more of a kind the report takes. */
  function left(kind) {
    const there = tilesOf(facts?.report, facts?.items ?? []);
    return MOST[kind] - there.filter((tile) => tile.kind === kind && !GONE.has(tile.media?.state) && !GONE.has(tile.item?.state)).length;
  }

  async function attach(file, report = handle()) {
    const item = outbox.attach(report, file);
    $("tiles").lastElementChild?.scrollIntoView({ block: "end" });
    return item;
  }

  function remove({ key, item, media }) {
    if (item) outbox.remove(key);
    else outbox.takeBack(facts.report.id, media);
  }

  async function look(tile, button) {
    const part = await load("looking");
    if (!part || !facts) return;
    closeLook = part.closeLook;
    part.look(tile, button, context);
  }

  async function picture(item) {
    const [part, blob] = await Promise.all([item.kind === "video" ? PARTS.video() : PARTS.photos(), files.get(item.key)]);
    return blob ? part.thumbnail(blob) : null;
  }

  function complain(words) {
    write($("media-error"), words);
    show($("media-error"), words !== "");
  }

  /** A part and its looks; null, and said so, where the line did not bring them. */
  async function load(name) {
    try {
      return (await Promise.all([PARTS[name](), dress()]))[0];
    } catch {
      complain(t("media.not_loaded"));
      return null;
    }
  }

  /** Unstyled is better than not at all. */
  const dress = () => stylesheet(STYLES).catch(() => {});

  /** Everything is fetched before it is needed, for then there may be no line; and what was cut off is offered again. */
  async function makeReady() {
    dress();
    await Promise.allSettled(Object.values(PARTS).map((part) => part()));
    const photos = await PARTS.photos().catch(() => null); // a line that broke meanwhile brought nothing
    if (facts && photos) show($("original"), $("original-size").checked || photos.lineNow(client.pace()) !== "good");
  }

  /** What is left of recordings of this report that were never sent. */
  async function offerRest() {
    const rest = (await files.takes.all()).filter(({ report }) => [handle(), facts?.report?.id].includes(report));
    if (rest.length) (await load("offers"))?.offerRest(rest, context);
  }

  /** Begins to record, unless the page pretends to be another one or records already. */
  async function begin(kind) {
    if (recording || disguise()) return;
    complain("");
    if (left(kind) < 1) return complain(t(`media.${kind}_most`, { n: MOST[kind] }));
    const halting = { halt: () => (halting.halted = true) };
    recording = halting;
    try {
      const part = await load(kind);
      if (part && !halting.halted) await part.record(context, halting);
    } finally {
      recording = null;
    }
    if (facts) offerRest();
  }

  async function pick(chosen) {
    complain("");
    if (chosen.length) (await load("picking"))?.takeIn(chosen, context);
  }

  return {
    render,
    begin,
    pick,
    close() {
      recording?.halt();
      closeLook();
      facts = null;
      offered = false;
      complain("");
      $("tiles").replaceChildren();
      $("offers").replaceChildren();
      for (const id of ["tiles", "offers", "looking"]) show($(id), false);
    },
  };
}
