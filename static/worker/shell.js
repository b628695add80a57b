// The page without a network: its document and files, kept by the version that was deployed.
//
// Files have addresses that name their version, so a page gets all of its modules from one version, whichever worker is
// in charge. A new worker takes over at once and reloads nobody: an open page goes on with what it has, and the files of
// the two versions before stay. What is opened next is new.

import { OUTBOX, keep, kept } from "../citizen/kept.js";
import { createStorage } from "../citizen/storage.js";
import { lookOf } from "./look.js";
import { sendKept } from "./sending.js";

const PREFIX = "desk110-shell-";
const EARLIER = 2; // versions that open pages may still be of
const PATIENCE = 2_000; // ms that a network has to answer before what is kept is shown
const STORE_MS = 20_000; // nobody looks at a worker: it can wait for a slow store
const DEFAULT = "zh-CN";
const PAPER = "/shell/law";

/** @param {{version: string, files: string[], looks: string[], pages: string[]}} deployed  `pages`: the first parts of the addresses that are the shell */
export function serveShell({ version, files, looks, pages }) {
  const own = PREFIX + version;

  async function install() {
    const cache = await caches.open(own);
    // One after the other: whoever reports meanwhile has the line. What came before the line broke is there already.
    for (const address of files) if (!(await cache.match(address))) await keepFile(cache, address);
    await keepShells(await kept("language"));
    await self.skipWaiting();
  }

  async function keepFile(cache, address) {
    const answer = await fetch(address);
    // Of another version, as while a deployment goes on: the next visit tries again.
    if (!isFor(answer, version)) throw new Error("not of this version");
    await cache.put(address, answer);
  }

  /** The page as it is, and as what it pretends to be, in this language. */
  async function keepShells(language) {
    const cache = await caches.open(own);
    for (const look of ["", ...looks]) {
      const address = addressOf(look, language ?? "");
      if (await cache.match(address)) continue;
      const answer = await fetch(address, { credentials: "omit" });
      if (!answer.ok || answer.headers.get("x-desk110-version") !== version) throw new Error("not of this version");
      const there = answer.headers.get("content-language");
      if (!language) await keep("language", there);
      await cache.put(addressOf(look, language || there), answer);
    }
    await keepPaper(cache, language || (await kept("language")));
  }

  /** The rules, to be read in a tunnel too. */
  async function keepPaper(cache, language) {
    const address = paperIn(language);
    if (await cache.match(address)) return;
    const answer = await fetch(address, { credentials: "omit" });
    if (answer.ok && answer.headers.get("x-desk110-version") === version) await cache.put(address, answer);
  }

  async function activate() {
    const others = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== own);
    await Promise.all(others.slice(0, -EARLIER).map((name) => caches.delete(name)));
    await self.clients.claim();
  }

  const isPage = ({ pathname }) => pages.includes(pathname.split("/")[1]);

  async function open(event, url) {
    const answer = fetch(event.request).catch(() => null);
    const first = await soon(answer);
    // A refusal is an answer; a server that cannot answer just now is none.
    if (first && first.status < 500) {
      event.waitUntil(learn(first).catch(() => {}));
      return first;
    }
    return (await shellFor(url)) ?? first ?? (await answer) ?? Response.error();
  }

  /** As it is now; without a network as it was kept. */
  async function paper(event, url) {
    const answer = fetch(event.request).catch(() => null);
    const first = await soon(answer);
    if (first?.ok) return first;
    const found = await (await caches.open(own)).match(paperIn(url.searchParams.get("lang")));
    return found ?? first ?? (await answer) ?? Response.error();
  }

  /** A language that was chosen is the one to keep. */
  async function learn(answer) {
    const language = answer.headers.get("content-language");
    if (!answer.ok || !language || answer.headers.get("x-desk110-version") !== version) return;
    await keep("language", language);
    await keepShells(language);
  }

  /** What is kept of the page; disguised it is never anything else than disguised. */
  async function shellFor(url) {
    const look = (await lookOf(url, looks)) ?? "";
    const cache = await caches.open(own);
    const language = url.searchParams.get("lang") ?? (await kept("language")) ?? DEFAULT;
    const found = await cache.match(addressOf(look, language));
    if (found) return found;
    const any = (await cache.keys()).find(({ url: address }) => {
      const { pathname, searchParams } = new URL(address);
      return pathname === "/shell" && (searchParams.get("look") ?? "") === look;
    });
    return any ? cache.match(any) : null;
  }

  async function file(event, { pathname }) {
    const versioned = pathname.startsWith("/static/v/");
    const address = versioned ? pathname : pathname.replace("/static/", `/static/v/${version}/`);
    const found = await (versioned ? caches : await caches.open(own)).match(address);
    if (found) return found;
    const answer = await fetch(versioned ? event.request : address);
    if (isFor(answer, version)) event.waitUntil(caches.open(own).then((cache) => cache.put(address, answer.clone())));
    return answer;
  }

  /** What a page has left that is gone, or asleep. Rejects as long as something is left: the browser wakes us again. */
  async function send() {
    const storage = createStorage({ patience: STORE_MS });
    if (!(await storage.all()).some(({ state }) => state === "sending")) return;
    const pages = await self.clients.matchAll({ type: "window" });
    if (pages.some(({ visibilityState }) => visibilityState === "visible")) throw new Error("a page is at it");
    await sendKept({ fetch: (...request) => fetch(...request), storage, base: "/api/v1", language: (await kept("language")) ?? DEFAULT });
  }

  self.addEventListener("sync", (event) => event.tag === OUTBOX && event.waitUntil(send()));
  self.addEventListener("install", (event) => event.waitUntil(install()));
  self.addEventListener("activate", (event) => event.waitUntil(activate()));
  self.addEventListener("fetch", (event) => {
    const { request } = event;
    const url = new URL(request.url);
    if (request.method !== "GET" || url.origin !== self.location.origin) return;
    if (request.mode === "navigate") {
      if (isPage(url)) event.respondWith(open(event, url));
    } else if (url.pathname === PAPER) event.respondWith(paper(event, url));
    else if (url.pathname.startsWith("/static/")) event.respondWith(file(event, url));
  });
}

const isFor = (answer, version) =>
  answer.ok && answer.url.includes(`/static/v/${version}/`) && (answer.headers.get("cache-control") ?? "").includes("immutable");

/** What an answer is within the patience; null without one. */
const soon = (answer) => Promise.race([answer, new Promise((resolve) => setTimeout(resolve, PATIENCE, null))]);

const paperIn = (language) => `${PAPER}?lang=${language}`;

function addressOf(look, language) {
  const query = new URLSearchParams();
  if (look) query.set("look", look);
  if (language) query.set("lang", language);
  return `/shell?${query}`;
}
