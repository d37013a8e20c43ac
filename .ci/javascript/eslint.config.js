// How the project's JavaScript is checked: plain modules for browsers of today, no markup from texts, no network.

import js from "@eslint/js";
import globals from "globals";

const MARKUP = ["innerHTML", "outerHTML", "insertAdjacentHTML", "srcdoc"];
const NETWORK_AND_STORAGE = ["fetch", "XMLHttpRequest", "WebSocket", "EventSource", "localStorage", "sessionStorage", "indexedDB"];

export default [
  { ignores: ["**/node_modules/", ".venv/", "**/site/"] },
  js.configs.recommended,
  {
    files: ["**/*.js"],
    languageOptions: { ecmaVersion: 2023, sourceType: "module", globals: globals.browser },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "array-callback-return": "error",
      complexity: ["error", 15],
      "consistent-return": "off",
      curly: ["error", "multi-line"],
      "default-case-last": "error",
      "dot-notation": "error",
      eqeqeq: "error",
      "max-depth": ["error", 4],
      "max-len": ["error", { code: 220, ignoreTemplateLiterals: true }],
      "max-lines": ["error", 400],
      "max-params": ["error", 6],
      "no-console": "error",
      "no-constant-binary-expression": "error",
      "no-else-return": "error",
      "no-eval": "error",
      "no-implied-eval": "error",
      "no-new-func": "error",
      "no-param-reassign": "error",
      "no-promise-executor-return": "off",
      "no-restricted-globals": ["error", ...NETWORK_AND_STORAGE],
      "no-restricted-properties": ["error", ...MARKUP.map((property) => ({ property, message: "Texts are shown as texts." }))],
      "no-return-assign": ["error", "except-parens"],
      "no-self-compare": "error",
      "no-shadow": "error",
      "no-template-curly-in-string": "error",
      "no-throw-literal": "error",
      "no-unmodified-loop-condition": "error",
      "no-unused-expressions": "error",
      "no-useless-return": "error",
      "no-var": "error",
      "object-shorthand": "error",
      "prefer-const": "error",
      "prefer-template": "error",
      radix: "error",
    },
  },
  {
    // What the tests add is laid behind the bundle of the page's modules.
    files: ["tests/explorer/compare.js"],
    languageOptions: { globals: { Questions: "readonly", ranked: "readonly" } },
  },
];
