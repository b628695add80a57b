// What came of something that one asked another desk, or a colleague, for: said aloud once, to whom it concerns. It stands
// on the card, also on one that leaves.
import { say } from "./notices.js";
import { meta } from "./words.js";

const me = meta("dispatcher");
const heard = new Set(); // what was there when the page opened stands on the card and in the conversation

function hear({ word, wordFor, wordKind, wordSays }, aloud) {
  if (!word || heard.has(word)) return;
  heard.add(word);
  if (aloud && wordFor.split(" ").includes(me)) say(wordKind, wordSays);
}

for (const card of document.querySelectorAll("#queue .card[data-word]")) hear(card.dataset, false);

document.addEventListener("desk:cards", ({ detail: { changes } }) => {
  for (const { dataset } of changes) if (dataset) hear(dataset, true);
});
