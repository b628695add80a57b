// How far a covert report has come, as the harmless sign that was agreed on before. The sign says what is committed,
// never what is hoped for: `received` and what follows it hang on the acknowledgement alone.

const GLYPHS = { received: "sun", coming: "sun", arrived: "sun", late: "cloud-rain", failed: "cloud-off", lost: "cloud-off", none: "cloud-off" };
const NOTES_GLYPHS = { received: "check", coming: "check", arrived: "check" };
const FOLLOWING = { dispatched: "coming", on_scene: "arrived" };

/** @param {{report: object | undefined, progress: object | null, locating: boolean}} facts  `progress` null: nothing was filed.
 *  @returns {string} idle · place · login · sending · stored · waiting · received · coming · arrived · late · failed · lost · none · done
 */
export function signOf({ report, progress, locating }) {
  if (!progress) return "idle";
  const { phase, overdue, late, unsure } = progress;
  if (phase === "refused") return "none";
  if (phase === "withdrawn" || phase === "closed") return "done";
  if (phase === "received") return FOLLOWING[report.status] ?? "received";
  if (phase === "held" && !locating) return "place";
  if (phase === "sign_in" || phase === "identity") return "login";
  if (overdue) return "failed";
  if (unsure) return "lost";
  if (late) return "late";
  return { storing: "stored", waiting: "waiting" }[phase] ?? "sending";
}

/** The icon beside the sign's words. */
export const glyphOf = (look, sign) => (look === "notes" ? (NOTES_GLYPHS[sign] ?? "file") : (GLYPHS[sign] ?? "cloud"));
