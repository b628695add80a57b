// Copying words, said on the button that was pressed.
import { t } from "./words.js";

const SAID_MS = 1_500;

/** Copy the words; the button's own says for a moment whether it went. */
export async function copyText(words, button) {
  let done = true;
  try {
    // Only secure origins have a clipboard; a console in a closed network may well be plain HTTP.
    if (navigator.clipboard) await navigator.clipboard.writeText(words);
    else done = copyOldWay(words, button);
  } catch {
    done = copyOldWay(words, button);
  }
  const label = [...button.childNodes].find((node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim());
  const before = label.textContent;
  label.textContent = t(done ? "copied" : "copy_failed");
  setTimeout(() => { label.textContent = before; }, SAID_MS);
}

function copyOldWay(words, button) {
  const field = document.createElement("textarea");
  field.value = words;
  field.className = "unseen";
  button.after(field); // inside an open dialog nothing outside of it can be selected
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  button.focus({ preventScroll: true });
  return done;
}
