// Marking whoever filed the report in hand as a nuisance, taking that away, answering appeals: on the shift leader's
// console alone. What comes of the first two stands on the card; appeals stand in the leader's strip until they are answered.
import { atTheDoor } from "./accept.js";
import { perform } from "./reason.js";
import { meta, t } from "./words.js";

const TIMEOUT_MS = 8_000;

const byId = (id) => document.getElementById(id);
const strip = byId("leader-appeals");
const list = byId("leader-appeals-list");

let report = null; // whose person is marked, or no longer
let mark = null; // that was appealed against
let answer = null;

function open(name) {
  const inHand = byId("in-hand");
  if (!inHand.dataset.report) return;
  report = inHand.dataset.report;
  byId(`${name}-number`).textContent = inHand.dataset.number;
  byId(`${name}-form`).reset();
  byId(`${name}-fault`).textContent = "";
  byId(name).showModal();
  byId(name === "mark" ? "mark-category" : `${name}-reason`).focus();
}

function submit(name, route) {
  byId(`${name}-form`).addEventListener("submit", async (event) => {
    event.preventDefault();
    const fault = byId(`${name}-fault`);
    if (!byId(`${name}-reason`).value.trim()) {
      fault.textContent = t("reason_needed");
      byId(`${name}-reason`).focus();
      return;
    }
    await perform(report, route, Object.fromEntries(new FormData(event.target)), { dialog: byId(name), fault });
  });
  byId(`${name}-close`).addEventListener("click", () => byId(name).close());
}

/** What is still to be answered; nothing, and the strip is not there. */
async function loadAppeals() {
  try {
    const response = await fetch("/console/appeals", {
      headers: { Accept: "text/html", "HX-Request": "true", "Accept-Language": document.documentElement.lang },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!atTheDoor(response) && response.ok) show(await response.text());
  } catch {
    // Asked for again by the next change of a marked person's report, and when the line comes back.
  }
}

function show(text) {
  const found = new DOMParser().parseFromString(`<ul>${text}</ul>`, "text/html");
  list.replaceChildren(...found.querySelectorAll("li"));
  strip.hidden = list.childElementCount === 0;
}

function openAppeal(item) {
  mark = item.dataset.mark;
  byId("appeal-form").reset();
  byId("appeal-fault").textContent = "";
  byId("appeal-asked").replaceChildren(item.querySelector("template").content.cloneNode(true));
  choose(null);
  byId("appeal").showModal();
  choices[0].firstElementChild.focus();
}

const choices = strip ? [...byId("appeal-choices").children] : [];

function choose(choice) {
  answer = choice?.dataset.answer ?? null;
  for (const other of choices) other.firstElementChild.setAttribute("aria-pressed", String(other === choice));
}

async function send(event) {
  event.preventDefault();
  const fault = byId("appeal-fault");
  const reason = byId("appeal-reason");
  if (!answer || !reason.value.trim()) {
    fault.textContent = t("reason_needed");
    (answer ? reason : choices[0].firstElementChild).focus();
    return;
  }
  try {
    const response = await fetch(`/console/appeals/${mark}`, {
      method: "POST",
      headers: { "X-CSRF-Token": meta("csrf-token"), "Accept-Language": document.documentElement.lang, "HX-Request": "true" },
      body: new URLSearchParams({ answer, reason: reason.value }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (atTheDoor(response)) return;
    const text = await response.text();
    if (!response.ok) {
      fault.textContent = JSON.parse(text).detail;
      return;
    }
    byId("appeal").close();
    show(text);
  } catch {
    fault.textContent = t("mark_lost");
  }
}

if (strip) {
  submit("mark", "mark");
  submit("unmark", "mark-removal");
  byId("appeal-form").addEventListener("submit", send);
  byId("appeal-close").addEventListener("click", () => byId("appeal").close());
  for (const choice of choices) {
    choice.firstElementChild.addEventListener("click", () => {
      choose(choice);
      byId("appeal-reason").focus();
    });
  }
  byId("appeal").addEventListener("keydown", (event) => {
    if (event.target === byId("appeal-reason") || event.ctrlKey || event.altKey || event.metaKey) return;
    const choice = choices[Number(event.key) - 1];
    if (!choice) return;
    event.preventDefault();
    choice.firstElementChild.click();
  });
  // The report in hand comes and goes; whoever listens for its buttons listens further up.
  document.addEventListener("click", ({ target }) => {
    if (target.closest("#mark-open")) open("mark");
    else if (target.closest("#unmark-open")) open("unmark");
    const item = target.closest("#leader-appeals-list li");
    if (item) openAppeal(item);
  });
  document.addEventListener("desk:cards", ({ detail: { changes } }) => {
    if (changes.some(({ dataset }) => dataset?.marked === "appealed")) loadAppeals();
  });
  document.addEventListener("desk:connected", loadAppeals);
  loadAppeals();
}
