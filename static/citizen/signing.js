// Who reports: the phone, proved by a code; the name, checked before the second report. Both forms stand where they are
// needed: on the account's page, in the middle of a report, behind a look, or in front of the list.

import { clone, part, show, write } from "./page.js";
import { sentence, t } from "./words.js";

/** A form that asks for the phone and the code. `done` is called after signing in. `claiming`: the key of a report that
 *  was written before; whoever signs in here has read that it goes out then. */
export function signInForm(client, { heading, note = "", claiming = null, done = () => {} }) {
  const form = clone("sign-in-form");
  const [phone, code] = [form.elements.phone, form.elements.code];
  let sent = false;
  let again = 0;
  write(part(form, "title"), heading);
  write(part(form, "note"), note);
  show(part(form, "note"), note !== "");

  async function ask() {
    const answer = await client.requestCode(phone.value.trim());
    stage(true);
    write(part(form, "sent"), t("account.code_sent", { phone: phone.value.trim() }));
    code.value = answer.demo_code ?? "";
    write(part(form, "demo"), answer.demo_code ? t("account.demo", { code: answer.demo_code }) : "");
    show(part(form, "demo"), Boolean(answer.demo_code));
    countDown(answer.resend_in ?? 0);
    code.focus();
  }

  function stage(asked) {
    sent = asked;
    for (const name of ["code", "sent", "others"]) show(part(form, name), asked);
    show(part(form, "phone"), !asked);
    show(part(form, "demo"), false);
    write(part(form, "go"), t(asked ? "account.confirm" : "account.get_code"));
  }

  function countDown(seconds) {
    clearInterval(again);
    let left = seconds;
    const tick = () => {
      const button = part(form, "resend");
      button.disabled = left > 0;
      write(button, left > 0 ? t("account.resend_in", { n: left }) : t("account.resend"));
      if (left <= 0) clearInterval(again);
      left -= 1;
    };
    tick();
    if (seconds > 0) again = setInterval(tick, 1000);
  }

  part(form, "resend").onclick = () => attempt(form, ask);
  part(form, "change").onclick = () => {
    stage(false);
    phone.focus();
  };
  form.onsubmit = (event) => {
    event.preventDefault();
    attempt(form, async () => {
      if (!sent) return ask();
      await client.signIn(phone.value.trim(), code.value.trim(), { claiming });
      clearInterval(again);
      return done();
    });
  };
  return form;
}

/** A form that asks for the name and the identity number. */
export function identityForm(client, { heading, note }) {
  const form = clone("identity-form");
  write(part(form, "title"), heading);
  write(part(form, "note"), note);
  form.onsubmit = (event) => {
    event.preventDefault();
    const { name, id_number: number } = form.elements;
    attempt(form, () => client.verify(name.value.trim(), number.value.trim().toUpperCase()));
  };
  return form;
}

/** Runs what a form is for: once at a time, with what went wrong said beside it. */
export async function attempt(form, act) {
  const error = form.querySelector(".error");
  const button = form.querySelector("[type=submit]");
  if (button.disabled) return;
  button.disabled = true;
  show(error, false);
  try {
    await act();
  } catch (problem) {
    write(error, (form.problem ?? sentence)(problem));
    show(error, true);
  } finally {
    button.disabled = false;
  }
}

/** Puts a form in its place unless it stands there: what is being typed stays. */
export function keep(place, name, make) {
  if (place.dataset.holds === name && place.firstElementChild) return;
  place.dataset.holds = name;
  place.replaceChildren(make());
}
