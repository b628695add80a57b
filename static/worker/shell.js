// The page without a network: its document and files, kept by the version that was deployed.
//
// Files have addresses that name their version, so a page gets all of its modules from one version, whichever worker is
// in charge. A new worker takes over at once and reloads nobody: an open page goes on with what it has, and the files of
// the two versions before stay. What is opened next is new.

import { keep, kept } from "../citizen/kept.js";
import { lookOf } from "./look.js";

const PREFIX = "desk110-shell-";
const EARLIER = 2; // versions that open pages may still be of
const PATIENCE = 2_000; // ms that a network has to answer before what is kept is shown
const DEFAULT = "zh-CN";

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
  }

  async function activate() {
    const others = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== own);
    await Promise.all(others.slice(0, -EARLIER).map((name) => caches.delete(name)));
    await self.clients.claim();
  }

  const isPage = ({ pathname }) => pages.includes(pathname.split("/")[1]);

  async function open(event, url) {
    const answer = fetch(event.request).catch(() => null);
    const first = await Promise.race([answer, new Promise((resolve) => setTimeout(resolve, PATIENCE, null))]);
    // A refusal is an answer; a server that cannot answer just now is none.
    if (first && first.status < 500) {
      event.waitUntil(learn(first).catch(() => {}));
      return first;
    }
    return (await shellFor(url)) ?? first ?? (await answer) ?? Response.error();
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

  self.addEventListener("install", (event) => event.waitUntil(install()));
  self.addEventListener("activate", (event) => event.waitUntil(activate()));
  self.addEventListener("fetch", (event) => {
    const { request } = event;
    const url = new URL(request.url);
    if (request.method !== "GET" || url.origin !== self.location.origin) return;
    if (request.mode === "navigate") {
      if (isPage(url)) event.respondWith(open(event, url));
    } else if (url.pathname.startsWith("/static/")) event.respondWith(file(event, url));
  });
}

const isFor = (answer, version) =>
  answer.ok && answer.url.includes(`/static/v/${version}/`) && (answer.headers.get("cache-control") ?? "").includes("immutable");

function addressOf(look, language) {
  const query = new URLSearchParams();
  if (look) query.set("look", look);
  if (language) query.set("lang", language);
  return `/shell?${query}`;
}
