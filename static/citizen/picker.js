// A place by city, county, street or town, village or community, without any map: from lists made at set-up.

import { announce, element, icon, show, write } from "./page.js";
import { language, t } from "./words.js";

const LISTS = new URL("../vendor/places", import.meta.url).pathname;
const FEW = 12; // so many need no search
const MOST = 120; // buttons at once
const LONGEST = 500;

/** Opens the picker in `body`. */
export async function openPicker(body, { client, position, done, drafted }) {
  const cities = await list("index");
  const path = []; // of {name, code?, label}: city, county, street, village
  let streets = []; // of the county that is picked
  const trail = element("div", { className: "trail", role: "group", "aria-label": t("picker.trail") });
  const words = field(t("picker.words"), t("picker.words_example"), 80);
  const use = element("button", { className: "solid", type: "button" });
  const search = field(t("picker.search"), "", 20);
  const heading = element("h3", {});
  const found = element("div", { className: "place-picks", role: "group" });
  const fault = element("p", { className: "error", role: "alert", hidden: true });
  const picked = element("div", { className: "picked", hidden: true }, words.label, use);
  body.replaceChildren(trail, picked, heading, search.label, fault, found);

  const [city, county] = await start();
  await step(0, city && county ? [city, county] : []);

  /** Goes on from `path` cut at `at`, with what was tapped. */
  async function step(at, taken) {
    path.splice(at, path.length, ...taken);
    search.input.value = "";
    show(fault, false);
    if (path.length >= 2 && (at < 2 || streets.of !== path[1].code)) await loadStreets();
    render();
  }

  async function loadStreets() {
    try {
      streets = Object.assign(await list(path[1].code), { of: path[1].code });
    } catch {
      streets = Object.assign([], { of: "" });
      write(fault, t("picker.no_list"));
      show(fault, true);
    }
  }

  function render() {
    trail.replaceChildren(...path.map(crumb));
    show(trail, path.length > 0);
    show(picked, path.length > 0);
    write(use, t("picker.use", { place: path.map(({ name }) => name).join("") }));
    heading.textContent = t(`picker.level_${path.length}`);
    show(heading, path.length < 4);
    renderChoices();
    drafted?.(path.length ? result() : null);
  }

  function crumb(one, at) {
    const button = element("button", { className: "crumb", type: "button", "aria-label": t("picker.change", { name: one.label }) }, element("span", { textContent: one.label }), icon("x"));
    button.onclick = () => step(at, []);
    return button;
  }

  function renderChoices() {
    const wanted = search.input.value.trim();
    const all = choices();
    // Where the search goes deeper than the list, and where the list is long.
    show(search.label, path.length === 0 || path.length === 2 || all.length > FEW || wanted !== "");
    const shown = (wanted ? matching(wanted.toLowerCase()) : all).slice(0, MOST);
    found.setAttribute("aria-label", heading.textContent);
    found.replaceChildren(...shown.map(choice));
    if (wanted && !shown.length) found.replaceChildren(element("p", { className: "note", textContent: t("picker.none") }));
  }

  /** What can be tapped next, each as the steps that it means. */
  function choices() {
    if (path.length === 0) return cities.map((of) => [area(of)]);
    if (path.length === 1) return cityOf(path[0].code)[3].map((of) => [area(of)]);
    if (path.length === 2) return streets.map(([name]) => [plain(name)]);
    if (path.length === 3) return (streets.find(([name]) => name === path[2].name)?.[1] ?? []).map((name) => [plain(name)]);
    return [];
  }

  /** Searched deeper than the level that is shown: a county in all cities, a village in all streets. */
  function matching(wanted) {
    const deeper =
      path.length === 0 ? cities.flatMap((of) => of[3].map((sub) => [area(of), area(sub)]))
      : path.length === 2 ? streets.flatMap(([street, villages]) => villages.map((name) => [plain(street), plain(name)]))
      : [];
    return [...choices(), ...deeper].filter((steps) => steps.at(-1).label.toLowerCase().includes(wanted));
  }

  function choice(steps) {
    const above = steps.slice(0, -1).map(({ label }) => label).join(" ");
    const button = element("button", { className: "place-pick", type: "button" }, element("span", { textContent: steps.at(-1).label }), above ? element("small", { textContent: above }) : null);
    button.onclick = async () => {
      await step(path.length, steps);
      announce(t("picker.picked", { place: path.map(({ label }) => label).join(" ") }));
      if (path.length === 4) use.focus();
    };
    return button;
  }

  function cityOf(code) {
    return cities.find(([adcode]) => adcode === code);
  }

  /** The position that the desk answered for opens its county. */
  async function start() {
    const best = position.best();
    if (!best) return [];
    try {
      const { area: here } = await client.nearest(best);
      const city = cityOf(`${here.adcode.slice(0, 4)}00`);
      return [area(city), area(city[3].find(([adcode]) => adcode === here.adcode))];
    } catch {
      return []; // from the top, then
    }
  }

  function result() {
    const official = path.map(({ name }) => name).join("");
    const free = words.input.value.trim();
    const place_text = (free ? `${official} ${free}` : official).slice(0, LONGEST);
    return { location: null, place_text, area: (path[1] ?? path[0]).code };
  }

  search.input.oninput = renderChoices;
  words.input.oninput = () => drafted?.(result());
  words.input.onkeydown = (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    use.click();
  };
  use.onclick = () => done(result());
}

/** One of our lists. Raises when it does not come. */
async function list(name) {
  const answer = await fetch(`${LISTS}/${name}.json`);
  if (!answer.ok) throw new Error("no list");
  return answer.json();
}

/** The desk reads Chinese; who does not, sees both. */
const area = ([code, name, english]) => ({ code, name, label: language.startsWith("zh") ? name : `${english} ${name}` });
const plain = (name) => ({ name, label: name });

function field(label, example, longest) {
  const input = element("input", { type: "text", maxLength: longest, autocomplete: "off", placeholder: example, enterKeyHint: "done" });
  return { input, label: element("label", { className: "field" }, element("span", { className: "field-name", textContent: label }), input) };
}
