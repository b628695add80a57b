// What the acts with units share: one request, and what its answer says.
import { atTheDoor } from "./accept.js";
import { meta, t } from "./words.js";

const TIMEOUT_MS = 8_000;

/** Do something with units of a report. Gives the answer: `html` with its `text`, or a `detail` why not; null when the
 *  session has ended. Rejects when nobody knows what became of it. */
export async function post(report, route, fields) {
  const response = await fetch(`/console/reports/${report}/${route}`, {
    method: "POST",
    headers: { "X-CSRF-Token": meta("csrf-token"), "Accept-Language": document.documentElement.lang, "HX-Request": "true" },
    body: new URLSearchParams(fields),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (atTheDoor(response)) return null;
  const text = await response.text();
  const html = response.headers.get("content-type")?.startsWith("text/html") ?? false;
  return { status: response.status, html, text, detail: html ? "" : detailIn(response, text) };
}

/** Why not, in words. */
export function detailIn(response, text) {
  try {
    const { detail } = response.status < 500 ? JSON.parse(text) : {};
    if (detail) return detail;
  } catch {
    // No problem of ours: its status says enough.
  }
  return t("units_refused", { status: response.status });
}

/** The answer is the report as it is now: show it, if it is still in hand. */
export function brought(text) {
  document.dispatchEvent(new CustomEvent("desk:brought", { detail: { text } }));
}
