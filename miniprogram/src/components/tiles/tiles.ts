// Photos, videos and voice notes, each with its own progress.

import { texts } from "../../words";

Component({
  options: { addGlobalClass: true },
  properties: { tiles: { type: Array, value: [] } },
  data: { w: texts("media", "mini") },
  methods: {
    again({ currentTarget }: WechatMiniprogram.CustomEvent) {
      this.triggerEvent("again", { key: currentTarget.dataset.key });
    },
    remove({ currentTarget }: WechatMiniprogram.CustomEvent) {
      this.triggerEvent("remove", { key: currentTarget.dataset.key });
    },
  },
});
