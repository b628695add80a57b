// Passkeys: signing in with one, and making one on one's own account page. Without this script both pages do all else.

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=+$/, "");

async function post(address, fields) {
  const answer = await fetch(address, { method: "POST", body: new URLSearchParams(fields) });
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.code);
  return said;
}

function listed(credentials) {
  return (credentials || []).map((one) => ({ ...one, id: bytes(one.id) }));
}

function answered(credential, fields) {
  const response = Object.fromEntries(
    fields.filter((name) => credential.response[name]).map((name) => [name, text(credential.response[name])]),
  );
  return JSON.stringify({
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    clientExtensionResults: credential.getClientExtensionResults(),
    response,
  });
}

async function signIn(form) {
  const fields = Object.fromEntries(new FormData(form));
  const publicKey = await post(`${form.action}-options`, fields);
  publicKey.challenge = bytes(publicKey.challenge);
  publicKey.allowCredentials = listed(publicKey.allowCredentials);
  const credential = await navigator.credentials.get({ publicKey });
  const parts = ["clientDataJSON", "authenticatorData", "signature", "userHandle"];
  return post(form.action, { ...fields, credential: answered(credential, parts) });
}

async function make(form) {
  const { current, ...fields } = Object.fromEntries(new FormData(form));
  const publicKey = await post("/console/account/passkey-options", { ...fields, current });
  publicKey.challenge = bytes(publicKey.challenge);
  publicKey.user.id = bytes(publicKey.user.id);
  publicKey.excludeCredentials = listed(publicKey.excludeCredentials);
  const credential = await navigator.credentials.create({ publicKey });
  return post(form.action, { ...fields, credential: answered(credential, ["clientDataJSON", "attestationObject"]) });
}

function bind(id, act) {
  const form = document.getElementById(id);
  if (!form || !window.PublicKeyCredential) return;
  const button = form.querySelector("button");
  const failed = document.getElementById("passkey-failed");
  const wrong = document.getElementById("passkey-wrong");
  form.hidden = false;
  document.getElementById("passkey-none")?.setAttribute("hidden", "");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    failed.hidden = true;
    if (wrong) wrong.hidden = true;
    try {
      const to = new URL((await act(form)).to, location.href);
      if (to.pathname === location.pathname && to.search === location.search) location.reload();
      else location.assign(to);
    } catch (error) {
      // Whoever lets go of the key, or has none, reads the same: nothing was changed.
      const said = wrong && error.message === "password_wrong" ? wrong : failed;
      said.hidden = false;
      button.disabled = false;
    }
  });
}

bind("passkey-sign-in", signIn);
bind("passkey-new", make);
