// Company: which colleagues look at which report, what the reporter's phone does, and how much of what it sends has come.
// This page tells which report is in hand on it while it can be seen; the server tells everybody's.
import { inHand } from "./hand.js";
import { now } from "./clock.js";
import { tell } from "./line.js";
import { lasting, meta, t } from "./words.js";

const me = meta("dispatcher");

let told = ""; // what the server knows to be in hand here
let looking = {};
let phones = {};
let arriving = {};

function tellLooking() {
  const report = document.visibilityState === "visible" ? inHand() ?? "" : "";
  if (report !== told && tell({ type: "looking", report: report || null })) told = report;
}

const others = (report) => (looking[report] ?? []).filter((number) => number !== me);

function paint() {
  for (const card of document.querySelectorAll("#queue .card")) {
    const numbers = others(card.dataset.report);
    if (!numbers.length) card.removeAttribute("data-page-looking");
    else if (card.dataset.pageLooking !== says(numbers)) card.dataset.pageLooking = says(numbers);
  }
  const report = inHand();
  const numbers = report ? others(report) : [];
  write("looking", numbers.length ? says(numbers) : "");
  const phone = phones[report];
  write("phone-state", phone ? phoneSays(phone) : "", phone && (phone.writing ? "writing" : phone.on ? "on" : "off"));
  for (const tile of document.querySelectorAll('.tile[data-state="uploading"]')) {
    const media = tile.id.replace("media-", "");
    paintComing(media, arriving[report]?.[media]);
  }
}

/** How much of an upload has come, as a bar and in words; where nothing is known of it, its size alone. */
function paintComing(media, came) {
  const bar = document.getElementById(`coming-${media}`);
  const { size } = document.getElementById(`came-${media}`).dataset;
  bar.hidden = !came;
  if (came && bar.value !== came.percent) bar.value = came.percent;
  write(`came-${media}`, came ? cameSays(came, size) : size, came?.still_since ? "still" : "");
}

function cameSays({ percent, still_since: since }, size) {
  if (percent === 100) return t("came_whole");
  return since ? t("came_still", { percent, ago: lasting(now() - Date.parse(since)) }) : t("came", { percent, size });
}

const says = (numbers) => t("looking", { numbers: numbers.join(" ") });

function phoneSays({ on, writing, since }) {
  if (writing) return t("phone_writing");
  if (on) return t("phone_on");
  return since ? t("phone_off", { ago: lasting(now() - Date.parse(since)) }) : t("phone_gone");
}

function write(id, words, state = "") {
  const place = document.getElementById(id);
  if (!place) return;
  if (place.textContent !== words) place.textContent = words;
  if ((place.dataset.pageState ?? "") !== (state ?? "")) place.dataset.pageState = state ?? "";
}

document.addEventListener("desk:company", ({ detail }) => {
  ({ looking, phones, arriving } = detail);
  paint();
});
document.addEventListener("desk:connected", () => {
  told = "";
  tellLooking();
});
for (const moved of ["desk:hand", "visibilitychange"]) {
  document.addEventListener(moved, () => {
    tellLooking();
    paint();
  });
}
document.addEventListener("desk:cards", paint);
// "Offline for 12 s" ticks.
document.addEventListener("desk:second", paint);
