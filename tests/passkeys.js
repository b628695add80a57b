// Signs in by a passkey as the page does, with one thing changed on the way; gives the status of each answer.
async (change) => {
  const bytes = (text) =>
    Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer)))
      .replace(/\+/g, "-")
      .replace(/\//g, "_")
      .replace(/=+$/, "");
  const csrf_token = document.querySelector("#passkey-sign-in [name=csrf_token]").value;
  const post = (path, fields) => fetch(path, { method: "POST", body: new URLSearchParams(fields) });
  const options = await (await post("/console/sign-in/passkey-options", { csrf_token })).json();
  const given = bytes(options.challenge);
  const challenge = change === "challenge" ? crypto.getRandomValues(new Uint8Array(given.length)) : given;
  const found = await navigator.credentials.get({ publicKey: { ...options, challenge, allowCredentials: [] } });
  const names = ["clientDataJSON", "authenticatorData", "signature", "userHandle"];
  const response = Object.fromEntries(names.map((name) => [name, text(found.response[name])]));
  if (change === "origin") {
    const client = new TextDecoder().decode(found.response.clientDataJSON);
    response.clientDataJSON = text(new TextEncoder().encode(client.replace("localhost", "localhosts")));
  }
  if (change === "owner") response.userHandle = text(new Uint8Array(16));
  if (change === "signature") response.signature = text(new Uint8Array(found.response.signature).reverse());
  const id = change === "id" ? text(new Uint8Array(16)) : text(found.rawId);
  const credential = change === "json" ? "[]" : JSON.stringify({ id, rawId: id, type: found.type, response });
  const times = change === "twice" ? [1, 2] : [1];
  const answers = await Promise.all(times.map(() => post("/console/sign-in/passkey", { csrf_token, credential })));
  return answers.map((answer) => answer.status).sort();
};
