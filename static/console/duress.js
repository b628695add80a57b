// Duress words: as long as nobody has taken notice of one, every screen of the desk says so, and sounds.
import { say } from "./notices.js";
import { play } from "./tones.js";
import { t } from "./words.js";

const SOUND_EVERY_MS = 5_000;
const TONES = [[880, 0], [660, 0.18], [880, 0.36]]; // Hz, and when, in seconds
const LOUDNESS = 0.3;

const notices = new Map(); // report → {said, notice}
let soundedAt = -Infinity;

const alarmed = () => [...document.querySelectorAll('#queue .card[data-duress="alarm"]')];

function follow() {
  const cards = alarmed();
  const open = new Set(cards.map((card) => card.dataset.report));
  for (const [report, { notice }] of notices) {
    if (open.has(report)) continue;
    notice.remove();
    notices.delete(report);
  }
  for (const card of cards) {
    const { report, duressSaid: said, number } = card.dataset;
    const known = notices.get(report);
    if (known?.said === said) continue;
    known?.notice.remove();
    notices.set(report, { said, notice: say("duress", t("duress_said", { number })) });
    soundedAt = -Infinity;
  }
  document.body.toggleAttribute("data-page-duress", cards.length > 0);
  sound();
}

/** At once, then every few seconds until somebody has taken notice. */
function sound() {
  if (!notices.size || performance.now() - soundedAt < SOUND_EVERY_MS) return;
  soundedAt = performance.now();
  document.dispatchEvent(new CustomEvent("desk:alarm", { detail: { kind: "duress", count: notices.size } }));
  play(TONES, LOUDNESS); // where nothing can be heard, the notice and the colour say it
}

document.addEventListener("desk:cards", follow);
document.addEventListener("desk:second", sound);
follow();
