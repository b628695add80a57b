// WeChat for the tests: `wx` as its documentation has it, made of real HTTP, sockets and files, on a phone of its own.
//
// What a mini program finds there and nothing else: its modules are run in a context without `fetch`, `URL`, `document`,
// `Intl` or whatever else an engine of WeChat does not promise.

import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import vm from "node:vm";

import { WebSocket } from "ws";

const METHODS = new Set(["OPTIONS", "GET", "HEAD", "POST", "PUT", "DELETE", "TRACE", "CONNECT"]);
// What the documentation gives to values that are encrypted.
const LONGEST_VALUE = 0.7 * 1024 * 1024;
const LARGEST_STORAGE = 7.1 * 1024 * 1024;
const USER = "http://usr"; // what wx.env.USER_DATA_PATH looks like
const TEMPORARY = "http://tmp";
// Of the platform's own globals a mini program has these.
const GIVEN = { console, setTimeout, clearTimeout, setInterval, clearInterval, Uint8Array, ArrayBuffer };

/** @param {{folder: string, wechat: (act: object) => Promise<object>, openid: string, phone: string, language?: string}} of
 *  `folder`: what the phone keeps over restarts. */
export function createPhone({ folder, wechat, openid, phone, language = "zh_CN" }) {
  fs.mkdirSync(path.join(folder, "usr"), { recursive: true });
  fs.mkdirSync(path.join(folder, "tmp"), { recursive: true });
  const life = { alive: true, sockets: new Set(), requests: new Set(), launch: null, hide: null, show: null };
  const said = { calls: [], clipboard: null, pages: [], settingsOpened: 0, subscriptions: [], modals: [] };
  const may = { "scope.userLocation": undefined, "scope.record": undefined, privacy: undefined };
  const here = { latitude: 30.2477, longitude: 120.1301, accuracy: 20 };
  const networkHeard = new Set();
  const locationHeard = new Set();
  let picked = [];
  let privacyAsked = null;
  let made = 0;

  /** Calls back as WeChat does: later, and `complete` after the other. Nothing is called once the mini program is gone. */
  function back(options, outcome, facts) {
    setImmediate(() => {
      if (!life.alive) return;
      options?.[outcome]?.(facts);
      options?.complete?.(facts);
    });
  }
  const ok = (name, options, facts = {}) => back(options, "success", { errMsg: `${name}:ok`, ...facts });
  const fail = (name, options, why) => back(options, "fail", { errMsg: `${name}:fail ${why}` });

  const real = (name) => {
    if (name.startsWith(`${USER}/`) || name === USER) return path.join(folder, "usr", name.slice(USER.length + 1));
    if (name.startsWith(`${TEMPORARY}/`)) return path.join(folder, "tmp", name.slice(TEMPORARY.length + 1));
    throw new Error(`no path of WeChat's: ${name}`);
  };

  function temporary(bytes, ending) {
    made += 1;
    const name = `${TEMPORARY}/${Date.now()}-${made}.${ending}`;
    fs.writeFileSync(real(name), bytes);
    return name;
  }

  // --- storage: one file a key; what was encrypted is found by who asks for it encrypted

  const storageFile = (key, encrypt) => path.join(folder, `storage-${encrypt ? "sealed" : "plain"}-${Buffer.from(key).toString("base64url")}.json`);
  const storageKeys = () => fs.readdirSync(folder).filter((name) => name.startsWith("storage-")).map((name) => Buffer.from(name.split("-").slice(2).join("-").replace(/\.json$/, ""), "base64url").toString());
  const storageSize = () => fs.readdirSync(folder).filter((name) => name.startsWith("storage-")).reduce((sum, name) => sum + fs.statSync(path.join(folder, name)).size, 0);

  const wx = {
    env: { USER_DATA_PATH: USER },
    nextTick: (then) => setImmediate(() => life.alive && then()),
    getAppBaseInfo: () => ({ language, fontSizeSetting: 16, fontSizeScaleFactor: 1, SDKVersion: "3.7.0", version: "8.0.50" }),

    request(options) {
      const { url, method = "GET", header = {}, data, timeout = 60_000 } = options;
      if (!METHODS.has(method)) {
        fail("request", options, `method ${method} is not supported`);
        return { abort() {} };
      }
      return send("request", options, { url, method, headers: header, body: data === undefined ? null : Buffer.from(data) }, timeout, (status, headers, body) => ({ statusCode: status, header: headers, data: body.toString() }));
    },

    uploadFile(options) {
      const { url, filePath, name, formData = {}, header = {}, timeout = 120_000 } = options;
      let bytes;
      try {
        bytes = fs.readFileSync(real(filePath));
      } catch {
        fail("uploadFile", options, "file not found");
        return { abort() {}, onProgressUpdate() {} };
      }
      const boundary = `----WeChat${made++}${Date.now()}`;
      const fields = Object.entries(formData).map(([key, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${key}"\r\n\r\n${value}\r\n`).join("");
      const head = `${fields}--${boundary}\r\nContent-Disposition: form-data; name="${name}"; filename="${path.basename(filePath)}"\r\nContent-Type: application/octet-stream\r\n\r\n`;
      const body = Buffer.concat([Buffer.from(head), bytes, Buffer.from(`\r\n--${boundary}--\r\n`)]);
      const heard = new Set();
      const task = send("uploadFile", options, { url, method: "POST", headers: { ...header, "Content-Type": `multipart/form-data; boundary=${boundary}` }, body, told: (sent) => heard.forEach((listener) => listener({ progress: Math.floor((sent / body.length) * 100), totalBytesSent: sent, totalBytesExpectedToSend: body.length })) }, timeout, (status, headers, answer) => ({ statusCode: status, header: headers, data: answer.toString() }));
      return { ...task, onProgressUpdate: (listener) => heard.add(listener), offProgressUpdate: (listener) => heard.delete(listener) };
    },

    connectSocket({ url, protocols = [], header = {}, fail: failed }) {
      const heard = { open: new Set(), message: new Set(), close: new Set(), error: new Set() };
      const socket = new WebSocket(url, protocols, { headers: header, perMessageDeflate: false });
      life.sockets.add(socket);
      const tell = (kind, facts) => life.alive && heard[kind].forEach((listener) => listener(facts));
      socket.on("open", () => tell("open", { header: {} }));
      socket.on("message", (data, binary) => tell("message", { data: binary ? data : data.toString() }));
      socket.on("error", (error) => tell("error", { errMsg: String(error.message) }));
      socket.on("close", (code, reason) => {
        life.sockets.delete(socket);
        tell("close", { code, reason: reason.toString() });
      });
      void failed;
      return {
        onOpen: (listener) => heard.open.add(listener),
        onMessage: (listener) => heard.message.add(listener),
        onClose: (listener) => heard.close.add(listener),
        onError: (listener) => heard.error.add(listener),
        send: ({ data, fail: sendFailed }) => (socket.readyState === WebSocket.OPEN ? socket.send(data) : sendFailed?.({ errMsg: "sendSocketMessage:fail" })),
        close({ code = 1000 }) {
          if (code !== 1000 && !(code >= 3000 && code <= 4999)) throw new Error(`closeSocket: code ${code}`);
          if (socket.readyState === WebSocket.CONNECTING) socket.terminate();
          else socket.close(code);
        },
      };
    },

    getStorage(options) {
      try {
        ok("getStorage", options, { data: JSON.parse(fs.readFileSync(storageFile(options.key, options.encrypt), "utf8")).data });
      } catch {
        fail("getStorage", options, "data not found");
      }
    },
    setStorage(options) {
      const text = JSON.stringify({ data: options.data });
      if (text.length > LONGEST_VALUE || storageSize() + text.length > LARGEST_STORAGE) return fail("setStorage", options, "exceed max size");
      fs.writeFileSync(storageFile(options.key, options.encrypt), text);
      return ok("setStorage", options);
    },
    removeStorage(options) {
      for (const encrypt of [true, false]) fs.rmSync(storageFile(options.key, encrypt), { force: true });
      ok("removeStorage", options);
    },
    getStorageInfo: (options) => ok("getStorageInfo", options, { keys: storageKeys(), currentSize: Math.ceil(storageSize() / 1024), limitSize: LARGEST_STORAGE / 1024 }),

    getFileSystemManager: () => ({
      copyFile: (options) => attempt("copyFile", options, () => fs.copyFileSync(real(options.srcPath), real(options.destPath))),
      unlink: (options) => attempt("unlink", options, () => fs.unlinkSync(real(options.filePath))),
      readdir: (options) => attempt("readdir", options, () => ({ files: fs.readdirSync(real(options.dirPath)) })),
      getFileInfo: (options) => attempt("getFileInfo", options, () => ({ size: fs.statSync(real(options.filePath)).size })),
    }),

    getRandomValues: (options) => ok("getRandomValues", options, { randomValues: globalThis.crypto.getRandomValues(new Uint8Array(options.length)).buffer }),
    async login(options) {
      const { code } = await wechat({ login: openid });
      ok("login", options, { code });
    },
    async requestSubscribeMessage(options) {
      said.subscriptions.push(options.tmplIds);
      await wechat({ subscribe: openid });
      ok("requestSubscribeMessage", options, Object.fromEntries(options.tmplIds.map((id) => [id, "accept"])));
    },

    getSetting: (options) => ok("getSetting", options, { authSetting: Object.fromEntries(Object.entries(may).filter(([name, value]) => name !== "privacy" && value !== undefined)) }),
    authorize(options) {
      // The person is asked once; whoever said no is asked no more.
      may[options.scope] ??= true;
      if (may[options.scope]) ok("authorize", options);
      else fail("authorize", options, "auth deny");
    },
    openSetting(options) {
      said.settingsOpened += 1;
      for (const scope of Object.keys(may)) if (scope !== "privacy") may[scope] = true;
      ok("openSetting", options, { authSetting: { "scope.userLocation": true, "scope.record": true } });
    },
    requirePrivacyAuthorize(options) {
      if (may.privacy === true) return ok("requirePrivacyAuthorize", options);
      if (!privacyAsked) {
        may.privacy = true; // nobody listens for it: WeChat's own window is agreed to
        return ok("requirePrivacyAuthorize", options);
      }
      return privacyAsked(({ event }) => {
        may.privacy = event === "agree";
        if (may.privacy) ok("requirePrivacyAuthorize", options);
        else fail("requirePrivacyAuthorize", options, "privacy permission is not authorized");
      });
    },
    onNeedPrivacyAuthorization: (listener) => (privacyAsked = listener),
    openPrivacyContract: (options) => ok("openPrivacyContract", options),

    getLocation(options) {
      if (!may["scope.userLocation"]) return fail("getLocation", options, "auth deny");
      if (options.type !== "gcj02" || !options.isHighAccuracy) throw new Error("asked for another position than was meant");
      return ok("getLocation", options, { ...here, verticalAccuracy: 0, horizontalAccuracy: here.accuracy });
    },
    startLocationUpdate: (options) => (may["scope.userLocation"] ? ok("startLocationUpdate", options) : fail("startLocationUpdate", options, "auth deny")),
    stopLocationUpdate: (options) => ok("stopLocationUpdate", options),
    onLocationChange: (listener) => locationHeard.add(listener),
    offLocationChange: (listener) => locationHeard.delete(listener),
    chooseLocation: (options) => ok("chooseLocation", options, { name: "断桥", address: "杭州市西湖区北山街", latitude: 30.2587, longitude: 120.1461 }),

    chooseMedia(options) {
      const files = picked.splice(0, options.count);
      if (!files.length) return fail("chooseMedia", options, "cancel");
      return ok("chooseMedia", options, { type: options.mediaType[0], tempFiles: files.map(({ bytes, ending }) => ({ tempFilePath: temporary(bytes, ending), size: bytes.length, fileType: options.mediaType[0] })) });
    },
    getRecorderManager() {
      const heard = {};
      let began = 0;
      return {
        onStop: (listener) => (heard.stop = listener),
        onError: (listener) => (heard.error = listener),
        start: () => (began = Date.now()),
        stop() {
          const [bytes] = picked.splice(0, 1);
          if (!began || !bytes) return;
          const tempFilePath = temporary(bytes.bytes, "aac");
          setImmediate(() => life.alive && heard.stop?.({ tempFilePath, duration: 3_000, fileSize: bytes.bytes.length }));
          began = 0;
        },
      };
    },

    makePhoneCall(options) {
      said.calls.push(options.phoneNumber);
      ok("makePhoneCall", options);
    },
    setClipboardData(options) {
      said.clipboard = options.data;
      ok("setClipboardData", options);
    },
    showModal(options) {
      said.modals.push(options.content);
      ok("showModal", options, { confirm: true, cancel: false });
    },
    getNetworkType: (options) => ok("getNetworkType", options, { networkType: "wifi" }),
    onNetworkStatusChange: (listener) => networkHeard.add(listener),
    setNavigationBarTitle: (options) => ok("setNavigationBarTitle", options),
    exitMiniProgram: (options) => ok("exitMiniProgram", options),
  };
  for (const name of ["navigateTo", "redirectTo", "reLaunch", "navigateBack"]) {
    wx[name] = (options = {}) => {
      said.pages.push([name, options.url ?? ""]);
      ok(name, options);
    };
  }

  function attempt(name, options, act) {
    try {
      ok(name, options, act());
    } catch (error) {
      fail(name, options, error.message);
    }
  }

  function send(name, options, { url, method, headers, body, told }, timeout, facts) {
    const request = http.request(url, { method, headers: { ...headers, ...(body ? { "Content-Length": body.length } : {}), "User-Agent": "Mozilla/5.0 (Linux; Android 14) MicroMessenger/8.0.50" }, timeout });
    life.requests.add(request);
    let ended = false;
    const end = (outcome, value) => {
      if (ended) return;
      ended = true;
      life.requests.delete(request);
      if (outcome === "success") ok(name, options, value);
      else fail(name, options, value);
    };
    request.on("response", (response) => {
      const pieces = [];
      response.on("data", (piece) => pieces.push(piece));
      response.on("end", () => end("success", facts(response.statusCode, response.headers, Buffer.concat(pieces))));
      response.on("error", (error) => end("fail", error.message));
      response.on("aborted", () => end("fail", "aborted by the other side"));
    });
    request.on("timeout", () => request.destroy(new Error("timeout")));
    request.on("error", (error) => end("fail", error.message));
    if (body) write(request, body, told);
    else request.end();
    return { abort: () => request.destroy(new Error("abort")), onHeadersReceived() {}, offHeadersReceived() {} };
  }

  function write(request, body, told) {
    const STEP = 16 * 1024;
    let at = 0;
    const go = () => {
      if (at >= body.length) return request.end();
      const piece = body.subarray(at, at + STEP);
      at += piece.length;
      return request.write(piece, (error) => {
        if (error) return;
        told?.(at);
        go();
      });
    };
    go();
  }

  return {
    wx,
    said,
    may,
    here,
    openid,
    phone,
    /** What the next choice of photos gives. */
    pick: (bytes, ending = "jpg") => picked.push({ bytes, ending }),
    temporary: (bytes, ending) => ({ path: temporary(bytes, ending), size: bytes.length }),
    move(facts) {
      Object.assign(here, facts);
      for (const listener of locationHeard) listener(here);
    },
    network(isConnected) {
      for (const listener of networkHeard) listener({ isConnected, networkType: isConnected ? "wifi" : "none" });
    },
    /** The mini program is closed: nothing of it goes on, and no socket says goodbye. */
    kill() {
      life.alive = false;
      for (const socket of life.sockets) socket.terminate();
      for (const request of life.requests) request.destroy();
    },
  };
}

/** Runs the modules of a built mini program as WeChat does. Gives `require` for a path inside it. */
export function load(dist, wx, more = {}) {
  const timers = new Set();
  const alive = { yes: true };
  const guarded = (set) => (act, ms, ...rest) => {
    const timer = set(() => alive.yes && act(...rest), ms);
    timers.add(timer);
    return timer;
  };
  const context = vm.createContext({ ...GIVEN, setTimeout: guarded(setTimeout), setInterval: guarded(setInterval), wx, ...more });
  for (const name of ["Intl", "WebAssembly", "SharedArrayBuffer", "Atomics"]) vm.runInContext(`delete globalThis.${name}`, context);
  const modules = new Map();

  function resolve(from, name) {
    const target = path.resolve(path.dirname(from), name);
    const file = [target, `${target}.js`].find((one) => fs.existsSync(one) && fs.statSync(one).isFile());
    if (!file || !file.startsWith(dist)) throw new Error(`${name} is no module of the mini program`);
    return file;
  }

  function run(file) {
    const known = modules.get(file);
    if (known) return known.exports;
    const module = { exports: {} };
    modules.set(file, module);
    const wrapped = vm.runInContext(`(function (require, module, exports, window, document, frames, self, location, navigator, localStorage, history, Caches, screen, alert, confirm, prompt, fetch, XMLHttpRequest, WebSocket, webkit, WeixinJSCore, Reporter, print, WeixinJSBridge) {"use strict";${fs.readFileSync(file, "utf8")}\n})`, context, { filename: file });
    wrapped((name) => run(resolve(file, name)), module, module.exports);
    return module.exports;
  }

  return {
    require: (name) => run(resolve(path.join(dist, "app.js"), `./${name}`)),
    context,
    stop() {
      alive.yes = false;
      for (const timer of timers) clearTimeout(timer);
    },
  };
}
