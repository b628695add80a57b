// Compiles every WXML and WXSS with WeChat's own compilers, and renders every page and component in jsdom. Prints what
// stands on each screen, as JSON: its words, its names for screen readers, its buttons.

import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

import { JSDOM } from "jsdom";

const require = createRequire(import.meta.url);
const { DIST, LANGUAGE = "zh_CN", SCALE = "1" } = process.env;
const dom = new JSDOM("<!doctype html><html><body></body></html>", { url: "https://servicewechat.com/", pretendToBeVisual: true });
Object.assign(globalThis, { window: dom.window, document: dom.window.document, HTMLElement: dom.window.HTMLElement, Node: dom.window.Node, Event: dom.window.Event, CustomEvent: dom.window.CustomEvent });

Object.defineProperty(globalThis, "navigator", { value: dom.window.navigator, configurable: true });

const nothing = () => {};
const later = (facts) => (options = {}) => setImmediate(() => (facts ? options.success?.(facts) : options.fail?.({ errMsg: "fail" })));
const done = [];
globalThis.wx = {
  env: { USER_DATA_PATH: "http://usr" },
  getAppBaseInfo: () => ({ language: LANGUAGE, fontSizeScaleFactor: Number(SCALE), fontSizeSetting: 16 * Number(SCALE) }),
  nextTick: (then) => setImmediate(then),
  getStorage: later(null), setStorage: later({}), removeStorage: (options) => options.complete?.(), getStorageInfo: later({ keys: [] }),
  getFileSystemManager: () => ({ readdir: later({ files: [] }), unlink: nothing, copyFile: nothing, getFileInfo: nothing }),
  getRandomValues: nothing, login: later(null), request: (options) => {
    setImmediate(() => options.fail?.({ errMsg: "request:fail" }));
    return { abort: nothing };
  },
  connectSocket: () => ({ onOpen: nothing, onMessage: nothing, onError: nothing, onClose: nothing, send: nothing, close: nothing }),
  getSetting: later({ authSetting: {} }), authorize: later(null), requirePrivacyAuthorize: later({}), onNeedPrivacyAuthorization: (listener) => (globalThis.askPrivacy = listener),
  getLocation: later(null), getRecorderManager: () => ({ onStop: nothing, onError: nothing, start: nothing, stop: nothing }),
  getNetworkType: later({ networkType: "wifi" }), onNetworkStatusChange: nothing, setNavigationBarTitle: nothing,
  navigateTo: ({ url }) => done.push(url), redirectTo: ({ url }) => done.push(url), reLaunch: ({ url }) => done.push(url), navigateBack: () => done.push("back"),
  makePhoneCall: ({ phoneNumber }) => done.push(`tel:${phoneNumber}`), setClipboardData: ({ data, success }) => { done.push(data); success?.(); }, showModal: ({ content }) => done.push(content),
};
// Of no use in node: it would keep the process alive.
const timers = globalThis.setInterval;
globalThis.setInterval = (...given) => timers(...given).unref();

const files = (folder, ending) => fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? files(path.join(folder, entry.name), ending) : entry.name.endsWith(ending) ? [path.join(folder, entry.name)] : []));
const { wxmlToJs, wxssToJs } = require("miniprogram-compiler");
const compiled = new Function(wxmlToJs(DIST))();
const wxss = wxssToJs(DIST);
if (wxss instanceof Error) throw wxss;
// Each sheet compiles to a function that puts it into the page.
const sheets = new Function(wxss)();
const wxsses = files(DIST, ".wxss").map((file) => path.relative(DIST, file));
for (const file of wxsses) if (typeof sheets(file) !== "function" && typeof sheets(`./${file}`) !== "function") throw new Error(`${file} was not compiled`);
const wxmls = files(DIST, ".wxml").map((file) => path.relative(DIST, file));
for (const file of wxmls) if (typeof compiled(file) !== "function") throw new Error(`${file} was not compiled`);

