// Whose an item of the outbox is. On a shared phone nothing goes to the desk under another person's name: an item names
// its reporter as soon as that is known, and what was written while nobody was signed in is asked about. Knows no DOM.
//
// `reporter` of an item: an id · null: nobody was signed in · SESSION: somebody was, the server had not said who yet ·
// SOMEBODY: not who was asked. `guess`, beside SESSION: whom the server had last named.

import { isMedia } from "./attachments.js";

const SESSION = "session";
const SOMEBODY = "somebody";
const UNNAMED = new Set([undefined, null, SESSION, SOMEBODY]);

/** @param {() => {id: string} | null | undefined} whose  who is signed in; undefined: not known yet
 *  @param {() => string | null} was  who was last known to be */
export function createOwners(whose, was = () => null) {
  /** Of a new item; what belongs to a report is its reporter's. */
  function ofNew(report) {
    if (report) return { reporter: report.reporter, guess: report.guess };
    const me = whose();
    return me === undefined ? { reporter: SESSION, guess: was() } : { reporter: me?.id ?? null };
  }

  /** What the server's word makes of an item written under this session: theirs, unless another was signed in then. */
  const recognised = (item, { id }) => (item.guess && item.guess !== id ? { reporter: null } : { reporter: id });

  const named = (item) => !UNNAMED.has(item.reporter);

  /** What an item waits for before it may go: `whose` · `sign_in` (another person) · `me` (to be known) · null: nothing. */
  function waits(item) {
    const me = whose();
    // What names its reporter goes with that name, and the server looks; what was written under this session is its own.
    if (me === undefined) return (named(item) ? isMedia(item) : item.kind === "report" && item.reporter !== SESSION) ? "me" : null;
    if (me === null || item.reporter === me.id) return null;
    // What is said to a report goes to its own or nowhere: the server knows whose a stored report is, and one that waits to
    // be claimed is waited for.
    if (item.kind !== "report" && !named(item)) return null;
    return named(item) || item.reporter === SOMEBODY ? "sign_in" : "whose";
  }

  return {
    ofNew, waits,
    /** Somebody else's, who is not the one signed in. */
    foreign: (item) => Boolean(whose()) && waits(item) === "sign_in",
    /** The server has said who the session is of: what was written under it is theirs. */
    recognises: (item) => item.reporter === SESSION,
    recognised,
    unsure: { reporter: null },
    /** May be claimed by who is signed in. */
    claimable: (item) => !named(item),
    disowned: { reporter: SOMEBODY, state: "sign_in" },
    /** What tells the server whose a request is, as far as is known: it looks, and refuses what is another's. */
    header(item) {
      const reporter = named(item) ? item.reporter : item.reporter === SESSION ? item.guess : null;
      return reporter ? { "Desk110-Reporter": reporter } : {};
    },
  };
}
