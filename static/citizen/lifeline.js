// Call and text: in the bar that never leaves. The text is written already.

import { $ } from "./page.js";
import { distance, t } from "./words.js";

const APPLE = /iPhone|iPad|iPod/.test(navigator.userAgent);
const LONGEST = 200; // characters of the report's own words: a text message is short

let said = { text: "", place: "", location: null };

/** What the message will say: any of `text`, `place`, `location`. */
export function tell(changes) {
  said = { ...said, ...changes };
  const body = t("lifeline.sms", { text: sentence(said.text), place: placeOf(said) });
  // RFC 5724 has `?body=`; Apple's phones want `&body=`.
  $("sms-12110").setAttribute("href", `sms:12110${APPLE ? "&" : "?"}body=${encodeURIComponent(body.trim())}`);
}

/** The bar stands out when it is the way to take. */
export function urge(urgent) {
  $("lifeline").toggleAttribute("data-urgent", urgent);
}

function placeOf({ place, location }) {
  const words = place ? t("lifeline.sms_place", { place }) : "";
  if (!location) return words;
  const degrees = { lat: location.lat.toFixed(5), lon: location.lon.toFixed(5) };
  return words + t("lifeline.sms_position", { ...degrees, accuracy: distance(location.accuracy_m) });
}

function sentence(text) {
  const words = text.trim().replace(/\s+/g, " ").slice(0, LONGEST);
  return words && !/[。.!！?？]$/.test(words) ? `${words}${t("lifeline.stop")}` : words;
}
