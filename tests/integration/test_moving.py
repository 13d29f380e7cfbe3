"""What docs/operating.md says of moving house: another cluster, another container, another name of the table."""
import csv
import io
import subprocess
import uuid
from contextlib import contextmanager

import pytest

from conftest import connect
from support.oracle import Oracle
from support.servers import PG_BIN, PostgreSQL, clean_environment
from support.table import EventTable


@pytest.fixture
def archived(archiver, table, oracle):
    """300 rows in three files, three young ones in the table."""
    table.fill(300, 3)
    table.fill_young(3)
    oracle.remember()
    archiver.archive()
    return archiver


@contextmanager
def moved_by_dump(database, place):
    """Another cluster, with all that the database has, and a connection to it."""
    with PostgreSQL(place / f"new-home-{uuid.uuid4().hex[:8]}") as new:
        environment = clean_environment()
        dump = subprocess.run([PG_BIN / "pg_dump", "-d", database.uri], env=environment, check=True, capture_output=True).stdout
        load = [PG_BIN / "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", new.uri()]
        subprocess.run(load, env=environment, input=dump, check=True, capture_output=True)
        connection = connect(new, "postgres")
        try:
            yield new, connection
        finally:
            connection.close()


def add_late_rows(table: EventTable) -> None:
    """Rows for days that have files, and for one that has none."""
    table.fill(40, 4, seed="late")


def test_the_database_moves_to_another_cluster(archived, database, table, oracle, lake, container, place):
    archived.run("recover", expect=0)
    with moved_by_dump(database, place) as (new, connection):
        moved = EventTable(connection)
        moved.next_id = table.next_id
        add_late_rows(moved)
        judge = Oracle(connection, lake, container)
        judge.remember_new()
        moved_in = archived.with_settings({"PG_CONNECTION_STRING": new.uri()})
        refused = moved_in.run("archive")
        assert refused.code == 3 and "belongs to" in refused.stderr and "recover --adopt" in refused.stderr, str(refused)
        moved_in.run("recover", "--adopt", expect=0)
        outcome = moved_in.archive()
        assert len(outcome.events("day.history_changed")) == 3
        assert outcome.summary["rows"] == 40 and outcome.summary["files_appended"] == 3
        found = judge.check()
        assert found.archived == 340 and found.left == 3


def test_an_enum_that_got_a_label_in_the_middle_moves_with_its_database(archiver, database, table, lake, container, place):
    """A dump numbers labels from 1, in their order; attributes too. Nothing was renamed."""
    table.execute("CREATE TYPE state AS ENUM ('open', 'gone'); CREATE TYPE place AS (x int, y int, z int); ALTER TYPE place DROP ATTRIBUTE y")
    table.execute('ALTER TABLE "Event" ADD COLUMN state state DEFAULT \'gone\', ADD COLUMN place place DEFAULT \'(1,2)\'')
    table.fill(30, 3)
    archiver.archive(settings={"ARCHIVE_MAX_DAYS": "1"})
    table.execute("ALTER TYPE state ADD VALUE 'paid' BEFORE 'gone'")
    archiver.archive()
    with moved_by_dump(database, place) as (new, connection):
        moved = EventTable(connection)
        moved.next_id = table.next_id
        moved_in = archiver.with_settings({"PG_CONNECTION_STRING": new.uri()})
        moved_in.run("recover", "--adopt", expect=0)
        first, *others = sorted(blob.name[7:17] for blob in lake.list(container) if blob.name.startswith("events_"))
        for day in (first, others[0]):
            found = moved_in.run("cat", "--day", day, "--where", "state = 'gone' AND (place).z = 2", expect=0)
            assert len(list(csv.reader(io.StringIO(found.stdout)))) == 11, day
        for night in range(3):
            moved.fill(30, 3, seed=f"night {night}")
            moved_in.archive()
        for day in (first, *others):
            moved_in.run("restore", "--day", day, "--hold", "none", expect=0)
        assert moved.execute('SELECT count(*) FROM "Event" WHERE state = \'gone\'') == [(120,)]


def test_an_enum_that_was_made_again_with_one_more_label(archiver, table):
    """As TypeORM and Alembic add a label: the column moves to a new type of the same name."""
    table.execute("CREATE TYPE state AS ENUM ('open', 'gone')")
    table.execute('ALTER TABLE "Event" ADD COLUMN state state DEFAULT \'gone\'')
    table.fill(30, 3)
    archiver.archive()
    table.execute('ALTER TABLE "Event" ALTER state DROP DEFAULT')
    table.execute("ALTER TYPE state RENAME TO state_old; CREATE TYPE state AS ENUM ('open', 'paid', 'gone')")
    table.execute('ALTER TABLE "Event" ALTER state TYPE state USING state::text::state; DROP TYPE state_old')
    for night in range(2):
        table.fill(30, 3, seed=f"night {night}")
        assert archiver.archive().summary["files_appended"] == 3
    archiver.run("restore", "--from", "2024-01-01", "--to", "2024-01-03", expect=0)
    assert table.execute('SELECT count(*) FROM "Event" WHERE state = \'gone\'') == [(30,)]
    assert table.execute('SELECT count(*) FROM "Event"') == [(90,)]


@pytest.mark.parametrize("with_metadata", [True, False])
def test_the_lake_moves_to_another_container(archived, database, table, oracle, lake, container, with_metadata):
    archived.run("recover", expect=0)
    there = f"{container[:30]}-new"
    lake.create_container(there)
    try:
        for blob in lake.list(container):
            lake.put_blob(there, blob.name, lake.get(container, blob.name), blob.metadata if with_metadata else None)
        add_late_rows(table)
        oracle.remember_new()
        outcome = archived.archive(settings={"ARCHIVE_PATH": there})
        assert len(outcome.events("day.adopted")) == 3, str(outcome)
        found = Oracle(database.connection, lake, there).check()
        assert found.archived == 340 and found.left == 3
    finally:
        lake.delete_container(there)


def test_the_table_gets_another_name(archived, database, table, oracle, lake, container):
    archived.run("recover", expect=0)
    add_late_rows(table)
    oracle.remember_new()
    table.execute('ALTER TABLE public."Event" RENAME TO happened')
    renamed = archived.with_settings({"ARCHIVE_TABLE": "public.happened"})
    refused = renamed.run("archive")
    assert refused.code == 3 and "belongs to table public.Event" in refused.stderr, str(refused)
    renamed.archive(settings={"ARCHIVE_PATH": f"{container}/happened"})
    table.execute("DELETE FROM oracle.original WHERE id <= 300")  # those are in the files of the old name
    judge = Oracle(database.connection, lake, container, folder="happened", table="public.happened")
    found = judge.look()
    assert found.archived == 40 and found.left == 3
    assert all("not the name of a day's file in its folder" in problem for problem in found.problems), found.problems
