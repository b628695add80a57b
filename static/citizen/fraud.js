// 非接触性诈骗警情登记: what happened, how they came, what was paid and to whom. Slips follow as photos of the report.

import { choices, createGuide, fenOf, field, moment, said } from "./entries.js";
import { element, icon } from "./page.js";
import { t } from "./words.js";

const SCHEMES = ["shop", "brushing", "loan", "invest", "police", "romance", "friend", "game", "other"];
const CHANNELS = ["call", "sms", "wechat", "qq", "app", "website", "meeting", "other"];
const WAYS = ["bank", "wechat", "alipay", "card", "crypto", "cash", "gift_card", "other"];
const MOST_ACCOUNTS = 20;
const STOPPABLE = 30 * 60_000;

const named = (group, keys) => keys.map((key) => [key, t(`fraud.${group}_${key}`)]);

/** @param {object} client @param {object} position */
export function createFraud(client, position) {
  const steps = [
    { title: t("fraud.what"), note: t("fraud.what_note"), fill: what, fault: (values) => (values.scheme || values.text ? "" : t("fraud.what_needed")) },
    { title: t("fraud.when"), note: t("entries.optional"), fill: when },
    { title: t("fraud.how"), note: t("fraud.how_note"), fill: how },
    { title: t("fraud.lost"), fill: lost, fault: (values) => (values.lost === "yes" && values.amount && fenOf(values.amount) === null ? t("fraud.amount_wrong") : "") },
    { title: t("fraud.accounts"), note: t("fraud.accounts_note"), fill: accounts, fault: (values) => ((values.transfers ?? []).some(({ amount }) => amount && fenOf(amount) === null) ? t("fraud.amount_wrong") : "") },
    { title: t("fraud.where"), note: t("fraud.where_note"), fill: where },
  ];

  function what(body, given) {
    body.append(
      choices(given, "scheme", named("scheme", SCHEMES)),
      field(given, "text", t("fraud.words"), { rows: 3, longest: 3000 }),
    );
  }

  function when(body, given) {
    body.append(
      moment(given, "at", t("entries.just_now")),
      element("h3", { textContent: t("fraud.in_contact") }),
      choices(given, "in_contact", [["yes", t("fraud.contact_yes")], ["no", t("fraud.contact_no")]]),
    );
  }

  function how(body, given) {
    const fields = element("div", { className: "guide-body" });
    const draw = () => fields.replaceChildren(...(given.get("channels") ?? []).map((channel) =>
      field(given, `contact_${channel}`, t("fraud.contact_of", { channel: t(`fraud.channel_${channel}`) }), { inputmode: channel === "call" || channel === "sms" ? "tel" : null })));
    body.append(choices(given, "channels", named("channel", CHANNELS), { several: true, changed: draw }), fields);
    draw();
  }

  function lost(body, given) {
    const more = element("div", { className: "guide-body" });
    const draw = () => more.replaceChildren(...(given.get("lost") !== "yes" ? [] : [
      field(given, "amount", t("fraud.amount"), { inputmode: "decimal", longest: 16 }),
      element("h3", { textContent: t("fraud.paid_at") }),
      moment(given, "paid_at", t("fraud.half_hour")),
      element("h3", { textContent: t("fraud.paid_by") }),
      choices(given, "paid_by", named("way", WAYS), { several: true }),
    ]));
    body.append(choices(given, "lost", [["yes", t("fraud.lost_yes")], ["no", t("fraud.lost_no")]], { changed: draw }), more);
    draw();
  }

  function accounts(body, given) {
    const list = given.get("transfers") ?? [{}];
    const keep = () => given.set("transfers", list.filter((one) => Object.keys(said(one)).length > 0));
    const draw = () => {
      body.replaceChildren(...list.map((one, n) => account(one, n)), ...(list.length < MOST_ACCOUNTS ? [add()] : []));
    };
    const line = (one, n, key, more = {}) =>
      field(given, `transfer_${n}_${key}`, t(`fraud.account_${key}`), {
        ...more,
        value: one[key] ?? "",
        take(text) {
          one[key] = text.trim();
          keep();
        },
      });
    function account(one, n) {
      const remove = element("button", { className: "link", type: "button", textContent: t("fraud.account_remove") });
      remove.onclick = () => {
        list.splice(n, 1);
        keep();
        draw();
      };
      return element("fieldset", { className: "account-of" },
        element("legend", { textContent: t("fraud.account", { n: n + 1 }) }),
        line(one, n, "number", { inputmode: "numeric", longest: 64 }),
        line(one, n, "name"),
        line(one, n, "bank"),
        line(one, n, "amount", { inputmode: "decimal", longest: 16 }),
        line(one, n, "at", { type: "datetime-local" }),
        list.length > 1 ? remove : null,
      );
    }
    function add() {
      const button = element("button", { className: "plain", type: "button", textContent: t("fraud.account_add") });
      button.onclick = () => {
        list.push({});
        draw();
        body.querySelector(".account-of:last-of-type input").focus();
      };
      return button;
    }
    draw();
  }

  function where(body, given) {
    body.append(
      field(given, "place", t("entries.place"), { rows: 2, longest: 500, place: "fraud" }),
      element("p", { className: "guide-after" }, icon("camera"), element("span", { textContent: t("fraud.slips") })),
    );
  }

  return createGuide({ client, name: "fraud", steps, loud, facts: (values) => factsOf(values, position.best()) });
}

/** Money that just went can be stopped; who is still on the line can lose more. */
function loud(values) {
  const just = values.lost === "yes" && values.paid_at && Date.now() - Date.parse(values.paid_at) < STOPPABLE;
  if (just) return { head: t("fraud.loud"), words: t("fraud.loud_note"), calls: ["tel:110", "tel:96110"] };
  if (values.in_contact === "yes") return { head: t("fraud.stop"), words: t("fraud.stop_note"), calls: ["tel:96110"] };
  return null;
}

/** The report: amounts in whole fen, moments in UTC, nothing that was not said. */
function factsOf(values, location) {
  const scheme = values.scheme ? t(`fraud.scheme_${values.scheme}`) : "";
  const paid = values.lost === "yes";
  const transfers = (values.transfers ?? []).map(({ name, number, bank, amount, at }) => said({ name, number, bank, amount_fen: amount ? fenOf(amount) : undefined, at: utc(at) }));
  return {
    kind: "fraud",
    category: "fraud",
    text: [scheme, values.text].filter(Boolean).join("："),
    place_text: values.place ?? null,
    area: values.place_chosen?.area ?? null,
    location,
    fraud: said({
      scheme: values.scheme,
      at: values.at,
      contacts: (values.channels ?? []).map((channel) => said({ channel, contact: values[`contact_${channel}`] })),
      lost: values.lost ? paid : undefined,
      amount_fen: paid && values.amount ? fenOf(values.amount) : undefined,
      paid_at: paid ? values.paid_at : undefined,
      paid_by: paid ? values.paid_by : undefined,
      transfers,
      in_contact: values.in_contact ? values.in_contact === "yes" : undefined,
    }),
  };
}

function utc(text) {
  const time = Date.parse(text ?? "");
  return Number.isNaN(time) ? undefined : new Date(time).toISOString();
}
