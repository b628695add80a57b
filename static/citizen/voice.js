// A voice note: one tap begins it, one tap ends and sends it.

import { lineNow } from "./photos.js";
import { close, recordBy } from "./recorder.js";
import { voicePlan } from "./shrink.js";
import { t } from "./words.js";

const MOST = 60; // seconds
const TYPES = ["audio/mp4", "audio/webm;codecs=opus", "audio/webm", "audio/ogg;codecs=opus"];
const QUIET = 0.01; // of the loudest
const QUIET_FOR = 3_000; // ms, until that is said

export function record(context, halting) {
  return recordBy(context, halting, {
    kind: "voice",
    constraints: { audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true } },
    types: TYPES,
    options: { audioBitsPerSecond: voicePlan(lineNow(context.client.pace())) },
    most: MOST,
    stage: meter,
  });
}

/** Shows how loud it is; says so when nothing is heard. Where sound cannot be measured, it is recorded all the same. */
function meter(stream, panel) {
  let turn = 0;
  let sound = null;
  let loud = performance.now();
  try {
    sound = new AudioContext();
    const listener = sound.createAnalyser();
    listener.fftSize = 1024;
    sound.createMediaStreamSource(stream).connect(listener);
    const wave = new Float32Array(listener.fftSize);
    panel.level.hidden = false;
    const look = () => {
      listener.getFloatTimeDomainData(wave);
      const level = Math.min(1, Math.sqrt(wave.reduce((sum, one) => sum + one * one, 0) / wave.length) * 4);
      panel.level.value = level;
      if (level > QUIET) loud = performance.now();
      panel.hint(performance.now() - loud > QUIET_FOR ? t("media.quiet") : "");
      turn = requestAnimationFrame(look);
    };
    look();
  } catch {
    panel.level.hidden = true;
  }
  return {
    stream: () => stream,
    close() {
      cancelAnimationFrame(turn);
      sound?.close();
      sound = null;
      close(stream);
    },
  };
}
