// Who reports: the phone, proved by a code; the name, checked before the second report. Both forms stand where they are
// needed: on their own page, in the middle of a report, or in front of the list.

import { setDisplay } from "./display.js";
import { $, clone, fromTop, go, part, show, title, write } from "./page.js";
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

/** The view. */
export function createAccount(client) {
  let open = false;

  function render() {
    if (!open) return;
    const me = client.me();
    show($("account-sign-in"), !me);
    show($("account-me"), Boolean(me));
    show($("account-end"), Boolean(me));
    if (!me) {
      keep($("account-sign-in"), "sign-in", () => signInForm(client, { heading: t("account.sign_in"), done: askWhose }));
      return;
    }
    $("account-sign-in").replaceChildren();
    write($("me-phone"), me.phone ?? "");
    $("impaired").checked = Boolean(me.hearing_speech_impaired);
    const verified = me.identity === "verified";
    show($("me-verified"), verified);
    if (verified) $("account-identity").replaceChildren();
    else keep($("account-identity"), "identity", () => identityForm(client, { heading: t("account.identity"), note: t("account.identity_note") }));
    const pending = client.outbox.reports().some((item) => item.state !== "stored");
    $("sign-out").disabled = pending;
    write($("sign-out-note"), t(pending ? "account.sign_out_pending" : "account.sign_out_note"));
  }

  /** A wording that changed since it was agreed to is asked about again: when somebody looks after their account. */
  async function askConsents() {
    show($("consents-due"), false);
    if (!client.me()) return;
    const standings = await client.my.consents().catch(() => []);
    show($("consents-due"), standings.some(({ outdated }) => outdated));
  }

  /** A report that was written before waits for an answer: it is not delivered yet. */
  function askWhose() {
    const item = client.outbox.reports().filter(({ state }) => state === "whose").at(-1);
    if (item) go("report", { key: item.key }, "/#report");
  }

  $("impaired").onchange = async ({ target }) => {
    try {
      await client.change({ hearing_speech_impaired: target.checked });
    } catch {
      render();
    }
  };
  $("display").onchange = () => {
    const chosen = $("display").querySelector("[name=size]:checked");
    setDisplay({ size: chosen?.value ?? "normal", contrast: $("display").querySelector("[name=contrast]").checked });
  };
  // The page is asked for anew in the language; what the desk writes by itself follows it.
  $("account-languages").onclick = ({ target }) => {
    const link = target.closest("[data-language]");
    if (link && client.me()) client.change({ language: link.dataset.language }).catch(() => {});
  };
  $("sign-out").onclick = async () => {
    try {
      await client.signOut();
    } catch (problem) {
      write($("sign-out-note"), sentence(problem));
    }
  };
  client.listen(({ type }) => ["me", "item"].includes(type) && render());
  return {
    open() {
      open = true;
      title(t("account.title"));
      render();
      askConsents();
      fromTop();
    },
    close: () => {
      open = false;
    },
  };
}

/** Puts a form in its place unless it stands there: what is being typed stays. */
export function keep(place, name, make) {
  if (place.dataset.holds === name && place.firstElementChild) return;
  place.dataset.holds = name;
  place.replaceChildren(make());
}
