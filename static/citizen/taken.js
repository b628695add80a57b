// Where and when a photo was taken, read on the phone from its EXIF (CIPA DC-008: a TIFF in the file). WGS-84.

import { round } from "./position.js";

const HEAD = 1 << 20; // bytes; JPEG has it at the front, HEIC near it
const UNSAID_M = 100; // a phone that does not say how exact it was
const WIDEST_M = 20_000;
const GPS_IFD = 0x8825;
const EXIF_IFD = 0x8769;
const TAKEN = 0x9003;
const TAKEN_ZONE = 0x9011;
const GPS = { north: 1, lat: 2, east: 3, lon: 4, time: 7, error: 0x1f, date: 0x1d };
const SIZES = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8];
const LATEST = 86_400_000; // a clock may be a day ahead, not more

/** The position that a photo carries, as a report sends it (`source: "photo"`); null without one. */
export async function positionIn(file) {
  try {
    const bytes = new Uint8Array(await file.slice(0, HEAD).arrayBuffer());
    for (let at = marker(bytes, 0); at >= 0; at = marker(bytes, at)) {
      const found = read(new DataView(bytes.buffer, at));
      if (found) return found;
    }
  } catch {
    // A damaged tag is no tag.
  }
  return null;
}

/** Where the TIFF after the next `Exif\0\0` begins; -1 when there is none. */
function marker(bytes, from) {
  for (let at = from; at + 14 < bytes.length; at += 1) {
    const here = bytes[at] === 0x45 && bytes[at + 1] === 0x78 && bytes[at + 2] === 0x69 && bytes[at + 3] === 0x66 && !bytes[at + 4] && !bytes[at + 5];
    if (here) return at + 6;
  }
  return -1;
}

function read(view) {
  const order = view.getUint16(0);
  if (order !== 0x4949 && order !== 0x4d4d) return null;
  const little = order === 0x4949;
  if (view.getUint16(2, little) !== 42) return null;
  const top = directory(view, view.getUint32(4, little), little);
  const gps = top.has(GPS_IFD) ? directory(view, top.get(GPS_IFD)[0], little) : new Map();
  const lat = degrees(gps.get(GPS.lat), gps.get(GPS.north), "S");
  const lon = degrees(gps.get(GPS.lon), gps.get(GPS.east), "W");
  // (0, 0) is what a camera writes that had no fix.
  if (!(Math.abs(lat) <= 90 && Math.abs(lon) <= 180) || (lat === 0 && lon === 0)) return null;
  const exif = top.has(EXIF_IFD) ? directory(view, top.get(EXIF_IFD)[0], little) : new Map();
  const error = gps.get(GPS.error)?.[0];
  const at = takenAt(gps, exif);
  const location = { lat: round(lat), lon: round(lon), crs: "wgs84", accuracy_m: error > 0 && error < WIDEST_M ? Math.round(error * 10) / 10 : UNSAID_M, source: "photo" };
  return at ? { ...location, at } : location;
}

/** Tag → values, of one directory. */
function directory(view, offset, little) {
  const tags = new Map();
  const count = view.getUint16(offset, little);
  for (let n = 0; n < Math.min(count, 200); n += 1) {
    const entry = offset + 2 + n * 12;
    if (entry + 12 > view.byteLength) break;
    const type = view.getUint16(entry + 2, little);
    const length = view.getUint32(entry + 4, little);
    const size = (SIZES[type] ?? 0) * length;
    if (size === 0 || size > 1024) continue;
    const at = size > 4 ? view.getUint32(entry + 8, little) : entry + 8;
    if (at + size <= view.byteLength) tags.set(view.getUint16(entry, little), values(view, at, type, length, little));
  }
  return tags;
}

function values(view, at, type, length, little) {
  const read = {
    1: (n) => view.getUint8(at + n),
    2: (n) => view.getUint8(at + n),
    3: (n) => view.getUint16(at + n * 2, little),
    4: (n) => view.getUint32(at + n * 4, little),
    5: (n) => view.getUint32(at + n * 8, little) / view.getUint32(at + n * 8 + 4, little),
  }[type];
  if (!read) return [];
  const all = Array.from({ length }, (_, n) => read(n));
  return type === 2 ? [String.fromCharCode(...all.filter(Boolean)).trim()] : all;
}

/** Degrees, minutes, seconds; NaN for what is none. */
function degrees(parts, side, negative) {
  if (parts?.length !== 3) return NaN;
  const [d, m, s] = parts;
  return (d + m / 60 + (Number.isFinite(s) ? s : 0) / 3600) * (side?.[0] === negative ? -1 : 1);
}

/** By the satellites' clock (UTC), else by the camera's; undefined for nobody's time. */
function takenAt(gps, exif) {
  const date = gps.get(GPS.date)?.[0];
  const time = gps.get(GPS.time);
  const two = (n) => String(Math.floor(n)).padStart(2, "0");
  const satellites = date && time?.length === 3 ? `${date.replace(/:/g, "-")}T${time.map(two).join(":")}Z` : "";
  const [, day, clock] = /^(\d{4}:\d\d:\d\d) (\d\d:\d\d:\d\d)/.exec(exif.get(TAKEN)?.[0] ?? "") ?? [];
  const zone = /^[+-]\d\d:\d\d$/.exec(exif.get(TAKEN_ZONE)?.[0] ?? "")?.[0] ?? "";
  const camera = day ? `${day.replace(/:/g, "-")}T${clock}${zone}` : "";
  for (const said of [satellites, camera]) {
    const moment = Date.parse(said);
    if (moment > 0 && moment < Date.now() + LATEST) return new Date(Math.min(moment, Date.now())).toISOString();
  }
  return undefined;
}
