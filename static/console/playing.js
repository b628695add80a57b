// Voice notes: played, stopped and sought in. One thing sounds at a time, a video too.
const hand = document.getElementById("hand");

const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
const rowOf = (element) => element.closest?.(".voice");

function toggle(row) {
  const sound = row.querySelector("audio");
  if (!sound.paused) sound.pause();
  // Refused when it is paused before it began, or cannot be loaded: then it is not playing, and says so.
  else sound.play().catch(() => paint(row));
}

function paint(row) {
  const sound = row.querySelector("audio");
  const playing = !sound.paused && !sound.ended;
  row.toggleAttribute("data-page-playing", playing);
  row.querySelector(".voice-play").setAttribute("aria-pressed", String(playing));
  const seconds = Math.min(sound.currentTime, Number(row.dataset.seconds));
  row.querySelector(".voice-now").textContent = clock(seconds);
  const track = row.querySelector("input");
  track.value = String(seconds);
  track.setAttribute("aria-valuetext", clock(seconds));
  row.style.setProperty("--played", String(seconds / (Number(row.dataset.seconds) || 1)));
}

hand.addEventListener("click", (event) => {
  const button = event.target.closest(".voice-play");
  if (button) toggle(rowOf(button));
});

hand.addEventListener("input", (event) => {
  const row = event.target.matches(".voice input") && rowOf(event.target);
  if (!row) return;
  row.querySelector("audio").currentTime = Number(event.target.value);
  paint(row);
});

// What media tell does not bubble, so it is heard on its way down.
for (const name of ["play", "pause", "ended", "timeupdate", "seeked", "error", "loadedmetadata"]) {
  hand.addEventListener(name, ({ target }) => {
    if (name === "play") alone(target);
    const row = rowOf(target);
    if (row) paint(row);
  }, true);
}

function alone(playing) {
  for (const other of hand.querySelectorAll("[data-play]")) if (other !== playing) other.pause();
}
