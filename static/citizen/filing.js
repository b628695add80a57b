// One tap: a report with the position, or with the place that was chosen. The same on the first screen and behind a look.

import { isOld } from "./position.js";

export const FIX_WITHIN = 3_000;
const LONGEST = 4_000; // characters of a report's words

/** Keeps a report, and sends it unless it is worth a moment's wait: there is no place yet, or the phone's is an old one.
 *  Gives its item, and whether it waits; then `locate` is due. */
export async function fileHere({ client, position }, facts) {
  const place = position.place();
  const waits = place.location ? !position.chosen() && isOld(place.location) : !place.place_text;
  const item = await client.file({ ...facts, ...place }, { held: waits });
  // It was chosen for this report; the next one begins with the phone's own again.
  position.choose(null);
  return { item, waits };
}

/** What was refused goes once more under a key of its own, with all that belongs to it; `more`: words that are added. */
export async function fileAgain({ client, position }, { key, body }, { more = "", covert = body.covert } = {}) {
  const location = body.location ? await position.within(FIX_WITHIN) : null;
  const text = [body.text, more].filter(Boolean).join("\n").slice(0, LONGEST);
  const filed = await client.file({ ...body, text, covert, location: location ?? body.location });
  await client.outbox.readdress(key, filed.key);
  await client.outbox.forget(key);
  return filed;
}

/** Whether a position ends the wait of a held report: any does where there was none, else one that is not old too. */
export const betters = (location, { body }) => !body.location || !isOld(location);

/** A position that is not there yet is waited for, not longer than three seconds; an old one then goes as it is. */
export async function locate({ client, position }, key) {
  const found = await position.within(FIX_WITHIN);
  if (found) await client.outbox.release(key, { location: found });
}
