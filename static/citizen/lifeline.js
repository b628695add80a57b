// Call and text: in the bar that never leaves. The text is written already, and goes to the desk's own number once the desk
// is known.

import { $, write } from "./page.js";
import { distance, t } from "./words.js";

const APPLE = /iPhone|iPad|iPod/.test(navigator.userAgent);
const LONGEST = 200; // characters of the report's own words: a text message is short

const USUAL = "12110";
const NUMBER = /^\d{5,12}$/;

let said = { text: "", place: "", location: null, here: null, desk: null };

/** What takes text messages: the number of the desk whose report is on the screen, else of the one for where somebody is. */
export const textNumber = () => [said.desk, said.here].find((number) => NUMBER.test(number ?? "")) ?? USUAL;

/** What the message will say, any of `text`, `place`, `location`, and where it goes: `desk`, `here`. */
export function tell(changes) {
  said = { ...said, ...changes };
  const number = textNumber();
  const body = t("lifeline.sms", { text: sentence(said.text), place: placeOf(said) });
  // RFC 5724 has `?body=`; Apple's phones want `&body=`.
  const link = $("text-police");
  link.setAttribute("href", `sms:${number}${APPLE ? "&" : "?"}body=${encodeURIComponent(body.trim())}`);
  write(link.lastElementChild, t("lifeline.text", { number }));
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
