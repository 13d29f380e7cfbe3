// The three processes of seed 001, rebuilt to their behaviour: what the original does with Express, axios, jsonlines and pg, this does
// with the same packages, line by line of its log too. Files are in the working directory, DATABASE names PostgreSQL.
//     node live.js server PORT
//     node live.js client PORT EVENTS_FILE     ends after the last event, where the original waits for a change of the file
//     node live.js processor
const fs = require("fs");
const [role, port, eventsFile] = process.argv.slice(2);
const say = (...what) => console.log(`[${role}][${process.pid}]`, ...what);
const pause = (milliseconds) => new Promise((resume) => setTimeout(resume, milliseconds));

async function retried(attempt, tries = 0) {
  if (tries > 10) throw new Error("gave up after 10 retries");
  if (tries > 0) await pause(500 * 2 ** tries);
  try {
    return await attempt();
  } catch (failed) {
    say(`try ${tries + 1} failed:`, failed.message);
    return retried(attempt, tries + 1);
  }
}

function database() {
  const { Pool } = require("pg");
  return new Pool({ connectionString: process.env.DATABASE });
}

// An event becomes a line of the file of its five seconds. Nothing is synced before the answer.
function server() {
  const express = require("express");
  const pool = database();
  const two = (number) => String(number).padStart(2, "0");
  const windowFile = () => {
    const now = new Date();
    const parts = [now.getFullYear() % 100, now.getMonth() + 1, now.getDate(), now.getHours(), now.getMinutes(), Math.floor(now.getSeconds() / 5)];
    return `server_events_${parts.map(two).join("")}.jsonl`;
  };
  const secret = (request, response, next) => (request.headers.authorization === "secret" ? next() : response.status(401).send("Unauthorized"));
  const app = express();
  app.use(express.json());
  app.post("/liveEvent", secret, async (request, response) => {
    try {
      await fs.promises.appendFile(windowFile(), JSON.stringify(request.body) + "\n");
      say("saved", request.body);
      response.status(201).send({ message: "Event received" });
    } catch (error) {
      response.status(500).send({ error });
    }
  });
  app.get("/userEvents/:user", async (request, response) => {
    try {
      response.json((await pool.query("SELECT * FROM users_revenue WHERE user_id = $1", [request.params.user])).rows);
    } catch (error) {
      response.status(500).send({ error });
    }
  });
  app.listen(Number(port), "127.0.0.1");
}

// One event after the other, each after the answer to the one before.
async function client() {
  const axios = require("axios");
  const lines = require("readline").createInterface({ input: fs.createReadStream(eventsFile), crlfDelay: Infinity });
  for await (const line of lines) {
    await retried(() => axios.post(`http://127.0.0.1:${port}/liveEvent`, JSON.parse(line), { headers: { Authorization: "secret" } }));
    say("sent");
  }
}

// Every five seconds it reads each file from its beginning, and adds up what is behind the line it had come to. That line is written
// down while the transactions run, one for each user and file.
async function processor() {
  const jsonlines = require("jsonlines");
  const pool = database();
  const offsets = () => (fs.existsSync("processor_offset.json") ? JSON.parse(fs.readFileSync("processor_offset.json", "utf8")) : {});

  const add = async (user, change) => {
    const connection = await pool.connect();
    try {
      await connection.query("BEGIN");
      await connection.query("SELECT upsert_user_revenue($1, $2)", [user, change]);
      await connection.query("COMMIT");
    } catch (failed) {
      await connection.query("ROLLBACK");
      throw failed;
    } finally {
      connection.release();
    }
  };

  const look = (file) => {
    const seen = offsets()[file] || 0;
    const changes = {};
    let line = 0;
    const parsed = jsonlines.parse();
    parsed.on("data", ({ userId, name, value }) => {
      if (++line <= seen) return;
      const change = (changes[userId] ||= { add: 0, subtract: 0 });
      if (name === "add_revenue") change.add += value;
      else if (name === "subtract_revenue") change.subtract += value;
    });
    parsed.on("end", () => {
      for (const [user, change] of Object.entries(changes)) {
        retried(() => add(user, change.add - change.subtract));
        say("updated", user);
      }
      fs.writeFileSync("processor_offset.json", JSON.stringify({ ...offsets(), [file]: line }));
    });
    parsed.on("error", (failed) => say(failed.message));
    fs.createReadStream(file, { encoding: "utf8" }).pipe(parsed);
  };

  for (;;) {
    for (const file of fs.readdirSync(".")) if (/^server_events_.*\.jsonl$/.test(file)) look(file);
    await pause(5000);
  }
}

({ server, client, processor })[role]();
