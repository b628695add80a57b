// The conversation on the screen.

import { texts } from "../../words";

Component({
  options: { addGlobalClass: true },
  properties: { lines: { type: Array, value: [] } },
  data: { w: texts("talk", "ask", "media") },
  methods: {
    answer({ currentTarget }: WechatMiniprogram.CustomEvent) {
      this.triggerEvent("answer", { id: currentTarget.dataset.id, answer: currentTarget.dataset.answer });
    },
    say({ currentTarget, detail }: WechatMiniprogram.CustomEvent<{ value: string }>) {
      const answer = detail.value.trim();
      if (answer) this.triggerEvent("answer", { id: currentTarget.dataset.id, answer });
    },
    act({ currentTarget }: WechatMiniprogram.CustomEvent) {
      this.triggerEvent("act", { id: currentTarget.dataset.id, request: currentTarget.dataset.request });
    },
    again({ currentTarget }: WechatMiniprogram.CustomEvent) {
      this.triggerEvent("again", { key: currentTarget.dataset.id });
    },
  },
});
