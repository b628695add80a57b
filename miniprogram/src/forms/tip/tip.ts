// 违法犯罪线索举报: what, when and where the deed was, apart from where its reporter is.

import { call } from "../../parts/lifeline";
import { position } from "../../parts/filing";
import { worded } from "../../parts/screen";
import { Facts, Location } from "../../protocol/protocol";
import { t } from "../../words";
import { Values, begun, file, keep, momentOf, named, said } from "../guide";

const NAME = "tip";
const LAST = 3;

type Input = WechatMiniprogram.CustomEvent<{ value: string }>;

Component({
  data: {
    ...worded("tip", "entries", "lifeline"),
    step: 0,
    values: {} as Values,
    progress: "",
    error: "",
    whens: named("tip.when", ["exact", "about", "ongoing", "unknown"]),
    unnamed: named("tip.unnamed", ["yes", "no"]),
  },
  methods: {
    async onLoad() {
      position.start();
      this.show(await begun(NAME));
    },
    take(changes: Values) {
      const values = { ...this.data.values, ...changes };
      keep(NAME, values);
      this.show(values);
    },
    show(values: Values) {
      this.setData({ values, progress: t("entries.step", { n: this.data.step + 1, of: LAST + 1 }), error: "" });
    },
    pick({ currentTarget }: WechatMiniprogram.CustomEvent) {
      const { name, key } = currentTarget.dataset as { name: string; key: string };
      this.take({ [name]: this.data.values[name] === key ? undefined : key });
    },
    write({ currentTarget, detail }: Input) {
      this.take({ [currentTarget.dataset.name as string]: detail.value });
    },
    call: () => call("110"),
    back() {
      this.setData({ step: Math.max(0, this.data.step - 1) });
      this.show(this.data.values);
    },
    async next() {
      if (this.data.step === 0 && !this.data.values.text?.trim()) return this.setData({ error: t("tip.what_needed") });
      if (this.data.step === LAST) return file(NAME, factsOf(this.data.values, position.best()));
      this.setData({ step: this.data.step + 1 });
      return this.show(this.data.values);
    },
  },
});

export function factsOf(values: Values, location: Location | null): Facts {
  return {
    kind: "tip",
    category: "tip_off",
    text: values.text.trim(),
    deed: said({
      when: values.when ?? "unknown",
      at: values.when === "exact" ? momentOf(values.day, values.time) : undefined,
      at_text: values.when === "about" ? values.at_text : undefined,
      place_text: values.place?.trim(),
      location: values.here ? location : undefined,
      who: values.who,
      vehicle: values.vehicle,
      unnamed: values.unnamed === "yes",
    }),
  };
}
