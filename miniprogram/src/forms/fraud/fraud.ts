// 非接触性诈骗警情登记: what happened, how they came, what was paid and to whom. Slips follow as photos of the report.

import { call } from "../../parts/lifeline";
import { callOf } from "../../parts/ladder";
import { worded } from "../../parts/screen";
import { position } from "../../parts/filing";
import { Facts } from "../../protocol/protocol";
import { t } from "../../words";
import { Values, begun, fenOf, file, keep, momentOf, named, said } from "../guide";

const NAME = "fraud";
const SCHEMES = ["shop", "brushing", "loan", "invest", "police", "romance", "friend", "game", "other"];
const CHANNELS = ["call", "sms", "wechat", "qq", "app", "website", "meeting", "other"];
const WAYS = ["bank", "wechat", "alipay", "card", "crypto", "cash", "gift_card", "other"];
const SLIP = ["number", "name", "bank", "amount"];
const LAST = 5;
const MOST_ACCOUNTS = 20;
const STOPPABLE = 30 * 60_000;

type Input = WechatMiniprogram.CustomEvent<{ value: string }>;

Component({
  data: {
    ...worded("fraud", "entries"),
    step: 0,
    values: { transfers: [{}] } as Values,
    progress: "",
    error: "",
    loud: null as null | { head: string; words: string; calls: ReturnType<typeof callOf>[] },
    schemes: named("fraud.scheme", SCHEMES),
    contact: named("fraud.contact", ["yes", "no"]),
    lost: named("fraud.lost", ["yes", "no"]),
    slip: named("fraud.account", SLIP),
    channels: [] as { key: string; label: string; on: boolean }[],
    ways: [] as { key: string; label: string; on: boolean }[],
  },
  methods: {
    async onLoad() {
      position.start();
      this.show({ transfers: [{}], ...(await begun(NAME)) });
    },
    /** What was said, kept as it is said. */
    take(changes: Values) {
      const values = { ...this.data.values, ...changes };
      keep(NAME, values);
      this.show(values);
    },
    show(values: Values) {
      const on = (name: string, keys: string[], prefix: string) => named(prefix, keys).map((one) => ({ ...one, on: (values[name] ?? []).includes(one.key) }));
      this.setData({
        values,
        channels: on("channels", CHANNELS, "fraud.channel"),
        ways: on("ways", WAYS, "fraud.way"),
        loud: loudOf(values),
        progress: t("entries.step", { n: this.data.step + 1, of: LAST + 1 }),
        error: "",
      });
    },
    pick({ currentTarget }: WechatMiniprogram.CustomEvent) {
      const { name, key } = currentTarget.dataset as { name: string; key: string };
      this.take({ [name]: this.data.values[name] === key ? undefined : key });
    },
    toggle({ currentTarget }: WechatMiniprogram.CustomEvent) {
      const { name, key } = currentTarget.dataset as { name: string; key: string };
      const had: string[] = this.data.values[name] ?? [];
      this.take({ [name]: had.includes(key) ? had.filter((one) => one !== key) : [...had, key] });
    },
    write({ currentTarget, detail }: Input) {
      this.take({ [currentTarget.dataset.name as string]: detail.value });
    },
    justPaid() {
      this.take({ just_paid: this.data.values.just_paid ? undefined : new Date().toISOString() });
    },
    slipped({ currentTarget, detail }: Input) {
      const { n, name } = currentTarget.dataset as { n: number; name: string };
      this.take({ transfers: (this.data.values.transfers as Values[]).map((one, at) => (at === n ? { ...one, [name]: detail.value } : one)) });
    },
    addSlip() {
      const transfers = this.data.values.transfers as Values[];
      if (transfers.length < MOST_ACCOUNTS) this.take({ transfers: [...transfers, {}] });
    },
    call({ currentTarget }: WechatMiniprogram.CustomEvent) {
      call(currentTarget.dataset.number as string);
    },
    back() {
      this.setData({ step: Math.max(0, this.data.step - 1) });
      this.show(this.data.values);
    },
    async next() {
      const error = faultOf(this.data.step, this.data.values);
      if (error) return this.setData({ error });
      if (this.data.step === LAST) return file(NAME, factsOf(this.data.values));
      this.setData({ step: this.data.step + 1 });
      return this.show(this.data.values);
    },
  },
});

function faultOf(step: number, values: Values): string {
  const wrong = (amount: string | undefined) => Boolean(amount) && fenOf(amount as string) === null;
  if (step === 0 && !values.scheme && !values.text?.trim()) return t("fraud.what_needed");
  if (step === 3 && values.lost === "yes" && wrong(values.amount)) return t("fraud.amount_wrong");
  if (step === 4 && values.transfers.some(({ amount }: Values) => wrong(amount))) return t("fraud.amount_wrong");
  return "";
}

/** Money that just went can be stopped; who is still on the line can lose more. */
function loudOf(values: Values) {
  const just = values.lost === "yes" && values.just_paid && Date.now() - Date.parse(values.just_paid) < STOPPABLE;
  if (just) return { head: t("fraud.loud"), words: t("fraud.loud_note"), calls: ["tel:110", "tel:96110"].map(callOf) };
  if (values.in_contact === "yes") return { head: t("fraud.stop"), words: t("fraud.stop_note"), calls: ["tel:96110"].map(callOf) };
  return null;
}

/** The report: amounts in whole fen, moments in UTC, nothing that was not said. */
export function factsOf(values: Values): Facts {
  const scheme = values.scheme ? t(`fraud.scheme_${values.scheme}`) : "";
  const paid = values.lost === "yes";
  const transfers = (values.transfers as Values[])
    .map(({ name, number, bank, amount }) => said({ name, number, bank, amount_fen: amount ? fenOf(amount) : undefined }))
    .filter((one) => Object.keys(one).length > 0);
  return {
    kind: "fraud",
    category: "fraud",
    text: [scheme, values.text?.trim()].filter(Boolean).join("："),
    place_text: values.place?.trim() || null,
    fraud: said({
      scheme: values.scheme,
      at: momentOf(values.day, values.time),
      contacts: (values.channels ?? []).map((channel: string) => said({ channel, contact: values[`contact_${channel}`] })),
      lost: values.lost ? paid : undefined,
      amount_fen: paid && values.amount ? fenOf(values.amount) : undefined,
      paid_at: paid ? values.just_paid : undefined,
      paid_by: paid ? values.ways : undefined,
      transfers,
      in_contact: values.in_contact ? values.in_contact === "yes" : undefined,
    }),
  };
}
