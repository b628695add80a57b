// The mini program's life: begun once, looked after whenever it comes to the front or the network comes back.

import { client, start } from "./client";
import { position } from "./parts/filing";
import { setOnline } from "./parts/screen";

App({
  onLaunch() {
    start();
    wx.getNetworkType({ success: ({ networkType }) => setOnline(networkType !== "none"), fail: () => {} });
    wx.onNetworkStatusChange(({ isConnected }) => {
      setOnline(isConnected);
      if (isConnected) client.wake();
    });
  },
  /** WeChat stops a mini program soon after it is left, sockets and timers with it: what is known may be old. */
  onShow() {
    client.wake({ slept: true });
  },
  onHide() {
    position.stop();
  },
});
