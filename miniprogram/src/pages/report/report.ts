// One report on the screen: its ladder, what is still needed for it, the conversation, the photos.

import { askForNotice, client, start } from "../../client";
import { RECEIVED_TEMPLATE } from "../../config";
import { endAll, ends } from "../../parts/ends";
import { FIX_WITHIN, fileAgain, locate, position } from "../../parts/filing";
import { ladderOf, stepOf } from "../../parts/ladder";
import { changes, online, worded } from "../../parts/screen";
import { linesOf, tilesOf } from "../../parts/talk";
import { MOST_PHOTOS, MOST_VOICES, Recorder, Taken, choose, createRecorder } from "../../platform/media";
import { Scope, openSettings } from "../../platform/permissions";
import { choosePlace } from "../../platform/position";
import { Item, Report, isMedia, isOpen } from "../../protocol/protocol";
import { Progress, progressOf, textedAt } from "../../protocol/progress";
import { sentence, t, timeOf } from "../../words";

const GROUPS = ["report", "code", "place", "finder", "account", "whose", "talk", "media", "withdraw", "state", "mini"];
const REASONS = ["mistake", "solved", "called", "other"];
const FOLLOW_EVERY = 5_000; // ms between positions that follow a report
const MOVED_M = 10;
const NEEDS: Record<string, string> = { held: "place", sign_in: "sign_in", identity: "identity", whose: "whose" };

interface Subject {
  key: string | undefined;
  id: string | undefined;
}

const subjects = new WeakMap<object, Subject>();
const recorders = new WeakMap<object, Recorder>();

