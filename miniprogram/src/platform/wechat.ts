// What WeChat alone knows: who holds the phone, by a code that the server asks about.

/** A code of wx.login, good once and for five minutes; null when WeChat gives none. */
export function loginCode(): Promise<string | null> {
  return new Promise((resolve) => {
    wx.login({ timeout: 8_000, success: ({ code }) => resolve(code || null), fail: () => resolve(null) });
  });
}
