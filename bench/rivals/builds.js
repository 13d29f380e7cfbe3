// What seed 002 does with a build event, rebuilt with the same packages: the row goes and is inserted again through knex, and kafkajs
// commits the position afterwards. The original handles messages beside each other, by which copies of one build collide; this waits
// for each. It reads from the beginning, where the original takes what comes after its start.
//     DATABASE=… BROKER=HOST:PORT GROUP=NAME node builds.js
const { Kafka, logLevel } = require("kafkajs");
const knex = require("knex")({ client: "pg", connection: process.env.DATABASE, pool: { min: 2, max: 10 } });

const at = (build, path, otherwise = null) => {
  let value = build;
  for (const name of path.split(".")) {
    if (!Object.hasOwn(value, name)) return otherwise;
    value = value[name];
  }
  return value;
};
const date = (value) => (Number(value) == value ? new Date(Number(value)) : value);

const row = (build) => ({
  branchName: at(build, "branch.name"),
  branchUrl: at(build, "branch.htmlUrl"),
  buildId: at(build, "id"),
  bytesReal: at(build, "diskSpace.realBytes", 0) || 0,
  bytesVirtual: at(build, "diskSpace.virtualBytes", 0) || 0,
  commitRef: at(build, "commit.ref"),
  commitUrl: at(build, "commit.htmlUrl"),
  config: JSON.stringify(at(build, "config")),
  pinned: at(build, "pinned", false),
  prDescription: at(build, "pullRequest.description"),
  prName: at(build, "pullRequest.name"),
  prNumber: at(build, "pullRequest.number"),
  projectId: at(build, "projectId"),
  prUrl: at(build, "pullRequest.htmlUrl"),
  reaped: at(build, "reaped", true),
  reapedDate: date(at(build, "reapedDate")),
  reapedReason: at(build, "reapedReason", 0),
  reapedReasonText: at(build, "reapedReasonText", "Old build with bad data."),
  requestId: at(build, "requestId"),
  statusBuild: at(build, "status", "error"),
  statusSubmitted: at(build, "submittedState", "error"),
  timeStarted: at(build, "createdAt", new Date(1970, 1, 1)),
  timeUpdated: at(build, "updatedAt", new Date(1970, 1, 1)),
});

async function handle(message) {
  const { data } = JSON.parse(message.value);
  if (!data.data || !data.build) return;
  await knex("build").where("buildId", data.build.id).del();
  if (data.build.reaped != true) await knex("build").insert(row(data.build));
}

async function main() {
  const kafka = new Kafka({ clientId: "rival", brokers: [process.env.BROKER], logLevel: logLevel.NOTHING });
  const consumer = kafka.consumer({ groupId: process.env.GROUP });
  await consumer.connect();
  await consumer.subscribe({ topic: "build_events", fromBeginning: true });
  await consumer.run({ eachMessage: ({ message }) => handle(message) });
}

main();
