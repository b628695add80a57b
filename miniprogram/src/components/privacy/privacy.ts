// The notice on personal information (用户隐私保护指引), shown when WeChat wants it agreed to before position, album or
// microphone are used. Refusing it stops none of them from reporting: the place can be written.

import { texts } from "../../words";

type Resolve = (answer: { event: "agree" | "disagree" | "exposureAuthorization"; buttonId?: string }) => void;
let waiting: Resolve[] = [];

Component({
  options: { addGlobalClass: true },
  data: { w: texts("mini"), open: false },
  lifetimes: {
    attached() {
      this.listen();
    },
  },
  pageLifetimes: {
    /** WeChat asks whoever listened last: that is the page that is looked at. */
    show() {
      this.listen();
    },
  },
  methods: {
    listen() {
      wx.onNeedPrivacyAuthorization?.((resolve) => {
        waiting.push(resolve as unknown as Resolve);
        this.setData({ open: true });
      });
    },
    read() {
      wx.openPrivacyContract?.({ fail: () => {} });
    },
    agree() {
      this.end({ event: "agree", buttonId: "agree" });
    },
    refuse() {
      this.end({ event: "disagree" });
    },
    end(answer: Parameters<Resolve>[0]) {
      const all = waiting;
      waiting = [];
      for (const resolve of all) resolve(answer);
      this.setData({ open: false });
    },
  },
});
