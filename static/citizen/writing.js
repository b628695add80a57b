// Words that somebody is writing: kept on the phone as they are typed, until they are sent. A reload, a killed tab or another
// language loses none of them.

import { grow } from "./page.js";

export const HOUR = 3600_000;

/** @param {object} client  @param {HTMLTextAreaElement} field
 *  @param {{heldFor?: number, heard?: (text: string) => void}} how  `heldFor`: ms after which they may not be true any more;
 *  `heard`: hears what stands in the field, whenever that changes */
export function createWriting(client, field, { heldFor = Infinity, heard = () => {} } = {}) {
  const { drafts, now } = client;
  let name = null; // what the words are for

  function keep() {
    const kept = field.value.trim() ? drafts.keep(name, { text: field.value, at: now() }) : drafts.drop(name);
    kept.catch(() => {});
  }

  function write(text) {
    field.value = text;
    grow(field);
    heard(text);
  }

  field.addEventListener("input", () => {
    if (name !== null) keep();
    heard(field.value);
  });
  client.listen(({ type }) => type === "left" && write(""));

  return {
    /** From now on the field is for this, and what was begun for it stands in it again. */
    async begin(about) {
      if (name === about) return;
      // What was typed before the scripts came is for the first thing that the field is for.
      if (name !== null) write("");
      name = about;
      if (field.value) keep();
      const { text, at } = (await drafts.get(about).catch(() => null)) ?? {};
      // Somebody may have begun anew, or gone elsewhere, meanwhile.
      if (text && now() - at < heldFor && name === about && !field.value) write(text);
    },
    /** Gives the words that are to be sent: the field is free for others. */
    take() {
      const text = field.value.trim();
      write("");
      return text;
    },
    /** What was taken is kept elsewhere by now. */
    taken: keep,
  };
}
