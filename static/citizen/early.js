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
