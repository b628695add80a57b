// Photos at large: one after the other by the arrow keys, turned by R. What is opened here stands in the desk's log.
const viewer = document.getElementById("viewer");
const image = viewer.querySelector("img");
const caption = viewer.querySelector(".viewer-caption");
const hand = document.getElementById("hand");

const NOTHING = image.getAttribute("src"); // a picture of ours: an <img> has to have one
let shown = ""; // the address of the photo that is open
let turns = 0;

const photos = () => [...hand.querySelectorAll("a[data-view]")];

function show(photo) {
  shown = photo.getAttribute("href");
  image.src = photo.href;
  image.alt = photo.getAttribute("aria-label");
  const all = photos();
  caption.textContent = `${all.indexOf(photo) + 1}/${all.length} · ${photo.dataset.caption}`;
  turnTo(0);
  viewer.toggleAttribute("data-only", all.length < 2);
}

function turnTo(quarter) {
  turns = quarter % 4;
  image.dataset.turned = String(turns);
}

function step(way) {
  const all = photos();
  const at = all.findIndex((photo) => photo.getAttribute("href") === shown);
  if (all.length) show(all[(at + way + all.length) % all.length]);
}

const acts = { ArrowLeft: () => step(-1), ArrowRight: () => step(1), r: () => turnTo(turns + 1) };

hand.addEventListener("click", (event) => {
  const photo = event.target.closest("a[data-view]");
  if (!photo || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  show(photo);
  viewer.showModal();
});

viewer.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const act = acts[event.key] ?? acts[event.key.toLowerCase()];
  if (!act) return;
  event.preventDefault();
  act();
});

viewer.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-act]");
  if (button) acts[button.dataset.act]();
});

// Back to where the thumb was pressed, also when another photo was open by then.
viewer.addEventListener("close", () => {
  image.src = NOTHING;
  photos().find((photo) => photo.getAttribute("href") === shown)?.focus({ preventScroll: true });
});
