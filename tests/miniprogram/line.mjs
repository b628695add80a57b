// The line between a phone and the server: real TCP, which can be cut, mended, or lose an answer.

import net from "node:net";

export async function createLine(port) {
  const pairs = new Set();
  let up = true;
  let losing = 0;
  let rate = 0; // bytes a second that go up; 0: as fast as they come
  let passed = 0;

  const server = net.createServer((near) => {
    if (!up) return near.destroy();
    const far = net.connect(port, "127.0.0.1");
    const pair = { near, far, asked: "" };
    pairs.add(pair);
    const end = () => {
      pairs.delete(pair);
      near.destroy();
      far.destroy();
    };
    near.on("data", (piece) => {
      if (pair.asked.length < 64) pair.asked += piece.toString("latin1").slice(0, 64);
      else if (/^(POST|PUT) /.test(piece.subarray(0, 5).toString("latin1"))) pair.asked = piece.toString("latin1").slice(0, 64);
      passed += piece.length;
      far.write(piece);
      if (!rate) return;
      near.pause();
      setTimeout(() => near.resume(), (piece.length / rate) * 1000);
    });
    far.on("data", (piece) => {
      if (losing > 0 && pair.asked.startsWith("POST /api/v1/reports ")) {
        losing -= 1;
        return end(); // the server has done it, and nobody hears so
      }
      return near.write(piece);
    });
    for (const socket of [near, far]) {
      socket.on("error", end);
      socket.on("close", end);
    }
    return undefined;
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));

  return {
    port: server.address().port,
    cut() {
      up = false;
      for (const { near, far } of pairs) {
        near.destroy();
        far.destroy();
      }
    },
    mend: () => (up = true),
    slow: (bytes) => (rate = bytes),
    /** How many have gone up so far. */
    bytes: () => passed,
    /** The next report is taken, and the answer to that never arrives. */
    loseAnswer: () => (losing += 1),
    close: () => {
      for (const { near, far } of pairs) {
        near.destroy();
        far.destroy();
      }
      server.close();
    },
  };
}
