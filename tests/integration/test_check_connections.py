"""How many connections a run opens and how many it may have: what `check` says, and what a run does with fewer."""
import json

import pytest


@pytest.fixture
def role(table, database):
    """A role that may archive: its name, and the address by which it signs in."""
    name = f"worker_{database.name}"
    table.execute(f'CREATE ROLE {name} LOGIN; GRANT SELECT, DELETE, INSERT ON "Event" TO {name}')
    yield name, database.uri.replace("postgres@", f"{name}@")
    table.execute(f"ALTER DATABASE {database.name} CONNECTION LIMIT -1; DROP OWNED BY {name}; DROP ROLE {name}")


def limit(table, database, role, of: str, most: int) -> str:
    """The statement that check should give, up to the number."""
    name = role[0] if of == "ROLE" else database.name
    statement = f"ALTER {of} {name} CONNECTION LIMIT "
    table.execute(f"{statement}{most}")
    return statement


def line(archiver, expect: int, *arguments: str) -> dict:
    found = json.loads(archiver.run("check", "-o", "json", *arguments, expect=expect).stdout)
    (one,) = [each for each in found["checks"] if each["name"] == "connections"]
    return one


@pytest.mark.parametrize("aim, needed", [((), 5), (("--for", "restore"), 2)], ids=["archive", "restore"])
def test_a_role_with_too_few_connections_is_told_of(archiver, table, database, role, aim, needed):
    worker = archiver.with_settings({"PG_CONNECTION_STRING": role[1]})
    assert line(worker, 0, *aim)["status"] == "ok"
    statement = limit(table, database, role, "ROLE", 1)
    found = line(worker, 3, *aim)
    assert found["status"] == "failed" and f"role {role[0]} may have 1" in found["detail"], found
    assert found["remedy"].startswith(f"{statement}{needed};"), found
    limit(table, database, role, "ROLE", needed)
    assert line(worker, 0, *aim)["status"] == "ok"


def test_fewer_than_readers_are_a_warning(archiver, table, database, role):
    worker = archiver.with_settings({"PG_CONNECTION_STRING": role[1]})
    statement = limit(table, database, role, "ROLE", 3)
    found = line(worker, 0)
    assert found["status"] == "warning" and "a run opens up to 5" in found["detail"], found
    assert found["remedy"] == f"{statement}5; Or give a smaller ARCHIVE_PARALLEL."
    assert line(worker.with_settings({"ARCHIVE_PARALLEL": "2"}), 0)["status"] == "ok"


def test_what_others_use_counts(archiver, table, database, role):
    """The test's own session is one of the database's."""
    worker = archiver.with_settings({"PG_CONNECTION_STRING": role[1]})
    limit(table, database, role, "DATABASE", 5)
    found = line(worker, 0)
    assert found["status"] == "warning" and f"database {database.name}" in found["detail"] and "others have 1 now" in found["detail"], found
    limit(table, database, role, "DATABASE", 6)
    assert line(worker, 0)["status"] == "ok"


@pytest.mark.parametrize("index", [True, False], ids=["by day", "one scan"])
@pytest.mark.parametrize("of, most", [("ROLE", 2), ("ROLE", 3), ("DATABASE", 3)])
def test_a_run_works_with_fewer_readers(archiver, table, database, lake, container, oracle, role, index, of, most):
    table.fill(60, 6)
    if not index:
        table.execute('DROP INDEX public."Event_created_at"')
    oracle.remember()
    limit(table, database, role, of, most)
    outcome = archiver.with_settings({"PG_CONNECTION_STRING": role[1]}).archive()
    assert outcome.summary["rows"] == 60
    if index:  # a table of few pages is one range
        assert len(outcome.events("readers.fewer")) == 1, str(outcome)
    oracle.check()
    assert table.count() == 0


def test_a_run_with_one_connection_ends_cleanly(archiver, table, database, lake, container, role):
    table.fill(12, 3)
    limit(table, database, role, "ROLE", 1)
    outcome = archiver.with_settings({"PG_CONNECTION_STRING": role[1]}).archive(expect=5)
    assert "too many connections" in outcome.stderr and "CONNECTION LIMIT" in outcome.stderr, outcome.stderr
    assert table.count() == 12 and lake.list(container) == []
