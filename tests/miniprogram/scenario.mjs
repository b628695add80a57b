// One table of behaviours for both clients: each is done on either, against the real server, and what came of it written
// down in plain words. The two columns must be the same but where `ALLOWED` says otherwise, and why.

const XIHU = { lat: 30.2477, lon: 120.1301, crs: "gcj02", accuracy_m: 20, source: "gnss", at: new Date().toISOString() };
const SHANGHAI = { ...XIHU, lat: 31.2304, lon: 121.4737 };
const QUICK = { kind: "quick", text: "有人砸门", location: XIHU };
const ID_NUMBER = "33010619900101000X";

/** What may differ, and why. */
export const ALLOWED = {
  "a photo whose upload breaks off arrives once": "the page goes on where it was, by tus; wx.uploadFile sends a file whole, so the mini program begins again",
};

const stored = (world, item) => world.until(() => world.me.client.outbox.get(item.key)?.state === "stored", "stored");
const idOf = (world, item) => world.me.client.outbox.get(item.key).report_id;
const report = (world, item) => world.me.client.report(idOf(world, item));
const filed = async (world, facts = QUICK) => {
  const item = await world.me.client.file(facts);
  await stored(world, item);
  return item;
};
const accepted = async (world, item) => {
  await world.dispatcher.accept(idOf(world, item));
  await world.until(() => report(world, item)?.received, "已接收");
};

