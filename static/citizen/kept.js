// What the page leaves for its service worker, which can read neither cookies nor the page: names and short words, in a
// cache of their own that both can open.

/** What the worker is woken for: to send what the page has left. */
export const OUTBOX = "outbox";

const CACHE = "desk110-kept";
const addressOf = (name) => `/kept/${name}`;

let last = Promise.resolve();

/** Leaves `value` under `name`; null takes it away. One after the other, so that the last word counts. */
export function keep(name, value) {
  last = last.then(() => write(name, value)).catch(() => {}); // a browser that keeps nothing has no worker either
  return last;
}

async function write(name, value) {
  const cache = await caches.open(CACHE);
  if (value === null) await cache.delete(addressOf(name));
  else await cache.put(addressOf(name), new Response(value));
}

/** What was left under `name`, or null. */
export async function kept(name) {
  try {
    const found = await (await caches.open(CACHE)).match(addressOf(name));
    return found ? await found.text() : null;
  } catch {
    return null;
  }
}