Component({
  data: {
    ...worded(...GROUPS),
    there: false,
    missing: false,
    line: "",
    ladder: { rungs: [], received: false, waiting: null, alarm: null, refusal: null, after: null } as ReturnType<typeof ladderOf>,
    step: "",
    need: "",
    needTitle: "",
    needNote: "",
    lines: [] as ReturnType<typeof linesOf>,
    tiles: [] as ReturnType<typeof tilesOf>,
    open: true,
    covert: false,
    text: "",
    place: "",
    number: "",
    desk: "",
    code: "",
    codeSpoken: "",
    codeNote: "",
    facts: {},
    urgent: false,
    problem: "",
    settings: "" as Scope | "",
    recording: false,
    phrases: [] as string[],
    reasons: [] as string[],
    withdrawing: false,
    noticeable: false,
    noticed: false,
    locating: false,
    looked: true,
  },
  methods: {
    onLoad({ key, id, locating }: Record<string, string | undefined>) {
      start();
      subjects.set(this, { key, id });
      recorders.set(this, createRecorder((taken) => this.recorded(taken)));
      this.setData({
        phrases: [1, 2, 3, 4].map((n) => t(`talk.phrase_${n}`)),
        reasons: REASONS.map((name) => t(`withdraw.${name}`)),
        locating: Boolean(locating),
      });
      const ticking = setInterval(() => this.render(), 1000);
      const following = setInterval(() => this.follow(), FOLLOW_EVERY);
      ends(this, client.listen((event) => this.heard(event)), () => clearInterval(ticking), () => clearInterval(following));
      if (locating) setTimeout(() => this.setData({ locating: false }), FIX_WITHIN);
      this.watch();
      this.render();
    },
    onShow() {
      this.setData({ looked: true });
      position.start();
      this.watch();
      this.render();
    },
    /** Nobody looks: nothing is said to have been shown. */
    onHide() {
      this.setData({ looked: false });
    },
    onUnload() {
      const id = this.idOf();
      if (id) client.live.unwatch(id);
      recorders.get(this)?.cancel();
      endAll(this);
    },

    item(): Item | undefined {
      const { key, id } = subjects.get(this) as Subject;
      return (key ? client.outbox.get(key) : undefined) ?? (id ? client.outbox.of(id) : undefined);
    },
    idOf(): string | undefined {
      return this.item()?.report_id ?? subjects.get(this)?.id;
    },
    report(): Report | undefined {
      return client.report(this.idOf());
    },
    /** What things that belong to the report are filed under. */
    handle(): string {
      return this.item()?.key ?? (this.idOf() as string);
    },
    watch() {
      const id = this.idOf();
      if (id) client.live.watch(id);
    },
    heard(event: { type: string; id?: string; item?: Item }) {
      const { key } = subjects.get(this) as Subject;
      if (event.type === "unknown" && event.id === this.idOf()) this.setData({ missing: true });
      if (event.type === "item" && event.item?.key === key && event.item?.state === "stored") this.watch();
      if (event.type === "gone" && event.item?.key === key && event.item?.kind === "report") {
        // Taken back before the desk had it: nothing is left to be looked at.
        if (event.item?.state === "withdrawn") this.home();
        return;
      }
      this.render();
    },

    /** Shows what is true now. */
    render() {
      const [item, report] = [this.item(), this.report()];
      if (!item && !report) {
        if (client.me() === null && this.idOf()) this.setData({ there: true, ...this.needOf("again") });
        return this.setData({ there: false });
      }
      const now = client.now();
      const progress = progressOf({ item, report, now, here: client.here, heard: client.live.heard() });
      const ended = ["withdrawn", "closed", "refused"].includes(progress.phase);
      const belonging = client.outbox.belonging(item?.key, report?.id);
      const next = {
        there: true,
        line: ended || client.live.state() === "live" ? "" : online() ? (client.live.state() === "polling" ? t("line.polling") : "") : t("line.offline"),
        ladder: ladderOf({ item, report, progress, now, locating: this.data.locating, online: online() }),
        step: stepOf({ item, report, progress }),
        lines: linesOf(report, item, belonging),
        tiles: tilesOf(report, belonging, !ended),
        open: !ended,
        covert: this.covertOf(item, report, belonging),
        number: report ?? item?.filed ? t("report.number", { number: (report ?? item?.filed)?.number ?? "" }) : "",
        desk: textedAt({ item, report }) ?? "",
        facts: { text: report?.text ?? item?.body?.text ?? "", place: report?.place_text ?? item?.body?.place_text, location: item?.body?.location ?? position.best() },
        urgent: progress.overdue || progress.late || progress.unsure || progress.phase === "refused",
        noticeable: Boolean(RECEIVED_TEMPLATE) && report?.status === "filed" && !report.covert && !this.data.noticed,
        ...this.needOf(this.needed(progress, item)),
        ...this.codeOf(report, now),
      };
      this.setData(changes(this.data, next));
      if (report && this.data.looked) wx.nextTick(() => this.data.looked && client.live.shown(report.id, report.version));
    },
    covertOf(item: Item | undefined, report: Report | undefined, belonging: Item[]): boolean {
      const switched = belonging.filter(({ kind }) => kind === "covert").pop() as (Item & { covert: boolean }) | undefined;
      return switched && switched.state !== "stored" ? switched.covert : (report?.covert ?? item?.body?.covert ?? false);
    },
    needed({ phase }: Progress, item: Item | undefined): string {
      if (phase === "held" && this.data.locating) return "";
      if (phase === "sign_in" && item && client.outbox.foreign(item)) return "others";
      if (!NEEDS[phase] && client.me() === null && this.idOf()) return "again";
      return NEEDS[phase] ?? "";
    },
    needOf(need: string) {
      const titles: Record<string, [string, string]> = {
        sign_in: ["account.sign_in_due", "account.sign_in_due_note"],
        again: ["account.again_due", ""],
        identity: ["account.identity_due", "account.identity_due_note"],
        whose: ["whose.title", ""],
      };
      const [title, note] = titles[need] ?? ["", ""];
      return { need, needTitle: title && t(title), needNote: note && t(note) };
    },
    codeOf(report: Report | undefined, now: number) {
      const { location_code: code, location_code_expires_at: until } = report ?? {};
      if (!code || !until || now >= Date.parse(until)) return { code: "", codeNote: "", codeSpoken: "" };
      return { code: `${code.slice(0, 3)} ${code.slice(3)}`, codeSpoken: t("code.announce", { code: code.split("").join(" ") }), codeNote: t("code.until", { time: timeOf(until) }) };
    },

    /** The phone's position follows its report while somebody waits for help and looks at this page. */
    follow() {
      const [report, best] = [this.report(), position.best()];
      if (!report || !isOpen(report) || !best || !this.data.looked) return;
      const sent = followed.get(report.id) ?? this.item()?.body?.location;
      if (sent && apart(sent, best) < MOVED_M) return;
      followed.set(report.id, best);
      client.locate(report.id, best).catch(() => followed.delete(report.id));
    },

    write({ detail }: WechatMiniprogram.CustomEvent<{ value: string }>) {
      this.setData({ text: detail.value });
      const id = this.idOf();
      if (detail.value && id) client.live.typing(id);
    },
    async say() {
      const text = this.data.text.trim();
      if (!text) return;
      this.setData({ text: "" });
      await client.outbox.say(this.handle(), text);
    },
    async phrase({ currentTarget }: WechatMiniprogram.CustomEvent) {
      const text = currentTarget.dataset.text as string;
      this.setData({ phrases: this.data.phrases.filter((one) => one !== text) });
      await client.outbox.say(this.handle(), text);
    },
    answer({ detail }: WechatMiniprogram.CustomEvent<{ id: string; answer: string }>) {
      return client.outbox.answer(this.handle(), detail.id, detail.answer);
    },
    async act({ detail }: WechatMiniprogram.CustomEvent<{ id: string; request: string }>) {
      if (detail.request !== "location") return this.take(detail.request as "photo");
      const found = (await position.within(FIX_WITHIN)) ?? (await choosePlace(null))?.location;
      if (found) await client.outbox.locate(this.handle(), detail.id, found);
    },

    media({ currentTarget }: WechatMiniprogram.CustomEvent) {
      return this.take(currentTarget.dataset.kind as "photo" | "video");
    },
    async take(kind: "photo" | "video") {
      const there = this.data.tiles.filter((tile) => tile.kind === kind && !tile.failed).length;
      const most = kind === "photo" ? MOST_PHOTOS : 1;
      if (there >= most) return this.setData({ problem: t(kind === "photo" ? "media.photo_most" : "media.video_most_one", { n: most }) });
      this.setData({ problem: "" });
      for (const taken of await choose(kind, most - there)) await client.outbox.attach(this.handle(), taken);
    },
    async voice() {
      const recorder = recorders.get(this) as Recorder;
      if (this.data.recording) return recorder.stop();
      if (this.data.tiles.filter((tile) => tile.kind === "voice" && !tile.failed).length >= MOST_VOICES) return this.setData({ problem: t("media.voice_most", { n: MOST_VOICES }) });
      const begun = await recorder.start();
      this.setData({ recording: begun === "yes", problem: begun === "yes" ? "" : t("mini.voice_refused"), settings: begun === "settings" ? "scope.record" : "" });
    },
    async recorded(taken: Taken | null) {
      const was = this.data.recording;
      this.setData({ recording: false, problem: taken || !was ? "" : t("media.too_short") });
      if (taken) await client.outbox.attach(this.handle(), taken);
    },
    async openSettings() {
      if (this.data.settings && (await openSettings(this.data.settings))) this.setData({ settings: "", problem: "" });
    },
    again({ detail }: WechatMiniprogram.CustomEvent<{ key: string }>) {
      return client.outbox.resume(detail.key);
    },
    async remove({ detail }: WechatMiniprogram.CustomEvent<{ key: string }>) {
      const report = this.report();
      const media = report?.media.find(({ client_id, id }) => client_id === detail.key || id === detail.key);
      if (report && media) await client.outbox.takeBack(report.id, media);
      else if (client.outbox.belonging(this.handle(), report?.id).some((item) => isMedia(item) && item.key === detail.key)) await client.outbox.remove(detail.key);
    },

    writePlace({ detail }: WechatMiniprogram.CustomEvent<{ value: string }>) {
      this.setData({ place: detail.value });
    },
    async sendPlace() {
      const place_text = this.data.place.trim();
      if (place_text) await client.outbox.release(this.handle(), { place_text });
    },
    async choosePlace() {
      const chosen = await choosePlace(position.best());
      if (chosen) await client.outbox.release(this.handle(), { location: chosen.location, place_text: chosen.place_text });
    },
    sendNow() {
      return client.outbox.release(this.handle(), { place_text: t("finder.unknown") });
    },
    goSign() {
      const key = this.item()?.key ?? "";
      wx.navigateTo({ url: `/pages/account/account?claiming=${key}&need=${this.data.need}` });
    },

    cover() {
      return client.outbox.cover(this.handle(), !this.data.covert);
    },
    async notice() {
      const id = this.idOf();
      if (!id) return;
      try {
        const noticed = await askForNotice(id);
        this.setData({ noticed, problem: "" });
      } catch (problem) {
        this.setData({ problem: sentence(problem as { detail: string }) });
      }
    },
    askWithdraw() {
      this.setData({ withdrawing: !this.data.withdrawing });
    },
    async withdraw({ currentTarget }: WechatMiniprogram.CustomEvent) {
      this.setData({ withdrawing: false });
      await client.outbox.withdraw(this.handle(), currentTarget.dataset.reason as string);
    },
    async fileAgain() {
      const item = this.item();
      if (!item) return;
      const filed = await fileAgain(item);
      subjects.set(this, { key: filed.key, id: undefined });
      if (filed.state === "held") await locate(filed.key);
      this.render();
    },
    async giveUp() {
      const item = this.item();
      if (item) await client.outbox.forget(item.key);
      this.home();
    },
    home() {
      wx.reLaunch({ url: "/pages/home/home" });
    },
  },
});

const followed = new Map<string, { lat: number; lon: number }>();

function apart(a: { lat: number; lon: number }, b: { lat: number; lon: number }): number {
  const north = (a.lat - b.lat) * 111_320;
  const east = (a.lon - b.lon) * 111_320 * Math.cos((a.lat * Math.PI) / 180);
  return Math.hypot(north, east);
}
