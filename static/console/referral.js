// Referring a report to 12345, or to the 110 of another place: the key, and a ready reason by its digit. Its reporter is
// told whom to call by the server, in their language.
import { say } from "./notices.js";
import { meant, perform } from "./reason.js";
import { readyReasons } from "./ready_reasons.js";
import { meta, t } from "./words.js";

const dialog = document.getElementById("referral");
const form = document.getElementById("referral-form");
const elsewhere = document.getElementById("referral-elsewhere");
const where = document.getElementById("referral-where");
const number = document.getElementById("referral-number");
const field = document.getElementById("referral-reason");
const fault = document.getElementById("referral-fault");
const ready = document.getElementById("referral-ready");

let asked = null; // the report that is being referred

/** Ask to whom the report in one's hands goes, and why. What cannot be referred is said instead. */
export function askReferral(card) {
  const { report, number: named, dispatcher: handler, status, releasedAt, receivedAt } = card?.dataset ?? {};
  if (!receivedAt || status === "closed" || !(releasedAt || handler === meta("dispatcher"))) {
    say("said", t("close_not_mine"));
    return;
  }
  asked = report;
  document.getElementById("referral-title").textContent = t("refer_title", { number: named });
  form.reset();
  fault.textContent = "";
  // Where the place of the report in hand lies outside of the province, that is where it goes.
  const button = document.getElementById("refer-report");
  const outside = button?.closest("#in-hand")?.dataset.report === report ? button.dataset.outside : "";
  form.elements.to.value = outside ? "elsewhere" : "12345";
  where.value = outside;
  number.value = "110";
  turn();
  dialog.showModal();
  (outside ? number : field).focus();
}

/** The fields and the ready reasons of what was chosen. */
function turn() {
  const away = form.elements.to.value === "elsewhere";
  elsewhere.hidden = !away;
  readyReasons(ready, field, t(away ? "refer_elsewhere_reasons" : "refer_reasons"), refer);
}

async function refer(reason) {
  const away = form.elements.to.value === "elsewhere";
  if (away && !where.value.trim()) {
    fault.textContent = t("refer_where");
    where.focus();
    return;
  }
  const to = away ? { number: number.value, where: where.value } : {};
  await perform(asked, "closing", { outcome: "referred", reason, ...to }, { dialog, fault });
}

form.addEventListener("change", ({ target }) => {
  if (target.name !== "to") return;
  turn();
  if (!elsewhere.hidden) where.focus();
});

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (field.value.trim()) refer(field.value);
  else fault.textContent = t("reason_needed");
});

document.getElementById("referral-close").addEventListener("click", () => dialog.close());

document.addEventListener("click", ({ target }) => {
  if (target.closest("#refer-report")) askReferral(meant());
});
