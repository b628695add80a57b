// Handing the report in hand out, by the shift leader alone: why, and in which form. The log tells it first.
import { atTheDoor } from "./accept.js";
import { meta, t } from "./words.js";

const TIMEOUT_MS = 180_000; // with all its media, up to 220 MiB

const panel = document.getElementById("export");

let report = "";
let asking = null; // the request under way

function open() {
  const inHand = document.getElementById("in-hand");
  if (!inHand) return;
  report = inHand.dataset.report;
  document.getElementById("export-number").textContent = inHand.dataset.number;
  document.getElementById("export-reason").value = "";
  document.getElementById("export-of").hidden = !inHand.dataset.incident;
  document.getElementById("export-incident").checked = false;
  clear();
  panel.showModal();
  document.getElementById("export-reason").focus();
}

function clear() {
  asking?.abort();
  asking = null;
  say("", "");
}

function say(done, fault) {
  document.getElementById("export-done").textContent = done;
  document.getElementById("export-fault").textContent = fault;
}

async function ask(event) {
  event.preventDefault();
  if (asking) return;
  const request = (asking = new AbortController());
  const timer = setTimeout(() => request.abort(), TIMEOUT_MS);
  say(t("export_making"), "");
  try {
    const answer = await fetch(`/console/reports/${report}/export`, {
      method: "POST",
      headers: { "X-CSRF-Token": meta("csrf-token"), "Accept-Language": document.documentElement.lang },
      body: new URLSearchParams(new FormData(event.target)),
      signal: request.signal,
    });
    if (atTheDoor(answer)) return;
    if (!answer.ok) throw new Error((await answer.json()).detail);
    save(await answer.blob(), /filename="([^"]+)"/.exec(answer.headers.get("content-disposition"))[1]);
    if (asking === request) say(t("export_saved"), "");
  } catch (error) {
    if (asking !== request) return;
    say("", error.message && error.name === "Error" ? error.message : t("export_lost"));
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

if (panel) {
  // The report in hand comes and goes; whoever listens for its button listens further up.
  document.addEventListener("click", (event) => {
    if (event.target.closest("#export-open")) open();
  });
  document.getElementById("export-ask").addEventListener("submit", ask);
  panel.addEventListener("close", clear);
}
