// 静默: the page as something ordinary, with a report behind it. No sound, no vibration, no live region, no word.
//
// The cookie `look` names the look, so that the server sends every address of ours disguised from its first byte; it ends
// with the browser. `.rest` behind it: the person has left; the page is then only what it pretends to be.
// Leaving stays in this document: it is at once, needs no network, and what is being sent goes on being sent.

import { identityForm, keep, signInForm } from "./account.js";
import { closeLines, showLines } from "./covert-lines.js";
import { minuteOf, showLook } from "./covert-look.js";
import { glyphOf, signOf } from "./covert-signs.js";
import { tell } from "./lifeline.js";
import { $, clone, go, setIcon, show, write } from "./page.js";
import { progressOf } from "./progress.js";
import { createSharing } from "./sharing.js";
import { t } from "./words.js";

const TWICE = 450; // ms between two taps of one gesture
const FOUR_TIMES = 700;
const DEAF_FOR = 2_000; // after a gesture: a hand that shakes goes on tapping
const FIX_WITHIN = 3_000;
const WAYS_FOR = 8_000;
const AT_REST = new Set(["closed", "withdrawn"]);

/** The look that is on: `{look, rest}`, or null. */
export function disguise() {
  const [, look, rest] = /(?:^|; )look=(weather|notes)(\.rest)?/.exec(document.cookie) ?? [];
  if (look) return { look, rest: Boolean(rest) };
  const [, address] = /^\/(weather|notes)$/.exec(location.pathname) ?? [];
  return address ? { look: address, rest: false } : null;
}

export function remember(look, rest) {
  document.cookie = `look=${look}${rest ? ".rest" : ""}; path=/; SameSite=Strict`;
}

function forget() {
  document.cookie = "look=; path=/; SameSite=Strict; Max-Age=0";
}

