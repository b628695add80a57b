// What is held about the reporter, and what they agree to: seeing, correcting, erasing. Knows no DOM.

/** @param {{http: object, refresh: () => Promise<void>, ended: () => Promise<void>}} env
 *  `refresh` asks anew who is signed in; `ended` is told when nobody is any more. */
export function createMy({ http, refresh, ended }) {
  const said = async (...call) => (await http.call(...call)).said;
  return {
    data: () => said("GET", "/me/data", { timeout: 30_000 }),
    consents: async () => (await said("GET", "/me/consents")).consents,

    /** `wording`: the edition that was read. Taking it back needs none. */
    answer: (purpose, given, wording) => said("PUT", `/me/consents/${purpose}`, { body: given ? { given, wording } : { given } }),

    async changePhone(phone, code) {
      await said("PUT", "/me/phone", { body: { phone, code } });
      await refresh();
    },
    async correct(name, id_number) {
      await said("POST", "/me/identity/corrections", { body: { name, id_number } });
      await refresh();
    },
    async eraseIdentity() {
      await said("DELETE", "/me/identity");
      await refresh();
    },
    /** null: none any more. Nobody is ever told whether there is one. */
    keepDuressWord: (word) => said("PUT", "/me/duress-word", { body: { word } }),
    /** How it stands with being marked as a nuisance: `{mark}`, null for nearly everybody. */
    mark: () => said("GET", "/me/mark"),
    /** Once a mark. */
    appeal: (text) => said("POST", "/me/mark/appeal", { body: { text } }),
    endOthers: () => said("DELETE", "/sessions/others"),

    /** Closes the account; tells what stays, for which reports, until when. */
    async close() {
      const closed = await said("DELETE", "/me");
      await ended();
      return closed;
    },
  };
}
