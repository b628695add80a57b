// A script that does not come, as when the network changes amid the loading, leaves a page that looks alive and is not. It is loaded
// again as soon as the server answers; until then a desk says that it is cut off. Where forms work all the same, what somebody has
// typed meanwhile is worth more.

{
  const TRIES = "again"; // in this tab, until a page has come whole
  const FIRST_MS = 1_000;
  const LONGEST_MS = 15_000;
  let coming = false;
  let typed = false;

  const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

  const say = () => {
    const gone = document.getElementById("gone");
    if (gone === null) return;
    gone.hidden = false;
    document.body.dataset.line = "offline";
    const lamp = document.getElementById("live");
    lamp.dataset.state = "offline";
    lamp.querySelector(".lamp-word").textContent = JSON.parse(document.getElementById("words").textContent).lamp_offline;
  };

  const answers = async () => {
    try {
      await fetch(location.href, { method: "HEAD", cache: "no-store", signal: AbortSignal.timeout(5_000) });
      return true;
    } catch {
      return false; // a browser's page of an error would be worse than this one, and stay
    }
  };

  const again = async (works) => {
    const tries = Number(sessionStorage.getItem(TRIES));
    for (let wait = FIRST_MS * 2 ** tries; ; wait *= 2) {
      await sleep(Math.min(wait, LONGEST_MS));
      if (await answers()) break;
    }
    if (works() && typed) return;
    sessionStorage.setItem(TRIES, String(tries + 1));
    location.reload();
  };

  const lost = ({ target }) => {
    // Of those that the document names: what a page that lives asks for later, it makes up for itself.
    const script = target instanceof HTMLScriptElement && !target.async;
    const style = target instanceof HTMLLinkElement && target.rel === "stylesheet";
    if ((!script && !style) || coming || document.readyState === "complete") return;
    coming = true;
    if (script) {
      if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", say);
      else say();
    }
    again(() => style || document.getElementById("gone") === null);
  };

  document.addEventListener("error", lost, true);
  document.addEventListener("input", () => { typed = true; }, true);
  addEventListener("load", () => { if (!coming) sessionStorage.removeItem(TRIES); });
}
