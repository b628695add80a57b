// Whether a receipt is one of ours, whole and unchanged: the same rules as `dispatch/receipts.py`, on the phone, without a
// network. Knows no DOM. WebCrypto has Ed25519 from Chromium 137 on; before that noble's.

const ALGORITHM = "EdDSA";
const TYPE = "desk110-receipt+jwt";
const LONGEST = 8192;
const DIGEST = /^[0-9a-f]{64}$/;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

/** What stands in a receipt, and whether to believe it.
 *  @param {string} token as it was pasted: white space that a chat put in does not matter
 *  @param {{kid: string, x: string}[]} keys the public keys (RFC 8037), or none
 *  @returns {Promise<{verdict: "good" | "tampered" | "unknown_key" | "no_keys" | "not_receipt", statement?: object, kid?: string}>}
 *  `statement` only with `good`: nothing else is to be read. */
export async function checkReceipt(token, keys) {
  const plain = token.replace(/\s+/g, "");
  const parts = plain.length > LONGEST ? [] : plain.split(".");
  const header = parts.length === 3 ? json(bytesOf(parts[0])) : null;
  if (!isHeader(header)) return { verdict: "not_receipt" };
  if (keys.length === 0) return { verdict: "no_keys" };
  const key = keys.find(({ kid }) => kid === header.kid);
  if (!key) return { verdict: "unknown_key" };
  const [payload, signature, point] = [bytesOf(parts[1]), bytesOf(parts[2]), bytesOf(key.x)];
  const signed = new TextEncoder().encode(`${parts[0]}.${parts[1]}`);
  if (!payload || signature?.length !== 64 || point?.length !== 32) return { verdict: "tampered" };
  if (!(await verify(point, signature, signed))) return { verdict: "tampered" };
  const statement = json(payload);
  return isStatement(statement) ? { verdict: "good", statement, kid: header.kid } : { verdict: "not_receipt" };
}

/** SHA-256 of a text in UTF-8, in hex: what a receipt says of it. */
export async function textDigest(text) {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function verify(point, signature, signed) {
  const key = await ownKey(point);
  if (key) return crypto.subtle.verify({ name: "Ed25519" }, key, signature, signed);
  const noble = await import("../vendor/noble-ed25519.js");
  return noble.verifyAsync(signature, signed, point, { zip215: false }).catch(() => false);
}

/** WebCrypto's key; null where it knows no Ed25519. */
const ownKey = (point) => crypto.subtle.importKey("raw", point, { name: "Ed25519" }, false, ["verify"]).catch(() => null);

/** Fetches what this browser will verify with, so that it is there without a network. */
export async function prepare() {
  const base = Uint8Array.from({ length: 32 }, (_, place) => (place === 0 ? 0x58 : 0x66)); // the curve's base point
  if (!(await ownKey(base))) await import("../vendor/noble-ed25519.js");
}

/** The three members and no other: no `none`, no key or key address of the sender's, no `crit`. */
function isHeader(header) {
  if (header === null || typeof header !== "object" || Object.keys(header).sort().join() !== "alg,kid,typ") return false;
  return header.alg === ALGORITHM && header.typ === TYPE;
}

function isStatement(said) {
  if (said === null || typeof said !== "object" || said.iss !== "desk110") return false;
  const texts = ["number", "kind", "desk", "desk_name", "dispatcher_number"];
  const place = said.place_sha256 ?? null;
  return (
    texts.every((name) => typeof said[name] === "string") &&
    [said.jti, said.report].every((id) => UUID.test(id)) &&
    [said.filed_at, said.received_at].every((moment) => MOMENT.test(moment) && !Number.isNaN(Date.parse(moment))) &&
    DIGEST.test(said.text_sha256) &&
    (place === null || DIGEST.test(place))
  );
}

/** Base64url without padding (RFC 7515), in its one canonical form; null for anything else. */
function bytesOf(part) {
  if (!/^[\w-]*$/.test(part) || part.length % 4 === 1) return null;
  const text = atob(part.replace(/-/g, "+").replace(/_/g, "/"));
  const canonical = btoa(text).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  return canonical === part ? Uint8Array.from(text, (sign) => sign.charCodeAt(0)) : null;
}

function json(bytes) {
  if (!bytes) return null;
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return null;
  }
}
