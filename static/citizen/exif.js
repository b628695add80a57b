// What a photo tells of itself (EXIF: when, where, by which camera) goes along when it is made smaller: it is evidence.

const HEAD = 1 << 20; // bytes of the original that are looked at
const APP1 = 0xe1;
const SCAN = 0xda; // the picture itself begins
const ORIENTATION = 0x0112;

/** `drawn` (a JPEG that stands upright) with the EXIF of `original`; `drawn` itself where the original has none to take. */
export async function withOrigin(drawn, original) {
  try {
    const segment = exifOf(new Uint8Array(await original.slice(0, HEAD).arrayBuffer()));
    if (!segment) return drawn;
    upright(segment);
    return new Blob([drawn.slice(0, 2), segment, drawn.slice(2)], { type: "image/jpeg" });
  } catch {
    return drawn; // a damaged tag is none
  }
}

/** The APP1 segment with the EXIF of a JPEG, marker and length included; null where there is none. */
function exifOf(bytes) {
  const view = new DataView(bytes.buffer);
  if (view.getUint16(0) !== 0xffd8) return null;
  let at = 2;
  while (at + 10 < bytes.length && bytes[at] === 0xff && bytes[at + 1] !== SCAN) {
    const end = at + 2 + view.getUint16(at + 2);
    const name = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (bytes[at + 1] === APP1 && name === "Exif" && end <= bytes.length) return bytes.slice(at, end);
    at = end;
  }
  return null;
}

/** The picture was drawn upright: what turned it once must not turn it again. */
function upright(segment) {
  const view = new DataView(segment.buffer, 10); // behind marker, length, "Exif\0\0"
  const little = view.getUint16(0) === 0x4949;
  const offset = view.getUint32(4, little);
  const count = view.getUint16(offset, little);
  for (let entry = offset + 2; entry < offset + 2 + count * 12; entry += 12) {
    if (view.getUint16(entry, little) === ORIENTATION) view.setUint16(entry + 8, 1, little);
  }
}
