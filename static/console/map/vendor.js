// Other people's scripts, which are classic ones: fetched once, when a map is first wanted.
const VENDOR = "/static/vendor";

/** Leaflet, and what turns coordinates where tiles speak another system than ours. */
export async function vendor(crs) {
  const wanted = [fetched("script", { src: `${VENDOR}/leaflet/leaflet.js` }), fetched("link", { rel: "stylesheet", href: `${VENDOR}/leaflet/leaflet.css` })];
  if (crs !== "wgs84") wanted.push(fetched("script", { src: `${VENDOR}/gcoord.min.js` }));
  await Promise.all(wanted);
}

function fetched(name, attributes) {
  return new Promise((resolve, reject) => {
    const tag = Object.assign(document.createElement(name), attributes);
    tag.onload = resolve;
    tag.onerror = () => {
      tag.remove();
      reject(new Error("did not come"));
    };
    document.head.append(tag);
  });
}
