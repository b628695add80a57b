// The account: who is signed in, what they say of themselves, and how the page is shown to them.

import { setDisplay } from "./display.js";
import { $, fromTop, go, show, title, unsentAt, write } from "./page.js";
import { identityForm, keep, signInForm } from "./signing.js";
import { sentence, t } from "./words.js";

export function createAccount(client) {
  let open = false;
  let refused = null; // why the server did not take what was switched last

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
    renderImpaired(me);
    const verified = me.identity === "verified";
    show($("me-verified"), verified);
    if (verified) $("account-identity").replaceChildren();
    else keep($("account-identity"), "identity", () => identityForm(client, { heading: t("account.identity"), note: t("account.identity_note") }));
    const pending = client.outbox.reports().some((item) => item.state !== "stored");
    $("sign-out").disabled = pending;
    write($("sign-out-note"), t(pending ? "account.sign_out_pending" : "account.sign_out_note"));
  }

  /** What was switched stays so, and is said not to be there yet until the server has it. */
  function renderImpaired(me) {
    const wished = client.wished();
    $("impaired").checked = Boolean({ ...me, ...wished?.changes }.hearing_speech_impaired);
    if (wished) write($("impaired-state"), t(wished.problem ? "account.impaired_waits" : "account.impaired_going"));
    else if (refused === null) write($("impaired-state"), "");
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
    if (item) go("report", { key: item.key }, unsentAt(item.key));
  }

  $("impaired").onchange = async ({ target }) => {
    refused = null;
    try {
      await client.wish({ hearing_speech_impaired: target.checked });
    } catch (problem) {
      refused = problem;
      write($("impaired-state"), sentence(problem));
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
