// The rules on reporting and the notice on personal information: a page of the server's own, shown within this one.

import { $, fromTop, show, title, write } from "./page.js";
import { language, sentence, t } from "./words.js";

export function createLaw() {
  const there = () => $("law").querySelector(".paper-text");

  async function load() {
    // The text alone, which the worker keeps too.
    const answer = await fetch(`/shell/law?lang=${language}`, { credentials: "omit" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const text = page.querySelector("#law .paper-text");
    if (!text) throw new Error("no such page");
    $("law").replaceChildren(document.importNode(text, true));
  }

  return {
    async open(at) {
      title(t("law.title"));
      fromTop();
      if (!there()) {
        const waiting = document.createElement("p");
        waiting.className = "empty";
        write(waiting, t("paper.opening"));
        $("law").replaceChildren(waiting);
        try {
          await load();
        } catch {
          write(waiting, `${t("account.law")} ${sentence({})}`);
          return;
        }
      }
      if (at) document.getElementById(at)?.scrollIntoView();
      show($("law"), document.documentElement.dataset.view === "law");
    },
  };
}
