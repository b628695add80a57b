// "I do not know where I am": what can be seen, one thing at a time. Works without a network; nothing waits for it.

import { element, icon, show, write } from "./page.js";
import { begunLost } from "./ways.js";
import { t } from "./words.js";

// The most telling first: this is the order in which the desk reads it.
const THINGS = [
  ["road", "milestone"],
  ["pole", "utility-pole"],
  ["house", "house"],
  ["shop", "store"],
  ["bus", "bus"],
  ["sight", "building-2"],
  ["ask", "message-circle-question-mark"],
];
const LONGEST = 50;

/** Opens the guide in `body`. `photo`: takes one for the report, where there is a report. */
export function openLost(body, { client, done, drafted, photo }) {
  const fields = new Map();
  const said = element("p", { className: "said", role: "status" });
  const use = element("button", { className: "solid", type: "button", textContent: t("lost.use") });
  const list = element("ul", { className: "things" }, ...THINGS.map(thing));
  if (photo) list.append(element("li", {}, photoButton()));
  body.replaceChildren(element("p", { className: "note", textContent: t("lost.lead") }), list, said, use);
  render();
  goOn();

  function thing([name, glyph]) {
    const input = element("input", { type: "text", maxLength: LONGEST, autocomplete: "off", id: `lost-${name}`, placeholder: t(`lost.${name}_example`), enterKeyHint: "done" });
    const label = element("label", { className: "field", hidden: true, id: `lost-${name}-field` }, element("span", { className: "field-name", textContent: t(`lost.${name}_label`) }), input);
    const button = element("button", { className: "place-way", type: "button", "aria-expanded": "false", "aria-controls": label.id }, icon(glyph), element("span", { textContent: t(`lost.${name}`) }));
    const open = () => {
      show(label, true);
      button.setAttribute("aria-expanded", "true");
    };
    button.onclick = () => {
      open();
      input.focus();
    };
    input.oninput = () => {
      keep();
      render();
    };
    input.onkeydown = (event) => {
      if (event.key !== "Enter" || event.isComposing) return;
      event.preventDefault();
      input.blur();
    };
    fields.set(name, { input, open });
    return element("li", {}, button, label);
  }

  function valueOf(name) {
    return fields.get(name).input.value.trim();
  }

  /** What was seen so far, `[name, words]`, the most telling first. */
  function all() {
    return THINGS.map(([name]) => [name, valueOf(name)]).filter(([, value]) => value);
  }

  function photoButton() {
    const button = element("button", { className: "place-way", type: "button" }, icon("camera"), element("span", { textContent: t("lost.photo") }));
    button.onclick = photo;
    return button;
  }

  /** A killed tab, a phone that slept: what was typed is kept as it is typed, until it is used. */
  function keep() {
    const seen = all();
    const kept = seen.length ? client.drafts.keep("lost", { seen: Object.fromEntries(seen), at: client.now() }) : client.drafts.drop("lost");
    kept.catch(() => {});
  }

  async function goOn() {
    const seen = (await begunLost(client)) ?? {};
    for (const [name, value] of Object.entries(seen)) {
      const { input, open } = fields.get(name) ?? {};
      if (!input || input.value) continue;
      input.value = value;
      open();
    }
    if (body.isConnected) render();
  }

  /** What was seen, in one line for the desk; empty when nothing was. */
  function words() {
    return all().map(([name, value]) => t("lost.one", { name: t(`lost.${name}_short`), value })).join(t("lost.and"));
  }

  function result() {
    const place_text = words();
    return place_text ? { location: null, place_text, area: null } : null;
  }

  function render() {
    const place_text = words();
    write(said, place_text ? t("lost.said", { place: place_text }) : t("lost.nothing"));
    use.disabled = !place_text;
    drafted?.(result());
  }

  use.onclick = () => {
    const place = result();
    if (!place) return;
    client.drafts.drop("lost").catch(() => {});
    done(place);
  };
}
