// What a covert report still needs, asked for as any page asks for it: a place, a phone, a name.

import { $, clone, show, write } from "./page.js";
import { identityForm, keep, signInForm } from "./signing.js";
import { t } from "./words.js";

/** @param {{client: object, position: object, handle: () => string}} parts */
export function createNeed({ client, position, handle }) {
  const { outbox } = client;
  const said = () => ({ heading: t("covert.login.title"), note: t("covert.login.note") });

  const FORMS = {
    place: placeForm,
    sign_in: () => quiet(signInForm(client, said())),
    identity: () => quiet(identityForm(client, said())),
    whose: whoseForm,
  };

  /** `what`: place · sign_in · identity · whose; anything else is no need. What is being typed stays. */
  function render(what) {
    const make = Object.hasOwn(FORMS, what) ? FORMS[what] : undefined;
    show($("covert-need"), make !== undefined);
    if (make) keep($("covert-need"), what, make);
    else $("covert-need").replaceChildren();
  }

  /** What goes wrong is not said in the words of the page as it is, and not aloud. */
  function quiet(form) {
    form.querySelector(".error").removeAttribute("role");
    form.problem = () => t("covert.login.failed");
    return form;
  }

  function placeForm() {
    const form = clone("covert-place");
    form.onsubmit = (event) => {
      event.preventDefault();
      const place_text = form.elements.place.value.trim();
      if (place_text) outbox.release(handle(), { place_text, location: position.best() });
    };
    return form;
  }

  function whoseForm() {
    const form = clone("covert-whose");
    write(form.firstElementChild, t("covert.login.whose", { phone: client.me()?.phone ?? "" }));
    form.onsubmit = (event) => {
      event.preventDefault();
      outbox.claim(handle(), client.me());
    };
    return form;
  }

  return { render };
}
