// A report that was written while nobody was signed in, and somebody is now: whether it is theirs is asked, once and plainly.

import { clone, element, go, part, write } from "./page.js";
import { attempt } from "./signing.js";
import { t } from "./words.js";

/** Asks whether who is signed in wrote the report; then it goes at once, or stays for who did. */
export function whoseForm(client, key) {
  const form = clone("whose-form");
  write(part(form, "note"), t("whose.note", { phone: client.me()?.phone ?? "" }));
  form.onsubmit = (event) => {
    event.preventDefault();
    attempt(form, () => client.outbox.claim(key, client.me()));
  };
  part(form, "not-mine").onclick = async () => {
    await client.outbox.claim(key, client.me(), false);
    go("home", null, "/", { replace: true });
  };
  return form;
}

/** Says that another's report waits for them. */
export const othersNote = () => element("p", { className: "note", textContent: t("whose.kept_for") });
