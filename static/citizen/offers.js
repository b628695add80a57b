// What somebody has to decide before it goes: a recording that was cut off, a video that is too long.

import { canCut, cut } from "./cutting.js";
import { $, element, show, write } from "./page.js";
import { sendTake } from "./recorder.js";
import { abandoned } from "./take.js";
import { clock } from "./tiles.js";
import { t } from "./words.js";
import { LONGEST } from "./video.js";

/** Recordings of this report that were never sent: to be sent or thrown away. */
export async function offerRest(takes, context) {
  const { client, files } = context;
  for (const take of await abandoned(takes)) {
    if (client.outbox.get(take.key)) continue;
    offer(take.key, t(`media.${take.kind}_rest`, { time: clock(take.seconds) }), {
      [t("media.send")]: async () => sendTake(take, { ...take, blob: await files.takes.whole(take) }, context),
      [t("media.throw_away")]: () => files.takes.remove(take.key),
    });
  }
}

/** A video longer than the desk takes: its beginning, or nothing. */
export function offerCut(file, seconds, context) {
  const key = context.client.uuid();
  const report = context.handle();
  const words = t("media.video_long", { name: file.name, time: clock(seconds), n: LONGEST });
  offer(key, words, {
    ...(canCut() ? { [t("media.cut", { n: LONGEST })]: () => cutAndSend(file, { key, kind: "video", report }, context) } : {}),
    [t(canCut() ? "media.not_send" : "media.understood")]: () => {},
  });
}

async function cutAndSend(file, facts, context) {
  const row = offer(facts.key, t("media.cutting", { n: 0, most: LONGEST }), {});
  const made = await cut(file, context, facts, (seconds) => write(row.firstElementChild, t("media.cutting", { n: Math.floor(seconds), most: LONGEST })));
  row.remove();
  if (made) await sendTake(facts, made, context);
  else context.complain(t("media.cut_failed"));
}

/** One thing to decide; a press of any of `acts` (words → what is done) takes it away. */
function offer(key, words, acts) {
  const list = $("offers");
  const [old] = [...list.children].filter((row) => row.dataset.key === key);
  const row = element("li", { className: "offer" }, element("p", { textContent: words, role: "status" }), element("div", { className: "offer-acts" }));
  row.dataset.key = key;
  for (const [name, act] of Object.entries(acts)) row.lastElementChild.append(element("button", { className: "plain", type: "button", textContent: name, onclick: () => done(row, act) }));
  if (old) old.replaceWith(row);
  else list.append(row);
  show(list, true);
  return row;
}

async function done(row, act) {
  for (const button of row.querySelectorAll("button")) button.disabled = true;
  const rest = act();
  row.remove();
  show($("offers"), $("offers").childElementCount > 0);
  await rest;
}
