// What the person allows. WeChat asks once; after a refusal only its settings page changes that, so the way there is shown.

export type Scope = "scope.userLocation" | "scope.record" | "scope.camera";
export type Allowed = "yes" | "no" | "settings";

/** Whether it may be used: asks where nobody has answered yet; `settings`: refused once, and only changed there. */
export async function allow(scope: Scope): Promise<Allowed> {
  if (!(await privacy())) return "no";
  const given = (await settings())[scope];
  if (given !== undefined) return given ? "yes" : "settings";
  return new Promise((resolve) => {
    wx.authorize({ scope, success: () => resolve("yes"), fail: () => resolve("settings") });
  });
}

/** The notice on personal information was read and agreed to (用户隐私保护指引). Older WeChats know no such thing. */
export function privacy(): Promise<boolean> {
  if (!wx.requirePrivacyAuthorize) return Promise.resolve(true);
  return new Promise((resolve) => {
    wx.requirePrivacyAuthorize({ success: () => resolve(true), fail: () => resolve(false) });
  });
}

function settings(): Promise<Record<string, boolean | undefined>> {
  return new Promise((resolve) => {
    wx.getSetting({ success: ({ authSetting }) => resolve(authSetting as Record<string, boolean>), fail: () => resolve({}) });
  });
}

/** Opens WeChat's settings of this mini program. Gives whether the scope is allowed afterwards. */
export function openSettings(scope: Scope): Promise<boolean> {
  return new Promise((resolve) => {
    wx.openSetting({
      success: ({ authSetting }) => resolve(Boolean((authSetting as Record<string, boolean>)[scope])),
      fail: () => resolve(false),
    });
  });
}
