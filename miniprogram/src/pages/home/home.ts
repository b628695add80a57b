// The first screen: where one is, one big button, and what may matter more than a new report.

import { client, start } from "../../client";
import { call } from "../../parts/lifeline";
import { endAll, ends } from "../../parts/ends";
import { fileHere, locate, position } from "../../parts/filing";
import { online, worded } from "../../parts/screen";
import { choosePlace } from "../../platform/position";
import { openSettings } from "../../platform/permissions";
import { Desk, Facts, Location, isOpen } from "../../protocol/protocol";
import { distance, duration, t } from "../../words";

interface Notice {
  text: string;
  to: string;
}

const ASKED_AGAIN_M = 200; // metres that somebody must have moved

Component({
  data: {
    ...worded("home", "entries", "covert", "account", "mini"),
    where: "",
    whereNote: "",
    refused: false,
    notices: [] as Notice[],
    text: "",
    busy: false,
    urgent: false,
    number: "",
    facts: {} as { text?: string; place?: string | null; location?: Location | null },
    desk: null as Desk | null,
    asked: null as Location | null,
  },
  methods: {
    onLoad() {
      start();
      ends(this, client.listen(() => this.renderNotices()), position.listen(() => this.renderWhere()));
      this.renderNotices();
    },
    onShow() {
      this.setData(worded("home", "entries", "covert", "account", "mini"));
      position.start();
      this.renderNotices();
    },
    onUnload() {
      endAll(this);
    },
    renderWhere() {
      const best = position.best();
      const chosen = position.chosen();
      const state = position.state();
      const place = position.place();
      const where = chosen?.place_text ?? (best ? t("position.in", { area: this.data.desk?.area.name ?? t("place.found"), roughly: t("position.roughly", { distance: distance(best.accuracy_m ?? 0) }) }) : t(state === "asking" ? "place.asking" : `place.${state}`));
      const note = this.data.desk ? t("place.to_desk", { desk: this.data.desk.name }) : t(`place.${state === "found" ? "asking" : state}_note`);
      this.setData({ where, whereNote: note, refused: state === "denied", facts: { text: this.data.text, place: place.place_text, location: place.location } });
      if (place.location) this.ask(place.location);
    },
    /** Which desk it is, and whether anybody is there: asked when somebody has moved. */
    async ask(location: Location) {
      const { asked } = this.data;
      if (asked && apart(asked, location) < ASKED_AGAIN_M) return;
      this.setData({ asked: location });
      try {
        const desk = await client.nearest(location);
        const usual = desk.usual_acceptance_s ? t("position.usual", { duration: duration(desk.usual_acceptance_s * 1000) }) : "";
        const nobody = desk.online ? "" : t("position.nobody", { desk: desk.name });
        this.setData({ desk, number: desk.sms, urgent: !desk.online });
        this.renderWhere();
        this.setData({ whereNote: [t("place.to_desk", { desk: desk.name }), usual, nobody].filter(Boolean).join("\n") });
      } catch (problem) {
        const { code, detail } = problem as { code?: string; detail?: string };
        this.setData({ asked: null });
        if (code === "outside_jurisdiction") this.setData({ where: t("place.outside"), whereNote: detail ?? "", urgent: true });
      }
    },
    renderNotices() {
      const me = client.me();
      const unsent = client.outbox.reports().filter((item) => item.state !== "stored");
      const running = client.reports().filter(isOpen).sort((a, b) => (a.filed_at < b.filed_at ? 1 : -1))[0];
      const notices: Notice[] = [];
      if (!online()) notices.push({ text: t("line.offline"), to: "" });
      if (unsent.length > 1) notices.push({ text: t("notice.pending_several", { n: unsent.length }), to: "/pages/mine/mine" });
      else if (unsent.length) notices.push({ text: t("notice.pending"), to: `/pages/report/report?key=${unsent[0].key}` });
      else if (running) {
        const text = running.status === "filed" ? t("notice.waiting") : `${t("notice.running")} · ${running.status_label}`;
        notices.push({ text, to: `/pages/report/report?id=${running.id}` });
      }
      if (client.outbox.others().length) notices.push({ text: t("whose.kept_for"), to: "/pages/account/account" });
      if (me === null) notices.push({ text: t("notice.sign_in"), to: "/pages/account/account" });
      else if (me && me.identity !== "verified") notices.push({ text: t(me.reports > 0 ? "notice.identity_due" : "notice.identity"), to: "/pages/account/account" });
      this.setData({ notices });
    },
    write({ detail }: WechatMiniprogram.CustomEvent<{ value: string }>) {
      this.setData({ text: detail.value, "facts.text": detail.value });
    },
    quick() {
      return this.file("quick");
    },
    location() {
      return this.file("location");
    },
    async file(kind: Facts["kind"]) {
      // A hand that shakes taps twice.
      if (this.data.busy) return;
      this.setData({ busy: true });
      const { item, waits } = await fileHere({ kind, text: this.data.text.trim() });
      if (waits) locate(item.key);
      this.setData({ text: "", busy: false });
      wx.navigateTo({ url: `/pages/report/report?key=${item.key}${waits ? "&locating=1" : ""}` });
    },
    voice: () => call("110"),
    async choosePlace() {
      const chosen = await choosePlace(position.best());
      if (chosen) position.choose(chosen);
    },
    async allowPosition() {
      await openSettings("scope.userLocation");
      await position.start();
    },
    /** Nothing lies behind it: going back shows no page of ours. */
    covert() {
      wx.reLaunch({ url: "/pages/covert/covert" });
    },
    open({ currentTarget }: WechatMiniprogram.CustomEvent) {
      if (currentTarget.dataset.to) wx.navigateTo({ url: currentTarget.dataset.to as string });
    },
  },
});

function apart(a: Location, b: Location): number {
  const north = (a.lat - b.lat) * 111_320;
  const east = (a.lon - b.lon) * 111_320 * Math.cos((a.lat * Math.PI) / 180);
  return Math.hypot(north, east);
}
