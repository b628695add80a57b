// What this page may make of text (Trusted Types): the policy under which text becomes elements or a script's address.
// It comes before every other script. A browser that knows no Trusted Types loses nothing by it.

const BY_LEAFLET = ["", "<svg/>", '<v:shape adj="1"/>']; // what it asks a browser by what that can draw
const SCRIPTS = ["/static/vendor/leaflet/leaflet.js", "/static/vendor/gcoord.min.js"];

const { trustedTypes: kinds } = globalThis;
kinds?.createPolicy("default", {
  // A whole document that is parsed runs nothing and is taken apart by the page: so do htmx and we. Into the page itself goes,
  // as markup, what is none.
  createHTML: (text, _type, sink) => (/^Document |^DOMParser /.test(sink) || BY_LEAFLET.includes(text) || !/[<&]/.test(text) ? text : null),
  createScriptURL: (url) => (SCRIPTS.includes(new URL(url, location.href).href.replace(location.origin, "")) ? url : null),
});
