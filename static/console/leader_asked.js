// The shift leader's strip, second part: transfers that came back or that nobody answers, and outcomes that wait for a
// second person. The cards say it (data-for-leader); while there is none, there is no strip.
import { t } from "./words.js";

const strip = document.getElementById("leader-asked");
const list = document.getElementById("leader-asked-list");

const AT_MOST = 5; // it is one line: the first, and how many more

function paint() {
  const cards = [...document.querySelectorAll("#queue .list .card[data-for-leader]")];
  strip.hidden = cards.length === 0;
  list.replaceChildren(...cards.slice(0, AT_MOST).map(itemOf));
  const more = cards.length - AT_MOST;
  document.getElementById("leader-asked-more").textContent = more > 0 ? t("leader_more", { n: more }) : "";
}

/** The same element as long as the report is there, so that focus and pointer stay. */
function itemOf(card) {
  const { report, forLeader } = card.dataset;
  const item = list.querySelector(`[data-of="${report}"]`) ?? newItem(report);
  const kind = card.querySelector(".card-kind")?.textContent.trim() ?? "";
  const says = [kind, forLeader].filter(Boolean).join(" · ");
  const words = item.querySelector("span");
  if (words.textContent !== says) words.textContent = says;
  return item;
}

function newItem(report) {
  const item = document.createElement("li");
  item.dataset.of = report;
  const button = document.createElement("button");
  button.type = "button";
  button.append(document.createElement("span"));
  button.addEventListener("click", () => {
    document.dispatchEvent(new CustomEvent("desk:found", { detail: { report } }));
  });
  item.append(button);
  return item;
}

if (strip) {
  document.addEventListener("desk:cards", paint);
  paint();
}
