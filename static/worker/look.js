// 静默: which look is on, as far as a worker can know. Where it cannot be sure, the page is disguised.

import { kept } from "../citizen/kept.js";

/** One of `looks`, or null for the page as it is. */
export async function lookOf({ pathname }, looks) {
  const address = pathname.slice(1);
  if (looks.includes(address)) return address;
  const told = await fromCookie(looks);
  if (told !== undefined) return told;
  const left = await kept("look");
  return looks.includes(left) ? left : null;
}

/** What the cookie says, which ends with the browser; undefined where a worker cannot read it. */
async function fromCookie(looks) {
  if (!self.cookieStore) return undefined;
  try {
    const cookie = await self.cookieStore.get("look");
    const [look] = cookie?.value.split(".") ?? [];
    return looks.includes(look) ? look : null;
  } catch {
    return undefined;
  }
}
