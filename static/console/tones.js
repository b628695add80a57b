// What makes sound, for everything on the page that wants to be heard.

const TONE_S = 0.14;

let audio = null;

/** `running`; `blocked` until somebody has pressed a key or clicked, as browsers want it; `none` on a machine without. */
export function hearing() {
  // Before, there is nothing to be had of it but a complaint.
  if (navigator.userActivation && !navigator.userActivation.hasBeenActive) return "blocked";
  try {
    audio ??= new AudioContext();
  } catch {
    return "none";
  }
  // A browser lets a page that was just touched be heard, but only when asked again.
  if (audio.state === "suspended") audio.resume();
  return audio.state === "running" ? "running" : "blocked";
}

/** Plays tones, each `[Hz, seconds from now]`, as loud as said (0 to 1). False when nothing can be heard. */
export function play(tones, loudness) {
  if (hearing() !== "running") return false;
  for (const [pitch, at] of tones) tone(pitch, audio.currentTime + at, loudness);
  return true;
}

function tone(pitch, at, loudness) {
  const [wave, volume] = [audio.createOscillator(), audio.createGain()];
  wave.frequency.value = pitch;
  volume.gain.setValueAtTime(loudness, at);
  volume.gain.exponentialRampToValueAtTime(0.001, at + TONE_S);
  wave.connect(volume).connect(audio.destination);
  wave.start(at);
  wave.stop(at + TONE_S);
}
