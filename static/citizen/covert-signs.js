// How far a covert report has come, as the harmless sign that was agreed on before. The sign says what is committed,
// never what is hoped for: `received` and what follows it hang on the acknowledgement alone.

const GLYPHS = { received: "sun", coming: "sun", arrived: "sun", late: "cloud-rain", failed: "cloud-off", lost: "cloud-off", none: "cloud-off" };
const CHECKED = { received: "check", coming: "check", arrived: "check" };
const PLAIN = { notes: "file", calculator: "calculator" };
const FOLLOWING = { dispatched: "coming", on_scene: "arrived" };

/** @param {{report: object | undefined, progress: object | null, locating: boolean, expired: boolean}} facts  `progress` null:
 *  nothing was filed. `expired`: nobody is signed in any more, so nothing can be known.
 *  @returns {string} idle · place · login · sending · stored · waiting · received · coming · arrived · late · failed · lost · none · referred · done
 */
export function signOf({ report, progress, locating, expired }) {
  if (!progress) return "idle";
  const { phase, overdue, late, unsure } = progress;
  if (phase === "refused") return "none";
  if (phase === "closed" && report.outcome === "referred") return "referred";
  if (phase === "withdrawn" || phase === "closed") return "done";
  if (expired) return "login";
  if (phase === "received") return FOLLOWING[report.status] ?? "received";
  if (phase === "held" && !locating) return "place";
  if (["sign_in", "identity", "whose"].includes(phase)) return "login";
  if (overdue) return "failed";
  if (unsure) return "lost";
  if (late) return "late";
  return { storing: "stored", waiting: "waiting" }[phase] ?? "sending";
}

/** The icon beside the sign's words. */
export const glyphOf = (look, sign) => (look === "weather" ? (GLYPHS[sign] ?? "cloud") : (CHECKED[sign] ?? PLAIN[look]));

/** Whether nobody may notice the report: as it was filed, or as it was switched last. */
export function isCovert({ item, report, belonging }) {
  const switched = belonging.filter(({ kind, state }) => kind === "covert" && state !== "refused").at(-1);
  if (switched && switched.state !== "stored") return switched.covert;
  return report?.covert ?? switched?.covert ?? item?.body.covert ?? false;
}
