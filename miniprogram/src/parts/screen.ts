// What every page has: its words, the size of its letters, and a client that is told when it is looked at.

import { texts } from "../words";

const BASE = 18; // px; what the page on the phone begins with
const LARGEST = 32;

/** The letters' size in px for `page-meta`: WeChat's own setting of 16 is our 18, and grows with it. */
export function rootSize(): number {
  const { fontSizeScaleFactor, fontSizeSetting } = wx.getAppBaseInfo() as { fontSizeScaleFactor?: number; fontSizeSetting?: number };
  const factor = fontSizeScaleFactor ?? (fontSizeSetting ?? 16) / 16;
  return Math.round(Math.min(LARGEST, Math.max(BASE, BASE * factor)));
}

/** The data that a page begins with. */
export function worded(...groups: string[]): { w: Record<string, Record<string, string>>; root: number } {
  return { w: texts(...groups), root: rootSize() };
}

/** Of `next` what a page does not show already: what is handed to the screen's own thread is paid for. */
export function changes<T extends object>(data: object, next: T): Partial<T> {
  const shown = data as Record<string, unknown>;
  return Object.fromEntries(Object.entries(next).filter(([name, value]) => JSON.stringify(shown[name]) !== JSON.stringify(value))) as Partial<T>;
}

/** Whether the phone has a network at all; true until something says otherwise. */
let connected = true;
export const online = (): boolean => connected;
export function setOnline(now: boolean): void {
  connected = now;
}
