// What somebody changes of themselves and must not lose: kept until the server has it, or says no. Knows no DOM.

const NAME = "me";

/** @param {{http: object, patience: object, drafts: object, whose: () => {id: string} | null | undefined,
 *  told: (me: object) => void, changed: () => void}} env  `told`: the server has it; `changed`: what is wished is another now */
export function createWishes({ http, patience, drafts, whose, told, changed }) {
  let wished = null; // {of, changes, problem}
  let going = false;

  /** Wishes `changes`, on top of what is wished already. */
  async function wish(changes) {
    become({ of: whose().id, changes: { ...ofNow()?.changes, ...changes } });
    await drafts.keep(NAME, wished);
    return send();
  }

  /** What an earlier visit left. Another's is not this person's. */
  async function goOn() {
    const kept = await drafts.get(NAME);
    if (!wished && kept) become(kept);
    if (ofNow()) send();
    else if (wished && whose()) await end();
  }

  async function send() {
    if (going) return;
    going = true;
    try {
      while (ofNow()) await patience.persist(attempt, failed);
    } catch (problem) {
      // A session that ended is begun again, and then it goes on.
      if (problem.status === 401) return;
      await end();
      throw problem;
    } finally {
      going = false;
    }
  }

  async function attempt() {
    const sent = ofNow();
    if (!sent) return;
    const { said } = await http.call("PATCH", "/me", { body: sent.changes });
    // Something else may be wished by now, or somebody else be there.
    if (wished?.changes === sent.changes) await end();
    if (whose()?.id === sent.of) told(said);
  }

  function failed(problem) {
    if (ofNow()) become({ ...wished, problem: problem.facts });
  }

  const ofNow = () => (wished && wished.of === whose()?.id ? wished : null);

  async function end() {
    become(null);
    await drafts.drop(NAME);
  }

  function become(next) {
    wished = next;
    changed();
  }

  return {
    wish,
    goOn,
    /** What is wished and not there yet: `{changes, problem}`, or null. */
    pending: ofNow,
    /** Nobody is signed in any more. */
    forget: () => (wished = null),
  };
}
