// Voice notes and videos: played, stopped, sought in, made slower and faster; a video frame by frame. One thing sounds
// at a time. By keyboard: Space or K plays, < and > change the speed, , and . go a frame (a moment of a voice note).
import { askOriginal } from "./original.js";

const RATES = [0.5, 0.75, 1, 1.25, 1.5, 2];
const FRAME_S = 1 / 30; // what we make has at most so many a second
const MOMENT_S = 0.5;

const hand = document.getElementById("hand");

const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
const rowOf = (element) => element.closest?.(".voice, .tile-video");
const mediaOf = (row) => row.querySelector("[data-play]");

function toggle(row) {
  const media = mediaOf(row);
  if (!media.paused) media.pause();
  // Refused when it is paused before it began, or cannot be loaded: then it is not playing, and says so.
  else media.play().catch(() => paint(row));
}

/** One speed slower or faster. */
function change(row, way) {
  const media = mediaOf(row);
  const next = RATES[RATES.indexOf(media.playbackRate) + way];
  if (next) media.playbackRate = next;
}

/** A frame of a video, a moment of a voice note. */
function step(row, way) {
  const media = mediaOf(row);
  media.pause();
  const length = media.tagName === "VIDEO" ? FRAME_S : MOMENT_S;
  media.currentTime = Math.min(media.duration || Infinity, Math.max(0, media.currentTime + way * length));
  paint(row); // what is not loaded yet tells nothing of it
}

const acts = {
  k: toggle,
  "<": (row) => change(row, -1),
  ">": (row) => change(row, 1),
  ",": (row) => step(row, -1),
  ".": (row) => step(row, 1),
  o: (row) => askOriginal(row.dataset.media),
};

function paint(row) {
  const media = mediaOf(row);
  row.querySelector(".rate-now").textContent = `${media.playbackRate}×`;
  if (!row.matches(".voice")) return;
  const playing = !media.paused && !media.ended;
  row.toggleAttribute("data-page-playing", playing);
  row.querySelector(".voice-play").setAttribute("aria-pressed", String(playing));
  const seconds = Math.min(media.currentTime, Number(row.dataset.seconds));
  row.querySelector(".voice-now").textContent = clock(seconds);
  const track = row.querySelector("input");
  track.value = String(seconds);
  track.setAttribute("aria-valuetext", clock(seconds));
  row.style.setProperty("--played", String(seconds / (Number(row.dataset.seconds) || 1)));
}

hand.addEventListener("click", (event) => {
  const play = event.target.closest(".voice-play");
  if (play) toggle(rowOf(play));
  const button = event.target.closest("[data-playing]");
  if (button) acts[button.dataset.playing](rowOf(button));
});

hand.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
  const row = rowOf(event.target);
  const act = acts[event.key] ?? acts[event.key.toLowerCase()];
  if (!row || !act) return;
  event.preventDefault();
  act(row);
});

hand.addEventListener("input", (event) => {
  const row = event.target.matches(".voice input") && rowOf(event.target);
  if (!row) return;
  mediaOf(row).currentTime = Number(event.target.value);
  paint(row);
});

// What media tell does not bubble, so it is heard on its way down.
for (const name of ["play", "pause", "ended", "timeupdate", "seeked", "error", "loadedmetadata", "ratechange"]) {
  hand.addEventListener(name, ({ target }) => {
    if (name === "play") alone(target);
    const row = target.matches?.("[data-play]") && rowOf(target);
    if (row) paint(row);
  }, true);
}

function alone(playing) {
  for (const other of hand.querySelectorAll("[data-play]")) if (other !== playing) other.pause();
}
