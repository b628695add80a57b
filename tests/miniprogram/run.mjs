// Runs the table: `node run.mjs`, with what it needs in its environment. Prints it, and fails where the columns differ
// otherwise than is allowed.

import fs from "node:fs";
import path from "node:path";

import { mini, page } from "./columns.mjs";
import { createDispatcher } from "./dispatcher.mjs";
import { createLine } from "./line.mjs";
import { ALLOWED, BEHAVIOURS } from "./scenario.mjs";

const { ROOT, DIST, HOME, CITIZEN, CONSOLE, WECHAT, PHOTO, ONLY = "" } = process.env;
const PATIENCE_MS = 60_000; // never what a behaviour is about
const COLUMNS = { page, mini };
const TOGETHER = 4;
const photo = fs.readFileSync(PHOTO);
const dispatcher = await createDispatcher(CONSOLE);
let people = Number(process.env.FIRST_PHONE);

const wechat = async (act) => (await fetch(`${WECHAT}/person`, { method: "POST", body: JSON.stringify(act) })).json();

async function until(true_, what) {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    const value = await true_();
    if (value) return value;
    if (Date.now() > end) throw new Error(`never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Somebody new, signed in, on a phone of their own behind a line of their own. */
async function newWorld(column) {
  const number = String((people += 1));
  const line = await createLine(Number(new URL(CITIZEN).port));
  const origin = `http://127.0.0.1:${line.port}`;
  const folder = path.join(HOME, `${column}-${number}`);
  const dist = path.join(folder, "dist");
  fs.cpSync(DIST, dist, { recursive: true });
  const config = path.join(dist, "config.js");
  fs.writeFileSync(config, fs.readFileSync(config, "utf8").replace(/SERVER = .*/, `SERVER = ${JSON.stringify(origin)};`));
  const open = () => COLUMNS[column]({ root: ROOT, dist, folder: path.join(folder, "phone"), origin, wechat, openid: `o-${number}`, phone: number });
  const world = { number, line, dispatcher, photo, until, me: await open() };
  world.restart = async () => {
    world.me.kill();
    world.me = await open();
    await world.me.start();
    return world.me;
  };
  world.endSessions = async () => {
    const json = { "Content-Type": "application/json" };
    const { demo_code: code } = await (await fetch(`${CITIZEN}/api/v1/phone-codes`, { method: "POST", headers: json, body: JSON.stringify({ phone: number }) })).json();
    const { token } = await (await fetch(`${CITIZEN}/api/v1/sessions`, { method: "POST", headers: json, body: JSON.stringify({ phone: number, code }) })).json();
    await fetch(`${CITIZEN}/api/v1/sessions/others`, { method: "DELETE", headers: { Authorization: `Bearer ${token}` } });
  };
  world.shownAt = async (id) => (/已显示“已接收”/.test(await dispatcher.look(id)) ? id : null);
  await world.me.start();
  await world.me.enter(number);
  return world;
}

async function outcome(column, act) {
  const world = await newWorld(column);
  try {
    return JSON.stringify(await act(world));
  } catch (error) {
    return `FAILED ${error.message}`;
  } finally {
    world.me.kill();
    world.line.close();
  }
}

// Several at a time: most of it is waiting.
const chosen = BEHAVIOURS.filter(([name]) => name.includes(ONLY));
const outcomes = new Map();
const waiting = [...chosen];
await Promise.all(Array.from({ length: TOGETHER }, async () => {
  for (let next = waiting.shift(); next; next = waiting.shift()) {
    const [name, act] = next;
    outcomes.set(name, await Promise.all([outcome("page", act), outcome("mini", act)]));
  }
}));

let wrong = 0;
for (const [name] of chosen) {
  const [left, right] = outcomes.get(name);
  const failed = [left, right].some((one) => one.startsWith("FAILED"));
  const same = left === right;
  const excused = !failed && !same && name in ALLOWED;
  if (failed || (!same && !excused) || (same && name in ALLOWED)) wrong += 1;
  console.log(`${failed ? "FAILED " : same ? "same   " : excused ? "allowed" : "DIFFERS"} ${name}`);
  if (same) console.log(`          both  ${left}`);
  else console.log(`          page  ${left}\n          mini  ${right}${excused ? `\n          since ${ALLOWED[name]}` : ""}`);
}
process.exit(wrong ? 1 : 0);
