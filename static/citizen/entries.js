// What the guided entries share: one question a screen, big targets, everything kept as it is written.

import { announce, $, element, fillCalls, fromTop, go, icon, show, title, unsentAt, write } from "./page.js";
import { t } from "./words.js";

/** A view that leads through steps.
 *  @param {{client: object, name: string, steps: {title: string, note?: string, fill: (body: HTMLElement, form: object) => void,
 *  fault?: (values: object) => string}[], loud: (values: object) => {head: string, words: string, calls: string[]} | null,
 *  facts: (values: object) => object}} of  `facts`: the report that the values make. */
export function createGuide({ client, name, steps, loud, facts }) {
  const section = $(name);
  let values = {};
  let at = 0;
  let filing = false;
  let touched = null; // what the thumb was on last
  const count = element("p", { className: "guide-count" });
  const heading = element("h2");
  const note = element("p", { className: "note" });
  const alarm = element("div", { className: "alarm guide-loud" }, icon("triangle-alert"), element("div", {}, element("p", { className: "alarm-head" }, element("strong")), element("p"), element("ul", { className: "calls" })));
  const body = element("div", { className: "guide-body" });
  const fault = element("p", { className: "error", role: "alert", hidden: true });
  const back = element("button", { className: "plain", type: "button", textContent: t("entries.back") });
  const next = element("button", { className: "solid", type: "submit" });
  const again = element("button", { className: "link", type: "button", textContent: t("entries.again") });
  const form = element("form", { className: "guide", noValidate: true }, count, heading, note, alarm, body, fault, element("div", { className: "pair guide-acts" }, back, next), again);
  section.replaceChildren(form);

  /** What the person has said until now; each change is kept at once. */
  const given = {
    get: (key) => values[key],
    set(key, value) {
      if (value === undefined || value === "" || (Array.isArray(value) && value.length === 0)) delete values[key];
      else values[key] = value;
      show(fault, false);
      warn();
      client.drafts.keep(name, { ...values, at });
    },
    redraw: () => draw(),
  };

  function draw() {
    const step = steps[at];
    write(count, t("entries.step", { n: at + 1, of: steps.length }));
    write(heading, step.title);
    write(note, step.note ?? "");
    show(note, Boolean(step.note));
    note.after(alarm);
    body.replaceChildren();
    step.fill(body, given);
    show(fault, false);
    show(back, at > 0);
    form.querySelector(".guide-acts").toggleAttribute("data-alone", at === 0);
    write(next, t(at === steps.length - 1 ? "entries.send" : "entries.next"));
    show(again, Object.keys(values).length > 0);
    warn();
  }

  /** What must not wait for the form to be finished: right under what it was said by, where nothing is covered by it; on a
   *  later step before everything else. */
  function warn() {
    const said = loud(values);
    const fresh = said !== null && alarm.hidden;
    show(alarm, said !== null);
    if (!said) return;
    const by = fresh && (touched?.closest(".moment") ?? touched?.closest(".choice-grid, .field"));
    if (by && body.contains(by)) by.after(alarm);
    // What it stood under may be drawn anew in this very moment.
    queueMicrotask(() => alarm.isConnected || note.after(alarm));
    const [, words] = alarm.children;
    if (words.querySelector("strong").textContent !== said.head) announce(`${said.head} ${said.words}`);
    write(words.querySelector("strong"), said.head);
    write(words.children[1], said.words);
    fillCalls(words.children[2], said.calls);
    if (fresh) alarm.scrollIntoView({ block: "nearest" });
  }

  function turn(to) {
    at = to;
    touched = null;
    client.drafts.keep(name, { ...values, at });
    draw();
    fromTop();
    announce(`${count.textContent} ${heading.textContent}`);
  }

  for (const kind of ["click", "input"]) body.addEventListener(kind, ({ target }) => (touched = target), true);
  form.onsubmit = async (event) => {
    event.preventDefault();
    const wrong = steps[at].fault?.(values) ?? "";
    write(fault, wrong);
    show(fault, wrong !== "");
    if (wrong || filing) return;
    if (at < steps.length - 1) {
      turn(at + 1);
      return;
    }
    filing = true;
    try {
      const filed = await client.file(facts(values));
      // The outbox has it: only now may the draft go.
      await client.drafts.drop(name);
      values = {};
      at = 0;
      go("report", { key: filed.key }, unsentAt(filed.key));
    } finally {
      filing = false;
    }
  };
  back.onclick = () => turn(at - 1);
  again.onclick = async () => {
    values = {};
    at = 0;
    draw();
    fromTop();
    await client.drafts.drop(name);
  };

  return {
    async open() {
      title(t(`entries.${name}`));
      const { at: reached = 0, ...kept } = (await client.drafts.get(name)) ?? {};
      values = kept;
      at = Math.min(reached, steps.length - 1);
      draw();
      fromTop();
    },
  };
}

