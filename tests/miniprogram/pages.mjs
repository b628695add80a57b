// Pages of the mini program without a screen: their data and what a thumb does, as WeChat would hold and call them.

/** Makes the globals that pages are defined with; `open(path, query)` gives the page that stands there. */
export function createPages() {
  let defined = null;
  let app = null;
  const globals = {
    App: (given) => (app = given),
    Component: (given) => (defined = given),
    getApp: () => app,
    getCurrentPages: () => [],
  };

  /** @param {(name: string) => any} require  of the mini program */
  async function open(require, path, query = {}) {
    defined = null;
    require(path);
    const known = (open.definitions ??= new Map());
    const definition = defined ?? known.get(path);
    known.set(path, definition);
    const page = {
      data: structuredClone({ ...definition.data }),
      setData(changes) {
        for (const [name, value] of Object.entries(changes)) {
          // WeChat hands data to another thread: what is no JSON does not arrive there.
          if (typeof value === "function") throw new Error(`${path}: a function is no data: ${name}`);
          const plain = value === undefined ? undefined : JSON.parse(JSON.stringify(value));
          const parts = name.split(".");
          const last = parts.pop();
          parts.reduce((of, part) => (of[part] ??= {}), page.data)[last] = plain;
        }
      },
      triggerEvent() {},
    };
    for (const [name, method] of Object.entries(definition.methods)) page[name] = method;
    await page.onLoad?.(query);
    await page.onShow?.();
    return page;
  }

  return { globals, open, app: () => app };
}

/** The event of a tap on an element with this `data-`, and of what a field says. */
export const tap = (dataset = {}) => ({ currentTarget: { dataset }, detail: {} });
export const typed = (value, dataset = {}) => ({ currentTarget: { dataset }, detail: { value } });
export const told = (detail) => ({ currentTarget: { dataset: {} }, detail });
