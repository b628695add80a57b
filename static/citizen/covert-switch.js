// On the report's own page: whether nobody may notice it (静默), of a report that stands already.

import { isCovert } from "./covert-signs.js";
import { $, show, write } from "./page.js";
import { t } from "./words.js";

/** @param {{outbox: object, handle: () => string}} parts */
export function createCovertSwitch({ outbox, handle }) {
  let covert = false;

  function render(facts, open) {
    covert = isCovert({ ...facts, belonging: outbox.belonging(facts.item?.key, facts.report?.id) });
    const [, words, button] = $("covert-switch").children;
    show($("covert-switch"), open);
    $("covert-switch").toggleAttribute("data-on", covert);
    write(words, t(`covert.switch.${covert ? "on" : "off"}`));
    write(button, t(`covert.switch.${covert ? "turn_off" : "turn_on"}`));
  }

  $("covert-switch").querySelector("button").onclick = () => outbox.cover(handle(), !covert);
  return { render };
}
