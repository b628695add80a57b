// The whole way through the mini program's own pages, against the real server and a WeChat: what happened, step by step, as
// JSON.

import fs from "node:fs";
import path from "node:path";

import { createDispatcher } from "./dispatcher.mjs";
import { createLine } from "./line.mjs";
import { createPages, tap, told, typed } from "./pages.mjs";
import { createPhone, load } from "./wx.mjs";

const { DIST, HOME, CITIZEN, CONSOLE, WECHAT, PHOTO, VOICE } = process.env;
const PATIENCE_MS = 60_000;
const dispatcher = await createDispatcher(CONSOLE);
const wechat = async (act) => (await fetch(`${WECHAT}/person`, { method: "POST", body: JSON.stringify(act) })).json();
const out = {};
let people = Number(process.env.FIRST_PHONE);

/** Waits; `facts` are told when it waited in vain. */
async function until(true_, what, facts = () => []) {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    const value = await true_();
    if (value) return value;
    if (Date.now() > end) throw new Error(`never: ${what} ${JSON.stringify(facts())}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Somebody with a phone, who opens the mini program. `of`: who comes again; `samePhone`: with what is kept on it. */
async function open(of = null, { samePhone = true } = {}) {
  const number = of?.number ?? String((people += 1));
  const line = of?.line ?? (await createLine(Number(new URL(CITIZEN).port)));
  const folder = of && samePhone ? of.folder : fs.mkdtempSync(path.join(HOME, `way-${number}-`));
  const dist = path.join(folder, "dist");
  fs.cpSync(DIST, dist, { recursive: true });
  const config = path.join(dist, "config.js");
  fs.writeFileSync(config, fs.readFileSync(config, "utf8").replace(/SERVER = .*/, `SERVER = "http://127.0.0.1:${line.port}";`));
  const phone = createPhone({ folder: path.join(folder, "phone"), wechat, openid: `o-way-${number}`, phone: number });
  const pages = createPages();
  const modules = load(dist, phone.wx, pages.globals);
  modules.require("app");
  pages.app().onLaunch();
  pages.app().onShow();
  return {
    number, line, folder, phone, modules,
    app: pages.app(),
    client: modules.require("client").client,
    page: (name, query) => pages.open(modules.require, name, query),
    openid: `o-way-${number}`,
    kill() {
      modules.stop();
      phone.kill();
    },
  };
}

const idOf = (one, key) => one.client.outbox.get(key)?.report_id;
const keyOf = (one) => /key=([^&]+)/.exec(one.phone.said.pages.at(-1)[1])[1];
const rung = (page, name) => page.data.ladder.rungs.find((one) => one.name === name);

// --- one tap, nobody signed in; WeChat's own number; a photo, a voice note; 已接收

const me = await open();
const home = await me.page("pages/home/home");
await until(() => home.data.facts.location, "a position");
await until(() => /西湖/.test(home.data.whereNote), "the desk");
out.position = { crs: home.data.facts.location.crs, where: home.data.where, desk: home.data.whereNote.split("\n")[0] };
home.write(typed("楼上有人打架"));
await home.quick();
const key = keyOf(me);
const report = await me.page("pages/report/report", { key });
await until(() => report.data.need === "sign_in", "signing in asked for");
out.beforeSigningIn = { need: report.data.needTitle, saved: rung(report, "saved").standing, received: report.data.ladder.received };
report.goSign();
const account = await me.page("pages/account/account", { claiming: key, need: "sign_in" });
await account.byWechat(told({}));
out.refusedNumber = account.data.error;
const { code } = await wechat({ phone: `+86${me.number}` });
await account.byWechat(told({ code }));
if (account.data.whose) await account.mine();
await until(() => rung(report, "stored")?.standing === "now" || report.data.ladder.rungs[2]?.standing === "now", "stored");
out.stored = { number: report.data.number, phone: account.data.me?.phone ?? me.client.me().phone, need: report.data.need };

me.phone.pick(fs.readFileSync(PHOTO));
await report.media(tap({ kind: "photo" }));
await until(() => report.data.tiles.some(({ kind, percent }) => kind === "photo" && percent === 100), "a photo");
me.phone.pick(fs.readFileSync(VOICE), "aac");
await report.voice();
out.recording = report.data.recording;
await report.voice();
await until(() => me.client.report(idOf(me, key))?.media.some(({ kind, state }) => kind === "voice" && state === "ready"), "a voice note");
out.tiles = report.data.tiles.map(({ kind }) => kind).sort();

report.write(typed("在三楼"));
await report.say();
await until(() => report.data.lines.some(({ text }) => text === "在三楼"), "what was said");
await report.notice();
out.noticed = report.data.noticed;

await dispatcher.accept(idOf(me, key));
await until(() => report.data.ladder.received, "已接收");
report.render();
out.received = { title: rung(report, "received").title, note: rung(report, "received").note.split("\n")[1], step: report.data.step };
await until(async () => /已显示“已接收”/.test(await dispatcher.look(idOf(me, key))), "the desk sees that it arrived");
out.shown = true;

await dispatcher.ask(idOf(me, key), "answer", "受伤了吗？", ["是", "否"]);
await until(() => report.data.lines.some(({ question }) => question?.open), "a question");
const asked = report.data.lines.find(({ question }) => question?.open);
await report.answer(told({ id: asked.key, answer: "否" }));
await until(() => me.client.report(idOf(me, key)).requests[0].answer === "否", "an answer");
await dispatcher.ask(idOf(me, key), "location", "");
await until(() => report.data.lines.some(({ question }) => question?.request === "location" && question.open), "a position asked for");
await report.act(told({ id: report.data.lines.find(({ question }) => question?.request === "location").key, request: "location" }));
await until(() => me.client.report(idOf(me, key)).requests[1].answered_at, "a position given");
out.answered = me.client.report(idOf(me, key)).requests.map(({ request, answer }) => [request, answer]);

// --- left and come back: honest about what is known

report.onHide();
me.app.onHide();
me.line.cut();
await dispatcher.say(idOf(me, key), "警察在楼下");
me.line.mend();
me.app.onShow();
await report.onShow();
await until(() => report.data.lines.some(({ text }) => text === "警察在楼下"), "what was missed");
out.cameBack = true;

// --- the telephone, and the text message by the clipboard

home.voice();
out.calls = me.phone.said.calls;

// --- my reports

const mine = await me.page("pages/mine/mine");
await until(() => mine.data.rows.length === 1 && mine.data.state === "loaded", "my reports");
out.mine = { received: mine.data.rows[0].received, status: mine.data.rows[0].status };

// --- another phone, the same WeChat: known without being asked

me.kill();
const again = await open(me, { samePhone: false });
await until(() => again.client.me(), "known by WeChat alone");
out.known = again.client.me().phone === `${me.number.slice(0, 3)}****${me.number.slice(-4)}`;
const account2 = await again.page("pages/account/account");
await account2.signOut();
await until(() => again.client.me() === null, "signed out");
again.kill();
const out2 = await open(again);
await new Promise((resolve) => setTimeout(resolve, 300));
out.staysOut = out2.client.me() === null;
out2.kill();

// --- who leaves before it is accepted is told in WeChat, who is covert never is

const leaver = await open();
leaver.phone.may["scope.userLocation"] = true;
const home2 = await leaver.page("pages/home/home");
await until(() => home2.data.facts.location, "a position");
const account3 = await leaver.page("pages/account/account");
await account3.byWechat(told(await wechat({ phone: `+86${leaver.number}` })));
await until(() => leaver.client.me(), "signed in");
await home2.location();
const key2 = keyOf(leaver);
const report2 = await leaver.page("pages/report/report", { key: key2 });
await until(() => report2.data.code, "a location code", () => [report2.data.need, leaver.client.outbox.get(key2), leaver.client.report(idOf(leaver, key2))]);
await until(() => report2.data.noticeable, "a notice offered");
await report2.notice();
out.code = report2.data.code.length;
const left = idOf(leaver, key2);
leaver.kill();
await dispatcher.accept(left);
const sent = await until(async () => (await wechat({ sent: true })).sent.find(({ touser }) => touser === leaver.openid), "told in WeChat");
out.told = { page: sent.page === `pages/report/report?id=${left}`, fields: Object.keys(sent.data) };
out.toldWhoStayed = (await wechat({ sent: true })).sent.some(({ touser }) => touser === me.openid);

// --- covert

const quiet = await open();
quiet.phone.may["scope.userLocation"] = true;
await quiet.page("pages/home/home");
const account4 = await quiet.page("pages/account/account");
await account4.byWechat(told(await wechat({ phone: `+86${quiet.number}` })));
await until(() => quiet.client.me(), "signed in");
const covert = await quiet.page("pages/covert/covert");
out.covertIdle = covert.data.status;
covert.write(typed("有人跟着我"));
await covert.act();
await until(() => quiet.client.outbox.get(covert.data.key)?.state === "stored", "filed covertly");
const hidden = quiet.client.report(idOf(quiet, covert.data.key));
out.covert = hidden.covert;
await dispatcher.accept(hidden.id);
await dispatcher.ask(hidden.id, "answer", "他还在吗？", ["是", "否"]);
await until(() => covert.data.lines.length === 2, "a line");
await until(() => /已存|Saved|已保存/.test(covert.data.status), "looks saved");
out.covertStatus = covert.data.status.replace(/\d/g, "9");
covert.turn(tap({ key: covert.data.lines[1].key }));
out.covertLine = { open: covert.data.lines[1].open, answers: covert.data.lines[1].answers.map(({ shown }) => shown) };
await covert.answer(tap({ key: covert.data.lines[1].key, answer: "是" }));
await until(() => quiet.client.report(hidden.id).requests[0].answer === "是", "answered");
covert.onHide();
out.covertHidden = covert.data.lines.every(({ open }) => !open);
const plain = await quiet.page("pages/report/report", { id: hidden.id });
out.covertNotice = plain.data.noticeable;
quiet.kill();

// --- the two guided forms, as far as the server's acceptance

async function formFiled(name, last, ...changes) {
  const one = await open();
  one.phone.may["scope.userLocation"] = true;
  await one.page("pages/account/account").then(async (page) => page.byWechat(told(await wechat({ phone: `+86${one.number}` }))));
  await until(() => one.client.me(), "signed in");
  const home = await one.page("pages/home/home");
  await until(() => home.data.facts.location, "a position");
  const form = await one.page(`forms/${name}/${name}`);
  for (const change of changes) form.take(change);
  const kept = await until(() => one.client.drafts.get(name), "kept as it is written");
  for (let step = 0; step <= last; step += 1) await form.next();
  const key = keyOf(one);
  await until(() => one.client.outbox.get(key).state !== "sending", "answered");
  const { state, problem, body } = one.client.outbox.get(key);
  const left = await one.client.drafts.get(name);
  const { kind } = one.client.report(idOf(one, key)) ?? {};
  one.kill();
  return { kept: Object.keys(kept).length > 0, state, problem: problem?.code ?? null, kind, left, facts: Object.keys(body.fraud ?? body.deed).sort() };
}

out.fraud = await formFiled("fraud", 5,
  { scheme: "police", text: "自称公安，要我转账", day: "2026-11-20", time: "09:30", in_contact: "no" },
  { channels: ["call", "wechat"], contact_call: "00852 6155 0000", lost: "yes", amount: "38,000.50", just_paid: new Date().toISOString(), ways: ["bank"] },
  { transfers: [{ number: "6222 0000 0000 0000 000", name: "王某", bank: "某某银行", amount: "38000.5" }, {}], place: "杭州市西湖区" });
out.tip = await formFiled("tip", 3, { text: "桥下夜间有人聚众赌博", when: "about", at_text: "每天夜里十一点以后" }, { place: "杭州市西湖区某桥下", here: "here", who: "二十来人", vehicle: "", unnamed: "yes" });

// --- refused permissions lead to the settings

const wary = await open();
wary.phone.may["scope.userLocation"] = false;
wary.phone.may["scope.record"] = false;
const home3 = await wary.page("pages/home/home");
await until(() => home3.data.refused, "refused");
out.refused = { where: home3.data.where };
await home3.allowPosition();
await until(() => !home3.data.refused && home3.data.facts.location, "allowed");
out.settingsOpened = wary.phone.said.settingsOpened;
wary.phone.may["scope.record"] = false;
await home3.quick();
const report3 = await wary.page("pages/report/report", { key: keyOf(wary) });
await report3.voice();
out.voiceRefused = { settings: report3.data.settings, recording: report3.data.recording };
await report3.openSettings();
out.voiceAllowed = report3.data.settings === "";
wary.kill();

console.log(JSON.stringify(out));
process.exit(0);
