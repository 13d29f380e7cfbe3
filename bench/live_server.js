// The server of seed 001 without its framework, as a rival: an event of POST /liveEvent becomes a line of the file of its five seconds,
// which nobody syncs. Express, which the original has around it, would add to what it costs.
//     node live_server.js DIRECTORY PORT
const fs = require("fs");
const http = require("http");
const path = require("path");

const [directory, port] = process.argv.slice(2);
const two = (number) => String(number).padStart(2, "0");

function windowFile() {
  const now = new Date();
  const parts = [now.getFullYear() % 100, now.getMonth() + 1, now.getDate(), now.getHours(), now.getMinutes(), Math.floor(now.getSeconds() / 5)];
  return path.join(directory, `server_events_${parts.map(two).join("")}.jsonl`);
}

function answer(response, status, body) {
  response.writeHead(status, { "Content-Type": "application/json; charset=utf-8", "Content-Length": Buffer.byteLength(body) });
  response.end(body);
}

http
  .createServer((request, response) => {
    const pieces = [];
    request.on("data", (piece) => pieces.push(piece));
    request.on("end", () => {
      let event;
      try {
        event = JSON.parse(Buffer.concat(pieces).toString());
      } catch (failed) {
        return answer(response, 400, JSON.stringify({ error: failed.message }));
      }
      if (request.headers.authorization !== "secret") return answer(response, 401, '"Unauthorized"');
      fs.appendFile(windowFile(), JSON.stringify(event) + "\n", (failed) =>
        failed ? answer(response, 500, JSON.stringify({ error: failed })) : answer(response, 201, '{"message":"Event received"}')
      );
    });
  })
  .listen(Number(port), "127.0.0.1");
