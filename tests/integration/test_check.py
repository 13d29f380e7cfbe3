"""check: each precondition a line; what is missing is named with what would grant it, and decides the exit code."""
import json
import subprocess

import pytest


def checked(program, *words, expect=0, **how) -> dict:
    found = json.loads(program.run("check", *words, "-o", "json", expect=expect, **how).stdout)
    assert found["exit_code"] == expect and found["ok"] == (expect == 0)
    by_name = {}
    for line in found["checks"]:
        by_name.setdefault(line["name"], line)
    return by_name


@pytest.fixture
def ordinary(archiver, table, database):
    """The program as a role that may do what it needs, and no more."""
    role = f"archiver_{database.name}"
    table.execute(f'CREATE ROLE {role} LOGIN; GRANT SELECT, INSERT, DELETE ON "Event" TO {role}')
    yield archiver.with_settings({"PG_CONNECTION_STRING": database.uri.replace("postgres@", f"{role}@")})
    table.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")


def test_all_is_well(ordinary):
    found = checked(ordinary)
    assert {line["status"] for line in found.values()} <= {"ok", "skipped"}
    for name in ("settings", "database", "version", "primary", "table", "select", "delete", "index", "lake", "lake clock"):
        assert found[name]["status"] == "ok", name
    lines = ordinary.run("check", expect=0).stdout.splitlines()
    assert len(lines) >= 15 and all(line.split()[0] in ("ok", "skipped") for line in lines[:-2]), "\n".join(lines)
    skipped = sum(line.startswith("skipped") for line in lines)
    assert lines[-2] == "" and lines[-1] == f"{'' if skipped else 'all '}{len(lines) - 2 - skipped} checks passed" + (f", {skipped} skipped" if skipped else "")


