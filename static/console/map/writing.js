// How places are written: in which system of coordinates, in decimals or degrees. Chosen once, kept on this computer. Every
// writing stands in the report; the stylesheet shows the one that the body names.
const KEPT = "writing";
const WRITINGS = /^(?:wgs84|gcj02|bd09)-(?:decimal|dms)$/;

const body = document.body;
const choices = () => ["writing-crs", "writing-form"].map((id) => document.getElementById(id));

document.addEventListener("change", ({ target }) => {
  if (!target.closest("#writing")) return;
  body.dataset.writing = choices().map((choice) => choice.value).join("-");
  try {
    localStorage.setItem(KEPT, body.dataset.writing);
  } catch {
    // Then it holds for this page.
  }
});

document.addEventListener("desk:hand", () => {
  body.dataset.writing.split("-").forEach((value, at) => {
    const choice = choices()[at];
    if (choice) choice.value = value;
  });
});

try {
  const kept = localStorage.getItem(KEPT);
  if (WRITINGS.test(kept ?? "")) body.dataset.writing = kept;
} catch {
  // As the page came.
}
