"""Days are deleted while others are still read: changed by others, killed, refused or cut off in between."""
import signal
import threading
import uuid
from types import SimpleNamespace

import psycopg2
import pytest

from support.asking import wait_for
from support.gate import answer, call_after, call_before, cut_before
from support.scene import YOUNG, Kind, Scene
from support.servers import PostgreSQL
from support.writers import Beside, Writer

DAYS = ("2024-01-01", "2024-01-02", "2024-01-03")
KIND = Kind(rows=12, days=3)
ONE_READER = {"ARCHIVE_PARALLEL": "1"}  # so that the days are read in order


def statement(verb: str, day: str):
    """A statement about rows from this day on."""
    return lambda record: verb in record.target and f">= timestamp '{day}" in record.target


def nothing() -> None:
    pass


def hold(database, before_first=nothing, after_first=nothing, before_second=nothing) -> None:
    """The second day is read when the DELETE of the first has its answer. What is done before and after that DELETE, and then."""
    gone = threading.Event()

    def deleted():
        after_first()
        gone.set()

    def second():
        assert gone.wait(30), "the first day was not deleted"
        before_second()

    if before_first is nothing:
        database.on(call_after(deleted), when=statement("DELETE FROM", DAYS[0]))
    else:
        database.on(call_before(lambda: (before_first(), gone.set())), when=statement("DELETE FROM", DAYS[0]))
    database.on(call_before(second), when=statement("COPY", DAYS[1]))


def row_of(scene, day: str) -> int:
    return scene.table.value(f"SELECT max(id) FROM \"Event\" WHERE created_at::date = '{day}'")


def deletes(database) -> list:
    return [record.target for record in database.records if "DELETE FROM" in record.target]


def published(lake) -> list:
    return lake.requests("PUT", "comp=blocklist") + lake.requests("PUT", "comp=metadata") + lake.requests("DELETE")


def test_a_day_is_deleted_before_the_next_is_read(scene):
    scene.begin(KIND)
    with scene.gates() as (_, database):
        hold(database)
        outcome = scene.run(database=database, settings=ONE_READER)
        done = deletes(database)
    assert outcome.code == 0 and outcome.summary["attempts"] == 1, str(outcome)
    assert len(done) > 2 and f"'{DAYS[0]} 00:00:00'" in done[0] and "0001-01-01" in done[-1], done
    assert sum("0001-01-01" in each for each in done) == 1
    assert outcome.summary["rows_deleted"] == outcome.summary["rows"] == 12
    scene.finish(12)


CHANGES = {"insert": lambda writer, day, row: writer.insert(day), "update": lambda writer, day, row: writer.update(row),
           "move": lambda writer, day, row: writer.move(row), "delete": lambda writer, day, row: writer.delete(row)}
MOMENTS = {"before its day is read": (1, "before_second"), "between its reading and its DELETE": (0, "before_first"),
           "after its DELETE": (0, "after_first"), "on the last day, after the first was deleted": (2, "before_second")}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("moment", MOMENTS)
def test_rows_that_others_change_meanwhile_are_neither_lost_nor_doubled(scene, moment, change):
    scene.begin(KIND)
    number, when = MOMENTS[moment]
    writer, beside, row = Writer(scene.table, scene.database.uri), Beside(), row_of(scene, DAYS[number])
    with scene.gates() as (_, database):
        hold(database, **{when: lambda: beside.run(lambda: CHANGES[change](writer, DAYS[number], row))})
        outcome = scene.run(database=database, settings=ONE_READER)
        beside.join()
    assert outcome.code == 0, str(outcome)
    conflict = change != "insert" and when != "after_first"  # a row that was deleted is locked until COMMIT
    assert outcome.summary["attempts"] == (2 if conflict else 1), str(outcome)
    scene.oracle.check()
    scene.finish()


FAILURES = {"an upload is refused": 4, "a reader's session is cut off": 5}


