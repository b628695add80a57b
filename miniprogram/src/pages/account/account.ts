// Who reports: the phone, which WeChat or an SMS proves; the name, checked before the second report.

import { client, enterByWechat, start } from "../../client";
import { endAll, ends } from "../../parts/ends";
import { worded } from "../../parts/screen";
import { Reporter } from "../../protocol/protocol";
import { sentence, t } from "../../words";

type Input = WechatMiniprogram.CustomEvent<{ value: string }>;

Component({
  data: {
    ...worded("account", "whose", "mini"),
    me: null as Reporter | null,
    claiming: "",
    need: "",
    /** Behind the look of a notebook: no word says what it is for. */
    quiet: false,
    login: { title: "", note: "", yes: "", no: "" },
    whose: false,
    whoseNote: "",
    phone: "",
    code: "",
    sent: "",
    wait: 0,
    resend: "",
    name: "",
    idNumber: "",
    busy: false,
    error: "",
  },
  methods: {
    onLoad({ claiming = "", need = "", quiet = "" }: Record<string, string | undefined>) {
      start();
      const login = { title: t("covert.login.title"), note: t("covert.login.note"), yes: t("covert.ask.yes"), no: t("covert.ask.no") };
      this.setData({ claiming, need, quiet: Boolean(quiet), login });
      wx.setNavigationBarTitle({ title: quiet ? login.title : t("account.title") });
      ends(this, client.listen(({ type }) => type === "me" && this.render()));
      const ticking = setInterval(() => this.tick(), 1000);
      ends(this, () => clearInterval(ticking));
      this.render();
    },
    onUnload() {
      endAll(this);
    },
    render() {
      const me = client.me() ?? null;
      const item = this.data.claiming ? client.outbox.get(this.data.claiming) : undefined;
      const whose = Boolean(me) && item?.state === "whose";
      this.setData({ me, whose, whoseNote: whose ? t(this.data.quiet ? "covert.login.whose" : "whose.note", { phone: me?.phone ?? "" }) : "" });
    },
    tick() {
      const wait = Math.max(0, this.data.wait - 1);
      if (this.data.sent) this.setData({ wait, resend: wait ? t("account.resend_in", { n: wait }) : t("account.resend") });
    },
    phone({ detail }: Input) {
      this.setData({ phone: detail.value });
    },
    code({ detail }: Input) {
      this.setData({ code: detail.value });
    },
    name({ detail }: Input) {
      this.setData({ name: detail.value });
    },
    idNumber({ detail }: Input) {
      this.setData({ idNumber: detail.value });
    },
    /** What WeChat's own button gave: the number itself is the server's to ask for. */
    byWechat({ detail }: WechatMiniprogram.CustomEvent<{ code?: string }>) {
      if (!detail.code) return this.setData({ error: this.data.quiet ? t("covert.login.failed") : t("mini.wechat_refused") });
      const { code } = detail;
      return this.attempt(async () => {
        await enterByWechat(code, this.data.claiming || null);
        this.done();
      });
    },
    requestCode() {
      return this.attempt(async () => {
        const phone = this.data.phone.trim();
        const { resend_in, demo_code } = await client.requestCode(phone);
        const demo = demo_code ? `\n${t("account.demo", { code: demo_code })}` : "";
        this.setData({ sent: t("account.code_sent", { phone }) + demo, code: demo_code ?? "", wait: resend_in, resend: t("account.resend") });
      });
    },
    byCode() {
      return this.attempt(async () => {
        await client.signIn(this.data.phone.trim(), this.data.code.trim(), { claiming: this.data.claiming || null });
        this.done();
      });
    },
    verify() {
      return this.attempt(async () => {
        await client.verify(this.data.name.trim(), this.data.idNumber.trim().toUpperCase());
        this.done();
      });
    },
    impaired({ detail }: WechatMiniprogram.CustomEvent<{ value: boolean }>) {
      return this.attempt(() => client.wish({ hearing_speech_impaired: detail.value }));
    },
    mine() {
      const me = client.me();
      return this.attempt(async () => {
        if (me) await client.outbox.claim(this.data.claiming, me);
        this.done();
      });
    },
    notMine() {
      const me = client.me();
      return this.attempt(async () => {
        if (me) await client.outbox.claim(this.data.claiming, me, false);
        wx.reLaunch({ url: "/pages/home/home" });
      });
    },
    signOut() {
      if (client.outbox.reports().some((item) => item.state !== "stored")) return this.setData({ error: t("account.sign_out_pending") });
      return this.attempt(() => client.signOut());
    },
    contract() {
      wx.openPrivacyContract?.({ fail: () => {} });
    },
    done() {
      this.render();
      if (this.data.claiming || this.data.need) wx.navigateBack();
    },
    async attempt(act: () => Promise<unknown>) {
      if (this.data.busy) return;
      this.setData({ busy: true, error: "" });
      try {
        await act();
      } catch (problem) {
        this.setData({ error: this.data.quiet ? t("covert.login.failed") : sentence(problem as { detail?: string }) });
      } finally {
        this.setData({ busy: false });
      }
    },
  },
});
