// What a page has begun and must end: listeners and timers are no data of a page.

const begun = new WeakMap<object, (() => void)[]>();

/** Remembers what ends it, for `endAll`. */
export function ends(page: object, ...these: (() => void)[]): void {
  begun.set(page, [...(begun.get(page) ?? []), ...these]);
}

export function endAll(page: object): void {
  for (const end of begun.get(page) ?? []) end();
  begun.delete(page);
}
