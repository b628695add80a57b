// 违法犯罪线索举报: what, when and where the deed was, apart from where its reporter is.

import { choices, createGuide, field, moment, said } from "./entries.js";
import { element, show } from "./page.js";
import { t } from "./words.js";

const WHEN = ["exact", "about", "ongoing", "unknown"];

/** @param {object} client @param {object} position */
export function createTip(client, position) {
  const steps = [
    { title: t("tip.what"), note: t("tip.what_note"), fill: what, fault: (values) => (values.text ? "" : t("tip.what_needed")) },
    { title: t("tip.when"), note: t("entries.optional"), fill: when },
    { title: t("tip.where"), note: t("tip.where_note"), fill: where },
    { title: t("tip.who"), note: t("entries.optional"), fill: who },
  ];

  function what(body, given) {
    body.append(field(given, "text", t("tip.words"), { rows: 5, longest: 4000 }));
  }

  function when(body, given) {
    const more = element("div", { className: "guide-body" });
    const draw = () => more.replaceChildren(...({
      exact: () => [moment(given, "at", t("entries.just_now"))],
      about: () => [field(given, "at_text", t("tip.at_text"))],
    }[given.get("when")]?.() ?? []));
    body.append(choices(given, "when", WHEN.map((key) => [key, t(`tip.when_${key}`)]), { changed: draw }), more);
    draw();
  }

  function where(body, given) {
    const here = choices(given, "here", [["here", t("tip.here")]]);
    body.append(field(given, "place", t("tip.place"), { rows: 2, longest: 500, place: "deed" }), here);
    show(here, position.best() !== null);
  }

  function who(body, given) {
    body.append(
      field(given, "who", t("tip.people"), { rows: 2, longest: 1000 }),
      field(given, "vehicle", t("tip.vehicle"), { longest: 500 }),
      element("h3", { textContent: t("tip.unnamed") }),
      choices(given, "unnamed", [["yes", t("tip.unnamed_yes")], ["no", t("tip.unnamed_no")]]),
      element("p", { className: "note", textContent: t("tip.unnamed_note") }),
    );
  }

  return createGuide({ client, name: "tip", steps, loud, facts: (values) => factsOf(values, position.best()) });
}

function loud({ when }) {
  return when === "ongoing" ? { head: t("tip.loud"), words: t("tip.loud_note"), calls: ["tel:110"] } : null;
}

function factsOf(values, location) {
  return {
    kind: "tip",
    category: "tip_off",
    text: values.text,
    location,
    deed: said({
      when: values.when ?? "unknown",
      at: values.when === "exact" ? values.at : undefined,
      at_text: values.when === "about" ? values.at_text : undefined,
      place_text: values.place,
      area: values.place_chosen?.area ?? undefined,
      location: values.place_chosen?.location ?? (values.here ? location : undefined),
      who: values.who,
      vehicle: values.vehicle,
      unnamed: values.unnamed === "yes",
    }),
  };
}
