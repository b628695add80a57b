// My data: all that is held, with what can be corrected, erased and taken back beside it.

import { consentSwitches } from "./consents.js";
import { showMark } from "./marked.js";
import { closing, correction, erasure, phoneChange } from "./mydata-acts.js";
import { $, element, fromTop, icon, title, write } from "./page.js";
import { isOpen } from "./protocol.js";
import { saveAs } from "./saving.js";
import { keep, signInForm } from "./signing.js";
import { dayOf, has, sentence, t } from "./words.js";

export function createMyData(client) {
  let open = false;
  let turn = 0;

  async function load() {
    turn += 1;
    const mine = turn;
    if (client.me() === null) return askToSignIn();
    waiting(t("mydata.loading"));
    try {
      const [data, consents] = await Promise.all([client.my.data(), client.my.consents()]);
      if (open && mine === turn) render(data, consents);
    } catch (problem) {
      if (open && mine === turn) waiting(t("mydata.failed"), sentence(problem), retry());
    }
    return undefined;
  }

  const place = (...parts) => $("mydata").replaceChildren(...parts);
  const waiting = (head, note = "", ...rest) => place(element("p", { className: "empty", role: "status" }, element("strong", { textContent: head }), element("span", { textContent: note })), ...rest);

  function retry() {
    const button = element("button", { className: "plain", type: "button", textContent: t("mine.retry") });
    button.onclick = load;
    return button;
  }

  function askToSignIn() {
    const holder = element("div", { id: "mydata-sign-in" });
    keep(holder, "sign-in", () => signInForm(client, { heading: t("account.sign_in"), note: t("mydata.sign_in"), done: load }));
    place(holder);
  }

  function render(data, consents) {
    const marked = element("div", { id: "mydata-mark", hidden: true });
    showMark(client, marked);
    place(
      marked,
      part("mydata.person", person(data.reporter, data.replaced), phoneChange(client, load),
        ...(data.reporter.identity === "verified" ? [correction(client, load), erasure(client, data, load)] : [])),
      part("consents.title", element("p", { className: "note", textContent: t("consents.note") }), element("p", { className: "note", textContent: t("consents.who", $("mydata").dataset) }), consentSwitches(client, consents)),
      part("mydata.devices", devices(data.sessions), ...wechat(data.wechat)),
      part("mydata.reports", reports(data)),
      part("mydata.keep", download(data)),
      part("mydata.close", closing(client, { kept: data.kept, running: data.reports.some(({ report }) => isOpen(report)) }, closed)),
    );
  }

  const part = (key, ...content) => element("section", { className: "part" }, element("h2", { textContent: t(key) }), ...content);

  function person(reporter, replaced) {
    const rows = [
      ["account.phone", reporter.phone],
      ["account.name", reporter.name ?? t("mydata.none")],
      ["account.id_number", reporter.id_number],
      ["mydata.verified_at", reporter.verified_at && dayOf(reporter.verified_at)],
      ["account.impaired", t(reporter.hearing_speech_impaired ? "mydata.yes" : "mydata.no")],
      ["mydata.made_at", dayOf(reporter.made_at)],
      ...replaced.map(({ phone, name, at }) => [phone ? "mydata.former_phone" : "mydata.former_name", `${phone ?? name} · ${dayOf(at)}`]),
    ];
    return element("dl", { className: "pairs" }, ...rows.filter(([, value]) => value).map(([key, value]) =>
      element("div", {}, element("dt", { textContent: t(key) }), element("dd", { textContent: value }))));
  }

  function devices(sessions) {
    const list = element("ul", { className: "devices" }, ...sessions.map((session) => element("li", {}, icon("smartphone"),
      element("p", {}, element("strong", { textContent: `${word("system", session.system)} · ${word("browser", session.browser)}` }),
        element("small", { textContent: session.current ? t("mydata.this_device") : t("mydata.last_use", { at: dayOf(session.seen_at ?? session.made_at) }) })))));
    if (sessions.length < 2) return list;
    const error = element("p", { className: "error", role: "alert", hidden: true });
    const button = element("button", { className: "plain", type: "button", id: "end-others", textContent: t("mydata.end_others") });
    button.onclick = async () => {
      button.disabled = true;
      try {
        await client.my.endOthers();
        await load();
      } catch (problem) {
        button.disabled = false;
        write(error, sentence(problem));
        error.hidden = false;
      }
    };
    return element("div", { className: "part" }, list, button, error);
  }

  const wechat = (linked) => linked.map((at) => element("p", { className: "note", textContent: t("mydata.wechat", { at: dayOf(at) }) }));

  const word = (kind, name) => t(has(`device.${kind}_${name}`) ? `device.${kind}_${name}` : "device.other");

  function reports({ reports: all, kept }) {
    const link = element("a", { className: "plain", href: "/reports" }, icon("list"), element("span", { textContent: t("mine.title") }));
    link.dataset.go = "";
    return element("div", { className: "part" }, element("p", { textContent: t("mydata.reports_count", { n: all.length }) }),
      kept.length ? element("p", { className: "note", textContent: t("mydata.kept_count", { n: kept.length }) }) : null, link);
  }

  function download(data) {
    const button = element("button", { className: "plain", type: "button", id: "save-data" }, icon("file"), element("span", { textContent: t("mydata.download") }));
    button.onclick = () => saveAs(`desk110-my-data-${data.at.slice(0, 10)}.json`, JSON.stringify(data, null, 2), "application/json");
    return element("div", { className: "part" }, element("p", { className: "note", textContent: t("mydata.download_note") }), button);
  }

  function closed({ erased, kept }) {
    turn += 1;
    const lines = erased ? [t("mydata.erased")] : [t("mydata.not_erased"), ...kept.map(({ number, until }) => (until ? t("mydata.kept_until", { number, at: dayOf(until) }) : t("mydata.kept_open", { number }))), t("mydata.again_same")];
    place(element("div", { className: "verdict", role: "status" }, icon("check"), element("div", {}, element("h2", { textContent: t("mydata.closed") }), ...lines.map((line) => element("p", { textContent: line })))));
    fromTop();
  }

  client.listen(({ type }) => {
    if (type === "me" && open && client.me() && $("mydata-sign-in")) load();
  });
  return {
    open() {
      open = true;
      title(t("mydata.title"));
      fromTop();
      load();
    },
    close: () => {
      open = false;
      turn += 1;
      place();
    },
  };
}
