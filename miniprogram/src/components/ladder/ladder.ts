// The receipt ladder on the screen.

import { call, copyMessage } from "../../parts/lifeline";
import { t, texts } from "../../words";

Component({
  options: { addGlobalClass: true },
  properties: {
    /** What `parts/ladder.ts` makes of a report. */
    shown: { type: Object, value: { rungs: [], received: false, waiting: null, alarm: null, refusal: null, after: null } },
    /** What a screen reader hears, once for each step. */
    step: { type: String, value: "" },
  },
  data: { w: texts("alarm") },
  methods: {
    call({ currentTarget }: WechatMiniprogram.CustomEvent) {
      const { kind, number } = currentTarget.dataset.call as { kind: string; number: string };
      if (kind === "tel") call(number);
      else copyMessage(number, t("lifeline.sms", { text: "", place: "" }).trim());
    },
    again() {
      this.triggerEvent("again");
    },
    giveUp() {
      this.triggerEvent("giveup");
    },
  },
});
