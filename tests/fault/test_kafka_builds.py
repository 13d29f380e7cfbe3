"""probo-db's work over a real broker: its producer is another program, its database may be there already, and what went wrong there
goes right here."""
import contextlib
import json
import uuid

import pytest

from support import broker as brokers
from support.archiver import Archiver
from support.asking import wait_for
from support.builds import BUILD, KEYS, build, message
from support.kafka_services import KafkaServices, produce

pytestmark = pytest.mark.skipif(bool(brokers.missing()), reason=brokers.missing())

OTHER = "207f5c8a-9902-40c5-b10a-d9640750b967"
COLUMNS = (
    "SELECT string_agg(concat_ws(' ', column_name, data_type, is_nullable, column_default), ', ' ORDER BY ordinal_position) "
    "FROM information_schema.columns WHERE table_name = 'build'"
)

INDEXES = "SELECT array_agg(indexdef ORDER BY 1) FROM pg_indexes WHERE tablename IN ('build', 'knex_migrations', 'knex_migrations_lock')"

# As probo-db's own migration leaves it.
PROBO = """
CREATE TABLE build (
    id serial PRIMARY KEY, "buildId" uuid NOT NULL, "requestId" uuid, "projectId" uuid NOT NULL,
    "timeStarted" timestamptz NOT NULL, "timeUpdated" timestamptz NOT NULL,
    "bytesVirtual" bigint NOT NULL DEFAULT 0, "bytesReal" bigint NOT NULL DEFAULT 0, config json,
    "branchName" varchar(255), "branchUrl" varchar(255), "commitUrl" varchar(255), "commitRef" varchar(255),
    "prDescription" text, "prUrl" varchar(255), "prName" text, "prNumber" varchar(255),
    reaped boolean NOT NULL DEFAULT false, "reapedReason" integer, "reapedReasonText" varchar(255), "reapedDate" timestamptz,
    pinned boolean NOT NULL DEFAULT false,
    "statusSubmitted" text NOT NULL DEFAULT 'pending' CHECK ("statusSubmitted" IN ('pending', 'submitted', 'error', 'paused')),
    "statusBuild" text NOT NULL DEFAULT 'pending'
        CHECK ("statusBuild" IN ('pending', 'running', 'error', 'success', 'failed', 'successful')));
ALTER TABLE build ADD CONSTRAINT build_buildid_unique UNIQUE ("buildId");
CREATE INDEX build_buildid_index ON build ("buildId");
CREATE INDEX build_requestid_index ON build ("requestId");
CREATE INDEX build_projectid_index ON build ("projectId");
CREATE INDEX build_reapedreason_index ON build ("reapedReason");
CREATE TABLE knex_migrations (id serial PRIMARY KEY, name varchar(255), batch integer, migration_time timestamptz);
CREATE TABLE knex_migrations_lock (index serial PRIMARY KEY, is_locked integer);
INSERT INTO knex_migrations (name, batch, migration_time) VALUES ('20170519124040_build.js', 1, '2018-01-02');
INSERT INTO knex_migrations_lock (is_locked) VALUES (0);
"""


@pytest.fixture
def probo(archiver, broker, database, topic, tmp_path):
    it = KafkaServices(archiver, broker, database)
    it.archiver = it.archiver.with_settings({"JOURNAL": None, "BUILDS_TOPIC": None})
    it.broker, it.topic, it.place = broker, topic, tmp_path
    bus = {"group": "proboDb", "topic": topic, "version": 1, "brokers": [broker.address]}
    (tmp_path / "db.yaml").write_text(json.dumps({"port": 8442, "pluginDirectory": None, "buildsEventStream": {"plugin": "Kafka", "config": bus}}))
    parameters = database.connection.get_dsn_parameters()
    knex = {"host": parameters["host"], "port": int(parameters["port"]), "database": database.name, "user": parameters["user"]}
    (tmp_path / "knexfile.js").write_text("module.exports = " + json.dumps({"production": {"client": "pg", "connection": knex}}) + ";\n")
    it.archiver = it.archiver.with_settings({"PG_CONNECTION_STRING": None})
    it.files = ("-c", str(tmp_path / "db.yaml"), "-k", str(tmp_path / "knexfile.js"))
    it.start = lambda **settings: it.serve("builds", *it.files, **settings)
    return it


