"""Settings from a file: `-c` with YAML, `-k` with a knexfile; and Probo's own two files, as they are."""
import json

import pytest

from support.asking import serving, wait_until_ready

SECRET = "of-a-test-and-not-secret"

DB_YAML = """\
host: 127.0.0.1
port: 0

buildsEventStream:
  plugin: Kafka
  config:
    group: 'proboDb'
    topic: 'build_events'
    version: 1
pluginDirectory: null
knex: {}
serverName: probodb
version: '1.0.0'
"""

KNEXFILE = """\
'use strict';

// As knex's own `init` writes it.
module.exports = {

  test: { client: 'sqlite3', connection: { filename: ':memory:' } },

  production: {
    client: 'pg',
    connection: {
      host: '%(host)s', port: %(port)s,
      database: '%(database)s',
      user:     "%(user)s",
      password: 'of-a-test-and-not-secret',
    },
    pool: { min: 2, max: 10 },
    migrations: { tableName: 'knex_migrations' }
  }

};
"""


@pytest.fixture
def file(tmp_path):
    def write(name: str, text: str) -> str:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return str(path)

    return write


def settings(outcome) -> dict:
    return {each["environment"]: (each["value"], each["source"]) for each in json.loads(outcome.stdout)["settings"]}


def test_a_flag_beats_the_environment_beats_the_file_beats_the_default(archiver, file):
    path = file("s.yaml", "archive_parallel: 7\narchive_retries: 8\narchive_max_days: 9\n")
    told = archiver.with_settings({"EVENT_ARCHIVER_CONFIG": path, "ARCHIVE_RETRIES": "3", "ARCHIVE_MAX_DAYS": "2"})
    found = settings(told.run("config", "--max-days", "1", "-o", "json", expect=0))
    assert found["ARCHIVE_PARALLEL"] == ("7", "config")
    assert found["ARCHIVE_RETRIES"] == ("3", "environment")
    assert found["ARCHIVE_MAX_DAYS"] == ("1", "flag")
    assert found["ARCHIVE_COMMIT"] == ("run", "default")


def test_archive_takes_all_it_needs_from_a_file(archiver, table, file):
    """Every setting can stand there, of every command."""
    names = {name: value for name, value in archiver.settings.items() if value}
    path = file("archive.yaml", "".join(f"{name.lower()}: {json.dumps(value)}\n" for name, value in names.items()) + "dry_run: true\n")
    table.fill(3, 2)
    bare = archiver.with_settings({name: None for name in names})
    outcome = bare.run("archive", "-c", path, expect=0)
    assert outcome.summary["dry_run"] is True and outcome.summary["rows"] == 3
    assert outcome.summary["rows_deleted"] == 0


def test_a_directory_counts_in_the_order_of_its_names(archiver, file, tmp_path):
    file("conf/10.yaml", "archive_parallel: 2\narchive_retries: 2\n")
    file("conf/20.yml", "archive_parallel: 3\n")
    file("conf/30.txt", "archive_parallel: 4\n")
    found = settings(archiver.run("config", "-c", str(tmp_path / "conf"), "-o", "json", expect=0))
    assert (found["ARCHIVE_PARALLEL"][0], found["ARCHIVE_RETRIES"][0]) == ("3", "2")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("archive_tabel: x\n", "line 1: 'archive_tabel' is not a setting; did you mean 'archive_table'?"),
        ("a: &a [1]\nb: [*a, *a]\n", "line 2: aliases are not read"),
        ("dry_run: [\n", "is no configuration: line"),
        ("dry_run: true\n" * 2, "line 2: the same name"),
        ("# " + "x" * (1 << 20) + "\n", "larger than 1 MiB"),
        ("pluginDirectory: /opt/plugins\n", "no JavaScript is run"),
        (f"serve_token: {SECRET}\nserve_token_file: /run/token\n", "keep one of them"),
    ],
    ids=["unknown", "alias", "torn", "twice", "large", "plugins", "two"],
)
def test_a_mistake_is_a_sentence_and_exit_2(archiver, file, text, said):
    outcome = archiver.run("archive", "-c", file("s.yaml", text), expect=2)
    assert said in outcome.stderr and SECRET not in outcome.stderr


def test_secrets_of_a_file_are_not_shown(archiver, file):
    path = file("s.yaml", f"live_secret: {SECRET}\nserve_token: {SECRET}\nknex: {{connection: {{host: h, password: {SECRET}}}}}\n")
    for output in ("text", "json"):
        outcome = archiver.with_settings({"PG_CONNECTION_STRING": None}).run("config", "-c", path, "-o", output)
        assert SECRET not in outcome.stdout + outcome.stderr
    assert "(hidden)" in outcome.stdout


@pytest.mark.parametrize("text", ["module.exports = { connection: process.env.URL }", "const a = {}; module.exports = a;", "throw 1"])
def test_no_javascript_is_run(archiver, file, text):
    outcome = archiver.with_settings({"PG_CONNECTION_STRING": None}).run("migrate", "-k", file("knexfile.js", text), expect=2)
    mistakes = [line["msg"] for line in outcome.log if line["event"] == "config.mistake"]
    assert len(mistakes) == 1 and "no JavaScript is run" in mistakes[0] and "line 1" in mistakes[0]


def test_probos_files_are_understood_as_they_are(archiver, database, file, tmp_path):
    """As its image starts: migrations, then the server."""
    parameters = database.connection.get_dsn_parameters()
    knex = {"host": parameters["host"], "port": parameters["port"], "database": database.name, "user": parameters["user"]}
    files = ("-c", file("probo/db.yaml", DB_YAML), "-k", file("probo/knexfile.js", KNEXFILE % knex))
    told = archiver.with_settings({"PG_CONNECTION_STRING": None, "JOURNAL": str(tmp_path / "journal")})
    found = settings(told.run("config", *files, "-o", "json"))
    assert found["KAFKA_BROKER"] == (None, "unset"), "the environment's JOURNAL counts instead"
    elsewhere = settings(told.with_settings({"JOURNAL": None}).run("config", *files, "-o", "json"))
    assert elsewhere["KAFKA_BROKER"] == ("localhost:9092", "config"), "where nobody says another"
    assert (found["KAFKA_GROUP_ID"][0], found["BUILDS_TOPIC"][0]) == ("proboDb", "build_events")
    assert found["SERVE_ADDRESS"] == ("127.0.0.1", "config") and found["SERVE_PORT"] == ("0", "config")
    assert SECRET not in json.dumps(found)
    told.run("migrate", *files, expect=0)
    with database.connection.cursor() as cursor:
        cursor.execute("SELECT name FROM knex_migrations")
        assert cursor.fetchall() == [("20170519124040_build.js",)]
    (tmp_path / "journal/build_events").mkdir(parents=True)
    with serving(told, "builds", *files, JOURNAL=str(tmp_path / "journal")) as service:
        wait_until_ready(service)
        assert service.get("/").json == "probodb version 1.0.0" and service.get("/build").json == []


def test_the_yaml_files_connection_beats_the_knexfiles(archiver, file):
    files = ("-c", file("db.yaml", "knex: {connection: {host: yaml, database: y}}\n"), "-k", file("k.js", "module.exports = {connection: {host: 'knex'}}"))
    found = settings(archiver.with_settings({"PG_CONNECTION_STRING": None}).run("config", *files, "-o", "json"))
    assert "yaml" in found["PG_CONNECTION_STRING"][0]
