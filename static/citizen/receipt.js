// A receipt, read and verified on the phone: of one's own report, or one that somebody brings.

import { $, announce, element, fromTop, icon, title, write } from "./page.js";
import { checkReceipt, prepare, textDigest } from "./receipt-check.js";
import { receiptKeys } from "./receipt-keys.js";
import { saveAs } from "./saving.js";
import { keep, signInForm } from "./signing.js";
import { language, t } from "./words.js";

const GLYPHS = { good: "shield-check", tampered: "triangle-alert", unknown_key: "shield-question-mark", no_keys: "wifi-off", not_receipt: "file" };
const clock = new Intl.DateTimeFormat(language, { dateStyle: "long", timeStyle: "medium", hourCycle: "h23" });
const FILE_LIMIT = 64 * 1024;

export function createReceipt(client) {
  // What verifies without WebCrypto's own is fetched while there is a network.
  prepare().catch(() => {});
  let turn = 0; // of what is being shown: a slow verification must not cover a newer one

  /** `{id}` of one's own report; nothing: the form. */
  async function open(value) {
    title(t("receipt.title"));
    fromTop();
    turn += 1;
    if (!value?.id) return showForm();
    const mine = turn;
    place(element("p", { className: "empty", textContent: t("receipt.checking"), role: "status" }));
    const report = await known(value.id);
    if (mine !== turn) return undefined;
    if (!report && client.me() === null) return place(keptForm(value));
    return report?.receipt ? judge(report.receipt, report) : showForm(t("receipt.none"));
  }

  async function known(id) {
    if (client.report(id)?.receipt) return client.report(id);
    try {
      return await client.read(id);
    } catch {
      return client.report(id);
    }
  }

  function keptForm(value) {
    const holder = element("div");
    keep(holder, "sign-in", () => signInForm(client, { heading: t("account.again_due"), done: () => open(value) }));
    return holder;
  }

  const place = (...parts) => $("receipt").replaceChildren(...parts);

  /** `hint`: what to say first. */
  function showForm(hint = "") {
    const words = element("textarea", { name: "token", rows: 4, spellcheck: false, autocomplete: "off", autocapitalize: "off" });
    const file = element("input", { type: "file", accept: ".jws,.txt,text/plain,application/jose", className: "unseen", id: "receipt-file" });
    const form = element("form", { className: "panel" },
      hint ? element("p", { className: "note", textContent: hint }) : null,
      element("label", { className: "field" }, element("span", { className: "field-name", textContent: t("receipt.paste") }), words),
      element("p", { className: "note", textContent: t("receipt.paste_note") }),
      element("button", { className: "solid", type: "submit", textContent: t("receipt.check") }),
      element("label", { className: "plain pick", htmlFor: "receipt-file" }, icon("file"), element("span", { textContent: t("receipt.file") })),
      file,
    );
    form.onsubmit = (event) => {
      event.preventDefault();
      judge(words.value);
    };
    file.onchange = async () => {
      const [chosen] = file.files;
      file.value = "";
      if (chosen) judge(chosen.size > FILE_LIMIT ? "" : await chosen.text());
    };
    place(form);
  }

  async function judge(token, report = null) {
    turn += 1;
    const mine = turn;
    place(element("p", { className: "empty", textContent: t("receipt.checking"), role: "status" }));
    const { verdict, statement, kid } = await checkReceipt(token, await receiptKeys());
    const matches = statement && report ? (await textDigest(report.text)) === statement.text_sha256 : null;
    if (mine !== turn) return;
    const said = element("div", { className: "verdict" }, icon(GLYPHS[verdict]),
      element("div", {}, element("h2", { textContent: t(`receipt.${verdict}`) }), element("p", { textContent: t(`receipt.${verdict}_note`) })));
    said.dataset.verdict = verdict;
    place(said, ...(statement ? [facts(statement, kid, matches), ...handing(token, statement)] : []), again());
    announce(t(`receipt.${verdict}`));
  }

  function facts(said, kid, matches) {
    const moment = (at) => clock.format(new Date(at));
    const kind = t(`receipt.kind_${said.kind}`);
    const rows = [
      ["number", said.number],
      ["received", moment(said.received_at)],
      ["desk", `${said.desk_name} ${said.desk}`],
      ["dispatcher", said.dispatcher_number],
      ["filed", moment(said.filed_at)],
      ["kind", kind.startsWith("receipt.") ? said.kind : kind],
      ["text", said.text_sha256, matches === null ? "" : t(matches ? "receipt.text_matches" : "receipt.text_differs")],
      ["place", said.place_sha256 ?? null],
      ["key", kid],
    ];
    const list = element("dl", { className: "pairs" }, ...rows.filter(([, value]) => value !== null).map(([name, value, note]) =>
      element("div", {}, element("dt", { textContent: t(`receipt.${name}`) }),
        element("dd", { className: /^(text|place|key)$/.test(name) ? "digest" : "", textContent: value }), note ? element("dd", { className: "note", textContent: note }) : null)));
    return element("div", { className: "facts-of" }, list, element("p", { className: "note", textContent: t("receipt.digest_note") }));
  }

  /** Copying, sharing, saving: what can be shown to somebody who doubts. */
  function handing(token, { number }) {
    const said = element("p", { className: "note", role: "status" });
    const name = `desk110-receipt-${number}.jws`;
    const button = (glyph, words, act) => {
      const made = element("button", { className: "plain", type: "button" }, icon(glyph), element("span", { textContent: words }));
      made.onclick = act;
      return made;
    };
    const copy = button("copy", t("receipt.copy"), async () => {
      try {
        await navigator.clipboard.writeText(token);
        write(said, t("receipt.copied"));
      } catch {
        write(said, t("receipt.copy_failed"));
      }
    });
    const share = navigator.share ? button("send", t("receipt.share"), () => navigator.share({ title: t("receipt.title"), text: token }).catch(() => {})) : null;
    const save = button("file", t("receipt.save"), () => saveAs(name, token, "application/jose"));
    return [element("div", { className: "pair" }, copy, save), share ?? "", said, element("p", { className: "note", textContent: t("receipt.not_for_others") })];
  }

  function again() {
    const made = element("button", { className: "plain", type: "button", textContent: t("receipt.another") });
    made.onclick = () => showForm();
    return made;
  }

  return {
    open,
    close: () => {
      turn += 1;
      place();
    },
  };
}
