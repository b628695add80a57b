// 110 by telephone, and the text message for who cannot speak. WeChat opens no message app: its words go to the clipboard,
// with the number to send them to.

import { Location } from "../protocol/protocol";
import { distance, t } from "../words";

const USUAL = "12110";
const NUMBER = /^\d{5,12}$/;
const LONGEST = 200;

/** The desk's own number for text messages where it is known. */
export const textNumber = (of: string | undefined): string => (NUMBER.test(of ?? "") ? (of as string) : USUAL);

/** What the message says. The position is WeChat's own, and says so: it is 500 m off on any other map. */
export function messageOf({ text = "", place = "", location = null }: { text?: string; place?: string | null; location?: Location | null }): string {
  const words = text.trim().replace(/\s+/g, " ").slice(0, LONGEST);
  const ended = words && !/[。.!！?？]$/.test(words) ? `${words}${t("lifeline.stop")}` : words;
  const where = place ? t("lifeline.sms_place", { place }) : "";
  const figures = location
    ? t("mini.sms_position", { lat: location.lat.toFixed(5), lon: location.lon.toFixed(5), accuracy: distance(location.accuracy_m ?? 0) })
    : "";
  return t("lifeline.sms", { text: ended, place: where + figures }).trim();
}

export function call(number: string): void {
  wx.makePhoneCall({ phoneNumber: number, fail: () => {} });
}

/** Puts the message on the clipboard and says where to send it. */
export function copyMessage(number: string, message: string): void {
  wx.setClipboardData({
    data: message,
    success: () => wx.showModal({ title: t("mini.copied"), content: t("mini.copied_note", { number }), showCancel: false, confirmText: t("mini.understood") }),
  });
}