def builds(probo) -> list:
    return probo.rows('SELECT "buildId"::text, "statusBuild", "timeUpdated", "bytesReal" FROM build ORDER BY 1')


def test_all_routes_answer_what_the_bus_carried(probo, java):
    produce(java, probo.topic, message(BUILD), message(build(id=OTHER, diskSpace={"realBytes": 7}), version=None), {"data": {"event": "ping"}})
    with probo.start() as service:
        probo.wait_for("SELECT count(*) FROM build", 2)
        expected = {
            "/": "probodb version 1.0.0",
            "/build": sorted([BUILD["id"], OTHER]),
            "/project": [BUILD["projectId"]],
            f"/build/{OTHER}/disk-usage": "7",
            f"/project/{BUILD['projectId']}/disk-usage": str(7 + BUILD["diskSpace"]["realBytes"]),
            "/organization/acme/disk-usage": "0",
        }
        for path, body in expected.items():
            assert service.get(path).json == body, path
        found = service.get(f"/build/{BUILD['id']}").json
        assert list(found) == KEYS and found["timeUpdated"] == BUILD["updatedAt"]
        for path in [*expected, f"/build/{BUILD['id']}"]:
            head, got = service.ask("HEAD", path), service.get(path)
            assert (head.status, head.body, head.headers["content-length"]) == (200, b"", str(len(got.body))), path
        produce(java, probo.topic, message(build(id=OTHER, reaped=True), "reaped"))
        probo.wait_for("SELECT count(*) FROM build", 1)


def test_an_existing_database_is_taken_over_as_it_is(probo, java):
    probo.rows(PROBO)
    probo.rows(f"""INSERT INTO build ("buildId", "projectId", "timeStarted", "timeUpdated") VALUES ('{OTHER}', '{OTHER}', '2017-01-01', '2017-01-01')""")

    def look() -> tuple:
        kept = probo.rows(f"""SELECT * FROM build WHERE "buildId" = '{OTHER}'""")
        return probo.value(COLUMNS), probo.value(INDEXES), probo.rows("SELECT * FROM knex_migrations"), probo.rows("SELECT * FROM knex_migrations_lock"), kept

    before = look()
    probo.archiver.run("migrate", *probo.files, expect=0)
    produce(java, probo.topic, message(BUILD))
    with probo.start() as service:
        probo.wait_for("SELECT count(*) FROM build", 2)
        assert sorted(service.get("/build").json) == sorted([OTHER, BUILD["id"]])
    assert look() == before


def test_a_bad_event_loses_no_row_and_stops_nothing(probo, java):
    """A status that there is not, a text that is too long, no branch, and an old event behind a newer one."""
    bad = [message(build(status="exploded")), message(build(id=str(uuid.uuid4()), pullRequest={"htmlUrl": "x" * 256})), "no json {"]
    newer, older = build(updatedAt="2018-01-01T00:00:00.000Z", diskSpace={"realBytes": 5}), build(updatedAt="2017-07-01T00:00:00.000Z")
    produce(java, probo.topic, message(BUILD), *bad, message(build(id=OTHER, branch=None)), message({**build(id=OTHER), "branch": None}), message(newer), message(older))
    with probo.start():
        probo.wait_for("SELECT count(*) FROM build", 2)
        probo.wait_for("SELECT next FROM event_archiver.position WHERE projection LIKE 'builds%'", 8)
    assert probo.value(f"""SELECT "bytesReal" FROM build WHERE "buildId" = '{BUILD['id']}'""") == 5
    letters = probo.rows("SELECT position FROM event_archiver.dead_letter ORDER BY 1")
    assert letters == [(1,), (2,), (3,)]


def test_twenty_copies_are_one_row_and_all_are_committed(probo, java):
    produce(java, probo.topic, *[message(BUILD)] * 20)
    with probo.start():
        probo.wait_for("SELECT sum(next) FROM event_archiver.position WHERE projection LIKE 'builds%'", 20)
    assert len(builds(probo)) == 1