@pytest.mark.parametrize("failure", FAILURES)
def test_a_failure_on_the_last_day_gives_back_the_first(scene, failure):
    scene.begin(KIND)
    with scene.gates() as (lake, database):
        hold(database)
        if failure == "an upload is refused":
            lake.on(answer(403, "AuthorizationFailure"), times=None, method="PUT", contains=f"{DAYS[2]}.csv?comp=block&")
        else:
            database.on(cut_before(), times=None, when=statement("COPY", DAYS[2]))
        outcome = scene.run(lake=lake, database=database, settings=ONE_READER)
        assert outcome.code == FAILURES[failure] and deletes(database) and not published(lake), str(outcome)
    scene.must_be_as_before()
    scene.finish(12)


def test_a_server_that_crashes_after_the_first_day_was_deleted_has_all_rows(place, archiver, azurite, lake):
    server = PostgreSQL(place / f"crash-{uuid.uuid4().hex[:8]}")
    server.directory.mkdir(parents=True)
    server.start()

    def connected():
        connection = psycopg2.connect(server.uri(), options="-c timezone=UTC", client_encoding="UTF8")
        connection.autocommit = True
        return connection

    database = SimpleNamespace(name="postgres", server=server, uri=server.uri(), connection=connected())
    scene = Scene(archiver.with_settings({"PG_CONNECTION_STRING": server.uri()}), database, azurite, lake)

    def crash():
        server.process.send_signal(signal.SIGQUIT)
        server.process.wait()

    try:
        scene.begin(KIND)
        scene.table.execute("ALTER TABLE oracle.original SET LOGGED")  # a crash empties unlogged tables
        with scene.gates() as (lake_gate, gate):
            hold(gate, before_second=crash)
            outcome = scene.run(lake=lake_gate, database=gate, settings=ONE_READER)
            assert outcome.code == 5 and deletes(gate) and not published(lake_gate), str(outcome)
        server.relaunch()
        database.connection = scene.table.connection = scene.oracle.connection = connected()
        scene.must_be_as_before()
        scene.finish(12)
    finally:
        scene.close()
        server.stop()


# --- A database that deletes other rows than were read ---

KEEP = """CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN CASE WHEN OLD.id % 2 = 0 THEN NULL ELSE OLD END; END$$;
          CREATE TRIGGER keep BEFORE DELETE ON "Event" FOR EACH ROW EXECUTE FUNCTION keep()"""


def test_a_trigger_that_is_created_meanwhile_and_keeps_rows_is_an_integrity_failure(scene):
    scene.begin(KIND)
    with scene.gates() as (lake, database):
        hold(database, before_first=lambda: scene.table.execute(KEEP))
        outcome = scene.run(lake=lake, database=database, settings=ONE_READER)
        assert outcome.code == 7 and len(deletes(database)) == 1 and not published(lake), str(outcome)
        assert f"{DAYS[0]}: 4 rows were staged, but the server deleted" in outcome.stderr
    scene.table.execute('DROP TRIGGER keep ON "Event"; DROP FUNCTION keep')
    scene.must_be_as_before()
    scene.finish(12)


HEIRS = {"on a day that was read": ("2024-01-01", "before_first"), "on a day without rows": ("2023-12-30", "before_second")}


@pytest.mark.parametrize("where", HEIRS)
def test_rows_of_a_table_that_inherits_meanwhile_are_not_deleted_unread(scene, where):
    """Each DELETE asks for rows of the table itself."""
    scene.begin(KIND)
    day, when = HEIRS[where]
    scene.table.execute(f"""CREATE TABLE heir (LIKE "Event" INCLUDING ALL);
                            INSERT INTO heir SELECT 777001, event_id, event_type, '{day} 10:00', processed_at, payload FROM "Event" LIMIT 1""")
    with scene.gates() as (lake, database):
        hold(database, **{when: lambda: scene.table.execute('ALTER TABLE heir INHERIT "Event"')})
        outcome = scene.run(lake=lake, database=database, settings=ONE_READER)
        assert outcome.code == 0, str(outcome)
    assert scene.table.value("SELECT count(*) FROM ONLY heir") == 1
    scene.table.execute("DROP TABLE heir")
    scene.finish(12)


