// What one can do with one's data: each act folded away, with what it does said before the button.

import { element, show, write } from "./page.js";
import { attempt } from "./signing.js";
import { dayOf, t } from "./words.js";

const NAMED = 5; // reports that are named one by one

/** Another phone, proved by a code that is sent to it. */
export function phoneChange(client, done) {
  const phone = input("phone", "tel", { inputMode: "tel", autocomplete: "tel", maxLength: 20, required: true });
  const code = input("code", "text", { inputMode: "numeric", autocomplete: "one-time-code", maxLength: 8 });
  const sent = element("p", { className: "note", role: "status", hidden: true });
  const go = button("account.get_code");
  const second = field("account.code", code);
  second.hidden = true;
  const form = folded("change-phone", "mydata.change_phone", "mydata.change_phone_note", field("mydata.new_phone", phone), second, sent, go);
  let asked = "";
  act(form, async () => {
    if (asked !== phone.value.trim()) {
      const answer = await client.requestCode(phone.value.trim());
      asked = phone.value.trim();
      show(second, true);
      code.required = true;
      code.value = answer.demo_code ?? "";
      write(sent, answer.demo_code ? t("account.demo", { code: answer.demo_code }) : t("account.code_sent", { phone: asked }));
      show(sent, true);
      write(go, t("account.confirm"));
      return code.focus();
    }
    await client.my.changePhone(asked, code.value.trim());
    return done();
  });
  return form;
}

/** Another name and number in the place of those that were verified. */
export function correction(client, done) {
  const name = input("name", "text", { autocomplete: "name", maxLength: 100, required: true });
  const number = input("id_number", "text", { autocomplete: "off", autocapitalize: "characters", spellcheck: false, maxLength: 20, required: true });
  const form = folded("correct-identity", "mydata.correct", "mydata.correct_note", field("account.name", name), field("account.id_number", number), button("account.verify"));
  act(form, async () => {
    await client.my.correct(name.value.trim(), number.value.trim().toUpperCase());
    return done();
  });
  return form;
}

/** The name and its number erased, or for which reports they have to stay. */
export function erasure(client, { kept, name_erasable: erasable }, done) {
  const form = folded("erase-identity", "mydata.erase", erasable ? "mydata.erase_note" : "mydata.erase_kept", erasable ? button("mydata.erase") : reasons(kept));
  act(form, async () => {
    await client.my.eraseIdentity();
    return done();
  });
  return form;
}

/** The account closed. `running`: a report of it is still under way. */
export function closing(client, { kept, running }, done) {
  const unsent = () => client.outbox.reports().some((item) => item.state !== "stored");
  const go = button(unsent() ? "mydata.close_unsent" : "mydata.close");
  go.disabled = unsent();
  const form = folded("close-account", "mydata.close", kept.length ? "mydata.close_kept" : "mydata.close_note",
    ...(kept.length ? [reasons(kept), element("p", { textContent: t("mydata.again_same") })] : []),
    running ? element("p", { className: "error", textContent: t("mydata.close_running") }) : null,
    go);
  act(form, async () => {
    // Closing clears the phone: nothing may be on its way.
    if (!unsent()) done(await client.my.close());
  });
  return form;
}

/** The reports for which something has to stay, and until when. */
function reasons(kept) {
  const lines = kept.slice(0, NAMED).map(({ number, until }) => (until ? t("mydata.kept_until", { number, at: dayOf(until) }) : t("mydata.kept_open", { number })));
  if (kept.length > NAMED) lines.push(t("mydata.kept_more", { n: kept.length - NAMED }));
  return element("ul", { className: "points" }, ...lines.map((line) => element("li", { textContent: line })));
}

function folded(id, heading, note, ...content) {
  const error = element("p", { className: "error", role: "alert", hidden: true });
  const form = element("form", { noValidate: true }, element("p", { className: "note", textContent: t(note) }), ...content.slice(0, -1), error, content.at(-1));
  return element("details", { className: "fold", id }, element("summary", { textContent: t(heading) }), form);
}

/** Runs the act of a folded form, once at a time, with what went wrong said beside it. */
function act(details, work) {
  const form = details.querySelector("form");
  form.onsubmit = (event) => {
    event.preventDefault();
    attempt(form, work);
  };
}

const input = (name, type, more) => element("input", { name, type, ...more });
const field = (key, control) => element("label", { className: "field" }, element("span", { className: "field-name", textContent: t(key) }), control);
const button = (key) => element("button", { className: "solid", type: "submit", textContent: t(key) });
