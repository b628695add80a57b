// What a covert page pretends to be: weather, notes and a calculator that would pass a glance. It knows nothing of any report.

import { createCalculator } from "./covert-calculator.js";
import { $, element, icon, write } from "./page.js";
import { language, t } from "./words.js";

// Means of Hangzhou by month, °C.
const TWICE = 450; // ms between two taps of one gesture
const DEAF_FOR = 2_000; // after a gesture: a hand that shakes goes on tapping
const HIGHS = [8, 10, 15, 21, 26, 29, 33, 33, 28, 23, 17, 11];
const LOWS = [1, 3, 7, 12, 17, 21, 25, 25, 21, 15, 9, 3];
const SKIES = [["cloud-sun", "fair"], ["sun", "clear"], ["cloud", "cloudy"]];

const day = new Intl.DateTimeFormat(language, { month: "long", day: "numeric", weekday: "long" });
const weekday = new Intl.DateTimeFormat(language, { weekday: "short" });
const minute = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

export const minuteOf = (moment) => minute.format(new Date(moment));

const calculator = createCalculator();
let city = "";

/** Fills the page's ordinary things for `look`: weather, notes or calculator. */
export function showLook(look, now = new Date()) {
  const name = t(`covert.${look}.title`);
  $("covert").dataset.look = look;
  write($("covert-title"), name);
  write($("covert-day"), look === "calculator" ? "" : look === "weather" && city ? `${city} · ${day.format(now)}` : day.format(now));
  write($("covert-act"), t(`covert.${look}.act`));
  write($("covert-picture").querySelector("span"), t(`covert.${look}.photo`));
  write($("covert-voice"), t(`covert.${look}.voice`));
  write($("covert-words"), t(`covert.${look}.words`));
  for (const tab of document.querySelectorAll("[data-to]")) tab.setAttribute("aria-pressed", String(tab.dataset.to === look));
  if (look === "weather") showWeather(now);
  else if (look === "notes") write($("covert-mark"), minuteOf(now));
  else showNumbers();
}

function showNumbers() {
  const { line, above } = calculator.shown();
  const [small, large] = $("covert-display").children;
  write(small, above);
  write(large, line);
}

/** The calculator's keys work; `code` is asked about the digits before `=`, and takes them when they are its own. */
export function openCalculator(code) {
  $("covert-keys").onclick = ({ target }) => {
    const key = target.closest("[data-press]")?.dataset.press;
    if (!key) return;
    const { digits } = calculator.shown();
    if (key === "=" && digits && code(digits)) calculator.clear();
    else calculator.press(key);
    showNumbers();
  };
}

/** The number on the calculator, "" for none; it is gone from there. */
export function takeNumber() {
  const { line, digits } = calculator.shown();
  calculator.clear();
  showNumbers();
  return digits || (line === "0" ? "" : line);
}

/** Nothing typed stays. */
export function clearLook() {
  calculator.clear();
  $("covert-city").reset();
}

/** The weather of somewhere else; `code` as for the calculator. */
export function openCities(code, changed) {
  const form = $("covert-city");
  const field = form.elements.q;
  field.oninput = () => {
    if (/^\d+$/.test(field.value) && code(field.value)) form.reset();
  };
  form.onsubmit = (event) => {
    event.preventDefault();
    city = field.value.trim();
    form.reset();
    field.blur();
    changed();
  };
}

function showWeather(now) {
  const today = forecast(now, 0);
  write($("covert-mark"), `${today.at(now.getHours())}°`);
  write($("covert-note"), t("covert.weather.summary", { sky: t(`covert.sky.${today.sky}`), high: today.high, low: today.low }));
  const hours = [0, 1, 2, 3, 4, 5].map((n) => {
    const hour = (now.getHours() + n) % 24;
    const glyph = hour > 5 && hour < 18 ? today.glyph : "cloud";
    return element("li", {}, element("span", { textContent: `${String(hour).padStart(2, "0")}:00` }), icon(glyph), element("strong", { textContent: `${today.at(hour)}°` }));
  });
  const days = [1, 2, 3, 4].map((n) => {
    const { date, glyph, sky, high, low } = forecast(now, n);
    return element("li", {}, element("span", { textContent: weekday.format(date) }), icon(glyph), element("span", { textContent: t(`covert.sky.${sky}`) }), element("strong", { textContent: `${low}° / ${high}°` }));
  });
  $("covert-hours").replaceChildren(...hours);
  $("covert-days").replaceChildren(...days);
}

/** The same all day long, and other tomorrow. */
function forecast(now, ahead) {
  const date = new Date(now.getFullYear(), now.getMonth(), now.getDate() + ahead);
  const place = [...city].reduce((sum, sign) => sum + sign.codePointAt(0), 0);
  const chance = (date.getDate() * 7 + date.getMonth() * 3 + place) % 5;
  const high = HIGHS[date.getMonth()] + chance - 2;
  const low = LOWS[date.getMonth()] + ((chance + 2) % 4) - 1;
  const [glyph, sky] = SKIES[chance % SKIES.length];
  const at = (hour) => Math.round(low + (high - low) * (0.5 + 0.5 * Math.cos(((hour - 14) / 12) * Math.PI)));
  return { date, high, low, glyph, sky, at };
}

/** Two taps, shortly after each other; then deaf for a moment. */
export function twice(act) {
  let last = -Infinity;
  let deaf = 0;
  return () => {
    const now = performance.now();
    if (now < deaf) return;
    const second = now - last < TWICE;
    last = now;
    if (!second) return;
    deaf = now + DEAF_FOR;
    act();
  };
}
