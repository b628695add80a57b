// Transferring a report to another desk: the key, a desk (by code, name or pinyin initials; those around the place stand
// first), a reason. The same key takes it back as long as the other desk has not answered.
import { atTheDoor } from "./accept.js";
import { say } from "./notices.js";
import { meant, perform } from "./reason.js";
import { readyReasons } from "./ready_reasons.js";
import { meta, t } from "./words.js";

const TIMEOUT_MS = 8_000;

const dialog = document.getElementById("transfer");
const form = document.getElementById("transfer-form");
const field = document.getElementById("transfer-desk");
const list = document.getElementById("transfer-list");
const said = document.getElementById("transfer-said");
const reason = document.getElementById("transfer-reason");
const fault = document.getElementById("transfer-fault");
// What fails without the dialog is said aloud.
const aloud = { set textContent(words) { if (words) say("fault", words); } };

let asked = null; // the report that is to go

/** Ask to which desk the report in one's hands goes; or take back what another desk was asked for. */
export function askTransfer() {
  const { report, number, dispatcher: handler, status, receivedAt, going } = meant()?.dataset ?? {};
  if (going) {
    perform(report, "transfer-recall", {}, { dialog, fault: aloud });
    return;
  }
  if (!receivedAt || status === "closed" || handler !== meta("dispatcher")) {
    say("said", t("transfer_not_mine"));
    return;
  }
  asked = report;
  document.getElementById("transfer-title").textContent = t("transfer_title", { number });
  form.reset();
  fault.textContent = "";
  list.replaceChildren();
  readyReasons(document.getElementById("transfer-ready"), reason, t("transfer_reasons"), send);
  dialog.showModal();
  field.focus();
  load(report);
}

async function load(report) {
  said.textContent = t("transfer_loading");
  try {
    const answer = await fetch(`/console/reports/${report}/transfer-desks`, {
      headers: { Accept: "text/html", "HX-Request": "true", "Accept-Language": document.documentElement.lang },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (atTheDoor(answer)) return;
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    const found = new DOMParser().parseFromString(`<ul>${await answer.text()}</ul>`, "text/html");
    if (report !== asked) return;
    list.replaceChildren(...found.querySelectorAll("li"));
    suggest();
  } catch {
    if (report === asked) said.textContent = t("transfer_lost");
  }
}

const chosen = () => list.querySelector('[aria-selected="true"]');
const shown = () => [...list.children].filter((row) => !row.hidden);

function choose(row) {
  chosen()?.setAttribute("aria-selected", "false");
  row?.setAttribute("aria-selected", "true");
  row?.scrollIntoView({ block: "nearest" });
  if (row) field.setAttribute("aria-activedescendant", row.id);
  else field.removeAttribute("aria-activedescendant");
}

/** The desks that fit what was typed: each word must begin a code, a name or its initials, or stand in the name. */
function suggest() {
  const words = field.value.normalize("NFKC").trim().toLowerCase().split(/\s+/).filter(Boolean);
  for (const row of list.children) {
    const [code, name, initials, ...spelt] = row.dataset.foundBy.split(" ");
    row.hidden = !words.every((word) => (
      name.includes(word) || [code, initials, ...spelt].some((part) => part.startsWith(word))
    ));
  }
  said.textContent = shown().length ? "" : t("transfer_none");
  choose(shown()[0]);
}

function step(way) {
  const rows = shown();
  if (rows.length) choose(rows[(rows.indexOf(chosen()) + way + rows.length) % rows.length]);
}

async function send(words) {
  const row = chosen();
  if (!row || row.hidden) {
    fault.textContent = t("transfer_desk_needed");
    field.focus();
    return;
  }
  await perform(asked, "transfer", { desk: row.dataset.desk, reason: words }, { dialog, fault });
}

field.addEventListener("input", (event) => { if (!event.isComposing) suggest(); });
field.addEventListener("compositionend", suggest);
field.addEventListener("keydown", (event) => {
  if (event.isComposing || event.keyCode === 229) return;
  const act = { ArrowDown: () => step(1), ArrowUp: () => step(-1), Enter: taken }[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

/** The desk is chosen: its name stands in the field, and the reason comes next. */
function taken() {
  const row = chosen();
  if (!row || row.hidden) return;
  field.value = row.querySelector("b").textContent;
  suggest();
  choose(row);
  reason.focus();
}

list.addEventListener("click", (event) => {
  const row = event.target.closest("li");
  if (!row) return;
  choose(row);
  taken();
});

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (reason.value.trim()) send(reason.value);
  else fault.textContent = t("reason_needed");
});

document.getElementById("transfer-close").addEventListener("click", () => dialog.close());

document.addEventListener("click", ({ target }) => {
  if (target.closest("#transfer-report")) askTransfer();
});
