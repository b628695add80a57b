// 静默: the page as something ordinary, with a report behind it. No sound, no vibration, no live region, no word.
//
// Leaving stays in this document: it is at once, needs no network, and what is being sent goes on being sent. What is left
// then is only what the page pretends to be, and the code alone brings the rest back.

import { closeLines, showLines } from "./covert-lines.js";
import { createCovertMedia } from "./covert-media.js";
import { clearLook, minuteOf, openCalculator, openCities, showLook, takeNumber, twice } from "./covert-look.js";
import { createNeed } from "./covert-need.js";
import { glyphOf, isCovert, signOf } from "./covert-signs.js";
import { disguise, draft, dress, forget, isCode, keepDraft, lastLook, remember } from "./disguise.js";
import { betters, fileAgain, fileHere, locate } from "./filing.js";
import { tell } from "./lifeline.js";
import { $, go, setIcon, show, takeEarly, unsentAt, write } from "./page.js";
import { progressOf, textedAt } from "./progress.js";
import { isOpen } from "./protocol.js";
import { has, t } from "./words.js";

const WAYS_FOR = 8_000;
const STILL_TRUE = 3600_000; // ms: what was refused before that was about something else
const AT_REST = new Set(["closed", "withdrawn"]);

/** @param {{client: object, position: object, sharing: object, files: object}} parts  `files`: where the bytes of photos are kept */
export function createCovert({ client, position, sharing, files }) {
  const { outbox, live } = client;
  const need = createNeed({ client, position, handle });
  const media = createCovertMedia({ client, files, handle, belonging, begun: async () => isOver() && file(""), changed: tick });
  let on = null; // {look, rest}
  let locating = false;
  let busy = false;
  let painted = null;
  let watched = null;
  let ticking = 0;
  let ways = 0;

  const switched = (item) => outbox.belonging(item.key, item.report_id);
  const reportOf = (item) => client.report(item?.report_id);

  /** The report behind the look: the newest covert one of this phone, or of another one of the same person. */
  function subject() {
    const item = outbox.reports().filter((one) => isCovert({ item: one, report: reportOf(one), belonging: switched(one) })).at(-1);
    if (item) return { item, report: reportOf(item) };
    const open = client.reports().filter((one) => one.covert && isOpen(one) && !outbox.of(one.id));
    return { item: undefined, report: open.sort((a, b) => (a.filed_at < b.filed_at ? 1 : -1))[0] };
  }

  function handle() {
    const { item, report } = subject();
    return item?.key ?? report?.id;
  }

  function belonging() {
    const { item, report } = subject();
    return outbox.belonging(item?.key, report?.id);
  }

  function open() {
    on = disguise() ?? { look: lastLook(), rest: false };
    become(on.look, on.rest);
    sharing.begin(subject().item?.body.location);
    if (!on.rest && $("covert-text").value === "") $("covert-text").value = draft();
    scrollTo(0, 0);
    tick();
    media.resume();
    // The phone may have said where it is before this was on the screen, and does not say it twice.
    endWait(position.best());
    if (takeEarly($("covert"))) press();
  }

  /** A report that waits for a position goes with this one, if it betters what there is. */
  function endWait(best) {
    const { item } = on ? subject() : {};
    if (best && item?.state === "held" && !locating && betters(best, item)) outbox.release(item.key, { location: best });
  }

  function close() {
    clearTimeout(ticking);
    media.stop();
    unwatch();
    closeLines();
    need.render("");
    clearLook();
    tell({ desk: null });
    on = null;
  }

  function unwatch() {
    if (watched) live.unwatch(watched);
    watched = null;
  }

  function watch({ item, report }) {
    const id = item?.report_id ?? report?.id;
    if (!id || id === watched) return;
    unwatch();
    watched = id;
    live.watch(id);
  }

  function tick() {
    if (!on) return;
    const facts = subject();
    watch(facts);
    const since = render(facts) ?? client.now();
    sharing.follow(facts.report);
    clearTimeout(ticking);
    ticking = setTimeout(tick, 1000 - ((client.now() - since) % 1000));
  }

  /** Shows what is true now, in the agreed signs; gives the moment that the wait counts from. */
  function render(facts) {
    const { look, rest } = on;
    showLook(look);
    if (document.title !== t(`covert.${look}.title`)) document.title = t(`covert.${look}.title`);
    show($("covert-bar"), !rest);
    const there = Boolean(facts.item || facts.report);
    tell({ desk: textedAt(facts) });
    const progress = there ? progressOf({ ...facts, now: client.now(), here: client.here, heard: live.heard() }) : null;
    if (rest) {
      rested();
      return progress?.since;
    }
    const expired = client.me() === null && Boolean(facts.item?.report_id ?? facts.report);
    const sign = signOf({ ...facts, progress, locating, expired });
    showSign(look, sign, facts.report);
    need.render(sign === "place" ? "place" : expired ? "sign_in" : progress?.phase);
    showLines({ ...facts, belonging: belonging(), look, act, filming: media.filming(), over: media.over() });
    if (facts.report) paint(facts.report);
    return progress?.since;
  }

  function rested() {
    $("covert").dataset.sign = "idle";
    show($("covert-ways"), false);
    need.render("");
    closeLines();
    show($("covert-lines"), false);
  }

  function showSign(look, sign, filed) {
    $("covert").dataset.sign = sign;
    setIcon($("covert-sign").firstElementChild, glyphOf(look, sign));
    const time = filed?.received ? minuteOf(filed.received.at) : "";
    write($("covert-sign").lastElementChild, t(`covert.${look}.${sign}`, { time }));
  }

  /** The sign stands on the screen: the desk may know. Not while the page only rests. */
  function paint({ id, version }) {
    if (document.visibilityState !== "visible" || painted === `${id} ${version}`) return;
    requestAnimationFrame(() => requestAnimationFrame(() => {
      if (!on || on.rest || client.report(id)?.version !== version) return;
      painted = `${id} ${version}`;
      live.shown(id, version);
    }));
  }

  /** 刷新, 保存 and M+: the first one files; later ones add what was written, and ask for the newest state. */
  async function press() {
    if (busy || !on || on.rest) return;
    const field = $("covert-text");
    const text = { notes: () => field.value.trim(), calculator: () => ofNumber(takeNumber()) }[on.look]?.() ?? "";
    if (on.look === "notes" && isCode(text)) {
      forgetDraft(text);
      return showAsItIs();
    }
    busy = true;
    try {
      if (isOver()) await file(text);
      else if (text) await outbox.say(handle(), text);
      // Only now: what is kept on the phone may leave the box.
      if (on?.look === "notes") forgetDraft(text);
    } finally {
      busy = false;
    }
    client.wake();
    return tick();
  }

  function forgetDraft(text) {
    if ($("covert-text").value.trim() === text) $("covert-text").value = "";
    keepDraft($("covert-text").value);
  }

  /** Nothing is under way that could be added to. */
  function isOver() {
    const { item, report } = subject();
    return (!item && !report) || item?.state === "refused" || AT_REST.has(report?.status);
  }

  async function file(text) {
    const { item: before } = subject();
    const again = before?.state === "refused" && client.now() - before.created < STILL_TRUE;
    const { item, waits } = again
      ? { item: await fileAgain({ client, position }, before, { more: text, covert: true }), waits: false }
      : await fileHere({ client, position }, { kind: "quick", text, covert: true });
    sharing.begin(item.body.location);
    tell({ text: item.body.text, location: item.body.location });
    if (waits) wait(item.key);
  }

  async function wait(key) {
    locating = true;
    await locate({ client, position }, key);
    locating = false;
    tick();
  }

  /** `way`: how a photo or a video is to be made; of a place, how it is called. Gives what became of it, where that is to be shown. */
  function act({ id, request }, answer, way) {
    if (answer !== null) return outbox.answer(handle(), id, answer);
    if (request !== "location") return media.answer(request, way);
    return way ? outbox.say(handle(), way) : sharing.answer(handle(), id);
  }

  function become(look, rest) {
    remember(look, rest);
    on = { look, rest };
    history.replaceState(null, "", `/${look}`);
    dress(look);
    tick();
  }

  function leave() {
    if (!on || on.rest) return;
    media.stop();
    keepDraft($("covert-text").value);
    $("covert-text").value = "";
    clearLook();
    document.activeElement?.blur();
    become(on.look, true);
  }

  /** The digits of the code: from rest back to where it was; from there to the page as it is. */
  function entered(digits) {
    if (!on || !isCode(digits)) return false;
    if (!on.rest) {
      showAsItIs();
      return true;
    }
    $("covert-text").value = draft();
    become(on.look, false);
    return true;
  }

  function showAsItIs() {
    const { item, report } = subject();
    forget();
    dress(null);
    if (!item && !report) return go("home", null, "/", { replace: true });
    const id = item?.report_id ?? report?.id;
    return go("report", { key: item?.key, id }, id ? `/reports/${id}` : unsentAt(item.key), { replace: true });
  }

  /** Calls and texts, under names that say nothing, for a few seconds: those that a refusal names, before all others. */
  function offer() {
    const calls = subject().item?.problem?.call ?? [];
    $("covert-voice").href = calls.find((call) => /^tel:\+?\d+$/.test(call)) ?? "tel:110";
    $("covert-words").href = $("text-police").href;
    clearTimeout(ways);
    show($("covert-ways"), $("covert-ways").hidden);
    ways = setTimeout(() => show($("covert-ways"), false), WAYS_FOR);
  }

  $("covert-act").onclick = press;
  $("covert-sign").onclick = offer;
  $("covert-title").onclick = twice(leave);
  $("covert-pick").onchange = ({ target }) => {
    const chosen = [...target.files];
    target.value = "";
    if (on && !on.rest && chosen.length) media.attach(chosen);
  };
  $("covert-text").addEventListener("input", ({ target }) => {
    if (!on) return;
    if (!on.rest) keepDraft(target.value);
    else if (isCode(target.value.trim())) entered(target.value.trim());
  });
  openCalculator(entered);
  openCities(entered, () => on && tick());
  addEventListener("keydown", ({ key }) => key === "Escape" && leave());
  for (const tab of document.querySelectorAll("[data-to]")) tab.onclick = () => on && become(tab.dataset.to, on.rest);
  client.listen(() => on && tick());
  position.listen(endWait);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState !== "visible") media.stop();
    tick();
  });
  $("covert").dataset.live = "";

  return { open, close };
}

/** What the dispatcher reads of a number: one digit is a sign that was agreed on. */
function ofNumber(number) {
  if (number === "") return "";
  return has(`covert.digit.${number}`) ? t("covert.digit.said", { words: t(`covert.digit.${number}`), n: number }) : t("covert.digit.number", { n: number });
}
