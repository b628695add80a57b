// 110 and the text message: the bar that never leaves.

import { call, copyMessage, messageOf, textNumber } from "../../parts/lifeline";
import { t, texts } from "../../words";

Component({
  properties: {
    urgent: { type: Boolean, value: false },
    /** What the message says: `{text, place, location}`. */
    facts: { type: Object, value: {} },
    /** The desk's own number for text messages. */
    number: { type: String, value: "" },
  },
  data: { w: texts("lifeline"), texting: "" },
  observers: {
    number(number: string) {
      this.setData({ texting: t("lifeline.text", { number: textNumber(number) }) });
    },
  },
  lifetimes: {
    attached() {
      this.setData({ texting: t("lifeline.text", { number: textNumber(this.data.number) }) });
    },
  },
  methods: {
    call: () => call("110"),
    text() {
      copyMessage(textNumber(this.data.number), messageOf(this.data.facts));
    },
  },
});
