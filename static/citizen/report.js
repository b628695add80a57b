// One report on the screen: its ladder, what is still needed for it, the conversation, the photos.

import { identityForm, keep, signInForm } from "./account.js";
import { createCovertSwitch } from "./covert-switch.js";
import { isAlarming, showLadder } from "./ladder.js";
import { tell, urge } from "./lifeline.js";
import { $, announce, fromTop, go, show, title, write } from "./page.js";
import { showCode } from "./location-code.js";
import { createMedia } from "./media.js";
import { progressOf } from "./progress.js";
import { isMedia } from "./protocol.js";
import { createPlacing } from "./placing.js";
import { createSharing } from "./sharing.js";
import { newlyHeard, reveal, showTalk } from "./talk.js";
import { othersNote, whoseForm } from "./whose.js";
import { t } from "./words.js";
import { createWithdrawal } from "./withdrawal.js";

const FIX_WITHIN = 3_000;

export function createReport(client, position, files) {
  const { outbox, live } = client;
  let subject = null; // {key?, id?}: the outbox's item, the server's report, or both
  let locating = false;
  let missing = false;
  let ticking = 0;
  let painted = null;
  let heard = null; // keys of what the other side has said so far; null until its lines are there
  const sharing = createSharing({ client, position });
  const placing = createPlacing({ client, position, handle: () => handle(), item: () => subject && item(), report: () => subject && report(), photo: () => media.answer("photo") });
  const media = createMedia(client, files, () => handle());
  const covertSwitch = createCovertSwitch({ outbox, handle: () => handle() });
  const withdrawal = createWithdrawal(async (reason) => {
    await outbox.withdraw(handle(), reason);
    if (item() || report()) fromTop();
    else go("home", null, "/", { replace: true });
  });

  const item = () => (subject?.key ? outbox.get(subject.key) : undefined) ?? (subject?.id ? outbox.of(subject.id) : undefined);
  const report = () => client.report(item()?.report_id ?? subject?.id);
  /** What things that belong to the report are filed under. */
  const handle = () => item()?.key ?? subject.id;

  /** One tap: kept, sent, shown. */
  async function quick(text, kind = "quick") {
    const place = position.place();
    const held = place.location === null && !place.place_text;
    const filed = await client.file({ kind, text, ...place }, { held });
    // It was chosen for this report; the next one begins with the phone's own again.
    position.choose(null);
    locating = held;
    go("report", { key: filed.key }, "/#report");
    if (locating) locate(filed.key);
  }

  /** A position that is not there yet is waited for, not longer than three seconds; then the words are asked for. */
  async function locate(key) {
    const found = await position.within(FIX_WITHIN);
    if (found) await outbox.release(key, { location: found });
    locating = false;
    if (subject) render();
  }

  function open(value) {
    close();
    subject = value;
    missing = false;
    heard = null;
    sharing.begin(item()?.body.location);
    for (const id of ["talk", "need"]) $(id).replaceChildren();
    withdrawal.close();
    placing.close();
    watch();
    tick();
    fromTop();
  }

  function close() {
    clearTimeout(ticking);
    if (subject) live.unwatch(report()?.id ?? subject.id);
    if (subject) media.close();
    subject = null;
    painted = null;
    urge(false);
    show($("composer"), false);
    tell({ text: "", place: "" });
  }

  /** Once the server has it, the address names it, and its state is asked for. */
  function watch() {
    const id = item()?.report_id ?? subject.id;
    if (!id) return;
    if (location.pathname !== `/reports/${id}`) history.replaceState({ name: "report", value: { ...subject, id } }, "", `/reports/${id}`);
    subject.id = id;
    live.watch(id);
  }

  /** Each full second of the wait, on the second: what is said after ten or fifteen is said then. */
  function tick() {
    if (!subject) return;
    const since = render() ?? client.now();
    sharing.follow(report());
    clearTimeout(ticking);
    ticking = setTimeout(tick, 1000 - ((client.now() - since) % 1000));
  }

  /** Shows what is true now; gives the moment that the wait counts from. */
  function render() {
    const facts = { item: item(), report: report() };
    const there = Boolean(facts.item || facts.report);
    show($("report-body"), there);
    show($("report-empty"), !there);
    if (!there) {
      renderEmpty();
      return undefined;
    }
    const now = client.now();
    const progress = progressOf({ ...facts, now, here: client.here, heard: live.heard() });
    showLadder({ ...facts, progress, now, locating });
    showCode({ ...facts, now, best: position.best() });
    showNeed(progress);
    renderTalk(facts);
    renderFacts(facts, progress);
    const ended = ["withdrawn", "closed", "refused"].includes(progress.phase);
    show($("composer"), !ended && $("need").hidden);
    show($("phrases"), !ended && $("need").hidden && [...$("phrases").querySelectorAll("button")].some((button) => !button.hidden));
    urge(isAlarming(progress) || progress.phase === "refused");
    if (facts.report) paint(facts.report);
    return progress.since;
  }

  function renderEmpty() {
    title(t("report.title"));
    const [words, note] = $("report-empty").children;
    const signedOut = client.me() === null;
    write(words, t(missing ? "report.unknown" : "report.loading"));
    write(note, missing ? t("report.unknown_note") : "");
    show($("report-empty"), !signedOut);
    if (!signedOut) return;
    show($("report-body"), true);
    for (const id of ["code", "ladder", "refusal", "after", "withdraw", "facts", "phrases"]) show($(id), false);
    showNeed({ phase: "sign_in" });
  }

  /** Tells the desk what is truly on this screen: after it has been painted, on a page that is looked at. */
  function paint({ id, version }) {
    if (document.visibilityState !== "visible" || painted === `${id} ${version}`) return;
    requestAnimationFrame(() => requestAnimationFrame(() => {
      if (subject?.id !== id || report()?.version !== version) return;
      painted = `${id} ${version}`;
      live.shown(id, version);
    }));
  }

  function showNeed({ phase }) {
    const need = $("need");
    const expired = phase !== "sign_in" && client.me() === null && Boolean(item()?.report_id ?? report());
    const others = phase === "sign_in" && item() && outbox.foreign(item());
    const what = phase === "held" && !locating ? "place" : expired ? "again" : others ? "others" : phase;
    const made = {
      place: placing.form,
      whose: () => whoseForm(client, item().key),
      others: () => othersNote(),
      sign_in: () => signInForm(client, item() ? { heading: t("account.sign_in_due"), note: t("account.sign_in_due_note"), claiming: item().key } : { heading: t("account.again_due"), done: watch }),
      again: () => signInForm(client, { heading: t("account.again_due"), done: watch }),
      identity: () => identityForm(client, { heading: t("account.identity_due"), note: t("account.identity_due_note") }),
    }[what];
    show(need, made !== undefined);
    if (made) keep(need, what, made);
    else need.replaceChildren();
  }

  function renderTalk({ item: sent, report: filed }) {
    const belonging = outbox.belonging(sent?.key, filed?.id);
    const lines = showTalk({ report: filed, item: sent, belonging, again: outbox.resume, act });
    const tiles = media.render({ report: filed, items: belonging.filter(isMedia), open: !$("composer").hidden });
    $("report").toggleAttribute("data-talking", lines.length + tiles > 0);
    // What was said before the page was opened is read by who wants to.
    const first = heard === null;
    if (first && !filed) return;
    heard ??= new Set();
    const text = newlyHeard(lines, heard);
    if (first || !text) return;
    announce(t("announce.message", { text }));
    reveal($("talk").lastElementChild);
  }

  /** What the dispatcher asked for: an answer goes by the outbox, a position or a photo answers by itself. */
  function act({ id, request }, answer) {
    if (answer !== null) outbox.answer(handle(), id, answer);
    else if (request === "location") sharing.answer(report().id).then((sent) => sent || placing.open());
    else media.answer(request);
  }

  function renderFacts({ item: sent, report: filed }, { phase }) {
    const number = filed?.number ?? sent?.filed?.number;
    title(t(phase === "sending" || phase === "held" ? "report.sending_title" : "report.title"));
    write($("number"), number ? t("report.number", { number }) : "");
    show($("to-receipt"), Boolean(filed?.receipt));
    if (filed?.receipt) $("to-receipt").href = `/receipt#${filed.id}`;
    const open = !["withdrawn", "closed", "refused"].includes(phase);
    show($("facts"), true);
    show($("keep-open"), open);
    sharing.render(open);
    covertSwitch.render({ item: sent, report: filed }, open);
    placing.render(open && Boolean(sent || filed) && $("need").hidden);
    withdrawal.render(open, outbox.belonging(sent?.key, filed?.id).filter(({ kind }) => kind === "withdrawal").at(-1));
    tell({ text: filed?.text ?? sent?.body.text ?? "", place: filed?.place_text ?? sent?.body.place_text ?? "" });
  }

  async function say(text) {
    await outbox.say(handle(), text);
    render();
    $("talk").lastElementChild?.scrollIntoView({ block: "end" });
  }

  $("composer").onsubmit = (event) => {
    event.preventDefault();
    const text = $("say").value.trim();
    if (!text) return;
    $("say").value = "";
    $("say").dispatchEvent(new Event("input", { bubbles: true }));
    say(text);
  };
  $("phrases").onclick = ({ target }) => {
    if (!target.dataset.phrase) return;
    target.hidden = true;
    say(target.textContent);
  };
  $("sharing-switch").onclick = () => {
    sharing.toggle();
    render();
  };
  $("refused-again").onclick = async () => {
    const { key, body } = item();
    const location = body.location ? await position.within(FIX_WITHIN) : null;
    const filed = await client.file({ ...body, location: location ?? body.location });
    await outbox.readdress(key, filed.key);
    await outbox.forget(key);
    go("report", { key: filed.key }, "/#report", { replace: true });
  };
  $("refused-end").onclick = async () => {
    await outbox.forget(item().key);
    go("home", null, "/", { replace: true });
  };
  client.listen((event) => {
    if (!subject) return;
    if (event.type === "unknown" && event.id === subject.id) missing = true;
    if (event.type === "item" && event.item.key === subject.key && event.item.state === "stored") watch();
    if (event.type === "gone" && event.item.kind === "report") return;
    render();
  });
  // A position that arrives while its report waits for one ends the waiting.
  position.listen((best) => {
    const held = subject && item();
    if (best && held?.state === "held" && !locating) outbox.release(held.key, { location: best, ...placing.collected() });
  });
  document.addEventListener("visibilitychange", () => subject && render());

  return { quick, view: { open, close } };
}
