// The conversation: what was reported, what was said since, each with how far it got.

import { $, element, icon, setIcon, show, write } from "./page.js";
import { fillQuestion, questionRow } from "./questions.js";
import { sentence, t, timeOf } from "./words.js";

const filled = new WeakMap(); // row → what it shows: what has not changed is not touched, however long the conversation

/** @param {{report: object | undefined, item: object | undefined, belonging: object[], again: (key: string) => void,
 *  act: (question: object, answer: string | null) => void}} facts
 *  `belonging`: what the outbox has for this report. Gives the lines that are shown, oldest first. */
export function showTalk({ report, item, belonging, again, act }) {
  const lines = linesOf(report, item, belonging);
  const list = $("talk");
  const rows = new Map([...list.children].map((row) => [row.dataset.key, row]));
  lines.forEach((line, at) => {
    const row = rows.get(line.key) ?? (line.request ? questionRow(line, act) : newRow(line, again));
    rows.delete(line.key);
    const shown = JSON.stringify(line);
    if (filled.get(row) !== shown) (line.request ? fillQuestion : fill)(row, line);
    filled.set(row, shown);
    if (list.children[at] !== row) list.insertBefore(row, list.children[at] ?? null);
  });
  for (const row of rows.values()) row.remove();
  show(list, lines.length > 0);
  return lines;
}

function linesOf(report, item, belonging) {
  const lines = [];
  const own = report ?? item?.body;
  const words = [own?.text, own?.place_text && t("report.place", { place: own.place_text })].filter(Boolean).join("\n");
  if (words) lines.push({ key: "own", author: "reporter", text: words, state: "own" });
  const told = report?.messages ?? [];
  const asked = (report?.requests ?? []).map((request) => question(request, belonging));
  const said = told.map((message) => ({ ...message, key: message.client_id ?? message.id, state: "stored" }));
  lines.push(...[...said, ...asked].sort((a, b) => (a.at < b.at ? -1 : 1)));
  const there = new Set(told.map((message) => message.client_id));
  for (const message of belonging) {
    if (message.kind !== "message" || there.has(message.key)) continue;
    // What belongs to a report that is not there yet is not on its way either.
    const state = message.state === "sending" && !report ? "kept" : message.state;
    lines.push({ key: message.key, author: "reporter", text: message.text, at: message.created, state, problem: message.problem });
  }
  return lines;
}

/** A question, with the answer that is on its way. */
function question(request, belonging) {
  const given = belonging.filter((item) => ["answer", "location"].includes(item.kind) && item.request === request.id).at(-1);
  return { ...request, key: request.id, author: "dispatcher", given, text: request.text || t(`ask.${request.request}`) };
}

function newRow({ key, author }, again) {
  const row = element("li", { className: "bubble" },
    element("p", { className: "bubble-who" }),
    element("p", { className: "bubble-text" }),
    element("p", { className: "bubble-state" }, icon("check"), element("span"), element("button", { className: "link", type: "button", textContent: t("talk.again"), hidden: true, onclick: () => again(key) })),
  );
  row.dataset.key = key;
  row.dataset.author = author;
  return row;
}

function fill(row, line) {
  const [who, text, state] = row.children;
  const [mark, words, button] = state.children;
  row.dataset.state = line.state;
  const name = line.author === "reporter" ? t("talk.me") : line.dispatcher_number ? t("talk.dispatcher", { number: line.dispatcher_number }) : t("talk.system");
  write(who, name);
  who.classList.toggle("unseen", line.author === "reporter");
  write(text, line.text);
  write(words, stateOf(line));
  setIcon(mark, { stored: line.seen ? "check-check" : "check", refused: "circle-alert" }[line.state] ?? "clock");
  mark.toggleAttribute("data-off", line.author !== "reporter");
  show(state, line.state !== "own");
  show(button, line.state === "refused");
}

function stateOf({ author, state, at, seen, problem }) {
  if (author !== "reporter") return timeOf(at);
  if (state === "stored") return t(seen ? "talk.seen" : "talk.stored", { time: timeOf(at) });
  if (state === "refused") return t("talk.failed", { detail: sentence(problem) });
  if (state !== "sending") return t("talk.kept");
  return t(problem ? "talk.retrying" : "talk.sending");
}

/** The lines of the other side that are new since `heard` (keys, grown here), as one text to be read out; "" when none is. */
export function newlyHeard(lines, heard) {
  const fresh = lines.filter(({ key, author }) => author !== "reporter" && !heard.has(key));
  for (const { key } of fresh) heard.add(key);
  return fresh.map(({ text }) => text).join("\n");
}

/** Brings a new message into sight of who reads at the end; who reads further up, or types, gets a sign to tap instead. */
export function reveal(row) {
  const edge = () => $("composer").getBoundingClientRect().top;
  const { top, bottom } = row.getBoundingClientRect();
  if (bottom <= edge()) return;
  const typing = document.activeElement === $("say") && $("say").value !== "";
  const sign = $("new-message");
  const reach = () => row.scrollIntoView({ block: "end" });
  if (!typing && top - edge() < innerHeight / 2) {
    reach();
    return;
  }
  const look = () => {
    if (row.isConnected && row.getBoundingClientRect().bottom > edge() + 8) return;
    show(sign, false);
    removeEventListener("scroll", look);
  };
  show(sign, true);
  sign.onclick = () => {
    reach();
    show(sign, false);
  };
  addEventListener("scroll", look, { passive: true });
}
