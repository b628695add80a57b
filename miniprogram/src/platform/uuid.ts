// Keys that nobody has twice (RFC 9562, version 4). The platform gives random bytes only after a while, so they are fetched
// ahead; a tap that comes sooner gets some of the language's own randomness, which is enough for a key that is no secret.

const AHEAD = 4096;
let pool: number[] = [];

/** Fetches bytes ahead; again whenever they run low. */
export function fill(): void {
  wx.getRandomValues?.({ length: AHEAD, success: ({ randomValues }) => void (pool = [...new Uint8Array(randomValues)]), fail: () => {} });
}

export function uuid(): string {
  const drawn = pool.splice(0, 16);
  if (pool.length < AHEAD / 8) fill();
  const bytes = Array.from({ length: 16 }, (_, at) => (drawn[at] ?? 0) ^ Math.floor(Math.random() * 256));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
