// The way of a recording, of a voice note and a video alike: permission, beginning, ending, and on its way to the desk.

import { openPanel } from "./panel.js";
import { takeIn } from "./picking.js";
import { startTake } from "./take.js";
import { t } from "./words.js";

const TICK = 200;
const SHORTEST = 0.8; // seconds: less was no recording
const SPARE = 300; // ms: a recorder takes a little longer to end than it was told

/** @param {object} context  of media.js  @param {{halt: () => void}} halting  whose `halt` ends it from outside
 *  @param {{kind: string, constraints: object, lesser?: object, types: string[], options: object, most: number,
 *  stage: (stream: MediaStream, panel: object) => {stream(): MediaStream, begin?(): Promise<void>, close(): void}}} plan  `lesser`: what
 *  is asked for where there is not all; `most`: seconds */
export async function recordBy(context, halting, plan) {
  const halted = new Promise((resolve) => {
    halting.halt = () => resolve("halt");
  });
  const panel = openPanel(plan.kind, plan.most);
  let stage = null;
  try {
    panel.asking();
    const stream = await streamOf(plan, Promise.race([panel.pressed(), halted]));
    if (stream instanceof MediaStream) {
      stage = plan.stage(stream, panel);
      if (await begun(plan, panel, halted)) await take(context, plan, panel, halted, stage);
    } else if (stream !== null) await fallBack(context, panel, halted, stream.name);
  } finally {
    stage?.close();
    panel.close();
  }
}

/** The stream; null where the person thought better of it; the error where there is none. */
export async function streamOf({ constraints, lesser = null }, stopped) {
  if (!navigator.mediaDevices?.getUserMedia || !window.MediaRecorder) return new DOMException("", "NotSupportedError");
  const ask = (wanted) => navigator.mediaDevices.getUserMedia(wanted);
  const asked = ask(constraints).catch((error) => (lesser ? ask(lesser) : error)).catch((error) => error);
  const got = await Promise.race([asked, stopped]);
  if (got instanceof MediaStream || got instanceof Error) return got;
  asked.then((late) => late instanceof MediaStream && close(late));
  return null;
}

export function close(stream) {
  for (const track of stream.getTracks()) track.stop();
}

/** A voice note begins by itself, a video when it points at something. */
async function begun({ kind }, panel, halted) {
  if (kind === "voice") return true;
  panel.ready();
  return (await Promise.race([panel.pressed(), halted])) === "main";
}

async function take(context, plan, panel, halted, stage) {
  const { client, files, handle } = context;
  const facts = { key: client.uuid(), kind: plan.kind, report: handle() };
  const one = startTake({ ...plan, most: plan.most * 1000 - SPARE, stream: stage.stream(), files, facts });
  panel.recording();
  const ticking = setInterval(() => panel.tick(one.seconds()), TICK);
  const how = await Promise.race([panel.pressed(), one.full, one.cut, halted]);
  clearInterval(ticking);
  const made = await one.finish();
  stage.close();
  if (how === "cancel") await files.takes.remove(facts.key);
  // Nobody has said that it should go: it is offered.
  else if (how === "halt" || how === "cut") await files.takes.note({ ...facts, filetype: made.filetype, seconds: made.seconds }).catch(() => {});
  else if (made.seconds < SHORTEST || made.blob.size === 0) {
    await files.takes.remove(facts.key);
    context.complain(t("media.too_short"));
  } else sendTake(facts, made, context);
}

/** On its way; its pieces are given up once the whole is kept. */
export async function sendTake({ key, kind, report }, { blob, filetype, seconds }, { client, files, attach }) {
  const filename = `${kind}-${new Date().toTimeString().slice(0, 8).replace(/:/g, "")}.${suffixOf(filetype)}`;
  const item = await attach({ key, kind, blob, filename, filetype, facts: { seconds } }, report);
  if (item.kept || client.outbox.get(key) === undefined) await files.takes.remove(key);
}

function suffixOf(filetype) {
  const type = filetype.split(";")[0];
  return { "audio/mp4": "m4a", "audio/ogg": "ogg", "video/mp4": "mp4" }[type] ?? "webm";
}

/** Why not, in words; and the phone's own recorder or camera instead. */
async function fallBack(context, panel, halted, name) {
  const why = { NotAllowedError: "refused_permission", SecurityError: "refused_permission", NotFoundError: "refused_none", NotReadableError: "refused_busy" }[name];
  panel.refused(why ?? "refused_other");
  const chosen = await Promise.race([panel.pressed(), halted]);
  if (Array.isArray(chosen) && chosen.length) await takeIn(chosen, context);
}