def test_a_reader_that_leaves_early_is_no_failure(ordinary):
    settings = {name: str(value) for name, value in ordinary.settings.items()}
    done = subprocess.run(
        f"set -o pipefail; {ordinary.binary} check | head -n 1", shell=True, executable="/bin/bash", env={"PATH": "/usr/bin:/bin", **settings}, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0 and len(done.stdout.splitlines()) == 1 and "output.failed" not in done.stderr, done


def test_the_lake_is_written_to_and_left_clean(archiver, table, lake, container):
    assert checked(archiver)["write"]["status"] == "skipped"
    assert not lake.has_container(container)
    lake.create_container(container)
    assert checked(archiver)["write"]["status"] == "ok"
    assert lake.list(container) == []


def test_settings(archiver):
    outcome = archiver.run("check", "-o", "json", settings={"EVENT_RETENTION_PERIOD": "soon", "ARCHIVE_SHARD": "9"}, expect=2)
    found = json.loads(outcome.stdout)
    assert found["exit_code"] == 2 and [line["status"] for line in found["checks"]] == ["failed", "failed"]
    assert "EVENT_RETENTION_PERIOD" in found["checks"][0]["detail"]


def test_an_unreachable_database_does_not_hide_the_lake(archiver):
    found = checked(archiver, expect=5, settings={"PG_CONNECTION_STRING": "postgresql://nobody@127.0.0.1:1/x"})
    assert found["database"]["status"] == "failed" and found["lake"]["status"] == "ok"


def test_an_unreachable_lake_does_not_hide_the_database(archiver, table, azurite):
    text = azurite.connection_string().replace(str(azurite.port), "1")
    found = checked(archiver, expect=5, settings={"AZURE_STORAGE_CONNECTION_STRING": text, "ARCHIVE_RETRIES": "0"})
    assert found["lake"]["status"] == "failed" and found["select"]["status"] == "ok"


@pytest.mark.parametrize("privileges, lacks", [("SELECT", "delete"), ("DELETE", "select")])
def test_privileges(archiver, table, database, privileges, lacks):
    role = f"archiver_{database.name}"
    table.execute(f"CREATE ROLE {role} LOGIN; GRANT {privileges} ON \"Event\" TO {role}")
    try:
        uri = database.uri.replace("postgres@", f"{role}@")
        found = checked(archiver, expect=4, settings={"PG_CONNECTION_STRING": uri})
        assert found[lacks]["status"] == "failed"
        assert found[lacks]["remedy"] == f'GRANT {lacks.upper()} ON public."Event" TO {role};'
    finally:
        table.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")


@pytest.mark.parametrize(
    "settings", [{"ARCHIVE_TABLE": "nowhere"}, {"ARCHIVE_TIME_COLUMN": "at"}, {"ARCHIVE_KEY_COLUMN": "payload"}]
)
def test_table_and_columns(archiver, table, settings):
    assert checked(archiver, expect=3, settings=settings)["table"]["status"] == "failed"


def test_what_may_get_in_the_way_is_a_warning(archiver, table):
    table.execute(
        """DROP INDEX "Event_created_at";
           CREATE TABLE child (event integer REFERENCES "Event" ON DELETE CASCADE);
           CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
           CREATE TRIGGER keeper BEFORE DELETE ON "Event" FOR EACH ROW EXECUTE FUNCTION keep()"""
    )
    found = checked(archiver)
    for name in ("index", "foreign keys", "triggers"):
        assert found[name]["status"] == "warning" and found[name]["remedy"], name
    assert found["index"]["remedy"] == 'CREATE INDEX CONCURRENTLY ON public."Event" ("created_at");'
    assert "in no file" in found["foreign keys"]["detail"] and "keeper" in found["triggers"]["detail"]


def test_what_a_run_does_not_see_to_is_a_warning(archiver, table, database):
    found = checked(archiver)
    assert "generated columns" not in found and found["foreign keys"]["status"] == "ok"
    table.execute('ALTER TABLE "Event" ADD twice bigint GENERATED ALWAYS AS (id * 2) STORED, ADD "So x" bigint GENERATED ALWAYS AS (id * 3) STORED')
    uri = database.uri + ("&" if "?" in database.uri else "?") + "options=-c%20session_replication_role%3Dreplica"
    for words in ((), ("--for", "restore")):
        found = checked(archiver, *words, settings={"PG_CONNECTION_STRING": uri})
        assert found["generated columns"]["status"] == "warning" and 'twice, "So x" are in no file' in found["generated columns"]["detail"]
        assert found["foreign keys"]["status"] == "warning" and "'replica'" in found["foreign keys"]["detail"]


def test_values_that_come_back_otherwise_are_a_warning(archiver, table):
    found = checked(archiver)
    assert "xml" not in found and "names" not in found
    table.execute('ALTER TABLE "Event" ADD page xml, ADD "more pages" xml[], ADD about regclass')
    for words in ((), ("--for", "restore")):
        found = checked(archiver, *words)
        assert found["xml"]["status"] == "warning" and 'sends page, "more pages" without' in found["xml"]["detail"]
        assert found["names"]["status"] == "warning" and "TYPE oid" in found["names"]["remedy"]


def test_a_read_only_database(archiver, table, database):
    table.execute(f"ALTER DATABASE {database.name} SET default_transaction_read_only = on")
    assert checked(archiver)["primary"]["status"] == "ok"  # a run's transactions say READ WRITE


def test_a_role_with_more_power_than_it_needs_is_a_warning(archiver, ordinary, table, database):
    assert checked(archiver)["role"]["status"] == "warning" and "superuser" in checked(archiver)["role"]["detail"]
    assert {checked(ordinary)[name]["status"] for name in ("role", "search path", "identity", "encoding")} == {"ok"}
    table.execute(f"GRANT CREATE ON SCHEMA public TO archiver_{database.name}")
    assert "may create" in checked(ordinary)["role"]["detail"]
    table.execute("GRANT CREATE ON SCHEMA public TO PUBLIC")
    found = checked(ordinary)["search path"]
    assert found["status"] == "warning" and found["remedy"] == "REVOKE CREATE ON SCHEMA public FROM PUBLIC;"
    table.execute(f"REVOKE CREATE ON SCHEMA public FROM PUBLIC, archiver_{database.name}")


def test_a_pooler_is_noticed(archiver, table, database, pgbouncer):
    via = {"PG_CONNECTION_STRING": database.server.uri(database.name, port=pgbouncer.port)}
    assert "in front" in checked(archiver, settings=via)["pooler"]["detail"]
    assert "direct" in checked(archiver)["pooler"]["detail"]


def test_pending_and_unreadable_files(archiver, table, lake, container):
    table.fill(20, 2)
    archiver.archive("--dry-run")
    found = checked(archiver)
    assert found["pending"]["status"] == "warning" and "2 of 2" in found["pending"]["detail"]
    lake.put_blob(container, "events_2024-01-05.csv", b"id\n", {"archiverformat": "99"})
    assert checked(archiver, expect=3)["files"]["status"] == "failed"


@pytest.mark.parametrize("permissions, failing", [("rl", "write"), ("rw", "lake")])
def test_a_signature_that_does_not_suffice(archiver, table, azurite, lake, container, permissions, failing):
    from support.servers import ACCOUNT

    lake.create_container(container)
    sas = lake.account_sas(permissions)
    text = f"BlobEndpoint={azurite.endpoint}/{ACCOUNT};SharedAccessSignature={sas}"
    found = checked(archiver, expect=4, settings={"AZURE_STORAGE_CONNECTION_STRING": text})
    assert found[failing]["status"] == "failed" and "Storage Blob Data Contributor" in found[failing]["remedy"]
