// The sealed original: asked for with a reason, told by the log, and saved as a file of bytes that nothing here opens.
import { atTheDoor } from "./accept.js";
import { meta, t } from "./words.js";

const TIMEOUT_MS = 60_000; // up to 60 MiB

const panel = document.getElementById("original");
const reasons = document.getElementById("original-reasons");
const fault = document.getElementById("original-fault");
const done = document.getElementById("original-done");

let media = "";
let asking = null; // the request under way

/** Ask why the original of a medium is opened. */
export function askOriginal(id) {
  media = id;
  clear();
  panel.showModal();
  reasons.querySelector("button").focus();
}

function clear() {
  asking?.abort();
  asking = null;
  fault.textContent = "";
  done.textContent = "";
}

async function ask(reason) {
  if (asking) return;
  clear();
  const request = (asking = new AbortController());
  const timer = setTimeout(() => request.abort(), TIMEOUT_MS);
  done.textContent = t("original_loading");
  try {
    const answer = await fetch(`/console/media/${media}/original`, {
      method: "POST",
      headers: { "X-CSRF-Token": meta("csrf-token"), "Accept-Language": document.documentElement.lang },
      body: new URLSearchParams({ reason }),
      signal: request.signal,
    });
    if (atTheDoor(answer)) return;
    if (!answer.ok) throw new Error((await answer.json()).detail);
    save(await answer.blob(), /filename="([^"]+)"/.exec(answer.headers.get("content-disposition"))[1]);
    done.textContent = t("original_saved");
  } catch (error) {
    if (asking !== request) return;
    done.textContent = "";
    fault.textContent = error.message && !(error instanceof TypeError) && error.name === "Error" ? error.message : t("original_lost");
  } finally {
    clearTimeout(timer);
    if (asking === request) asking = null;
  }
}

function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), TIMEOUT_MS);
}

reasons.addEventListener("click", (event) => {
  const button = event.target.closest("[data-reason]");
  if (button) ask(button.dataset.reason);
});

panel.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const reason = reasons.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (!reason) return;
  event.preventDefault();
  reason.click();
});

panel.addEventListener("close", clear);
