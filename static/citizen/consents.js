// What the reporter agrees to beyond what a report needs: each purpose a switch of its own, off until it is switched on,
// and off again by the same tap.

import { element, icon, show, write } from "./page.js";
import { dayOf, sentence, t } from "./words.js";

/** The switches, as one element. `standings` as the server tells them. */
export function consentSwitches(client, standings) {
  return element("div", { className: "switches" }, ...standings.map((standing) => purposeSwitch(client, standing)));
}

function purposeSwitch(client, first) {
  let standing = first;
  const name = `consent-${first.purpose}`;
  const box = element("input", { type: "checkbox", role: "switch", id: name });
  const state = element("p", { className: "note", id: `${name}-state` });
  const renewed = element("p", { className: "renewed" }, icon("circle-alert"), element("span", { textContent: t("consents.outdated") }));
  const error = element("p", { className: "error", role: "alert", hidden: true });
  box.setAttribute("aria-describedby", state.id);

  function render() {
    const at = standing.at ? dayOf(standing.at) : "";
    box.checked = standing.agreed;
    show(renewed, standing.outdated);
    write(state, standing.agreed ? t("consents.since", { at }) : standing.at && !standing.outdated ? t("consents.taken_back", { at }) : t("consents.off"));
  }

  box.onchange = async () => {
    const given = box.checked;
    show(error, false);
    box.disabled = true;
    try {
      standing = await client.my.answer(first.purpose, given, standing.edition);
    } catch (problem) {
      write(error, sentence(problem));
      show(error, true);
    }
    box.disabled = false;
    render();
    box.focus();
  };
  render();
  return element("div", { className: "purpose" },
    element("label", { className: "choice", htmlFor: name }, box,
      element("span", {}, element("strong", { textContent: t(`consents.${first.purpose}`) }), element("small", { textContent: t(`consents.${first.purpose}_note`) }))),
    renewed, state, error);
}
