// Socket.IO on Node with its Redis adapter. Sockets of a key are in the room of its name.
import { open } from "node:fs/promises";
import { createServer } from "node:http";
import { createAdapter } from "@socket.io/redis-adapter";
import { createClient } from "redis";
import { Server } from "socket.io";

const ANSWER = `{"id":"${"x".repeat(640)}"}`;
const { KEPT, PORT, REDIS_URL } = process.env;

const kept = await open(KEPT, "a");
let last = Promise.resolve();

/** Appended and synced, one row after the other. */
function keep(row) {
  last = last.then(async () => {
    await kept.write(`${row}\n`);
    await kept.datasync();
  });
  return last;
}

function padded(body, size) {
  const pad = Math.max(0, size - Buffer.byteLength(body) - ',"pad":""'.length);
  return { ...JSON.parse(body), pad: "x".repeat(pad) };
}

async function answer(request, response) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const { pathname, searchParams } = new URL(request.url, "http://localhost");
  if (pathname === "/relay") {
    const body = Buffer.concat(chunks).toString();
    await keep(body);
    io.to(`key ${searchParams.get("to") ?? ""}`).emit("frame", padded(body, Number(searchParams.get("bytes"))));
  }
  const headers = { "content-type": "application/json", "content-length": ANSWER.length };
  response.writeHead(request.method === "GET" ? 200 : 201, headers).end(ANSWER);
}

const publisher = createClient({ url: REDIS_URL });
const subscriber = publisher.duplicate();
await Promise.all([publisher.connect(), subscriber.connect()]);
const server = createServer(answer);
server.keepAliveTimeout = 75_000;
const io = new Server(server, { adapter: createAdapter(publisher, subscriber), perMessageDeflate: false });
io.on("connection", (socket) => socket.join(`key ${socket.handshake.query.key ?? ""}`));
server.listen(Number(PORT), "127.0.0.1");
