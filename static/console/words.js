// The page's own strings, from the catalogue.
const strings = JSON.parse(document.getElementById("words").textContent);

/** The string under `key`, with `{name}` filled from `values`. */
export function t(key, values = {}) {
  return strings[key].replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}

/** How long something lasts, in words: `12 秒`, `2 分 05 秒`. */
export function lasting(milliseconds) {
  const s = Math.max(0, Math.floor(milliseconds / 1000));
  if (s < 60) return t("seconds", { s });
  if (s < 3600) return t("minutes", { m: Math.floor(s / 60), s: String(s % 60).padStart(2, "0") });
  if (s < 86400) return t("hours", { h: Math.floor(s / 3600), m: String(Math.floor(s / 60) % 60).padStart(2, "0") });
  return t("days", { d: Math.floor(s / 86400), h: Math.floor(s / 3600) % 24 });
}

/** The content of a `<meta>` of this page. */
export function meta(name) {
  return document.querySelector(`meta[name="${name}"]`)?.content ?? "";
}

/** An icon of the sprite. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  svg.append(document.createElementNS("http://www.w3.org/2000/svg", "use"));
  svg.firstChild.setAttribute("href", `/static/vendor/icons.svg#${name}`);
  return svg;
}
