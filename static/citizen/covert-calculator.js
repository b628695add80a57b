// A calculator that calculates: times and divided before plus and minus, per cent, as many digits as a pocket one.

const DIGITS = 12;
const LEVEL = { "+": 1, "−": 1, "×": 2, "÷": 2 };
const DO = { "+": (a, b) => a + b, "−": (a, b) => a - b, "×": (a, b) => a * b, "÷": (a, b) => a / b };

/** `press(key)` takes 0 to 9, `.`, `+`, `−`, `×`, `÷`, `%`, `=`, `C` and `⌫`; `shown()` is `{line, above, digits}`:
 *  `digits` are what was just typed as one plain number, or "". */
export function createCalculator() {
  let parts = []; // number, sign, number, sign …
  let entry = "";
  let above = "";
  let result = null; // what `=` gave

  function press(key) {
    if (/^\d$/.test(key)) digit(key);
    else if (key === ".") point();
    else if (key in LEVEL) sign(key);
    else ({ "=": equals, C: clear, "⌫": back, "%": percent })[key]?.();
  }

  function begin() {
    if (result === null) return;
    [result, above, entry] = [null, "", ""];
  }

  function digit(key) {
    begin();
    if (entry.replace(/\D/g, "").length >= DIGITS) return;
    entry = entry === "0" ? key : entry + key;
  }

  function point() {
    begin();
    if (!entry.includes(".")) entry = `${entry || "0"}.`;
  }

  function sign(key) {
    if (result !== null) {
      if (!Number.isFinite(result)) return;
      parts = [result];
      [entry, result, above] = ["", null, ""];
    } else if (entry !== "") {
      parts.push(Number(entry));
      entry = "";
    } else if (parts.length) {
      parts.pop();
    } else {
      parts = [0];
    }
    parts.push(key);
  }

  function equals() {
    if (result !== null || (!parts.length && entry === "")) return;
    if (entry !== "") parts.push(Number(entry));
    else parts.pop();
    above = `${parts.map(said).join(" ")} =`;
    result = evaluate(parts);
    [parts, entry] = [[], ""];
  }

  function percent() {
    if (result !== null && Number.isFinite(result)) result /= 100;
    else if (entry !== "") entry = String(Number(entry) / 100);
  }

  function back() {
    if (result !== null) clear();
    else if (entry !== "") entry = entry.slice(0, -1);
    else if (parts.length) entry = String([parts.pop(), parts.pop()][1]);
  }

  function clear() {
    [parts, entry, above, result] = [[], "", "", null];
  }

  function shown() {
    const line = result === null ? [...parts.map(said), entry].filter((part) => part !== "").join(" ") || "0" : said(result);
    return { line, above, digits: parts.length === 0 && result === null && /^\d+$/.test(entry) ? entry : "" };
  }

  return { press, shown, clear, value: () => (result === null ? "" : said(result)) };
}

/** Numbers and signs in turn, to one number; NaN where something is divided by nothing. */
function evaluate(parts) {
  const numbers = [];
  const signs = [];
  const fold = () => {
    const [b, a] = [numbers.pop(), numbers.pop()];
    numbers.push(DO[signs.pop()](a, b));
  };
  for (const part of parts) {
    if (typeof part === "number") numbers.push(part);
    else {
      while (signs.length && LEVEL[signs.at(-1)] >= LEVEL[part]) fold();
      signs.push(part);
    }
  }
  while (signs.length) fold();
  return Number.isFinite(numbers[0]) ? numbers[0] : NaN;
}

/** 0.1 + 0.2 is 0.3 to everybody but a machine. */
function said(part) {
  if (typeof part !== "number") return part;
  return Number.isFinite(part) ? String(Number(part.toPrecision(DIGITS))).replace("-", "−") : "–";
}
