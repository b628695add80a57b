// What this page may make of text (Trusted Types), before anything else: a document that is parsed, which runs nothing; what Leaflet
// asks a browser by what that can draw; and these scripts. A browser that knows no Trusted Types loses nothing by it.

const SCRIPTS = /^(\/static\/v\/[0-9a-f]+\/vendor\/(leaflet\/leaflet|gcoord\.min)\.js|\/sw\.js)$/;

const { trustedTypes: kinds } = globalThis;
kinds?.createPolicy("default", {
  createHTML: (text, _type, sink) => (/^DOMParser /.test(sink) || /^([^<&]*|<svg\/>|<v:shape adj="1"\/>)$/.test(text) ? text : null),
  createScriptURL: (url) => (SCRIPTS.test(new URL(url, location.href).href.replace(location.origin, "")) ? url : null),
});

// A press before the page's scripts is not lost: this file comes before anything is painted, and notes which button was pressed
// last, and when: of the first screen until it is ready, of a look until that has its script. Whose button it is makes up for it
// (`takeEarly` in page.js).

document.addEventListener("click", ({ target }) => {
  const root = document.documentElement;
  const button = target.closest("html:not([data-ready]) #home button[id], #covert:not([data-live]) #covert-act");
  if (button) root.dataset.pressed = `${button.id} ${Math.round(performance.now())}`;
});

// A module that does not come, as when a phone goes from one network to another amid it, would leave the page without any script. It
// is loaded again as soon as the server answers, and what was pressed and written goes with it; not for ever, for what is broken
// says so by itself. Until then, and where scripts never run, the page has its plain way and the telephone.
{
  const AGAIN = "again"; // in this tab, until the page has come whole
  const MOST = 4;
  const FIRST_MS = 500;
  const root = document.documentElement;
  let coming = false;

  const kept = () => {
    try {
      return JSON.parse(sessionStorage.getItem(AGAIN)) ?? {};
    } catch {
      return null; // nothing can be kept here
    }
  };
  const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

  const answers = async () => {
    try {
      await fetch(location.href, { method: "HEAD", cache: "no-store", signal: AbortSignal.timeout(5_000) });
      return true;
    } catch {
      return false; // a browser's own page of an error names nobody to call
    }
  };

  const again = async (tries) => {
    for (let wait = FIRST_MS * 2 ** tries; ; wait = Math.min(wait * 2, 8_000)) {
      await sleep(wait);
      if (await answers()) break;
    }
    const [id, at] = (root.dataset.pressed ?? "").split(" ");
    const pressed = id ? { id, ago: performance.now() - Number(at) } : null;
    const words = document.getElementById("first-words")?.value ?? "";
    const since = before.since ?? Date.now() - performance.now();
    sessionStorage.setItem(AGAIN, JSON.stringify({ tries: tries + 1, since, pressed, words, at: Date.now() }));
    location.reload();
  };

  const before = kept();
  if (before?.pressed) {
    const ago = before.pressed.ago + Math.max(0, Date.now() - before.at);
    root.dataset.pressed = `${before.pressed.id} ${Math.round(performance.now() - ago)}`;
  }
  if (before?.tries) {
    sessionStorage.setItem(AGAIN, JSON.stringify({ tries: before.tries, since: before.since }));
    // Whom to call is said as soon as if it had not been loaded again.
    root.style.setProperty("--waited", `${Math.max(0, Date.now() - before.since)}ms`);
  }

  document.addEventListener("error", ({ target }) => {
    // Of those that the document names: what a page that lives asks for later, it makes up for itself.
    const own = target instanceof HTMLScriptElement && !target.async && !("ready" in root.dataset);
    if (!own || coming || !before || document.readyState === "complete") return;
    coming = (before.tries ?? 0) < MOST;
    if (coming) again(before.tries ?? 0);
  }, true);
  // The page's own scripts have not run by then.
  document.addEventListener("readystatechange", () => {
    const box = document.getElementById("first-words");
    if (document.readyState === "interactive" && box && before?.words && !box.value) box.value = before.words;
  });
  addEventListener("load", () => {
    if (!coming && before) sessionStorage.removeItem(AGAIN);
  });
}
