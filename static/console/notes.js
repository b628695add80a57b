// Notes for colleagues about the report in hand. What did not come through keeps its words and its id, so that pressing
// again keeps it once.
import { detailOf } from "./accept.js";
import { newId } from "./ids.js";
import { t } from "./words.js";

const ids = new Map();

const box = () => document.getElementById("note-text");
const reportNow = () => document.getElementById("in-hand").dataset.report;
const isNote = (ctx) => ctx?.sourceElement?.id === "note";

/** Let a note be written. */
export function openNote() {
  box()?.scrollIntoView({ block: "nearest" });
  box()?.focus();
}

function fault(sentence) {
  const place = document.getElementById("note-fault");
  if (place) place.textContent = sentence;
}

document.addEventListener("htmx:config:request", (event) => {
  const { ctx } = event.detail;
  if (!isNote(ctx)) return;
  const words = box().value;
  if (!words.trim()) {
    event.preventDefault();
    return;
  }
  const report = reportNow();
  if (ids.get(report)?.words !== words) ids.set(report, { id: newId(), words });
  ctx.request.body.set("client_id", ids.get(report).id);
  ctx.note = { report, words };
  fault("");
});

document.addEventListener("htmx:after:request", ({ detail: { ctx } }) => {
  if (!isNote(ctx)) return;
  const { status } = ctx.response;
  if (status >= 400) {
    fault((status < 500 ? detailOf(ctx) : null) ?? t("note_refused", { status }));
    return;
  }
  ids.delete(ctx.note.report);
  if (reportNow() === ctx.note.report && box().value === ctx.note.words) box().value = "";
  document.dispatchEvent(new CustomEvent("desk:stale")); // read anew, with the note in it
});

document.addEventListener("htmx:error", ({ detail: { ctx } }) => {
  if (isNote(ctx)) fault(t("note_lost"));
});
