// The two columns of the table: the mobile page's client module, and the mini program's, each on a phone that can be
// restarted, behind a line that can be cut.

import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

import { WebSocket } from "ws";

import { createPhone, load } from "./wx.mjs";

/** `page`: the modules of static/citizen, on Node's own fetch and files. */
export async function page({ root, origin, folder }) {
  const { createClient } = await import(pathToFileURL(path.join(root, "static/citizen/protocol.js")).href);
  fs.mkdirSync(folder, { recursive: true });
  const kept = path.join(folder, "kept.json");
  const read = () => (fs.existsSync(kept) ? JSON.parse(fs.readFileSync(kept, "utf8")) : { items: {}, token: null });
  const change = (act) => {
    const all = read();
    act(all);
    fs.writeFileSync(kept, JSON.stringify(all));
  };
  const fileOf = (key) => path.join(folder, `file-${key}`);
  const life = { alive: true, sockets: new Set(), stops: new Set() };
  let token = read().token;

  const whole = (url) => (url.startsWith("/") ? origin + url : url);
  async function reach(url, options) {
    if (!life.alive) return new Promise(() => {});
    const stop = new AbortController();
    life.stops.add(stop);
    options.signal?.addEventListener("abort", () => stop.abort());
    try {
      return await fetch(whole(url), { ...options, credentials: undefined, signal: stop.signal });
    } finally {
      life.stops.delete(stop);
      if (!life.alive) await new Promise(() => {});
    }
  }

  class Line extends WebSocket {
    constructor(url, protocols) {
      super(url, protocols, { perMessageDeflate: false });
      life.sockets.add(this);
      this.on("error", () => {});
    }
  }

  const client = createClient({
    fetch: reach,
    WebSocket: Line,
    storage: {
      all: async () => Object.values(read().items),
      put: async (item) => {
        if (life.alive) change((all) => (all.items[item.key] = item));
        return true;
      },
      remove: async (key) => life.alive && change((all) => delete all.items[key]),
    },
    files: {
      put: async (key, blob) => {
        fs.writeFileSync(fileOf(key), Buffer.from(await blob.arrayBuffer()));
        return true;
      },
      get: async (key) => (fs.existsSync(fileOf(key)) ? new Blob([fs.readFileSync(fileOf(key))]) : null),
      remove: async (key) => fs.rmSync(fileOf(key), { force: true }),
      sweep: async () => {},
      forget: async () => {},
    },
    transmit: async ({ method, url, headers, body, signal }) => {
      const answer = await reach(url, { method, headers, body, signal });
      const said = (answer.headers.get("content-type") ?? "").includes("json") ? await answer.json() : null;
      return { status: answer.status, ok: answer.ok, headers: answer.headers, said };
    },
    base: `${origin}/api/v1`,
    line: `${origin.replace(/^http/, "ws")}/api/v1/live`,
    language: "zh-CN",
    token: () => token,
    opened: (session) => {
      token = session.token;
      change((all) => (all.token = token));
    },
    ended: () => {
      token = null;
      change((all) => (all.token = null));
    },
  });

  return {
    name: "page",
    client,
    start: () => client.start({ session: token !== null }),
    token: () => token,
    async enter(phone) {
      const { demo_code: code } = await client.requestCode(phone);
      return client.signIn(phone, code);
    },
    file: (bytes) => new Blob([bytes]),
    kill() {
      life.alive = false;
      client.live.stop?.();
      for (const socket of life.sockets) socket.terminate();
      for (const stop of life.stops) stop.abort();
    },
  };
}

/** `mini`: the built mini program in a context like WeChat's. */
export async function mini({ dist, folder, wechat, openid, phone }) {
  const set = createPhone({ folder, wechat, openid, phone });
  const modules = load(dist, set.wx);
  const { client, start, enterByWechat, askForNotice } = modules.require("client");
  return {
    name: "mini",
    client,
    phone: set,
    modules,
    start,
    askForNotice,
    async enter(number) {
      const { code } = await wechat({ phone: `+86${number}` });
      return enterByWechat(code, null);
    },
    file: (bytes) => set.temporary(bytes, "jpg"),
    kill() {
      modules.stop();
      set.kill();
    },
  };
}
