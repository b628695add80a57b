// One request that is given up when nothing moves. fetch tells nothing of what has left the phone; XMLHttpRequest does.

const STILL = 30_000; // milliseconds without any movement: the line is dead

/** Rejects when there is no answer, when nothing moves any more, or when `signal` aborts. */
export function transmit({ method, url, headers, body = null, signal = null }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    let watch = 0;
    const moved = () => {
      clearTimeout(watch);
      watch = setTimeout(() => request.abort(), STILL);
    };
    const end = (settle) => () => {
      clearTimeout(watch);
      settle();
    };
    request.open(method, url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = moved;
    request.onload = end(() => resolve(answer(request)));
    request.onerror = end(() => reject(new Error("no answer")));
    request.onabort = end(() => reject(new Error("given up")));
    signal?.addEventListener("abort", () => request.abort());
    if (signal?.aborted) return reject(new Error("given up"));
    moved();
    request.send(body);
    return undefined;
  });
}

function answer(request) {
  let said = null;
  try {
    said = JSON.parse(request.responseText);
  } catch {
    // No problem document: the status says enough.
  }
  return {
    status: request.status,
    ok: request.status >= 200 && request.status < 300,
    headers: { get: (name) => request.getResponseHeader(name) },
    said,
  };
}
