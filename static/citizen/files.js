// Photos, videos and recordings that the server does not have yet: in a database of their own, for they are large, and
// what is written must not wait for them.
//   files   {key, blob, at}
//   takes   {key, kind, filetype, report, seconds, at}      a recording under way, or one that was cut off
//   pieces  {key, n, blob}                                  its parts, a second each

const NAME = "kept-files";
const OPENING = 3_000;
const WRITING = 60_000; // a video of 60 MB on a slow phone
const KEPT_FOR = 48 * 3600_000;

export function createFiles() {
  const memory = new Map(); // what is not on the disk yet, or does not fit there
  const opened = within(open(), OPENING).catch(() => null);

  /** Runs `work` on the stores of one transaction; rejects when it was not carried through. */
  async function run(mode, names, work) {
    const database = await opened;
    if (!database) throw new Error("no database");
    const transaction = database.transaction(names, mode, { durability: "strict" });
    const request = work(...names.map((name) => transaction.objectStore(name)));
    const ended = new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve(request?.result);
      transaction.onabort = () => reject(transaction.error ?? new Error("aborted"));
    });
    return within(ended, WRITING);
  }

  /** Keeps a file; answers whether it is on the disk. Otherwise it is in this page's memory. */
  async function put(key, blob) {
    memory.set(key, blob);
    try {
      await run("readwrite", ["files"], (files) => files.put({ key, blob, at: Date.now() }));
      if (memory.get(key) === blob) memory.delete(key);
      return true;
    } catch {
      return false;
    }
  }

  async function get(key) {
    if (memory.has(key)) return memory.get(key);
    return (await run("readonly", ["files"], (files) => files.get(key)))?.blob ?? null;
  }

  async function remove(key) {
    memory.delete(key);
    await run("readwrite", ["files"], (files) => files.delete(key)).catch(() => {});
  }

  /** Removes what nobody wants any more. What came a moment ago may be another tab's. */
  async function sweep(wanted) {
    const keep = new Set(wanted);
    try {
      const keys = await run("readonly", ["files"], (files) => files.getAllKeys());
      for (const key of keys.filter((one) => !keep.has(one))) await run("readwrite", ["files"], (files) => dropOld(files, key));
      for (const take of await takes.all()) if (Date.now() - take.at > KEPT_FOR) await takes.remove(take.key);
    } catch {
      // Another time.
    }
  }

  const takes = {
    /** Notes a recording, or how far it is. Rejects where it cannot be kept. */
    note: (take) => run("readwrite", ["takes"], (store) => store.put({ ...take, at: Date.now() })),
    /** Keeps a part of it, and notes how far it is, together. */
    add: (take, n, blob) =>
      run("readwrite", ["takes", "pieces"], (store, pieces) => {
        store.put({ ...take, at: Date.now() });
        return pieces.put({ key: take.key, n, blob });
      }),
    all: async () => (await run("readonly", ["takes"], (store) => store.getAll()).catch(() => [])) ?? [],
    /** The recording as far as it was kept, as one file. */
    whole: async ({ key, filetype }) => {
      const pieces = await run("readonly", ["pieces"], (store) => store.getAll(rangeOf(key)));
      return new Blob(pieces.map(({ blob }) => blob), { type: filetype });
    },
    remove: (key) =>
      run("readwrite", ["takes", "pieces"], (store, pieces) => {
        store.delete(key);
        return pieces.delete(rangeOf(key));
      }).catch(() => {}),
  };

  /** Removes what was recorded for these reports and never sent. */
  async function forget(reports) {
    for (const take of await takes.all()) if (reports.includes(take.report)) await takes.remove(take.key);
  }

  return { put, get, remove, sweep, forget, takes };
}

const rangeOf = (key) => IDBKeyRange.bound([key], [key, []]);

function dropOld(files, key) {
  const request = files.get(key);
  request.onsuccess = () => Date.now() - (request.result?.at ?? 0) > KEPT_FOR && files.delete(key);
  return request;
}

function open() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("files", { keyPath: "key" });
      request.result.createObjectStore("takes", { keyPath: "key" });
      request.result.createObjectStore("pieces", { keyPath: ["key", "n"] });
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error("blocked"));
  });
}

function within(promise, ms) {
  let timer = 0;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error("late")), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
