// An answer of wx.request as `fetch` would give it.

import { Answer } from "../protocol/protocol";

/** @param header  names in whatever case the platform writes them; a value may be a list where a header came twice */
export function answerOf(status: number, header: Record<string, unknown> | undefined, data: unknown): Answer {
  const headers = new Map(Object.entries(header ?? {}).map(([name, value]) => [name.toLowerCase(), String(value)]));
  return {
    status,
    ok: status >= 200 && status < 300,
    headers: { get: (name) => headers.get(name.toLowerCase()) ?? null },
    json: async () => (typeof data === "string" ? JSON.parse(data) : data),
  };
}