const simulate = require("miniprogram-simulate");
const { ladderOf } = require(path.join(DIST, "parts/ladder.js"));
const { linesOf, tilesOf } = require(path.join(DIST, "parts/talk.js"));
const { progressOf } = require(path.join(DIST, "protocol/progress.js"));

const NOW = Date.parse("2026-11-23T10:00:20.000Z");
const FILED = {
  id: "01a207d9-2100-7c4e-9a53-6f1d0b2e8c47", number: "330106-20261123-000017", version: 2, kind: "quick", status: "filed", status_label: "…", text: "A1", covert: false, place_text: null,
  filed_at: "2026-11-23T10:00:00.000Z", desk: { adcode: "330106", name: "D1", sms: "12110" }, received: null, dispatched_at: null, on_scene_at: null, screens: 3, escalation: 0, outcome: null, referral: null,
  media: [{ id: "m1", client_id: "p1", kind: "photo", filename: "photo.jpg", length: 10, state: "ready", refused: null }],
  messages: [{ id: "s1", client_id: "c1", author: "dispatcher", dispatcher_number: "33010601", text: "B1", at: "2026-11-23T10:00:10.000Z", seen: false }],
  requests: [{ id: "q1", request: "answer", dispatcher_number: "33010601", text: "C1", answers: ["E1", "E2"], at: "2026-11-23T10:00:12.000Z", answer: null, answered_at: null }],
  location_code: null, location_code_expires_at: null,
};
const RECEIVED = { ...FILED, status: "received", received: { at: "2026-11-23T10:00:09.000Z", desk: "D1", desk_adcode: "330106", dispatcher_number: "33010601" } };
const ITEM = { kind: "report", key: "k1", state: "sending", created: NOW - 12_000, tries: 2, durable: true, body: { kind: "quick", text: "A1" } };
const shownOf = (item, report, now = NOW) => ladderOf({ item, report, now, locating: false, online: true, progress: progressOf({ item, report, now, here: Date.parse, heard: now }) });

/** What each component is given, by the name of the state. */
const GIVEN = {
  "components/lifeline/lifeline": { plain: {}, urgent: { urgent: true, number: "12110571" } },
  "components/ladder/ladder": {
    sending: { shown: shownOf({ ...ITEM, created: NOW - 3_000 }, undefined) },
    undelivered: { shown: shownOf(ITEM, undefined) },
    late: { shown: shownOf(undefined, FILED) },
    received: { shown: shownOf(undefined, RECEIVED) },
    refused: { shown: shownOf({ ...ITEM, state: "refused", problem: { status: 422, code: "outside_jurisdiction", detail: "F1", call: ["tel:110", "sms:12110"] } }, undefined) },
    closed: { shown: shownOf(undefined, { ...RECEIVED, status: "closed", outcome: "handled" }) },
  },
  "components/talk/talk": { talk: { lines: linesOf(FILED, undefined, [{ kind: "message", key: "x1", state: "refused", text: "G1", created: NOW, problem: { status: 409, detail: "H1" } }]) } },
  "components/tiles/tiles": { tiles: { tiles: tilesOf(FILED, [{ kind: "video", key: "v1", state: "sending", sent: 5, size: 10, created: NOW }], true) } },
  "components/privacy/privacy": { closed: {} },
};
const app = JSON.parse(fs.readFileSync(path.join(DIST, "app.json"), "utf8"));
const PAGES = [...app.pages, ...app.subPackages.flatMap(({ root, pages }) => pages.map((page) => `${root}/${page}`))];

function screenOf(component) {
  const read = (element) => {
    const found = { words: [], names: [], buttons: 0, unnamed: [] };
    for (const one of element.querySelectorAll("*")) {
      const own = [...one.childNodes].filter(({ nodeType }) => nodeType === 3).map(({ textContent }) => textContent.trim()).filter(Boolean);
      found.words.push(...own);
      if (one.tagName === "WX-BUTTON") found.buttons += 1;
    }
    return found;
  };
  return read(component.dom);
}

