// Writing to the reporter. Words stay in the box until the server has them; a retry carries the same id, so that the
// reporter reads them once. Each report keeps its own draft while another is in hand.
import { detailOf } from "./accept.js";
import { newId } from "./ids.js";
import { t } from "./words.js";

const drafts = new Map();
const ids = new Map();

const box = () => document.getElementById("reply-text");
const reportNow = () => document.getElementById("in-hand").dataset.report;
let picked = ""; // the words that were put in last

/** Let words be written; who must not be noticed is written to only when that is meant. False while nothing can be. */
export function openReply() {
  if (!box() || box().disabled) return false;
  document.getElementById("reply").toggleAttribute("data-page-open", true);
  document.getElementById("write")?.setAttribute("aria-expanded", "true");
  fix(false);
  box().focus();
  return true;
}

/** What a rendering from the server does not know of the field: whether its words are to be sent as they stand. */
function fix(fixed) {
  box().toggleAttribute("data-page-fixed", fixed);
  box().readOnly = fixed;
}

/** Put ready words into the field, after what somebody has written; `fixed`: to be sent as they stand or not at all,
 * until words are asked for. False while nothing can be written. */
export function putIn(words, fixed) {
  if (!openReply()) return false;
  const written = [picked, ""].includes(box().value) || fixed ? "" : `${box().value.trimEnd()}\n`;
  box().value = written + words;
  fix(fixed);
  picked = box().value;
  drafts.set(reportNow(), box().value);
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
  ctx.request.body.set("guard", document.getElementById("reply").hasAttribute("data-covert") ? "on" : "off");
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
  if (reportNow() !== ctx.reply.report || box().value !== ctx.reply.words) return;
  box().value = "";
  if (!box().readOnly) return;
  // What was fixed is gone: free words to who must not be noticed are asked for anew.
  fix(false);
  document.getElementById("reply").removeAttribute("data-page-open");
  document.getElementById("write")?.setAttribute("aria-expanded", "false");
});

document.addEventListener("htmx:error", ({ detail: { ctx } }) => {
  if (isReply(ctx)) fault(t("reply_lost"));
});

document.addEventListener("input", ({ target }) => {
  if (target !== box()) return;
  drafts.set(reportNow(), target.value);
  // Should the report turn covert meanwhile, what is being written does not vanish.
  document.getElementById("reply").toggleAttribute("data-page-open", true);
});

document.addEventListener("desk:hand", ({ detail: { report, fresh } }) => {
  if (fresh && drafts.get(report)) {
    box().value = drafts.get(report);
    document.getElementById("reply").toggleAttribute("data-page-open", true);
  }
  if (box()) box().readOnly = box().hasAttribute("data-page-fixed");
  const open = document.getElementById("reply")?.hasAttribute("data-page-open") ?? false;
  document.getElementById("write")?.setAttribute("aria-expanded", String(open));
});

document.addEventListener("click", ({ target }) => {
  if (target.closest("#write")) openReply();
});
