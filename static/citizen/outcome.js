// How a report ended, in words; and whom to call instead, where it was referred.
import { has, t } from "./words.js";

/** Of a closed report: its outcome, what that means for its reporter, and addresses to call (`tel:12345`). */
export function outcomeOf({ outcome, referral, desk }) {
  if (!outcome || !has(`outcome.${outcome}`)) return { word: "", note: "", calls: [] };
  const kind = referral?.where ? "referred_elsewhere" : outcome;
  const values = { desk: desk.name, where: referral?.where ?? "", number: referral?.number ?? "" };
  return {
    word: t(`outcome.${kind}`, values),
    note: has(`outcome_note.${kind}`) ? t(`outcome_note.${kind}`, values) : "",
    calls: referral ? [referral.call] : [],
  };
}
