// The system of coordinates that the map speaks: that of its tiles, so that what is drawn stands right on them. The server
// turns back what is pointed at; here nothing is.
/* global gcoord */

/** From our WGS-84 to `[lat, lon]` of the map. */
export function converter(crs) {
  if (crs === "wgs84") return ({ lat, lon }) => [lat, lon];
  const theirs = { gcj02: gcoord.GCJ02, bd09: gcoord.BD09 }[crs];
  return ({ lat, lon }) => {
    const [x, y] = gcoord.transform([lon, lat], gcoord.WGS84, theirs);
    return [y, x];
  };
}