export function createCovert(client, position) {
  const { outbox, live } = client;
  const sharing = createSharing({ client, position });
  let on = null; // {look, rest}
  let locating = false;
  let busy = false;
  let draft = "";
  let painted = null;
  let watched = null;
  let ticking = 0;
  let ways = 0;

  const item = () => outbox.reports().filter(({ body }) => body.covert).at(-1);
  const report = () => client.report(item()?.report_id);

  function open() {
    on = disguise() ?? { look: "weather", rest: false };
    remember(on.look, on.rest);
    history.replaceState(null, "", `/${on.look}`);
    sharing.begin(item()?.body.location);
    if (!on.rest && draft) [$("covert-text").value, draft] = [draft, ""];
    scrollTo(0, 0);
    tick();
  }

  function close() {
    clearTimeout(ticking);
    unwatch();
    closeLines();
    on = null;
  }

  function unwatch() {
    if (watched) live.unwatch(watched);
    watched = null;
  }

  function watch() {
    const id = item()?.report_id;
    if (!id || id === watched) return;
    unwatch();
    watched = id;
    live.watch(id);
  }

  function tick() {
    if (!on) return;
    watch();
    const since = render() ?? client.now();
    sharing.follow(report());
    clearTimeout(ticking);
    ticking = setTimeout(tick, 1000 - ((client.now() - since) % 1000));
  }

  /** Shows what is true now, in the agreed signs; gives the moment that the wait counts from. */
  function render() {
    if (!on) return undefined;
    const { look, rest } = on;
    const facts = { item: item(), report: report() };
    showLook(look);
    show($("covert-bar"), !rest);
    const progress = facts.item ? progressOf({ ...facts, now: client.now(), here: client.here, heard: live.heard() }) : null;
    if (rest) {
      $("covert").dataset.sign = "idle";
      for (const id of ["covert-ways", "covert-need"]) show($(id), false);
      closeLines();
      show($("covert-lines"), false);
      return progress?.since;
    }
    showSign(look, signOf({ ...facts, progress, locating }), facts.report);
    showNeed(look, progress);
    showLines({ ...facts, belonging: outbox.belonging(facts.item?.key, facts.report?.id), look, act });
    if (facts.report) paint(facts.report);
    return progress?.since;
  }

  function showSign(look, sign, filed) {
    $("covert").dataset.sign = sign;
    setIcon($("covert-sign").firstElementChild, glyphOf(look, sign));
    const time = filed?.received ? minuteOf(filed.received.at) : "";
    write($("covert-sign").lastElementChild, t(`covert.${look}.${sign}`, { time }));
  }

  /** What the report still needs, asked for as anything asks for it. */
  function showNeed(look, progress) {
    const what = progress?.phase === "held" && !locating ? "place" : (progress?.phase ?? "");
    const said = { heading: t("covert.login.title"), note: t("covert.login.note") };
    const make = { place: placeForm, sign_in: () => signInForm(client, said), identity: () => identityForm(client, said) }[what];
    show($("covert-need"), make !== undefined);
    if (make) keep($("covert-need"), what, make);
    else $("covert-need").replaceChildren();
  }

  function placeForm() {
    const form = clone("covert-place");
    form.onsubmit = (event) => {
      event.preventDefault();
      const place_text = form.elements.place.value.trim();
      if (place_text) outbox.release(item().key, { place_text, location: position.best() });
    };
    return form;
  }

  /** The sign stands on the screen: the desk may know. Not while the page only rests. */
  function paint({ id, version }) {
    if (document.visibilityState !== "visible" || painted === `${id} ${version}`) return;
    requestAnimationFrame(() => requestAnimationFrame(() => {
      if (!on || on.rest || report()?.version !== version) return;
      painted = `${id} ${version}`;
      live.shown(id, version);
    }));
  }

  /** 刷新 and 保存: the first one files; later ones add what was written, and ask for the newest state. */
  async function press() {
    if (busy || !on || on.rest) return;
    busy = true;
    const text = on.look === "notes" ? $("covert-text").value.trim() : "";
    $("covert-text").value = "";
    const last = item();
    const over = !last || last.state === "refused" || AT_REST.has(report()?.status);
    try {
      if (over) await file(text);
      else if (text) await outbox.say(last.key, text);
    } finally {
      busy = false;
    }
    client.wake();
    tick();
  }

  async function file(text) {
    const best = position.best();
    const filed = await client.file({ kind: "quick", text, covert: true, location: best }, { held: best === null });
    sharing.begin(best);
    tell({ text, location: best });
    if (best === null) locate(filed.key);
  }

  async function locate(key) {
    locating = true;
    const found = await position.within(FIX_WITHIN);
    if (found) await outbox.release(key, { location: found });
    locating = false;
    render();
  }

  function act({ id, request }, answer) {
    if (request === "location") sharing.answer(report().id);
    else outbox.answer(item().key, id, answer);
  }

  function become(look, rest) {
    remember(look, rest);
    on = { look, rest };
    history.replaceState(null, "", `/${look}`);
    render();
  }

  function leave() {
    if (!on || on.rest) return;
    draft = $("covert-text").value;
    $("covert-text").value = "";
    document.activeElement?.blur();
    become(on.look, true);
  }

  /** The four taps: from rest back to where it was; from there to the page as it is. */
  function comeBack() {
    if (on.rest) {
      [$("covert-text").value, draft] = [draft, ""];
      return become(on.look, false);
    }
    forget();
    const key = item()?.key;
    const id = item()?.report_id;
    if (!key) return go("home", null, "/", { replace: true });
    return go("report", { key, id }, id ? `/reports/${id}` : "/#report", { replace: true });
  }

  /** Calls and texts, under names that say nothing, for a few seconds. */
  function offer() {
    $("covert-words").href = $("sms-12110").href;
    clearTimeout(ways);
    show($("covert-ways"), $("covert-ways").hidden);
    ways = setTimeout(() => show($("covert-ways"), false), WAYS_FOR);
  }

  $("covert-act").onclick = press;
  $("covert-sign").onclick = offer;
  $("covert-title").onclick = gesture(2, TWICE, leave);
  $("covert-mark").onclick = gesture(4, FOUR_TIMES, comeBack);
  addEventListener("keydown", ({ key }) => key === "Escape" && leave());
  for (const tab of document.querySelectorAll("[data-to]")) tab.onclick = () => on && become(tab.dataset.to, on.rest);
  client.listen(() => on && tick());
  position.listen((best) => {
    const held = on && item();
    if (best && held?.state === "held" && !locating) outbox.release(held.key, { location: best });
  });
  document.addEventListener("visibilitychange", () => render());

  return { open, close };
}

/** `times` taps, each within `apart` ms of the one before; then deaf for a moment. */
function gesture(times, apart, act) {
  let count = 0;
  let last = 0;
  let deaf = 0;
  return () => {
    const now = performance.now();
    if (now < deaf) return;
    count = now - last < apart ? count + 1 : 1;
    last = now;
    if (count < times) return;
    count = 0;
    deaf = now + DEAF_FOR;
    act();
  };
}
