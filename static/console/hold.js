// Legal holds on the report in hand: the shift leader puts one and lifts one, each with a reason in words.
import { atTheDoor } from "./accept.js";
import { meta, t } from "./words.js";

const TIMEOUT_MS = 8_000;

const hand = document.getElementById("hand");
let busy = false;

/** One at a time. The answer is the report in hand (hand.js shows it). */
async function post(route, fields) {
  if (busy) return;
  busy = true;
  fault("");
  try {
    const { report } = document.getElementById("in-hand").dataset;
    const response = await fetch(`/console/reports/${report}/${route}`, {
      method: "POST",
      headers: { "X-CSRF-Token": meta("csrf-token"), "Accept-Language": document.documentElement.lang },
      body: new URLSearchParams(fields),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (atTheDoor(response)) return;
    if (!response.ok) {
      fault((await response.json()).detail);
      return;
    }
    const text = await response.text();
    const field = document.getElementById("hold-reason");
    if (field) field.value = "";
    document.dispatchEvent(new CustomEvent("desk:brought", { detail: { text } }));
  } catch {
    fault(t("hands_lost"));
  } finally {
    busy = false;
  }
}

function fault(sentence) {
  const place = document.getElementById("hold-fault");
  if (place) place.textContent = sentence;
}

const reason = () => document.getElementById("hold-reason")?.value ?? "";

hand.addEventListener("click", ({ target }) => {
  const lift = target.closest("[data-lift]");
  if (lift) post(`hold/${lift.dataset.lift}/lifting`, { reason: reason() });
});

hand.addEventListener("submit", (event) => {
  if (event.target.id !== "hold-form") return;
  event.preventDefault();
  post("hold", { reason: reason(), on: event.target.elements.on.value });
});
