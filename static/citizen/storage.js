// Where the outbox is kept on this phone: IndexedDB, which keeps photos too.

// Whoever looks through the phone learns nothing from the name.
const NAME = "kept";
const STORE = "outbox";
const PATIENCE = 800; // ms: a store that hangs must not hold up a report

/** `put` answers whether the item is truly on the disk. `all` gives nothing when the store has not answered in time, or cannot
 *  be read; with `late` it gives null then, and calls that with what is there as soon as it is known. Without a store everything still
 *  works until the page is closed. */
export function createStorage({ patience = PATIENCE } = {}) {
  const opened = open().catch(() => null);

  const within = (promise) => Promise.race([promise, new Promise((resolve) => setTimeout(resolve, patience))]);

  async function run(mode, work) {
    const database = await opened;
    if (!database) return undefined;
    const transaction = database.transaction(STORE, mode, { durability: "strict" });
    const request = work(transaction.objectStore(STORE));
    return new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve(request.result ?? true);
      transaction.onabort = () => reject(transaction.error);
      transaction.onerror = () => reject(transaction.error);
    });
  }

  return {
    all: async (late = null) => {
      // A store that cannot be read is no empty one either: nothing may be swept away for it.
      const reading = run("readonly", (store) => store.getAll()).catch(() => null).then((items) => (Array.isArray(items) ? items : null));
      const items = await within(reading);
      if (items === undefined && late) reading.then((found) => found && late(found));
      return items ?? (late ? null : []);
    },
    put: async (item) => Boolean(await within(run("readwrite", (store) => store.put(item)).catch(() => false))),
    remove: async (key) => {
      await within(run("readwrite", (store) => store.delete(key)).catch(() => false));
    },
  };
}

function open() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "key" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error("blocked"));
  });
}