/** @type {[string, (world: object) => Promise<object>][]} */
export const BEHAVIOURS = [
  ["signing in opens the line", async (world) => {
    await world.until(() => world.me.client.live.state() === "live", "live");
    const { phone, identity, reports, language } = world.me.client.me();
    return { phone: phone.replace(/\d{4}$/, "####"), identity, reports, language };
  }],

  ["a report is stored at once and its number is of its desk", async (world) => {
    const states = [];
    world.me.client.listen(({ type, item }) => type === "item" && item.kind === "report" && item.state !== states.at(-1) && states.push(item.state));
    const item = await world.me.client.file(QUICK);
    await stored(world, item);
    await world.until(() => states.includes("stored"), "told that it is stored");
    const { number, desk, status, received, covert } = report(world, item);
    return { states, number: number.replace(/\d{8}-\d{6}$/, "day-n"), desk: desk.adcode, status, received, covert, tries: item.tries };
  }],

  ["a lost answer makes no second report", async (world) => {
    world.line.loseAnswer();
    const item = await filed(world);
    const { reports } = await world.me.client.list();
    return { tries: item.tries, reports: reports.length };
  }],

  ["accepted, it reads 已接收 and the desk sees that it arrived", async (world) => {
    const item = await filed(world);
    world.me.client.live.watch(idOf(world, item));
    await accepted(world, item);
    const { status, status_label, received, receipt, version, id } = report(world, item);
    world.me.client.live.shown(id, version);
    const shown = await world.until(async () => (await world.shownAt(id)) !== null, "shown at the desk");
    return { status, status_label, dispatcher: received.dispatcher_number, desk: received.desk_adcode, signed: receipt.split(".").length, shown };
  }],

  ["what is said both ways is there once, in order", async (world) => {
    const item = await filed(world);
    await accepted(world, item);
    await world.me.client.outbox.say(item.key, "在三楼");
    await world.until(() => report(world, item).messages.length === 1, "said");
    await world.dispatcher.say(idOf(world, item), "警察已经出发");
    await world.until(() => report(world, item).messages.length === 2, "answered");
    return report(world, item).messages.map(({ author, text }) => [author, text]);
  }],

  ["a question is answered with one tap", async (world) => {
    const item = await filed(world);
    await accepted(world, item);
    await world.dispatcher.ask(idOf(world, item), "answer", "他们走了吗？", ["是", "否"]);
    await world.until(() => report(world, item).requests.length === 1, "asked");
    const [question] = report(world, item).requests;
    await world.me.client.outbox.answer(item.key, question.id, "否");
    await world.until(() => report(world, item).requests[0].answer, "answered");
    const { request, text, answers, answer } = report(world, item).requests[0];
    return { request, text, answers, answer };
  }],

  ["a photo goes after its report and is ready", async (world) => {
    const item = await world.me.client.file({ ...QUICK, media_expected: 1 });
    const photo = await world.me.client.outbox.attach(item.key, { kind: "photo", blob: world.me.file(world.photo), filename: "photo.jpg", filetype: "image/jpeg" });
    await world.until(() => world.me.client.outbox.get(photo.key)?.state === "stored", "photo stored");
    await world.until(() => report(world, item)?.media[0]?.state === "ready", "photo ready");
    const [media] = report(world, item).media;
    return { media: report(world, item).media.length, kind: media.kind, state: media.state, whose: media.client_id === photo.key, bytes: media.length === world.photo.length };
  }],

  ["a photo whose upload breaks off arrives once", async (world) => {
    const item = await filed(world);
    world.line.slow(64 * 1024);
    const photo = await world.me.client.outbox.attach(item.key, { kind: "photo", blob: world.me.file(world.photo), filename: "photo.jpg", filetype: "image/jpeg" });
    await world.until(() => photo.sent > 0, "some of it sent");
    const before = photo.sent;
    world.line.cut();
    const passed = world.line.bytes();
    world.line.slow(0);
    world.line.mend();
    world.me.client.wake();
    await world.until(() => report(world, item)?.media[0]?.state === "ready", "photo ready");
    const again = world.line.bytes() - passed >= world.photo.length;
    return { media: report(world, item).media.length, some: before > 0, "goes on": !again };
  }],

  ["a photo is taken back", async (world) => {
    const item = await filed(world);
    const photo = await world.me.client.outbox.attach(item.key, { kind: "photo", blob: world.me.file(world.photo), filename: "photo.jpg", filetype: "image/jpeg" });
    await world.until(() => report(world, item)?.media[0]?.state === "ready", "photo ready");
    await world.me.client.outbox.remove(photo.key);
    await world.until(() => report(world, item).media.length === 0, "photo taken back");
    await world.until(() => world.me.client.outbox.belonging(item.key, idOf(world, item)).length === 0, "forgotten here");
    return { media: 0 };
  }],

  ["filed without a network, it is kept, outlives a restart and goes when the network is back", async (world) => {
    world.line.cut();
    const item = await world.me.client.file(QUICK);
    await world.until(() => world.me.client.outbox.get(item.key).tries > 0, "tried");
    const before = { state: item.state, durable: item.durable };
    await world.restart();
    const kept = await world.until(() => world.me.client.outbox.get(item.key), "kept");
    const after = { state: kept.state, text: kept.body.text };
    world.line.mend();
    world.me.client.wake();
    await stored(world, item);
    const { reports } = await world.me.client.list();
    return { before, after, reports: reports.length };
  }],

  ["words said without a network go after a restart, once", async (world) => {
    const item = await filed(world);
    world.line.cut();
    const said = await world.me.client.outbox.say(item.key, "我躲在卧室");
    await world.restart();
    world.line.mend();
    world.me.client.wake();
    await world.until(() => world.me.client.outbox.get(said.key)?.state === "stored", "words stored");
    await world.me.client.read(idOf(world, item));
    return report(world, item).messages.map(({ text }) => text);
  }],

  ["a photo kept without a network goes after a restart", async (world) => {
    const item = await filed(world);
    world.line.cut();
    const photo = await world.me.client.outbox.attach(item.key, { kind: "photo", blob: world.me.file(world.photo), filename: "photo.jpg", filetype: "image/jpeg" });
    const kept = await world.until(() => photo.kept, "kept on the phone");
    await world.restart();
    world.line.mend();
    world.me.client.wake();
    await world.until(() => report(world, item)?.media[0]?.state === "ready", "photo ready");
    return { kept, media: report(world, item).media.length };
  }],

  ["a line that breaks is made again and brings what was missed", async (world) => {
    const item = await filed(world);
    world.me.client.live.watch(idOf(world, item));
    await world.until(() => world.me.client.live.state() === "live", "live");
    const states = [];
    world.me.client.listen(({ type, state }) => type === "line" && states.push(state));
    world.line.cut();
    await world.until(() => world.me.client.live.state() !== "live", "broken");
    await world.dispatcher.accept(idOf(world, item));
    await world.dispatcher.say(idOf(world, item), "警察两分钟后到");
    world.line.mend();
    world.me.client.wake({ slept: true });
    await world.until(() => world.me.client.live.state() === "live" && report(world, item).messages.length === 1, "caught up");
    return { states: [...new Set(states)], status: report(world, item).status, said: report(world, item).messages[0].text };
  }],

  ["opened again, it shows what was received meanwhile", async (world) => {
    const item = await filed(world);
    world.me.kill();
    await world.dispatcher.accept(idOf(world, item));
    await world.restart();
    await world.until(() => report(world, item)?.received, "已接收");
    return { status: report(world, item).status, key: world.me.client.outbox.of(idOf(world, item)).key === item.key };
  }],

  ["the second report waits for a name and goes once it is verified", async (world) => {
    await filed(world);
    const second = await world.me.client.file(QUICK);
    await world.until(() => world.me.client.outbox.get(second.key).state === "identity", "a name wanted");
    const problem = second.problem.code;
    await world.me.client.verify("张三", ID_NUMBER);
    await stored(world, second);
    return { problem, identity: world.me.client.me().identity };
  }],

  ["outside the province it is refused, and says whom to call", async (world) => {
    const item = await world.me.client.file({ ...QUICK, location: SHANGHAI });
    await world.until(() => world.me.client.outbox.get(item.key).state === "refused", "refused");
    return { code: item.problem.code, call: item.problem.call, here: world.me.client.outbox.isOnlyHere(item) };
  }],

  ["a covert report says so, and can be covered later", async (world) => {
    const item = await filed(world, { ...QUICK, covert: true });
    const before = report(world, item).covert;
    await world.me.client.outbox.cover(item.key, false);
    await world.until(() => report(world, item).covert === false, "no longer covert");
    return { before };
  }],

  ["it is withdrawn", async (world) => {
    const item = await filed(world);
    await world.me.client.outbox.withdraw(item.key, "按错了");
    await world.until(() => report(world, item).status === "withdrawn", "withdrawn");
    return { label: report(world, item).status_label };
  }],

  ["taken back before the desk had it, it is nowhere", async (world) => {
    const item = await world.me.client.file({ ...QUICK, location: null, place_text: null }, { held: true });
    await world.me.client.outbox.withdraw(item.key, "按错了");
    await world.until(() => !world.me.client.outbox.get(item.key), "gone");
    return { reports: (await world.me.client.list()).reports.length };
  }],

  ["signed out elsewhere, what is written waits for signing in", async (world) => {
    await filed(world, { ...QUICK, text: "第一次" });
    await world.me.client.verify("张三", ID_NUMBER);
    await world.endSessions();
    await world.until(() => world.me.client.me() === null, "signed out");
    const item = await world.me.client.file(QUICK);
    await world.until(() => world.me.client.outbox.get(item.key).state === "sign_in", "signing in wanted");
    await world.me.enter(world.number);
    if (world.me.client.outbox.get(item.key).state === "whose") await world.me.client.outbox.claim(item.key, world.me.client.me());
    await stored(world, item);
    return { reports: (await world.me.client.list()).reports.length };
  }],

  ["a preference that was wished without a network is kept and told", async (world) => {
    world.line.cut();
    world.me.client.wish({ hearing_speech_impaired: true }).catch(() => {});
    await world.until(async () => await world.me.client.drafts.get("me"), "wished");
    world.line.mend();
    world.me.client.wake();
    await world.until(() => world.me.client.me()?.hearing_speech_impaired, "told");
    return { impaired: true };
  }],

  ["a location code is given with a position sent during a call", async (world) => {
    const item = await filed(world, { kind: "location", location: XIHU });
    return { digits: report(world, item).location_code.length };
  }],
];
