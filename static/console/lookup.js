// Finding the position that a caller reads the code of: six digits and Enter.
import { atTheDoor } from "./accept.js";
import { say } from "./notices.js";
import { t } from "./words.js";

const TIMEOUT_MS = 8_000;

const form = document.getElementById("lookup");
const field = document.getElementById("lookup-code");
let busy = false;

/** Puts the cursor into the field; what stood there is replaced by what is typed. */
export function openLookup() {
  field.focus();
  field.select();
}

// A Chinese input method in full-width mode types １２３.
const digits = () => field.value.normalize("NFKC").replace(/\D/g, "");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (busy) return;
  const code = digits();
  if (code.length !== 6) {
    say("said", t("lookup_short"));
    return;
  }
  busy = true;
  try {
    await find(code);
  } finally {
    busy = false;
  }
});

async function find(code) {
  let answer;
  let said;
  try {
    const headers = { Accept: "application/json", "Accept-Language": document.documentElement.lang };
    answer = await fetch(`/console/location-codes/${code}`, { headers, signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (atTheDoor(answer)) return;
    said = await answer.json();
  } catch {
    say("fault", t("lookup_lost"));
    return;
  }
  if (!answer.ok) {
    say("fault", t({ 404: "lookup_unknown", 429: "lookup_too_many" }[answer.status] ?? "lookup_lost"));
    field.select();
    return;
  }
  say("said", said.sentence);
  field.value = "";
  if (said.report) document.dispatchEvent(new CustomEvent("desk:found", { detail: { report: said.report } }));
}
