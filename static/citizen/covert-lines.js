// What is said both ways, as lines that name nothing. A press shows the words of one for a few seconds.

import { $, element, show, write } from "./page.js";
import { minuteOf } from "./covert-look.js";
import { isMedia } from "./protocol.js";
import { t } from "./words.js";

const OPEN_FOR = 12_000;
const YES = /^(是|是的|有|能|在|可以|好|对|yes|y)$/i;
const NO = /^(否|不|不是|没有|不能|不在|不可以|no|n)$/i;

/** @param {{report: object | undefined, item: object | undefined, belonging: object[], look: string,
 *  act: (request: object, answer: string | null, way?: string) => any, filming: number | null, over: object[]}} facts  `filming`:
 *  seconds of the video that is being made; `over`: pictures that did not go. Oldest first; what is there stays as it is. */
export function showLines({ report, item, belonging, look, act, filming, over }) {
  const lines = linesOf(report, item, belonging, over);
  const list = $("covert-lines");
  const rows = new Map([...list.children].map((row) => [row.dataset.key, row]));
  lines.forEach((line, at) => {
    const row = rows.get(line.key) ?? newRow(line, act);
    rows.delete(line.key);
    write(row.firstElementChild, `${t(`covert.${look}.${line.name}`)} · ${minuteOf(line.at)}${line.failed ? ` · ${t("covert.ask.refused")}` : line.sent ? "" : " …"}${seconds(line, filming)}`);
    if (list.children[at] !== row) list.insertBefore(row, list.children[at] ?? null);
    const ways = row.querySelector(".covert-answers");
    if (ways) show(ways, !line.settled);
    const film = row.querySelector("[data-film]");
    if (film && !film.disabled) write(film, t(filming === null ? "covert.ask.film" : "covert.ask.film_end"));
  });
  for (const row of rows.values()) row.remove();
  show(list, lines.length > 0);
}

/** Nothing said stays readable. */
export function closeLines() {
  $("covert-lines").replaceChildren();
}

function linesOf(report, item, belonging, over) {
  const lines = [];
  const own = report?.text || item?.body.text;
  if (own) lines.push({ key: "own", name: "own", text: own, at: item?.created ?? report.filed_at, sent: Boolean(report) });
  const said = report?.messages ?? [];
  for (const one of said) lines.push({ key: one.client_id ?? one.id, name: one.author === "reporter" ? "own" : "line", text: one.text, at: one.at, sent: true });
  for (const one of report?.requests ?? []) {
    const given = belonging.some(({ kind, request, state }) => ["answer", "location"].includes(kind) && request === one.id && state !== "refused") || (one.request === "video" && belonging.some(({ kind, state }) => kind === "video" && state !== "refused"));
    lines.push({ key: one.id, name: "ask", text: one.text || t("covert.ask.plain"), at: one.at, sent: true, request: one, settled: Boolean(one.answered_at) || given });
  }
  const there = new Set(said.map(({ client_id: id }) => id));
  for (const one of belonging) {
    if (one.kind === "message" && !there.has(one.key)) lines.push({ key: one.key, name: "own", text: one.text, at: one.created, sent: false, failed: one.state === "refused" });
    if (isMedia(one) && one.state !== "removing") lines.push({ key: one.key, name: "photo", text: one.filename, at: one.created, sent: one.state === "stored", failed: one.state === "refused" });
  }
  for (const { key, filename, at } of over) lines.push({ key, name: "photo", text: filename, at, sent: true, failed: true });
  return lines.sort((a, b) => new Date(a.at) - new Date(b.at));
}

function newRow({ key, text, request }, act) {
  const body = element("div", { className: "covert-said", hidden: true }, element("p", { textContent: text }), request ? ways(request, act) : null);
  const head = element("button", { type: "button", "aria-expanded": "false" });
  let timer = 0;
  const turn = (open) => {
    clearTimeout(timer);
    show(body, open);
    head.setAttribute("aria-expanded", String(open));
    if (open) timer = setTimeout(() => turn(false), OPEN_FOR);
  };
  head.onclick = () => turn(body.hidden);
  const row = element("li", {}, head, body);
  row.dataset.key = key;
  return row;
}

/** Yes and no get names that say nothing; anything else is read only while the line is open. */
function ways(request, act) {
  if (request.request === "answer" && !request.answers?.length) return inWords({ label: t("covert.ask.free"), send: t("covert.ask.yes"), said: (words) => act(request, words) });
  if (["photo", "video"].includes(request.request)) return byCamera(request, act);
  if (request.request === "location") return byPosition(request, act);
  const buttons = request.answers.map((answer) =>
    element("button", { type: "button", textContent: nameOf(answer), onclick: () => act(request, answer) }));
  return element("div", { className: "covert-answers" }, ...buttons);
}

/** Where the phone knows no position, a place is asked for as any page asks for one. */
function byPosition(request, act) {
  const box = element("div", { className: "covert-answers" });
  const button = element("button", { type: "button", textContent: nameOf(null) });
  button.onclick = async () => {
    button.disabled = true;
    const known = await act(request, null);
    button.disabled = false;
    if (known === false) box.replaceChildren(inWords({ label: t("covert.place.label"), send: t("covert.place.send"), said: (words) => act(request, null, words) }));
  };
  box.append(button);
  return box;
}

/** A video is filmed here, while the look stays; a photo or a video comes from the album or by the phone's own camera. */
function byCamera(request, act) {
  const button = (way, key) => element("button", { type: "button", textContent: t(`covert.ask.${key}`), onclick: () => act(request, null, way) });
  const film = request.request === "video" && navigator.mediaDevices && window.MediaRecorder ? button("film", "film") : null;
  if (film) {
    film.dataset.film = "";
    film.onclick = async () => {
      if ((await act(request, null, "film")) !== false) return;
      film.disabled = true;
      write(film, t("covert.ask.film_none"));
    };
  }
  return element("div", { className: "covert-answers" }, film, button("camera", "camera"), button("album", "picture"));
}

/** Beside the line that asked for it: harmless, and the only thing that moves. */
const seconds = ({ request, settled }, filming) => (filming === null || request?.request !== "video" || settled ? "" : ` · ${Math.floor(filming)}″`);

function inWords({ label, send, said }) {
  const field = element("input", { type: "text", maxLength: 4000, autocomplete: "off", "aria-label": label, placeholder: label });
  const form = element("form", { className: "covert-answers covert-free" }, field, element("button", { type: "submit", textContent: send }));
  form.onsubmit = (event) => {
    event.preventDefault();
    if (field.value.trim()) said(field.value.trim());
    form.reset();
  };
  return form;
}

function nameOf(answer) {
  if (answer === null || YES.test(answer)) return t("covert.ask.yes");
  return NO.test(answer) ? t("covert.ask.no") : answer;
}
