// A location code stands on the page no longer than it is good for, whether or not news of its report comes meanwhile.
import { now } from "./clock.js";
import { t } from "./words.js";

/** Of a card the sign goes; in the report in hand the words that the server writes afterwards take its place. */
function dropExpired() {
  for (const shown of document.querySelectorAll("[data-code-until]")) {
    if (Date.parse(shown.dataset.codeUntil) > now()) continue;
    if (shown.classList.contains("sign")) {
      shown.remove();
    } else {
      const over = document.createElement("p");
      over.className = "dim";
      over.textContent = t("code_over");
      shown.replaceWith(over);
    }
  }
}

document.addEventListener("desk:second", dropExpired);
