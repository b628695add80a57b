// My reports: what the desk has, newest first, and above them what has not been delivered.

import { client, start } from "../../client";
import { endAll, ends } from "../../parts/ends";
import { worded } from "../../parts/screen";
import { Item, Report, isReceived } from "../../protocol/protocol";
import { dayOf, has, t } from "../../words";

interface Row {
  to: string;
  status: string;
  text: string;
  note: string;
  received: boolean;
}

Component({
  data: { ...worded("mine", "account"), state: "loading", signedOut: false, rows: [] as Row[], cursor: null as string | null },
  methods: {
    onLoad() {
      start();
      ends(this, client.listen(({ type }) => {
        if (type === "me") this.load();
        else this.render();
      }));
    },
    onShow() {
      this.load();
    },
    onUnload() {
      endAll(this);
    },
    async load() {
      this.render();
      if (client.me() === null) return this.setData({ signedOut: true, state: "loaded" });
      this.setData({ signedOut: false });
      return this.page(null);
    },
    more() {
      return this.page(this.data.cursor);
    },
    async page(cursor: string | null) {
      try {
        const { next_cursor } = await client.list(cursor);
        this.setData({ state: "loaded", cursor: next_cursor });
      } catch {
        this.setData({ state: "failed" });
      }
      this.render();
    },
    render() {
      const unsent = client.outbox.reports().filter((item) => item.state !== "stored");
      const known = client.reports().sort((a, b) => (a.filed_at < b.filed_at ? 1 : -1));
      this.setData({ rows: [...unsent.map(unsentRow), ...known.map(rowOf)] });
    },
    open({ currentTarget }: WechatMiniprogram.CustomEvent) {
      wx.navigateTo({ url: currentTarget.dataset.to as string });
    },
    sign() {
      wx.navigateTo({ url: "/pages/account/account" });
    },
  },
});

function unsentRow({ key, body, created }: Item): Row {
  return { to: `/pages/report/report?key=${key}`, status: t("mine.unsent"), text: body?.text || t("mine.position_only"), note: dayOf(created), received: false };
}

function rowOf(report: Report): Row {
  const { id, status_label, text, number, filed_at, received, outcome } = report;
  const by = received ? t("mine.by", { desk: received.desk, number: received.dispatcher_number, at: dayOf(received.at) }) : "";
  const ended = outcome && has(`outcome.${outcome}`) ? t("mine.outcome", { outcome: t(`outcome.${outcome}`) }) : "";
  return {
    to: `/pages/report/report?id=${id}`,
    status: status_label,
    text: text || t("mine.position_only"),
    note: [`${number} · ${dayOf(filed_at)}`, by, ended].filter(Boolean).join("\n"),
    received: isReceived(report),
  };
}
