// The page put together: the protocol with a browser under it, the views, and the way from one to another.

import { createAccount } from "./account.js";
import { createSilent } from "./covert-entry.js";
import { disguise, guard } from "./disguise.js";
import { restoreDisplay } from "./display.js";
import { createFiles } from "./files.js";
import { createHome } from "./home.js";
import { later, stylesheet, whenIdle } from "./later.js";
import { prepare } from "./media.js";
import { createMine } from "./mine.js";
import { $, element, go, register, show, write } from "./page.js";
import { createPosition } from "./position.js";
import { createClient } from "./protocol.js";
import { createReport } from "./report.js";
import { createStorage } from "./storage.js";
import { transmit } from "./transmit.js";
import { prepareWays } from "./ways.js";
import { now, onWaking } from "./waking.js";
import { language, t } from "./words.js";
import { startWorker } from "./worker.js";

// Whoever opens the page with a report on its way sees that report; an older one leaves the first screen to the new need.
const FRESH = 15 * 60_000;

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
const report = createReport(client, position, files);

register("home", createHome(client, position, report.quick));
register("report", report.view);
register("place", later(async () => {
  await prepareWays();
  return (await import("./finder.js")).createPlaceView(client, position, report.quick);
}, () => write($("place").firstElementChild, t("finder.did_not_come"))));
const guided = async (load) => (await Promise.all([load(), stylesheet(new URL("./entries.css", import.meta.url).pathname)]))[0];
for (const [name, load] of Object.entries({
  fraud: async () => (await import("./fraud.js")).createFraud(client, position),
  tip: async () => (await import("./tip.js")).createTip(client, position),
})) register(name, later(() => guided(load), () => $(name).replaceChildren(element("p", { className: "empty", textContent: t("entries.failed") }))));
register("mine", createMine(client));
register("account", createAccount(client));
for (const [name, load] of Object.entries({
  law: async () => (await import("./law.js")).createLaw(),
  mydata: async () => (await import("./mydata.js")).createMyData(client),
  receipt: async () => (await import("./receipt.js")).createReceipt(client),
})) register(name, later(paper(load), () => $(name).replaceChildren(element("p", { className: "empty", textContent: t("paper.failed") }))));
// What it needs does not come: it looks like what it pretends to be already, and asks again.
register("covert", later(async () => (await import("./covert.js")).createCovert(client, position), () => setTimeout(() => disguise() && go("covert"), 2_000)));
register("silent", createSilent(client));

/** A view with the stylesheet that it shares with its like. */
function paper(load) {
  return async () => (await Promise.all([load(), stylesheet(new URL("./papers.css", import.meta.url).pathname)]))[0];
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
  const unsent = client.outbox.reports().filter((item) => item.state !== "stored").at(-1);
  return hash === "#report" && unsent ? ["report", { key: unsent.key }] : ["home"];
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

/** Boxes for text grow with what is in them. */
function grow({ target }) {
  if (!(target instanceof HTMLTextAreaElement)) return;
  target.rows = 1;
  while (target.scrollHeight > target.clientHeight + 4 && target.rows < 5) target.rows += 1;
}

async function begin() {
  restoreDisplay();
  // The question for the position comes first: its answer takes longest.
  position.start();
  addEventListener("click", follow);
  document.addEventListener("input", grow);
  addEventListener("popstate", () => go(...viewOf(location)));
  onWaking(client.wake);
  for (const event of ["online", "offline"]) addEventListener(event, showLine);
  client.listen(({ type }) => type === "line" && showLine());
  await client.start({ session: "session" in document.documentElement.dataset });
  const unsent = client.outbox.reports().some((item) => item.state !== "stored" && client.now() - item.created < FRESH);
  if (unsent && !disguise() && location.pathname === "/" && !location.hash) history.replaceState(null, "", "/#report");
  go(...viewOf(location));
  document.documentElement.dataset.ready = "";
  showLine();
  startWorker(client);
  guard(() => go("covert"));
  whenIdle(() => import("./covert.js").catch(() => {}));
  whenIdle(prepareWays);
  whenIdle(() => import("./place-fields.js").then(({ watchPlaceFields }) => watchPlaceFields({ client, position }), () => {}));
  // A form that was opened once must open in a tunnel too.
  whenIdle(() => Promise.allSettled([import("./fraud.js"), import("./tip.js"), stylesheet(new URL("./entries.css", import.meta.url).pathname)]));
}

begin();
