// 静默: the mini program looks like a notebook. Not one word here says what it is for, nothing sounds or vibrates, and
// leaving is one practised gesture: the title, twice.

import { client, start } from "../../client";
import { endAll, ends } from "../../parts/ends";
import { fileHere, locate, position } from "../../parts/filing";
import { changes, worded } from "../../parts/screen";
import { choose } from "../../platform/media";
import { Item, Question, Report, isMedia, isOpen } from "../../protocol/protocol";
import { progressOf } from "../../protocol/progress";
import { has, t, timeOf } from "../../words";

const LOOK = "covert.notes";
const OPEN_FOR = 12_000; // ms that words stay readable
const TWICE = 600;
const BACK = "2580"; // written and saved, it leads back to the first screen
const YES = /^(是|是的|有|能|在|可以|好|对|yes|y)$/i;
const NO = /^(否|不|不是|没有|不能|不在|不可以|no|n)$/i;

interface Line {
  key: string;
  name: string;
  at: string;
  mark: string;
  text: string;
  open: boolean;
  answers: { said: string; shown: string }[];
}

const tapped = new WeakMap<object, number>();

Component({
  data: {
    ...worded("mini"),
    look: { title: "", input: "", act: "", photo: "" },
    status: "",
    text: "",
    need: "",
    phase: "",
    lines: [] as Line[],
    opened: "",
    key: "",
  },
  methods: {
    onLoad() {
      start();
      position.start();
      const look = Object.fromEntries(["title", "input", "act", "photo"].map((name) => [name, t(`${LOOK}.${name}`)]));
      this.setData({ look: look as { title: string; input: string; act: string; photo: string } });
      wx.setNavigationBarTitle({ title: look.title });
      const ticking = setInterval(() => this.render(), 1000);
      ends(this, client.listen(() => this.render()), () => clearInterval(ticking));
      this.render();
    },
    onHide() {
      // Nothing said stays readable.
      this.setData({ opened: "", text: "" });
      this.render();
    },
    onUnload() {
      endAll(this);
    },
    /** The covert report that is under way: the one that was begun here, else the newest. */
    item(): Item | undefined {
      return client.outbox.get(this.data.key) ?? client.outbox.reports().filter(({ body }) => body?.covert).pop();
    },
    report(): Report | undefined {
      const item = this.item();
      const own = client.report(item?.report_id);
      return own ?? client.reports().filter((report) => report.covert && isOpen(report)).pop();
    },
    render() {
      const [item, report] = [this.item(), this.report()];
      if (!item && !report) return this.setData({ status: t(`${LOOK}.idle`), lines: [], need: "" });
      const progress = progressOf({ item, report, now: client.now(), here: client.here, heard: client.live.heard() });
      if (report) {
        client.live.watch(report.id);
        client.live.shown(report.id, report.version);
      }
      const needs: Record<string, string> = { held: "place", sign_in: "login", identity: "login", whose: "login" };
      const need = needs[progress.phase] ? t(`${LOOK}.${needs[progress.phase]}`) : "";
      return this.setData(changes(this.data, { status: this.statusOf(progress, report), need, phase: progress.phase, lines: this.linesOf(report, item) }));
    },
    statusOf(progress: ReturnType<typeof progressOf>, report: Report | undefined): string {
      const { phase, overdue, unsure, late } = progress;
      if (overdue) return t(`${LOOK}.failed`);
      if (unsure) return t(`${LOOK}.lost`);
      if (late) return t(`${LOOK}.late`);
      if (phase === "refused") return t(`${LOOK}.none`);
      if (phase === "received" && report?.received) {
        const word = report.status === "on_scene" ? "arrived" : report.status === "dispatched" ? "coming" : "received";
        return t(`${LOOK}.${word}`, { time: timeOf(report.received.at).slice(0, 5) });
      }
      if (phase === "closed" || phase === "withdrawn") return t(`${LOOK}.${report?.outcome === "referred" ? "referred" : "done"}`);
      const words: Record<string, string> = { sending: "sending", storing: "stored", waiting: "waiting" };
      return words[phase] && has(`${LOOK}.${words[phase]}`) ? t(`${LOOK}.${words[phase]}`) : t(`${LOOK}.idle`);
    },
    linesOf(report: Report | undefined, item: Item | undefined): Line[] {
      const belonging = client.outbox.belonging(item?.key, report?.id);
      const there = new Set((report?.messages ?? []).map(({ client_id }) => client_id));
      const lines: (Line & { when: number })[] = [];
      const add = (key: string, name: string, when: string | number, text: string, mark = "", answers: Line["answers"] = []) =>
        lines.push({ key, name: t(`${LOOK}.${name}`), at: timeOf(when).slice(0, 5), mark, text, open: this.data.opened === key, answers, when: new Date(when).getTime() });
      const own = report?.text || item?.body?.text;
      if (own) add("own", "own", item?.created ?? report?.filed_at ?? 0, own, report ? "" : " …");
      for (const { client_id, id, author, text, at } of report?.messages ?? []) add(client_id || id, author === "reporter" ? "own" : "line", at, text);
      for (const question of report?.requests ?? []) {
        add(question.id, "ask", question.at, question.text || t("covert.ask.plain"), "", question.answered_at ? [] : answersOf(question));
      }
      for (const one of belonging) {
        const mark = one.state === "refused" ? ` · ${t("covert.ask.refused")}` : one.state === "stored" ? "" : " …";
        if (one.kind === "message" && !there.has(one.key)) add(one.key, "own", one.created, one.text ?? "", mark);
        if (isMedia(one) && one.state !== "removing") add(one.key, "photo", one.created, "", mark);
      }
      return lines.sort((a, b) => a.when - b.when);
    },
    write({ detail }: WechatMiniprogram.CustomEvent<{ value: string }>) {
      this.setData({ text: detail.value });
    },
    /** What was written goes: as the report the first time, as words to the desk afterwards. */
    async act() {
      const text = this.data.text.trim();
      this.setData({ text: "" });
      if (text === BACK) return void wx.reLaunch({ url: "/pages/home/home" });
      const [item, report] = [this.item(), this.report()];
      const ended = report ? !isOpen(report) : item?.state === "refused";
      if ((item || report) && !ended) {
        if (this.data.phase === "held" && text) await client.outbox.release((item as Item).key, { place_text: text });
        else if (text) await client.outbox.say(item?.key ?? (report as Report).id, text);
        return undefined;
      }
      const { item: filed, waits } = await fileHere({ kind: "quick", text, covert: true });
      this.setData({ key: filed.key });
      if (waits) locate(filed.key);
      return undefined;
    },
    /** From the album alone: it opens no camera and makes no shutter's sound. */
    async photo() {
      const handle = this.item()?.key ?? this.report()?.id;
      if (!handle) return;
      for (const taken of await choose("photo", 1, ["album"])) await client.outbox.attach(handle, taken);
    },
    settle() {
      if (this.data.phase === "held") return;
      wx.navigateTo({ url: `/pages/account/account?claiming=${this.item()?.key ?? ""}&need=${this.data.phase}&quiet=1` });
    },
    turn({ currentTarget }: WechatMiniprogram.CustomEvent) {
      const key = currentTarget.dataset.key as string;
      const opened = this.data.opened === key ? "" : key;
      this.setData({ opened });
      this.render();
      if (!opened) return;
      const closing = setTimeout(() => {
        if (this.data.opened === key) this.setData({ opened: "" });
      }, OPEN_FOR);
      ends(this, () => clearTimeout(closing));
    },
    async answer({ currentTarget }: WechatMiniprogram.CustomEvent) {
      const { key, answer } = currentTarget.dataset as { key: string; answer: string };
      const question = this.report()?.requests.find(({ id }) => id === key);
      const handle = this.item()?.key ?? (this.report() as Report).id;
      this.setData({ opened: "" });
      if (question?.request === "location") {
        const found = await position.within(3_000);
        if (found) await client.outbox.locate(handle, key, found);
      } else if (question?.request === "photo" || question?.request === "video") await this.photo();
      else await client.outbox.answer(handle, key, answer);
    },
    /** The title twice: nothing is left of it on the screen. */
    leave() {
      const last = tapped.get(this) ?? 0;
      tapped.set(this, Date.now());
      if (Date.now() - last > TWICE) return;
      if (wx.exitMiniProgram) wx.exitMiniProgram({ fail: () => wx.reLaunch({ url: "/pages/home/home" }) });
      else wx.reLaunch({ url: "/pages/home/home" });
    },
  },
});

/** Yes and no get names that say nothing. */
function answersOf({ request, answers }: Question): Line["answers"] {
  if (request !== "answer") return [{ said: "", shown: t("covert.ask.yes") }];
  return answers.map((said) => ({ said, shown: YES.test(said) ? t("covert.ask.yes") : NO.test(said) ? t("covert.ask.no") : said }));
}