# --- A DELETE that waits ---

def waits(scene) -> bool:
    return scene.table.value("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                             " AND wait_event_type = 'Lock' AND query LIKE 'DELETE FROM%'") > 0


def at_work(scene) -> bool:
    return scene.table.value("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'DELETE FROM%'"
                             " AND state <> 'idle'") > 0


@pytest.mark.parametrize("why", ["a signal", "a refused upload"])
def test_a_delete_that_waits_for_a_row_ends_with_the_run(scene, why):
    scene.begin(KIND)
    other = psycopg2.connect(scene.database.uri)
    with other.cursor() as cursor, scene.gates() as (lake, database):
        cursor.execute('SELECT FROM "Event" WHERE id = %s FOR UPDATE', (row_of(scene, DAYS[0]),))

        def when_it_waits():
            wait_for(lambda: waits(scene), 20)
            if why == "a signal":
                database.awaited_victim().send(signal.SIGTERM)

        database.on(call_before(when_it_waits), when=statement("COPY", DAYS[1]))
        if why == "a refused upload":
            lake.on(answer(403, "AuthorizationFailure"), times=None, method="PUT", contains=f"{DAYS[1]}.csv?comp=block&")
        outcome = scene.run(lake=lake, database=database, settings=ONE_READER, timeout=25)
        assert outcome.code == (143 if why == "a signal" else 4) and not published(lake), str(outcome)
        wait_for(lambda: not at_work(scene))
    other.rollback()
    other.close()
    scene.must_be_as_before()
    scene.finish(12)


# --- Where all days are read first ---

def prepare(scene, shape: str) -> dict:
    """Settings of the run."""
    kinds = {"partitions": Kind(rows=12, days=3, partitioned=True), "one day": Kind(rows=4, days=1), "one scan": Kind(rows=12, days=3, index=False),
             "restored days": Kind(before=6, rows=6, restored=True, rights="INSERT")}
    scene.begin(kinds.get(shape, KIND))
    if shape == "a foreign key":
        scene.table.execute('CREATE TABLE note (event integer REFERENCES "Event")')
    elif shape == "a trigger":
        scene.table.execute("""CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NULL; END$$;
                               CREATE TRIGGER see AFTER DELETE ON "Event" FOR EACH STATEMENT EXECUTE FUNCTION see()""")
    return {"ARCHIVE_RATE_LIMIT": "100MB"} if shape == "a rate limit" else {}


@pytest.mark.parametrize("shape", ["partitions", "one day", "one scan", "restored days", "a foreign key", "a trigger", "a rate limit"])
def test_other_shapes_are_deleted_at_once_when_all_is_read(scene, shape):
    settings = prepare(scene, shape)
    try:
        with scene.gates() as (_, database):
            outcome = scene.run(database=database, settings=settings)
            said = [record.target for record in database.records if record.side == "client"]
        assert outcome.code == 0, str(outcome)
        first = next(place for place, text in enumerate(said) if "DELETE FROM" in text)
        assert len([text for text in said if "DELETE FROM" in text]) == 1
        assert not any("TO STDOUT" in text for text in said[first + 1:] if "RETURNING" not in text)
        scene.finish()
    finally:
        scene.table.execute('DROP TABLE IF EXISTS note; DROP TRIGGER IF EXISTS see ON "Event"; DROP FUNCTION IF EXISTS see')


def test_a_dry_run_gives_back_what_it_deleted_beside(scene):
    scene.begin(Kind(rows=12, days=3, arguments=("archive", "--dry-run")))
    with scene.gates() as (_, database):
        hold(database)
        outcome = scene.run(database=database, settings=ONE_READER)
    assert outcome.code == 0 and scene.table.count() == 12 + YOUNG, str(outcome)
    scene.finish(12)
