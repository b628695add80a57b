// The first line of the first screen: where one is, how exact that is, which desk it goes to, and how that desk stands.
// It says and advises; it never delays the tap.

import { age, apart } from "./position.js";
import { $, announce, fillCalls, setIcon, write } from "./page.js";
import { now as clock } from "./waking.js";
import { ago, joined, means, roughly } from "./exactness.js";
import { tell, textNumber } from "./lifeline.js";
import { duration, t } from "./words.js";

const ASK_AGAIN_AFTER = 300; // metres moved before the desk is asked for again
const REFRESH = 30_000;
const MOST_OTHERS = 3;
const BETTER = 0.7; // a circle this much smaller is said to be better
const BETTER_FOR = 4_000;

/** @param {{nearest: (place: object) => Promise<object>}} client
 *  @param {(urgent: boolean) => void} urge what makes the bar with 110 stand out */
export function createWhere(client, position, urge) {
  let desk = null; // the desk's answer, or {problem}
  let askedFor = null; // the place that it was asked for
  let asking = false;
  let open = false;
  let warned = "";
  let least = Infinity; // metres, the best circle that was said
  let betterAt = -Infinity;
  let timer = 0;

  /** What the desk is asked about: what would be sent. */
  function subject() {
    const { location, area } = position.place();
    return location || area ? { location, area } : null;
  }

  function render() {
    if (!open) return;
    const chosen = position.chosen();
    const best = position.best();
    const state = position.state();
    const [head, ...notes] = chosen ? ofChosen(chosen) : best ? ofPhone(best) : ofNothing(state);
    const warning = warningOf();
    const where = $("where");
    where.dataset.state = warning ? "warning" : chosen || best ? "found" : state;
    setIcon(where.firstElementChild, warning ? "triangle-alert" : chosen || best || state === "asking" ? "map-pin" : "map-pin-off");
    write($("where-title"), warning?.head ?? head);
    write($("where-note"), warning?.note ?? joined(...notes));
    // With nobody there, the head says to call: where one is comes after that.
    write($("where-desk"), warning ? (desk.name ? joined(head, ...notes, ...besides()) : "") : deskLine());
    write($("where-more"), t(chosen ? "position.chosen_more" : best ? "position.more" : "position.more_none"));
    fillCalls($("where-calls"), warning?.calls ?? []);
    const said = warning ? `${warning.head}. ${warning.note}` : "";
    if (said && said !== warned) announce(said);
    warned = said;
    urge(Boolean(said));
  }

  function ofPhone(best) {
    if (best.accuracy_m < least * BETTER) {
      if (least < Infinity) betterAt = clock();
      least = best.accuracy_m;
      setTimeout(render, BETTER_FOR + 50);
    }
    const better = clock() - betterAt < BETTER_FOR ? t("position.better") : "";
    const name = desk?.area?.name;
    const head = name ? t("position.in", { area: name, roughly: roughly(best) }) : t("place.found");
    return [head, better, means(best), name ? "" : roughly(best), age(best) < 60_000 ? "" : ago(best)];
  }

  function ofChosen({ location, place_text }) {
    const head = place_text ?? (desk?.area ? t("position.in", { area: desk.area.name, roughly: roughly(location) }) : means(location));
    return [head, location ? means(location) : "", t("position.chosen")];
  }

  const ofNothing = (state) => [t(`place.${state}`), t(`place.${state}_note`)];

  /** What makes the telephone the better way; the report is taken all the same, but outside the province. */
  function warningOf() {
    if (desk?.problem) return { head: t("place.outside"), note: desk.problem.detail, calls: (desk.problem.call ?? []).filter((call) => !inTheBar(call)) };
    if (desk?.name && desk.online === false) {
      return { head: t("position.nobody_title"), note: t("position.nobody", { desk: desk.name }), calls: [] };
    }
    return null;
  }

  /** Which desk has it, and how it stands. */
  function deskLine() {
    if (!desk?.name) return "";
    const { area, usual_acceptance_s: usual } = desk;
    const above = area && desk.adcode !== area.adcode;
    return joined(
      above ? t("position.parent", { area: area.name, desk: desk.name }) : t("place.to_desk", { desk: desk.name }),
      desk.online && usual !== null && usual !== undefined ? t("position.usual", { duration: duration(Math.ceil(usual) * 1000) }) : "",
      ...besides(),
    );
  }

  /** What else the place may be: another county's, or on the water. */
  function besides() {
    const { others = [], sea = false } = desk;
    const asked = others.filter(({ offered }) => offered);
    const areas = (asked.length ? asked : others.slice(0, MOST_OTHERS)).map(({ name }) => name).join(t("position.or"));
    return [areas && t(asked.length ? "position.others_too" : "position.others", { areas }), sea && t("position.sea")];
  }

  /** Asked once for a place, again after moving, and each half minute while somebody looks. */
  async function ask({ again = false } = {}) {
    const wanted = subject();
    if (!open || asking || document.visibilityState !== "visible") return;
    if (!wanted) {
      [desk, askedFor] = [null, null];
      return;
    }
    if (!again && askedFor && same(wanted, askedFor)) return;
    asking = true;
    try {
      desk = await client.nearest({ ...wanted.location, area: wanted.area });
      askedFor = wanted;
    } catch (problem) {
      // A line that is away tells nothing new of the desk; but what was true of another place is not kept.
      if (!problem.passing) [desk, askedFor] = [problem.code === "outside_jurisdiction" ? { problem } : null, wanted];
      else if (!askedFor || !same(wanted, askedFor)) [desk, askedFor] = [null, null];
    } finally {
      asking = false;
    }
    tell({ here: desk?.sms });
    render();
    const now = subject();
    if (now && askedFor && !same(now, askedFor)) ask();
  }

  function refresh() {
    clearTimeout(timer);
    if (!open) return;
    timer = setTimeout(refresh, REFRESH);
    ask({ again: true });
  }

  position.listen(() => {
    render();
    ask();
  });
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && refresh());

  return {
    open() {
      open = true;
      render();
      refresh();
    },
    close() {
      open = false;
      clearTimeout(timer);
    },
  };
}

/** They stand out there, below: once is enough. */
const inTheBar = (call) => call === "tel:110" || call === `sms:${textNumber()}`;

/** Whether the desk's answer for one holds for the other: the same area, the same circle to speak of, hardly moved. */
function same(a, b) {
  if (a.area !== b.area || Boolean(a.location) !== Boolean(b.location)) return false;
  if (!a.location) return true;
  const [one, two] = [a.location, b.location];
  const wider = Math.max(one.accuracy_m ?? 0, two.accuracy_m ?? 0) > 2 * Math.min(one.accuracy_m ?? 0, two.accuracy_m ?? 0) + 50;
  return !wider && apart(one, two) < ASK_AGAIN_AFTER;
}

