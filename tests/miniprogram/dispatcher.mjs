// A dispatcher at the console, over plain HTTP: accepts, asks, answers.

export async function createDispatcher(origin, number = "33010601") {
  const cookies = new Map();
  let csrf = "";

  async function call(method, path, fields = null) {
    const answer = await fetch(origin + path, {
      method,
      redirect: "manual",
      headers: { Cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; "), Origin: origin, "X-CSRF-Token": csrf },
      body: fields ? new URLSearchParams(fields) : undefined,
    });
    for (const cookie of answer.headers.getSetCookie()) {
      const [name, value] = cookie.split(";")[0].split("=");
      cookies.set(name, value);
    }
    return { status: answer.status, text: await answer.text() };
  }

  async function act(report, what, fields = {}) {
    const { status, text } = await call("POST", `/console/reports/${report}/${what}`, fields);
    if (status !== 200) throw new Error(`${what}: ${status} ${text.slice(0, 300)}`);
  }

  const door = await call("GET", "/console/sign-in");
  const token = /name="csrf_token" value="([^"]+)"/.exec(door.text)[1];
  await call("POST", "/console/sign-in", { number, password: "desk110-demo", csrf_token: token });
  csrf = /<meta name="csrf-token" content="([^"]+)">/.exec((await call("GET", "/console")).text)[1];

  return {
    accept: (report) => act(report, "acknowledgement"),
    say: (report, text) => act(report, "messages", { client_id: globalThis.crypto.randomUUID(), text }),
    ask: (report, kind, text, answers = []) => act(report, "requests", { client_id: globalThis.crypto.randomUUID(), kind, text, answers: answers.join("\n") }),
    look: async (report) => (await call("GET", `/console/reports/${report}`)).text,
  };
}
