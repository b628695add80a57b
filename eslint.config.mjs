// The scripts of both pages: plain mistakes, and what Chromium 107 (`browserslist` in package.json) cannot do.

import js from "@eslint/js";
import compat from "eslint-plugin-compat";
import globals from "globals";

// Methods that came after Chromium 107, which the plugin does not see in a call on an object that it does not know.
const NEWER = {
  showPopover: 114,
  hidePopover: 114,
  togglePopover: 114,
  startViewTransition: 111,
  moveBefore: 133,
  setHTMLUnsafe: 124,
  toSorted: 110,
  toReversed: 110,
  toSpliced: 110,
  isWellFormed: 111,
  toWellFormed: 111,
  toBase64: 140,
  fromBase64: 140,
};
// Functions of a known object, likewise.
const NEWER_OF = {
  AbortSignal: { any: 116 },
  Array: { fromAsync: 121 },
  Map: { groupBy: 117 },
  Object: { groupBy: 117 },
  Promise: { try: 128, withResolvers: 119 },
  URL: { canParse: 120, parse: 126 },
};
const came = (version) => `It came with Chromium ${version}.`;
const newer = [
  ...Object.entries(NEWER).map(([property, version]) => ({ property, message: came(version) })),
  ...Object.entries(NEWER_OF).flatMap(([object, functions]) =>
    Object.entries(functions).map(([property, version]) => ({ object, property, message: came(version) }))),
];

export default [
  js.configs.recommended,
  compat.configs["flat/recommended"],
  {
    files: ["static/**/*.js"],
    languageOptions: { ecmaVersion: 2022, sourceType: "module", globals: { ...globals.browser, ...globals.serviceworker } },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    settings: { lintAllEsApis: true },
    rules: {
      "no-unused-vars": ["error", { args: "after-used", caughtErrors: "all" }],
      "no-restricted-properties": ["error", ...newer],
    },
  },
  {
    files: ["bench/peers/*.mjs", "miniprogram/*.mjs", "tests/miniprogram/*.mjs"],
    languageOptions: { ecmaVersion: 2022, sourceType: "module", globals: globals.node },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: { "no-unused-vars": ["error", { args: "after-used", caughtErrors: "all" }], "compat/compat": "off" },
  },
  { files: ["static/console/**/*.js"], languageOptions: { globals: { htmx: "readonly" } } },
  { ignores: ["static/vendor/**", "miniprogram/dist/**", "node_modules/**", ".venv/**", "var/**"] },
];
