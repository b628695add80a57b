// The stylesheets of both pages: plain mistakes, and what Chromium 107 (`browserslist` in package.json) cannot do.

export default {
  extends: ["stylelint-config-recommended"],
  plugins: ["stylelint-no-unsupported-browser-features"],
  ignoreFiles: ["static/vendor/**"],
  reportDescriptionlessDisables: true,
  reportNeedlessDisables: true,
  rules: {
    // Newer than the floor, and not among what the plugin tells apart.
    "at-rule-disallowed-list": ["position-try", "scope", "starting-style", "view-transition"],
    "function-disallowed-list": ["color-mix", "light-dark", "linear", "round", "mod", "rem", "sin", "cos", "anchor"],
    "property-disallowed-list": ["anchor-name", "animation-timeline", "field-sizing", "interpolate-size", "position-anchor"],
    "selector-pseudo-class-disallowed-list": ["popover-open", "user-invalid", "user-valid", "open", "state"],
    // Words follow the size that somebody has set in the browser.
    "declaration-property-unit-disallowed-list": { "/^font(-size)?$/": ["px", "pt", "vh"] },
    // Layers and the order of a page's parts say what wins.
    "no-descending-specificity": null,
    "plugin/no-unsupported-browser-features": [
      true,
      {
        severity: "error",
        ignorePartialSupport: true,
        // A phone without handles to resize a box by, and without a pointer, has nothing to leave out.
        ignore: ["css-resize", "css3-cursors", "css3-cursors-grab"],
      },
    ],
  },
};
