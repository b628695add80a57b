// The public keys that receipts verify with: the newest that this phone could get, kept for when there is no network.
// Asked for anew each time, and then taken whole: a key that the server no longer publishes is to be trusted no more.

const KEPT = "kept-keys";
const PATIENCE = 6_000;

/** `{kid, x}` of each key, or none when there never was a network. */
export async function receiptKeys() {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), PATIENCE);
  try {
    const answer = await fetch("/.well-known/jwks.json", { cache: "no-cache", signal: stop.signal });
    if (!answer.ok) throw new Error("no answer");
    const keys = await usable((await answer.json()).keys);
    keep(keys);
    return keys;
  } catch {
    return usable(kept());
  } finally {
    clearTimeout(timer);
  }
}

/** Ed25519 keys that are the key their `kid` names (its thumbprint, RFC 7638). */
async function usable(keys) {
  const found = [];
  for (const { kty, crv, x, kid } of Array.isArray(keys) ? keys : []) {
    if (kty === "OKP" && crv === "Ed25519" && (await thumbprint(x)) === kid) found.push({ kty, crv, x, kid });
  }
  return found;
}

async function thumbprint(x) {
  const members = new TextEncoder().encode(`{"crv":"Ed25519","kty":"OKP","x":"${x}"}`);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", members));
  return btoa(String.fromCharCode(...digest)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

function keep(keys) {
  try {
    localStorage.setItem(KEPT, JSON.stringify(keys));
  } catch {
    // A phone that keeps nothing verifies with a network alone.
  }
}

function kept() {
  try {
    return JSON.parse(localStorage.getItem(KEPT) ?? "[]");
  } catch {
    return [];
  }
}