/** Big buttons, of which one is chosen, or several. */
export function choices(given, key, options, { several = false, changed = () => {} } = {}) {
  const chosen = () => [given.get(key) ?? []].flat();
  const box = element("div", { className: "choice-grid", role: "group" });
  for (const [value, words] of options) {
    const button = element("button", { className: "choice-button", type: "button", "aria-pressed": String(chosen().includes(value)) }, icon("check"), element("span", { textContent: words }));
    button.dataset.value = value;
    button.onclick = () => {
      const had = chosen().includes(value);
      const rest = chosen().filter((one) => one !== value);
      given.set(key, several ? (had ? rest : [...rest, value]) : had ? undefined : value);
      for (const other of box.children) other.setAttribute("aria-pressed", String(chosen().map(String).includes(other.dataset.value)));
      changed();
    };
    box.append(button);
  }
  // It is called as the heading over it says, once it stands there.
  queueMicrotask(() => {
    const over = box.previousElementSibling;
    const heading = over?.matches("h3") ? over : box.closest(".guide")?.querySelector("h2");
    if (heading) box.setAttribute("aria-label", heading.textContent);
  });
  return box;
}

/** A field with its name over it; `place` names the place it asks for. */
export function field(given, key, label, { rows = 0, type = "text", inputmode = null, longest = 200, place = null, value = given.get(key) ?? "", take = (text) => given.set(key, text.trim()) } = {}) {
  const box = rows ? element("textarea", { rows, maxLength: longest }) : element("input", { type, maxLength: type === "datetime-local" ? null : longest, inputmode });
  box.autocomplete = "off";
  box.name = key;
  box.value = value;
  if (place) box.dataset.placeFor = place;
  box.oninput = () => {
    take(box.value);
    // What was picked for it, as long as nobody has written over it (`ways.js`).
    if (place) given.set(`${key}_chosen`, box.place);
  };
  return element("label", { className: "field" }, element("span", { className: "field-name", textContent: label }), box);
}

/** When: just now by a tap, or a day and a time. Kept as a moment (RFC 3339), and under `<key>_just` when it was just now. */
export function moment(given, key, just) {
  const box = element("div", { className: "moment" });
  const draw = () => {
    const now = given.get(`${key}_just`) === true;
    const button = element("button", { className: "choice-button", type: "button", "aria-pressed": String(now) }, icon("check"), element("span", { textContent: just }));
    button.onclick = () => {
      given.set(`${key}_just`, now ? undefined : true);
      given.set(key, now ? undefined : new Date().toISOString());
      draw();
      box.querySelector("button").focus();
    };
    const at = field(given, key, t("entries.at"), {
      type: "datetime-local",
      value: given.get(key) && !now ? local(given.get(key)) : "",
      take(text) {
        const time = Date.parse(text);
        given.set(`${key}_just`, undefined);
        given.set(key, Number.isNaN(time) ? undefined : new Date(time).toISOString());
        button.setAttribute("aria-pressed", "false");
      },
    });
    box.replaceChildren(button, at);
  };
  draw();
  return box;
}

const two = (n) => String(n).padStart(2, "0");

/** A moment as the field writes it: `2026-11-23T18:05`, by this phone's clock. */
function local(moment) {
  const at = new Date(moment);
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** Yuan as they are typed, in whole fen; null for what is no sum. No rounding: the digits are the digits. */
export function fenOf(text) {
  const plain = text.normalize("NFKC").replace(/[\s,¥元]/g, "");
  const [, whole, rest = ""] = /^(\d{1,9})(?:\.(\d{1,2}))?$/.exec(plain) ?? [];
  return whole === undefined ? null : Number(whole) * 100 + Number(rest.padEnd(2, "0"));
}

/** Only what was said. */
export function said(values) {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined && value !== null && value !== "" && !(Array.isArray(value) && value.length === 0)));
}
