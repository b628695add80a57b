// That one is marked as a nuisance: why, until when, and the one appeal; or that it was lifted. Asked for where one looks
// at one's own reports and data, kept nowhere on the phone, and never shown behind a look: those pages are not there then.

import { element, icon } from "./page.js";
import { attempt } from "./signing.js";
import { dayOf, t } from "./words.js";

const DAY_MS = 86_400_000;
const LONGEST = 1000; // dispatch/marks.py

/** Fill `place` with what stands, or leave it empty. What cannot be asked for now is asked for the next time. */
export async function showMark(client, place, still = () => true) {
  try {
    const { mark } = await client.my.mark();
    if (still()) render(client, place, mark);
  } catch {
    // Nothing is said rather than something old.
  }
}

function render(client, place, mark) {
  place.hidden = !mark;
  place.replaceChildren(...(mark ? [mark.standing ? standing(client, place, mark) : lifted(mark)] : []));
}

const line = (key, values, className = "") => element("p", { className, textContent: t(key, values) });

function standing(client, place, mark) {
  const n = Math.max(1, Math.ceil((Date.parse(mark.until) - Date.now()) / DAY_MS));
  return box("flag", "marked.title",
    line("marked.why", { category: t(`marked.category.${mark.category}`), at: dayOf(mark.until), n }),
    line("marked.still", {}, "note"),
    ...(mark.appealed_at ? [line("marked.appealed", { at: dayOf(mark.appealed_at) })].filter(() => !mark.answer) : [appealForm(client, place)]),
    ...(mark.answer ? [line("marked.upheld", { at: dayOf(mark.answered_at) })] : []),
  );
}

const lifted = (mark) => box("check", "marked.lifted_title", line("marked.lifted", { at: dayOf(mark.answered_at) }));

function box(glyph, title, ...lines) {
  const head = element("h2", {}, icon(glyph), element("span", { textContent: t(title) }));
  return element("section", { className: "marked", role: "status" }, head, ...lines.filter(Boolean));
}

function appealForm(client, place) {
  const text = element("textarea", { name: "appeal", rows: 3, maxLength: LONGEST, required: true });
  const error = element("p", { className: "error", role: "alert", hidden: true });
  const form = element("form", { noValidate: true }, line("marked.appeal_note", {}, "note"),
    element("label", { className: "field" }, element("span", { className: "field-name", textContent: t("marked.appeal_text") }), text), error,
    element("button", { className: "solid", type: "submit", textContent: t("marked.send") }));
  form.onsubmit = (event) => {
    event.preventDefault();
    if (!text.value.trim()) {
      text.focus();
      return;
    }
    attempt(form, async () => render(client, place, (await client.my.appeal(text.value.trim())).mark));
  };
  return element("details", { className: "marked-appeal" }, element("summary", { textContent: t("marked.appeal") }), form);
}
