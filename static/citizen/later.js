// What the first screen does not need comes when it is first wanted: views, styles, other people's scripts.

/** A view whose module comes when it is opened. `failed` shows that it could not come.
 *  @param {() => Promise<{open(value: any): void, close?(): void}>} load */
export function later(load, failed) {
  let view = null;
  let wanted = null;
  return {
    async open(value) {
      const mine = (wanted = { value });
      try {
        view ??= await load();
      } catch {
        if (wanted === mine) failed();
        return;
      }
      if (wanted === mine) view.open(value);
    },
    close() {
      wanted = null;
      view?.close?.();
    },
  };
}

/** Runs when the page has nothing better to do. */
export function whenIdle(work) {
  // Safari has none; a moment's wait does there.
  if (globalThis.requestIdleCallback) requestIdleCallback(work, { timeout: 5_000 });
  else setTimeout(work, 2_000);
}

const coming = new Map();

/** A stylesheet, once; resolves when it is there. */
export const stylesheet = (href) => once(href, () => Object.assign(document.createElement("link"), { rel: "stylesheet", href }));

/** A classic script, once; resolves when it has run. */
export const script = (src) => once(src, () => Object.assign(document.createElement("script"), { src }));

function once(address, make) {
  if (!coming.has(address)) coming.set(address, fetched(address, make()));
  return coming.get(address);
}

function fetched(address, tag) {
  return new Promise((resolve, reject) => {
    tag.onload = () => resolve();
    tag.onerror = () => {
      coming.delete(address);
      tag.remove();
      reject(new Error("did not come"));
    };
    document.head.append(tag);
  });
}
