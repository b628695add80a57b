// The page put together: the protocol with a browser under it, the views, and the way from one to another.

import { createSilent } from "./covert-entry.js";
import { disguise, guard } from "./disguise.js";
import { restoreDisplay } from "./display.js";
import { createFiles } from "./files.js";
import { createHome } from "./home.js";
import { later, stylesheet, whenIdle } from "./later.js";
import { prepare } from "./media.js";
import { $, element, go, grow, register, show, takeEarly, unsentAt, write } from "./page.js";
import { createPosition } from "./position.js";
import { createClient } from "./protocol.js";
import { createReport } from "./report.js";
import { createSharing } from "./sharing.js";
import { createStorage } from "./storage.js";
import { transmit } from "./transmit.js";
import { prepareWays } from "./ways.js";
import { now, onWaking } from "./waking.js";
import { language, t } from "./words.js";

// Whoever opens the page with a report on its way sees that report; an older one leaves the first screen to the new need.
const FRESH = 15 * 60_000;
const GUIDE = { style: "./entries.css", failed: "entries.failed" };
const PAPER = { style: "./papers.css" };

const files = createFiles();
const client = createClient({
  fetch: (...request) => fetch(...request),
  WebSocket,
  storage: createStorage(),
  files,
  prepare: (item, blob) => prepare(item, blob, client.pace()),
  transmit,
  base: "/api/v1",
  line: `${location.origin.replace(/^http/, "ws")}/api/v1/live`,
  language,
  now,
});
const position = createPosition(navigator.geolocation);
const sharing = createSharing({ client, position });
const report = createReport({ client, position, sharing, files });

const home = createHome(client, position, report.quick);

register("home", home);
register("report", report.view);
register("place", later(async () => {
  await prepareWays();
  return (await import("./finder.js")).createPlaceView(client, position, home.report);
}, () => write($("place").firstElementChild, t("finder.did_not_come"))));
registerLater("fraud", async () => (await import("./fraud.js")).createFraud(client, position), GUIDE);
registerLater("tip", async () => (await import("./tip.js")).createTip(client, position), GUIDE);
registerLater("mine", async () => (await import("./mine.js")).createMine(client));
registerLater("account", async () => (await import("./account.js")).createAccount(client));
registerLater("law", async () => (await import("./law.js")).createLaw(), PAPER);
registerLater("mydata", async () => (await import("./mydata.js")).createMyData(client), PAPER);
registerLater("receipt", async () => (await import("./receipt.js")).createReceipt(client), PAPER);
// What it needs does not come: it looks like what it pretends to be already, and asks again.
register("covert", later(async () => (await import("./covert.js")).createCovert({ client, position, sharing, files }), () => setTimeout(() => disguise() && go("covert"), 2_000)));
register("silent", createSilent(client));

/** A view that comes when it is first opened, with the stylesheet that it shares with its like. */
function registerLater(name, load, { style = null, failed = "paper.failed" } = {}) {
  const said = () => $(name).querySelector(":scope > .not-come");
  async function come() {
    const [view] = await Promise.all([load(), style && stylesheet(new URL(style, import.meta.url).pathname)]);
    said()?.remove();
    return view;
  }
  function complain() {
    if (!said()) $(name).prepend(element("p", { className: "empty not-come", textContent: t(failed) }));
  }
  register(name, later(come, complain));
}

/** Which view an address means. */
function viewOf({ pathname, hash }) {
  // Whatever the address says: going back must not take the disguise off.
  if (disguise()) return ["covert"];
  const [, id] = /^\/reports\/([0-9a-f-]{36})$/i.exec(pathname) ?? [];
  if (id) return ["report", { id, key: client.outbox.of(id)?.key }];
  if (pathname === "/reports") return ["mine"];
  if (pathname === "/law") return ["law", hash.slice(1)];
  if (pathname === "/my-data") return ["mydata"];
  if (pathname === "/receipt") return ["receipt", hash ? { id: hash.slice(1) } : null];
  if (hash === "#account") return ["account"];
  if (hash === "#silent") return ["silent"];
  if (hash === "#place") return ["place"];
  if (hash === "#fraud") return ["fraud"];
  if (hash === "#tip") return ["tip"];
  const item = client.outbox.reports().find(({ key }) => unsentAt(key) === `/${hash}`);
  return item ? ["report", { key: item.key, id: item.report_id }] : ["home"];
}

function follow(event) {
  const link = event.target.closest("a[data-go], #back");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const address = new URL(link.href);
  if (address.hash === "" && address.pathname === "/") return go("home", null, "/");
  const [name, value] = viewOf(address);
  return go(name, value, address.pathname + address.hash);
}

function showLine() {
  const offline = !navigator.onLine;
  const [, words] = $("line").children;
  write(words, offline ? t("line.offline") : t("line.polling"));
  show($("line"), offline || (client.live.state() === "polling" && document.documentElement.dataset.view === "report"));
}

/** Whoever has a report on its way stands before it; answers whether the address is another now. */
function toUnsent() {
  const unsent = client.outbox.reports().filter((item) => item.state !== "stored" && client.now() - item.created < FRESH).at(-1);
  if (!unsent || disguise() || location.pathname !== "/" || location.hash) return false;
  history.replaceState(null, "", unsentAt(unsent.key));
  return true;
}

async function begin() {
  restoreDisplay();
  // The question for the position comes first: its answer takes longest.
  position.start();
  addEventListener("click", follow);
  document.addEventListener("input", ({ target }) => target instanceof HTMLTextAreaElement && grow(target));
  addEventListener("popstate", () => go(...viewOf(location)));
  onWaking((how) => {
    client.wake(how);
    position.renew();
  });
  for (const event of ["online", "offline"]) addEventListener(event, showLine);
  client.listen(({ type }) => type === "line" && showLine());
  await client.start({ session: "session" in document.documentElement.dataset });
  toUnsent();
  go(...viewOf(location));
  // What a slow store gives late is shown as if it had come in time, unless somebody is about something else by now.
  client.listen(({ type }) => type === "taken_in" && !$("first-words").value && toUnsent() && go(...viewOf(location)));
  document.documentElement.dataset.ready = "";
  // Where another view came up, what was meant is under way already.
  if (document.documentElement.dataset.view === "home") takeEarly($("home"))?.click();
  showLine();
  whenIdle(() => import("./worker.js").then(({ startWorker }) => startWorker(client), () => {}));
  guard(() => go("covert"));
  for (const module of ["./covert.js", "./mine.js"]) whenIdle(() => import(module).catch(() => {}));
  whenIdle(prepareWays);
  whenIdle(() => import("./place-fields.js").then(({ watchPlaceFields }) => watchPlaceFields({ client, position }), () => {}));
  // A form that was opened once must open in a tunnel too.
  whenIdle(() => Promise.allSettled([import("./account.js"), import("./protocol/wishes.js"), import("./mine.js"), import("./fraud.js"), import("./tip.js"), stylesheet(new URL("./entries.css", import.meta.url).pathname)]));
}

begin();
