// Writing to the reporter. Words stay in the box until the server has them; a retry carries the same id, so that the
// reporter reads them once. Each report keeps its own draft while another is in hand.
import { detailOf } from "./accept.js";
import { newId } from "./ids.js";
import { t } from "./words.js";

const drafts = new Map();
const ids = new Map();

const box = () => document.getElementById("reply-text");
const reportNow = () => document.getElementById("in-hand").dataset.report;
/** Let words be written; who must not be noticed is written to only when that is meant. False while nothing can be. */
export function openReply() {
  if (!box() || box().disabled) return false;
  document.getElementById("reply").toggleAttribute("data-page-open", true);
  document.getElementById("write")?.setAttribute("aria-expanded", "true");
  box().focus();
  return true;
}

const isReply = (ctx) => ctx?.sourceElement?.id === "reply";

function fault(sentence) {
  const place = document.getElementById("reply-fault");
  if (place) place.textContent = sentence;
}

document.addEventListener("htmx:config:request", (event) => {
  const { ctx } = event.detail;
  if (!isReply(ctx)) return;
  const words = box().value;
  if (!words.trim()) {
    event.preventDefault();
    return;
  }
  const report = reportNow();
  // Other words are another message.
  if (ids.get(report)?.words !== words) ids.set(report, { id: newId(), words });
  ctx.request.body.set("client_id", ids.get(report).id);
  ctx.reply = { report, words };
  fault("");
});

document.addEventListener("htmx:after:request", ({ detail: { ctx } }) => {
  if (!isReply(ctx)) return;
  const { status } = ctx.response;
  if (status >= 400) {
    const detail = status < 500 ? detailOf(ctx) : null;
    fault(detail ? t("reply_said", { detail }) : t("reply_refused", { status }));
    return;
  }
  ids.delete(ctx.reply.report);
  if (drafts.get(ctx.reply.report) === ctx.reply.words) drafts.delete(ctx.reply.report);
  if (reportNow() === ctx.reply.report && box().value === ctx.reply.words) box().value = "";
});

document.addEventListener("htmx:error", ({ detail: { ctx } }) => {
  if (isReply(ctx)) fault(t("reply_lost"));
});

document.addEventListener("input", ({ target }) => {
  if (target === box()) drafts.set(reportNow(), target.value);
});

document.addEventListener("desk:hand", ({ detail: { report, fresh } }) => {
  if (fresh && drafts.get(report)) {
    box().value = drafts.get(report);
    document.getElementById("reply").toggleAttribute("data-page-open", true);
  }
  const open = document.getElementById("reply")?.hasAttribute("data-page-open") ?? false;
  document.getElementById("write")?.setAttribute("aria-expanded", String(open));
});

document.addEventListener("click", ({ target }) => {
  if (target.closest("#write")) openReply();
});
