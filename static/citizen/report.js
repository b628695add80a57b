// One report on the screen: its ladder, what is still needed for it, the conversation, the photos.

import { createCovertSwitch } from "./covert-switch.js";
import { betters, fileAgain, fileHere, locate } from "./filing.js";
import { isAlarming, showLadder } from "./ladder.js";
import { tell, urge } from "./lifeline.js";
import { $, announce, fromTop, go, show, title, unsentAt, write } from "./page.js";
import { showCode } from "./location-code.js";
import { createMedia } from "./media.js";
import { progressOf, textedAt } from "./progress.js";
import { isMedia } from "./protocol.js";
import { createPlacing } from "./placing.js";
import { identityForm, keep, signInForm } from "./signing.js";
import { newlyHeard, reveal, showTalk } from "./talk.js";
import { othersNote, whoseForm } from "./whose.js";
import { t } from "./words.js";
import { createWithdrawal } from "./withdrawal.js";
import { createWriting } from "./writing.js";

/** @param {{client: object, position: object, sharing: object, files: object}} parts  `files`: where bytes of photos are kept */
export function createReport({ client, position, sharing, files }) {
  const { outbox, live } = client;
  let subject = null; // {key?, id?}: the outbox's item, the server's report, or both
  let locating = false;
  let missing = false;
  let ticking = 0;
  let painted = null;
  let heard = null; // keys of what the other side has said so far; null until its lines are there
  const placing = createPlacing({ client, position, handle: () => handle(), item: () => subject && item(), report: () => subject && report(), photo: () => media.answer("photo") });
  const writing = createWriting(client, $("say"));
  const media = createMedia(client, files, () => handle());
  const covertSwitch = createCovertSwitch({ outbox, handle: () => handle() });
  const withdrawal = createWithdrawal(async (reason) => {
    await outbox.withdraw(handle(), reason);
    if (subject) fromTop();
  });

  const item = () => (subject?.key ? outbox.get(subject.key) : undefined) ?? (subject?.id ? outbox.of(subject.id) : undefined);
  const report = () => client.report(item()?.report_id ?? subject?.id);
  /** What things that belong to the report are filed under. */
  const handle = () => item()?.key ?? subject.id;

  /** One tap: kept, sent, shown. */
  async function quick(text, kind = "quick") {
    const { item: filed, waits } = await fileHere({ client, position }, { kind, text });
    locating = waits;
    go("report", { key: filed.key }, unsentAt(filed.key));
    if (waits) wait(filed.key);
  }

  /** A report that waits for a position goes with this one, if it betters what there is. */
  function endWait(best) {
    const held = subject && item();
    if (best && held?.state === "held" && !locating && betters(best, held)) outbox.release(held.key, { location: best, ...placing.collected() });
  }

  /** For a position, a little; then the words are asked for. */
  async function wait(key) {
    await locate({ client, position }, key);
    locating = false;
    if (subject) render();
  }

  function open(value) {
    close();
    // By its key it is known even if the server should lose it.
    subject = { ...value, key: value.key ?? outbox.of(value.id)?.key };
    missing = false;
    heard = null;
    sharing.begin(item()?.body.location);
    writing.begin(`say ${handle()}`);
    for (const id of ["talk", "need"]) $(id).replaceChildren();
    withdrawal.close();
    placing.close();
    watch();
    tick();
    fromTop();
    // After a reload the phone may have said where it is before its report was on the screen, and does not say it twice.
    endWait(position.best());
  }

  function close() {
    clearTimeout(ticking);
    if (subject) live.unwatch(report()?.id ?? subject.id);
    if (subject) media.close();
    subject = null;
    painted = null;
    urge(false);
    show($("composer"), false);
    tell({ text: "", place: "", desk: null });
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
    else if (request === "location") sharing.answer(handle(), id).then((sent) => sent || placing.open());
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
    sharing.render(open, filed?.id ?? sent?.report_id, sent?.body.location);
    covertSwitch.render({ item: sent, report: filed }, open);
    placing.render(open && Boolean(sent || filed) && $("need").hidden);
    withdrawal.render({
      open: open && !(sent && outbox.foreign(sent)),
      asked: outbox.belonging(sent?.key, filed?.id).filter(({ kind }) => kind === "withdrawal").at(-1),
      due: ["sign_in", "identity", "whose"].includes(phase),
      here: Boolean(sent) && outbox.isOnlyHere(sent),
    });
    const desk = textedAt({ item: sent, report: filed });
    tell({ text: filed?.text ?? sent?.body.text ?? "", place: filed?.place_text ?? sent?.body.place_text ?? "", desk });
  }

  async function say(text) {
    await outbox.say(handle(), text);
    render();
    $("talk").lastElementChild?.scrollIntoView({ block: "end" });
  }

  $("composer").onsubmit = async (event) => {
    event.preventDefault();
    const text = writing.take();
    if (!text) return;
    await say(text);
    writing.taken();
  };
  $("say").addEventListener("input", () => {
    if ($("say").value && report()) live.typing(report().id);
  });
  $("phrases").onclick = ({ target }) => {
    if (!target.dataset.phrase) return;
    target.hidden = true;
    say(target.textContent);
  };
  $("sharing-switch").onclick = () => {
    sharing.toggle(item()?.report_id ?? subject.id);
    render();
  };
  $("refused-again").onclick = async () => {
    // A hand that shakes taps twice.
    $("refused-again").disabled = true;
    const filed = await fileAgain({ client, position }, item());
    $("refused-again").disabled = false;
    go("report", { key: filed.key }, unsentAt(filed.key), { replace: true });
  };
  $("refused-end").onclick = async () => {
    await outbox.forget(item().key);
    go("home", null, "/", { replace: true });
  };
  client.listen((event) => {
    if (!subject) return;
    if (event.type === "unknown" && event.id === subject.id) missing = true;
    if (event.type === "item" && event.item.key === subject.key && event.item.state === "stored") watch();
    if (event.type === "gone" && event.item.kind === "report") {
      // Taken back before the desk had it: nothing is left to be looked at. Whoever else takes one away goes on by itself.
      if (event.item.state === "withdrawn" && event.item.key === subject.key) go("home", null, "/", { replace: true });
      return;
    }
    render();
  });
  // A position that arrives while its report waits for one ends the waiting.
  position.listen(endWait);
  document.addEventListener("visibilitychange", () => subject && render());

  return { quick, view: { open, close } };
}