/** What the WXML says of its elements, which jsdom's elements do not carry: names for screen readers, where they have to be. */
function attributesOf(tree, found = []) {
  const attributes = Object.fromEntries((tree.attrs ?? []).map(({ name, value }) => [name, value]));
  found.push({ tag: tree.tagName, attributes, words: wordsOf(tree) });
  for (const child of tree.children ?? []) if (typeof child === "object") attributesOf(child, found);
  return found;
}
const wordsOf = (tree) => (tree.children ?? []).map((child) => (typeof child === "string" ? child : wordsOf(child))).join(" ").trim();

async function render(name, properties, query = {}) {
  const id = simulate.load(path.join(DIST, name), undefined, { rootPath: DIST, compiler: "official" });
  const component = simulate.render(id, properties);
  const parent = document.createElement("div");
  document.body.append(parent);
  component.attach(parent);
  if (component.instance.onLoad) await component.instance.onLoad(query);
  await simulate.sleep(30);
  const screen = screenOf(component);
  const elements = attributesOf(component.toJSON());
  return { screen, elements, html: component.dom.innerHTML, component };
}

const out = { wxmls: wxmls.length, wxsses: wxsses.length, screens: {}, acts: {} };
function note(name, { screen, html, elements }) {
  const fields = elements.filter(({ tag }) => /^wx-(input|textarea|switch)$/.test(tag));
  out.screens[name] = { words: screen.words, buttons: screen.buttons, fields: fields.length, empty: html.trim() === "", told: elements.filter(({ tag }) => tag === "wx-button").length, nameless: elements.filter(({ tag, words }) => tag === "wx-button" && !words).length };
}
for (const [name, states] of Object.entries(GIVEN)) {
  for (const [state, properties] of Object.entries(states)) note(`${name} ${state}`, await render(name, properties));
}
for (const name of PAGES) note(name, await render(name, {}));
note("pages/account/account quiet", await render("pages/account/account", {}, { quiet: "1", need: "sign_in" }));

// --- a few things that a thumb does

const tap = async (found) => {
  found.dispatchEvent("tap");
  await simulate.sleep(30);
};
const buttons = (component, selector) => component.querySelectorAll(selector);
const lifeline = (await render("components/lifeline/lifeline", { number: "12110571", facts: { text: "A1", place: "P1", location: { lat: 30.25, lon: 120.15, accuracy_m: 20 } } })).component;
for (const one of buttons(lifeline, ".way")) await tap(one);
out.acts.lifeline = done.splice(0);

const privacy = (await render("components/privacy/privacy", {})).component;
const answers = [];
globalThis.askPrivacy((answer) => answers.push(answer.event));
await simulate.sleep(30);
out.acts.privacyOpen = screenOf(privacy).buttons;
await tap(buttons(privacy, ".button").at(-1));
out.acts.privacy = { answers, after: screenOf(privacy).buttons };

for (const [name, steps] of [["forms/fraud/fraud", 6], ["forms/tip/tip", 4]]) {
  const { component } = await render(name, {});
  const { instance } = component;
  await tap(buttons(component, ".solid").at(-1));
  const refused = instance.data.error;
  instance.take({ scheme: "police", text: "A1", when: "ongoing", lost: "yes", amount: "38000.5" });
  const seen = [];
  for (let step = 0; step < steps - 1; step += 1) {
    seen.push(screenOf(component).words.length);
    await tap(buttons(component, ".solid").at(-1));
  }
  out.acts[name] = { refused: Boolean(refused), step: instance.data.step, screens: seen.every((n) => n > 3) };
}

const home = (await render("pages/home/home", {}));
await home.component.instance.quick();
await simulate.sleep(50);
out.acts.quick = done.splice(0);
out.root = home.component.instance.data.root;
console.log(JSON.stringify(out));
process.exit(0);
