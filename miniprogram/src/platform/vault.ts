// What is kept on the phone: the platform's storage, encrypted by it, so that no other program reads a report there.
// Encrypted, it holds 7.1 MB in all and 0.7 MB a value; files lie elsewhere.

export function read<T>(key: string): Promise<T | null> {
  return new Promise((resolve) => {
    wx.getStorage<T>({ key, encrypt: true, success: ({ data }) => resolve(data), fail: () => resolve(null) });
  });
}

/** Answers whether it is truly kept. */
export function write(key: string, data: unknown): Promise<boolean> {
  return new Promise((resolve) => {
    wx.setStorage({ key, data, encrypt: true, success: () => resolve(true), fail: () => resolve(false) });
  });
}

export function remove(key: string): Promise<void> {
  return new Promise((resolve) => {
    wx.removeStorage({ key, complete: () => resolve() });
  });
}

export function keys(): Promise<string[]> {
  return new Promise((resolve) => {
    wx.getStorageInfo({ success: ({ keys: found }) => resolve(found), fail: () => resolve([]) });
  });
}
