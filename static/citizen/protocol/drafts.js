// What is not said yet: forms that were begun, kept beside the outbox until they are filed. Knows no DOM.

const KEPT_FOR = 48 * 3600_000;
const KIND = "draft";

/** Whether something of the outbox's storage is a draft. */
export const isDraft = (item) => item.kind === KIND;

/** @param {{storage: {all(): Promise<object[]>, put(item: object): Promise<boolean>, remove(key: string): Promise<void>},
 *  now: () => number}} env */
export function createDrafts({ storage, now }) {
  const keyOf = (name) => `${KIND} ${name}`;

  /** What was begun under a name; null when nothing was, or too long ago. */
  async function get(name) {
    const found = (await storage.all()).find(({ key }) => key === keyOf(name));
    if (!found) return null;
    if (isFresh(found)) return found.values;
    await drop(name);
    return null;
  }

  const isFresh = ({ created, keptFor = KEPT_FOR }) => now() - created <= keptFor;

  /** `keptFor`: ms after which it is forgotten. */
  const keep = (name, values, keptFor = KEPT_FOR) => storage.put({ key: keyOf(name), kind: KIND, values, created: now(), keptFor });
  const drop = (name) => storage.remove(keyOf(name));

  /** Everything goes: the next person's phone is not this person's. */
  async function clear() {
    for (const item of (await storage.all()).filter(isDraft)) await storage.remove(item.key);
  }

  /** What is too old goes, though nobody asks for it. */
  async function sweep() {
    for (const item of (await storage.all()).filter((each) => isDraft(each) && !isFresh(each))) await storage.remove(item.key);
  }

  return { get, keep, drop, clear, sweep };
}
