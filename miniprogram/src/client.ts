// The one client of the mini program: the shared protocol with WeChat under it.

import { RECEIVED_TEMPLATE, SERVER } from "./config";
import { Problem, createClient } from "./protocol/protocol";
import { fetch } from "./platform/fetch";
import { createFiles } from "./platform/files";
import { createSessions } from "./platform/session";
import { Socket } from "./platform/socket";
import { createStop } from "./platform/stop";
import { createStorage } from "./platform/storage";
import { createUploads } from "./platform/uploads";
import { fill, uuid } from "./platform/uuid";
import { loginCode } from "./platform/wechat";
import { language } from "./words";

const sessions = createSessions();

export const client = createClient({
  fetch,
  WebSocket: Socket,
  storage: createStorage(),
  files: createFiles(),
  transmit: async () => {
    throw new Error("files go whole");
  },
  createUploads,
  createStop,
  base: `${SERVER}/api/v1`,
  line: `${SERVER.replace(/^http/, "ws")}/api/v1/live`,
  language: language(),
  token: sessions.token,
  opened: sessions.opened,
  ended: sessions.ended,
  uuid,
});

let started: Promise<void> | null = null;

/** Begins once: what is kept is sent at once, whoever is signed in is asked for beside it. */
export const start = () => (started ??= begin());

async function begin(): Promise<void> {
  fill();
  await sessions.load();
  await client.start({ session: sessions.token() !== null });
  if (sessions.token() === null && !sessions.signedOut()) await recognise();
}

/** Signs in whoever has done so with this WeChat before; nobody is asked anything. */
async function recognise(): Promise<void> {
  const code = await loginCode();
  if (!code || client.me()) return;
  try {
    await client.enter({ wechat_code: code });
  } catch {
    // Not linked, or not now: signing in is asked for when something needs it.
  }
}

/** Signs in with the phone that WeChat has proved: `phoneCode` is what its button gave. */
export async function enterByWechat(phoneCode: string, claiming: string | null): Promise<void> {
  const code = await loginCode();
  if (!code) throw new Problem({ code: "network" });
  await client.enter({ wechat_code: code, wechat_phone_code: phoneCode }, { claiming });
}

/** Asks, after a tap, whether WeChat may tell 已接收 when the mini program is closed. Gives whether it will. */
export async function askForNotice(report: string): Promise<boolean> {
  if (!RECEIVED_TEMPLATE) return false;
  const accepted = await new Promise<boolean>((resolve) => {
    wx.requestSubscribeMessage({
      tmplIds: [RECEIVED_TEMPLATE],
      success: (answer) => resolve(answer[RECEIVED_TEMPLATE] === "accept"),
      fail: () => resolve(false),
    });
  });
  const code = accepted ? await loginCode() : null;
  if (!code) return false;
  await noticeCall(report, code);
  return true;
}

async function noticeCall(report: string, code: string): Promise<void> {
  const stop = createStop();
  const answer = await fetch(`${SERVER}/api/v1/reports/${report}/wechat-notice`, {
    method: "POST",
    headers: { "Accept-Language": language(), "Content-Type": "application/json", Authorization: `Bearer ${sessions.token() ?? ""}` },
    body: JSON.stringify({ wechat_code: code }),
    signal: stop.signal,
  });
  if (answer.ok) return;
  const said = (await answer.json().catch(() => null)) as { code?: string; detail?: string } | null;
  throw new Problem({ status: answer.status, code: said?.code ?? "", detail: said?.detail ?? "" });
}
