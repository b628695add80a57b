// Larger words, more contrast: chosen on this device, and kept in a cookie that the server reads for the first byte.

const COOKIE = "display";
const A_YEAR_S = 365 * 24 * 3600;
const page = document.documentElement;

/** @param {{size: "normal" | "large" | "largest", contrast: boolean}} wanted */
export function setDisplay({ size, contrast }) {
  apply(size, contrast);
  document.cookie = `${COOKIE}=${size}${contrast ? ".contrast" : ""}; path=/; max-age=${A_YEAR_S}; samesite=strict`;
}

/** A page that came from the phone's own store does not know what was chosen: the cookie does. */
export function restoreDisplay() {
  const [, size, contrast] = /(?:^|; )display=(normal|large|largest)(\.contrast)?(?:;|$)/.exec(document.cookie) ?? [];
  if (size) apply(size, Boolean(contrast));
}

function apply(size, contrast) {
  if (size === "normal") delete page.dataset.size;
  else page.dataset.size = size;
  page.toggleAttribute("data-contrast", contrast);
}
