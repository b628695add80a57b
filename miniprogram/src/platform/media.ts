// Photos, videos and voice notes from the phone: eight photos, one video of 15 s, voice notes of a minute.

import { Kept } from "../protocol/protocol";
import { allow, privacy } from "./permissions";

export const MOST_PHOTOS = 8;
export const MOST_VOICES = 4;
const VIDEO_S = 15;
const VOICE_MS = 60_000;
const SHORTEST_MS = 800;

export interface Taken {
  kind: "photo" | "video" | "voice";
  blob: Kept;
  filename: string;
  filetype: string;
}

const TYPES: Record<string, string> = {
  jpg: "image/jpeg", jpeg: "image/jpeg", png: "image/png", webp: "image/webp", heic: "image/heic", mp4: "video/mp4", mov: "video/quicktime",
};

/** What the person picks or takes; empty when they go back. `most`: photos that the report can still take. */
export async function choose(kind: "photo" | "video", most: number, from: ("album" | "camera")[] = ["album", "camera"]): Promise<Taken[]> {
  if (!(await privacy())) return [];
  return new Promise((resolve) => {
    wx.chooseMedia({
      count: kind === "photo" ? Math.max(1, Math.min(most, MOST_PHOTOS)) : 1,
      mediaType: [kind === "photo" ? "image" : "video"],
      sourceType: from,
      maxDuration: VIDEO_S,
      sizeType: ["original", "compressed"],
      camera: "back",
      success: ({ tempFiles }) => resolve(tempFiles.map((file) => takenOf(kind, file.tempFilePath, file.size))),
      fail: () => resolve([]),
    });
  });
}

function takenOf(kind: "photo" | "video", path: string, size: number): Taken {
  const ending = /\.(\w+)$/.exec(path)?.[1].toLowerCase() ?? "";
  const filetype = TYPES[ending] ?? (kind === "photo" ? "image/jpeg" : "video/mp4");
  return { kind, blob: { path, size }, filename: `${kind}.${ending || (kind === "photo" ? "jpg" : "mp4")}`, filetype };
}

export interface Recorder {
  start(): Promise<"yes" | "no" | "settings">;
  stop(): void;
  cancel(): void;
}

/** One voice note at a time. `done` gets it, or null where there is none worth sending. */
export function createRecorder(done: (taken: Taken | null) => void): Recorder {
  const manager = wx.getRecorderManager();
  let wanted = false;
  // There is one recorder for all pages: each hears of every recording, and takes its own.
  manager.onStop(({ tempFilePath, duration, fileSize }) => {
    if (!wanted) return undefined;
    wanted = false;
    if (duration < SHORTEST_MS) return done(null);
    return done({ kind: "voice", blob: { path: tempFilePath, size: fileSize }, filename: "voice.aac", filetype: "audio/aac" });
  });
  manager.onError(() => {
    if (wanted) done(null);
    wanted = false;
  });
  return {
    async start() {
      const allowed = await allow("scope.record");
      if (allowed !== "yes") return allowed;
      wanted = true;
      manager.start({ duration: VOICE_MS, format: "aac", sampleRate: 16000, numberOfChannels: 1, encodeBitRate: 48000 });
      return "yes";
    },
    stop: () => manager.stop(),
    cancel() {
      if (wanted) manager.stop();
      wanted = false;
    },
  };
}
