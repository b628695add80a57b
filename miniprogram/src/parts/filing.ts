// One tap: a report with the position, or with the place that was chosen. As static/citizen/filing.js does it.

import { client } from "../client";
import { Position, createPosition } from "../platform/position";
import { Facts, Item } from "../protocol/protocol";

export const FIX_WITHIN = 3_000;
const LONGEST = 4_000;

/** One for the whole mini program. */
export const position: Position = createPosition();

/** Keeps a report, and sends it unless it is worth a moment's wait. Gives its item, and whether it waits: then `locate` is due. */
export async function fileHere(facts: Facts): Promise<{ item: Item; waits: boolean }> {
  const place = position.place();
  const waits = place.location ? !position.chosen() && position.isOld() : !place.place_text;
  const item = await client.file({ ...facts, ...place }, { held: waits });
  position.choose(null);
  return { item, waits };
}

/** A position that is not there yet is waited for, not longer than three seconds; an old one then goes as it is. */
export async function locate(key: string): Promise<void> {
  const found = await position.within(FIX_WITHIN);
  if (found) await client.outbox.release(key, { location: found });
}

/** What was refused goes once more under a key of its own, with all that belongs to it. */
export async function fileAgain(item: Item): Promise<Item> {
  const body = item.body as Facts;
  const location = body.location ? await position.within(FIX_WITHIN) : null;
  const filed = await client.file({ ...body, text: (body.text ?? "").slice(0, LONGEST), location: location ?? body.location });
  await client.outbox.readdress(item.key, filed.key);
  await client.outbox.forget(item.key);
  return filed;
}
