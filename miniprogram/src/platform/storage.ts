// Where the outbox is kept: one value an item, so that a phone that dies while writing loses one at most.

import { Item, Storage } from "../protocol/protocol";
import * as vault from "./vault";

// Whoever looks through the phone learns nothing from the name.
const PREFIX = "kept ";

export function createStorage(): Storage {
  const known = new Map<string, Item>(); // read once: the platform's storage is slow, and nobody else writes there
  let loaded: Promise<void> | null = null;

  async function load(): Promise<void> {
    for (const key of await vault.keys()) {
      if (!key.startsWith(PREFIX)) continue;
      const item = await vault.read<Item>(key);
      if (item && !known.has(item.key)) known.set(item.key, item);
    }
  }

  const ready = () => (loaded ??= load());

  return {
    all: async () => {
      await ready();
      return [...known.values()].map((item) => ({ ...item }));
    },
    put: async (item) => {
      await ready();
      const copy = { ...item };
      known.set(item.key, copy);
      return vault.write(PREFIX + item.key, copy);
    },
    remove: async (key) => {
      await ready();
      known.delete(key);
      await vault.remove(PREFIX + key);
    },
  };
}
