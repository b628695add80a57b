// The command line: acts by their words, in Chinese, by the first letters of their pinyin, or in English; cards on the
// screen at once; any report of the desk, open or closed, by a search that the log is told of. Enter does what is chosen.
import { atTheDoor } from "./accept.js";
import { t } from "./words.js";

const TIMEOUT_MS = 10_000;
const CARDS = 5;

// Key on the desk's page, name, and what must be there for it to be done.
const ACTS = [
  ["a", "accept", null],
  ["r", "reply", "#reply-text:enabled"],
  ["e", "quick", "#pick-reply:enabled"],
  ["q", "question", "#ask-question:enabled"],
  ["p", "location", "#ask-location:enabled"],
  ["f", "photo", "#ask-photo:enabled"],
  ["v", "video", "#ask-video:enabled"],
  ["d", "duress", "#ask-duress"],
  ["h", "call", "#call-back:enabled"],
  ["i", "media", "#media"],
  ["n", "note", "#in-hand[data-report]"],
  ["b", "release", "#release"],
  ["t", "take_over", "#take-over"],
  ["z", "close", "#close-report"],
  ["y", "link", "#incident [data-link]"],
  ["u", "units", "#send-units"],
  ["z", "decide", "#decide"],
  ["5", "refer", "#refer-report"],
  ["2", "transfer", "#transfer-report"],
  ["w", "why", "#waiting .card"],
  ["x", "map", null],
  ["g", "lookup", null],
  ["c", "colleagues", null],
  ["s", "shift", null],
  ["m", "sound", null],
  ["?", "keys", null],
];

const panel = document.getElementById("command");
const field = document.getElementById("command-words");
const list = document.getElementById("command-list");
const said = document.getElementById("command-said");

let asking = null; // the request under way
let searched = ""; // the words whose finds are listed

/** Open the line; what had the focus has it again when it closes. */
export function openCommand() {
  if (panel.open) return;
  field.value = "";
  panel.showModal();
  field.focus();
  suggest();
}

const options = () => [...list.querySelectorAll('[role="option"]:not([aria-disabled])')];
const chosen = () => list.querySelector('[aria-selected="true"]');

function choose(option) {
  chosen()?.setAttribute("aria-selected", "false");
  option?.setAttribute("aria-selected", "true");
  option?.scrollIntoView({ block: "nearest" });
  if (option) field.setAttribute("aria-activedescendant", option.id);
  else field.removeAttribute("aria-activedescendant");
}

function step(way) {
  const all = options();
  if (all.length) choose(all[(all.indexOf(chosen()) + way + all.length) % all.length]);
}

/** What can be done, and which cards on the screen fit, while somebody types. */
function suggest() {
  asking?.abort();
  searched = "";
  said.textContent = "";
  const words = field.value.normalize("NFKC").trim().toLowerCase();
  list.replaceChildren(...actsFor(words), ...(words ? [...cardsFor(words), searchFor(words)] : []));
  choose(words ? options()[0] : null); // Enter on an empty line does nothing
}

function option(id, data, ...parts) {
  const row = document.createElement("li");
  row.setAttribute("role", "option");
  row.id = id;
  row.setAttribute("aria-selected", "false");
  Object.assign(row.dataset, data);
  row.append(...parts);
  return row;
}

function part(name, words) {
  const element = document.createElement(name);
  element.textContent = words;
  return element;
}

/** Whether it can be done now: its button is there and shown. The reply's field opens by its key. */
function isThere(needs) {
  const element = document.querySelector(needs);
  return Boolean(element) && (element.id === "reply-text" || element.getClientRects().length > 0);
}

function actsFor(words) {
  const fits = ([, name]) => {
    const other = t(`command_${name}_as`).toLowerCase().split(" ");
    return t(`command_${name}`).toLowerCase().includes(words) || other.some((each) => each.startsWith(words));
  };
  return ACTS.filter(([, , needs]) => !needs || isThere(needs)).filter(fits).map(([key, name]) =>
    option(`command-act-${name}`, { act: key }, part("b", t(`command_${name}`)), " ", part("kbd", key.toUpperCase())));
}

function cardsFor(words) {
  const terms = words.split(/\s+/);
  const fits = (card) => {
    const text = `${card.textContent} ${card.getAttribute("aria-label")}`.toLowerCase();
    return terms.every((term) => text.includes(term));
  };
  return [...document.querySelectorAll("#queue .card:not(.flood)")].filter(fits).slice(0, CARDS).map((card) =>
    option(`command-card-${card.dataset.report}`, { report: card.dataset.report },
      part("b", card.querySelector(".card-kind")?.textContent ?? ""), " ",
      part("span", card.querySelector(".card-words")?.textContent.trim() ?? ""), " ",
      part("small", t("command_on_screen"))));
}

function searchFor(words) {
  return option("command-search", { search: "" }, part("span", t("command_search", { words })));
}

async function search(cursor = "") {
  asking?.abort();
  const request = (asking = new AbortController());
  const timer = setTimeout(() => request.abort("timeout"), TIMEOUT_MS);
  const words = cursor ? searched : field.value.trim();
  said.textContent = t("command_searching");
  try {
    const answer = await fetch(`/console/search?${new URLSearchParams({ q: words, cursor })}`, {
      headers: { Accept: "text/html", "HX-Request": "true", "Accept-Language": document.documentElement.lang },
      signal: request.signal,
    });
    if (atTheDoor(answer)) return;
    if (!answer.ok) throw new Error((await answer.json()).detail);
    show(await answer.text(), words, cursor);
  } catch (error) {
    if (asking !== request || request.signal.reason === "left") return;
    said.textContent = error.name === "Error" && error.message ? error.message : t("command_lost");
  } finally {
    clearTimeout(timer);
    if (asking === request) asking = null;
  }
}

function show(text, words, cursor) {
  const found = [...new DOMParser().parseFromString(`<ul>${text}</ul>`, "text/html").querySelectorAll("li")];
  if (cursor) list.querySelector("#found-more")?.remove();
  else list.replaceChildren();
  list.append(...found.filter((row) => !list.querySelector(`#${CSS.escape(row.id)}`)));
  searched = words;
  const count = list.querySelectorAll(".found").length;
  said.textContent = count ? t("command_found", { n: count }) : "";
  choose(cursor ? found.find((row) => row.isConnected) : options()[0]);
}

function run() {
  const { act, report, search: wanted, cursor } = chosen()?.dataset ?? {};
  if (wanted !== undefined) search();
  else if (cursor) search(cursor);
  else if (act) leave("desk:act", { key: act });
  else if (report) leave("desk:found", { report });
}

/** Close, and then do it: the focus is where it was by then. */
function leave(name, detail) {
  panel.close();
  document.dispatchEvent(new CustomEvent(name, { detail }));
}

field.addEventListener("input", (event) => { if (!event.isComposing) suggest(); });
field.addEventListener("compositionend", suggest);

panel.addEventListener("keydown", (event) => {
  // 229: the key belongs to an input method.
  if (event.isComposing || event.keyCode === 229) return;
  const act = { ArrowDown: () => step(1), ArrowUp: () => step(-1), Enter: run }[event.key];
  if (!act) return;
  event.preventDefault();
  if (!event.repeat || event.key !== "Enter") act();
});

list.addEventListener("click", (event) => {
  const row = event.target.closest('[role="option"]:not([aria-disabled])');
  if (!row) return;
  choose(row);
  run();
});

document.getElementById("command-open").addEventListener("click", openCommand);

panel.addEventListener("close", () => {
  asking?.abort("left");
  list.replaceChildren();
  field.value = "";
});
