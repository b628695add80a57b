// What a page must be for everybody, asked of the page as it stands. Each function gives its complaints as sentences.

const visible = (node) => node.getClientRects().length > 0 && getComputedStyle(node).visibility === "visible";
const named = (node) =>
  `${node.tagName.toLowerCase()}${node.id ? `#${node.id}` : ""}.${node.getAttribute("class") ?? ""} “${node.textContent.trim().slice(0, 40)}”`;

// What is meant for screen readers alone has no size to speak of; a map is drawn larger than its frame.
const ASIDE = ".unseen, [data-page-slim] .sign-word, [data-page-over], svg, option, template, [data-scrolls], .leaflet-container";
const TAPPED =
  "a[href], button, summary, select, label.choice, label.way, textarea," +
  "input:not([type=hidden], [type=radio], [type=checkbox], [type=file])";

globalThis.audit = {
  /** WCAG 2.2 AA, good practice and contrast of 7:1; or certain rules only. */
  async axe(only) {
    const levels = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    // Axe measures only what the bar at the bottom leaves of a target; `targets` measures the whole.
    const rules = { "target-size": { enabled: false } };
    const options = only.length ? { runOnly: { type: "rule", values: only } } : { runOnly: levels, rules };
    const { violations } = await axe.run(document, options);
    return violations.map(({ id, nodes }) => {
      const some = nodes.slice(0, 3).map(({ html, any }) => `${html.slice(0, 160)} ${any[0]?.message ?? ""}`);
      return `${id}: ${some.join(" | ")}`;
    });
  },

  /** Nothing is wider than the screen, reaches out of it or is cut off. */
  fits() {
    const found = [];
    const { clientWidth: wide, scrollWidth } = document.documentElement;
    if (scrollWidth > wide) found.push(`the page is ${scrollWidth} px wide, the screen ${wide}`);
    for (const node of document.querySelectorAll("body *")) {
      if (node.closest(ASIDE) || !visible(node)) continue;
      const words = [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
      if (!words && !node.matches(TAPPED)) continue;
      const { left, right, width } = node.getBoundingClientRect();
      const out = width && right > 0 && (right > wide + 1 || left < -1); // what is all outside is kept there until it has the focus
      if (out) found.push(`${named(node)} reaches from ${Math.round(left)} to ${Math.round(right)} of ${wide}`);
      if (audit.clipped(node)) found.push(`${named(node)} is cut off`);
    }
    return found;
  },

  /** Whether words are cut off that were not shortened on purpose. */
  clipped(node) {
    const style = getComputedStyle(node);
    const shortened = style.webkitLineClamp !== "none" || style.textOverflow === "ellipsis";
    if (shortened || style.overflowX === "visible" || node.matches("textarea, input, select")) return false;
    const low = style.overflowY === "hidden" && node.scrollHeight > node.clientHeight + 2;
    return low || node.scrollWidth > node.clientWidth + 1;
  },

  /** What is tapped is at least so many CSS pixels high. */
  targets(least) {
    return [...document.querySelectorAll(TAPPED)]
      .filter((target) => visible(target) && !target.disabled && !target.closest(".unseen, .leaflet-container"))
      .map((target) => [target, Math.round(target.getBoundingClientRect().height)])
      .filter(([, height]) => height < least)
      .map(([target, height]) => `${named(target)} is ${height} px high`);
  },

  /** A drawing is silent beside words, or has a name. */
  names() {
    return [...document.querySelectorAll("svg")]
      .filter((svg) => !svg.closest("[aria-hidden=true], .leaflet-container"))
      .filter((svg) => svg.getAttribute("role") !== "img" || !(svg.getAttribute("aria-label") || svg.querySelector("title")))
      .map((svg) => `a picture without a name: ${svg.outerHTML.slice(0, 120)}`);
  },

  /** Nothing moves. */
  stillness() {
    return document.getAnimations()
      .filter(({ playState, effect }) => playState === "running" && Number(effect.getComputedTiming().duration) > 0)
      .map(({ effect }) => `${named(effect.target)} moves`);
  },
};
