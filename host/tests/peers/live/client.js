// A Socket.IO client that does as its standard input says, and tells what it hears: a JSON object a line.
import { createInterface } from "node:readline";
import { io } from "socket.io-client";

const [url, transports, auth] = process.argv.slice(2);
const tell = (event, ...args) => process.stdout.write(JSON.stringify({ event, args }) + "\n");

const socket = io(url, {
  auth: JSON.parse(auth),
  reconnection: false,
  transports: JSON.parse(transports),
});
socket.on("connect", () => {
  tell("connect", socket.io.engine.transport.name);
  socket.io.engine.once("upgrade", (transport) => tell("upgrade", transport.name));
});
socket.on("connect_error", (error) => tell("connect_error", error.message));
socket.on("disconnect", (reason) => tell("disconnect", reason));
socket.onAny((event, ...args) => tell(event, ...args));

createInterface({ input: process.stdin })
  .on("line", (line) => {
    const { emit, data } = JSON.parse(line);
    socket.emit(emit, data, (answer) => tell("ack", answer));
  })
  .on("close", () => process.exit());