def test_everything_again_under_a_new_group_leaves_the_table_equal(probo, java):
    many = [build(id=str(uuid.UUID(int=each % 7)), updatedAt=f"2018-01-{each + 1:02}T00:00:00.000Z", organizationId=f"o{each % 2}") for each in range(20)]
    produce(java, probo.topic, *[message(each) for each in many])
    with probo.start():
        probo.wait_for("SELECT sum(next) FROM event_archiver.position WHERE projection LIKE 'builds%'", 20)
    before = builds(probo), probo.rows("SELECT * FROM build_organization ORDER BY 1")
    assert len(before[0]) == 7
    with probo.start(KAFKA_GROUP_ID="again"):
        probo.wait_for("SELECT sum(next) FROM event_archiver.position WHERE projection LIKE 'builds@again%'", 20)
    assert (builds(probo), probo.rows("SELECT * FROM build_organization ORDER BY 1")) == before


APPLIED = "SELECT coalesce(sum(next), 0) FROM event_archiver.position WHERE projection LIKE 'builds%'"
POINTS = ["projection-begin", "projection-moved", "projection-applied", "projection-plugin", "projection-before-commit", "projection-after-commit"]


@pytest.mark.parametrize("point", [point + number for number in ("", "#2") for point in POINTS])
def test_a_kill_between_row_and_position_loses_nothing(probo, java, fault_binary, point):
    """In the first batch, and in the second; a plugin's effect too is there once."""
    told = [message(build(id=str(uuid.UUID(int=number + 1)), organizationId="acme", diskSpace={"realBytes": 1})) for number in range(40)]
    probo.archiver.run("migrate", *probo.files, expect=0)
    produce(java, probo.topic, *told[:20])
    settings = {"SERVE_APIS": "builds", "SERVE_PORT": "0", "EVENT_ARCHIVER_FAULT": f"{point}=kill"}
    killed = Archiver(fault_binary, probo.archiver.settings).start("serve", *probo.files, settings=settings)
    wait_for(lambda: not killed.running or probo.value(APPLIED) == 20)
    produce(java, probo.topic, *told[20:])
    assert killed.wait(60).code == 137, f"{point} was not reached"
    with probo.start() as service:
        probo.wait_for(APPLIED, 40)
        assert service.get("/organization/acme/disk-usage").json == "40"
    assert probo.value("SELECT count(*) FROM build") == 40 and probo.value("SELECT count(*) FROM event_archiver.dead_letter") == 0


def test_events_that_are_gone_from_the_topic_are_told_and_not_passed_over(probo, java):
    produce(java, probo.topic, *[message(build(id=str(uuid.UUID(int=each + 1)))) for each in range(6)])
    with probo.start():
        probo.wait_for("SELECT count(*) FROM build", 6)
    probo.rows("UPDATE event_archiver.position SET next = 2")
    java("delete_records", topic=probo.topic, partition=0, before=4)
    outcome = probo.archiver.run("project", "builds", "--once", *probo.files, expect=7)
    assert "at position 2" in outcome.stderr and "4 to 6" in outcome.stderr


def test_without_the_broker_two_servers_serve_what_is_there(probo, java, broker):
    """One that has lost it, and one that starts without it: both are ready, and both go on when it is back."""
    produce(java, probo.topic, message(BUILD))
    with contextlib.ExitStack() as stack:
        services = [stack.enter_context(probo.start())]
        probo.wait_for("SELECT count(*) FROM build", 1)
        broker.kill()
        try:
            services.append(stack.enter_context(probo.start()))
            services[1].process.wait_for_output('"journal.kafka_unreachable"')
            for service in services:
                wait_for(lambda: service.get(f"/build/{BUILD['id']}").status == 200)
                assert service.get("/project").json == [BUILD["projectId"]]
                assert service.get("/readyz").json["status"] == "ok"
        finally:
            broker.restart()
        produce(java, probo.topic, message(build(id=OTHER)))
        probo.wait_for("SELECT count(*) FROM build", 2)
        services[0].process.send(15)
        assert services[0].stop_awaited().code == 0
        produce(java, probo.topic, message(build(id=OTHER, reaped=True)))
        probo.wait_for("SELECT count(*) FROM build", 1)  # by the one that found no broker when it started
