// Why a waiting card stands where it stands: said on the card itself, when it is asked for. Not kept over a reload.
const queue = document.getElementById("queue");

const told = () => queue.querySelector(".card[data-page-why]");

/** Say it on a card, or say it no more. Gives whether it is said now. */
export function toggleWhy(card) {
  const before = told();
  before?.removeAttribute("data-page-why");
  if (!card?.querySelector(".card-why") || before === card) return false;
  card.setAttribute("data-page-why", "");
  card.scrollIntoView({ block: "nearest" });
  return true;
}

/** Say no more; false when nothing was said. */
export function closeWhy() {
  const before = told();
  before?.removeAttribute("data-page-why");
  return Boolean(before);
}

// It is said of the chosen card alone.
document.addEventListener("desk:chosen", () => {
  const before = told();
  if (before && before.getAttribute("aria-current") !== "true") before.removeAttribute("data-page-why");
});
