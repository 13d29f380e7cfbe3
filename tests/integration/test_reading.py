"""How the table is read: by index where there is one, else in one pass, and never more than it costs."""
import pytest

from conftest import make_database
from support.gate import DatabaseGate, call_before
from support.oracle import Oracle
from support.servers import PostgreSQL
from support.table import EventTable


@pytest.fixture(scope="module")
def small_memory(place):
    """A server whose cache holds next to nothing, so that blocks read are blocks counted."""
    with PostgreSQL(place / "postgresql-small", settings={"shared_buffers": "1MB", "wal_buffers": "64kB"}) as server:
        yield server


@pytest.fixture
def small_database(small_memory):
    yield from make_database(small_memory)


def blocks_read(database) -> int:
    """Blocks of the table read from outside the cache since the last reset."""
    with database.connection.cursor() as cursor:
        cursor.execute("SELECT heap_blks_read FROM pg_statio_user_tables WHERE relname = 'Event'")
        return cursor.fetchone()[0]


def heap_blocks(table: EventTable) -> int:
    return table.value("SELECT pg_relation_size('public.\"Event\"') / 8192")


def reset_counters(table: EventTable) -> None:
    # A session keeps what it has counted for up to a second: without the first, what it has read so far would be counted after the reset.
    table.execute("SELECT pg_stat_force_next_flush()")
    table.execute("SELECT pg_stat_reset()")


def prepare(table: EventTable, days: int) -> None:
    # Autovacuum's own reading would be counted.
    table.execute('ALTER TABLE "Event" SET (autovacuum_enabled = off)')
    table.fill(30000, days, first_day="2023-01-01", large_every=10**9)
    table.execute('CREATE TABLE shuffled AS SELECT * FROM "Event" ORDER BY md5(id::text)')
    table.execute('TRUNCATE "Event"; INSERT INTO "Event" SELECT * FROM shuffled; DROP TABLE shuffled')
    table.analyze()
    table.execute("CHECKPOINT")
    reset_counters(table)


def test_without_an_index_300_days_cost_less_than_three_tables(archiver, small_database, lake, container):
    table = EventTable(small_database.connection).create(index=False)
    prepare(table, 300)
    oracle = Oracle(small_database.connection, lake, container)
    oracle.remember()
    reset_counters(table)
    blocks = heap_blocks(table)
    archiver.archive(settings={"PG_CONNECTION_STRING": small_database.uri})
    read = blocks_read(small_database)
    assert oracle.check().archived == 30000
    assert read < 3 * blocks, f"{read} blocks read of a table of {blocks}"


def test_with_an_index_one_old_day_costs_about_that_day(archiver, small_database, lake, container):
    table = EventTable(small_database.connection).create()
    table.fill(20000, 200, first_day="2023-01-01", large_every=10**9)
    table.execute(
        """UPDATE "Event" SET created_at = now() AT TIME ZONE 'UTC' - interval '1 hour' WHERE created_at >= '2023-01-02'"""
    )
    table.execute('VACUUM FULL "Event"')
    table.analyze()
    reset_counters(table)
    blocks = heap_blocks(table)
    oracle = Oracle(small_database.connection, lake, container)
    oracle.remember()
    reset_counters(table)
    archiver.archive(settings={"PG_CONNECTION_STRING": small_database.uri})
    read = blocks_read(small_database)
    assert oracle.check().archived == 100
    assert read < blocks / 2, f"{read} blocks read of a table of {blocks}"


@pytest.mark.parametrize(
    "index, word",
    [
        ('CREATE INDEX ON "Event" (created_at)', "index"),
        (None, "pages"),
        ('CREATE INDEX ON "Event" (event_id, created_at)', "pages"),
        ("CREATE INDEX ON \"Event\" (created_at) WHERE event_type = 'x'", "pages"),
        ('CREATE INDEX ON "Event" USING brin (created_at)', None),
        ('CREATE INDEX ON "Event" (created_at DESC, id)', "index"),
    ],
    ids=["leading", "none", "second place", "partial", "brin", "descending"],
)
def test_the_way_is_chosen_from_the_catalog_and_logged(archiver, database, oracle, index, word):
    table = EventTable(database.connection).create(index=False)
    if index:
        table.execute(index)
    table.fill(200, 4)
    table.analyze()
    oracle.remember()
    outcome = archiver.archive()
    oracle.check()
    if word:
        assert [word in line["reading"] for line in outcome.log if "reading" in line] == [True], outcome.stderr


@pytest.mark.parametrize("index", [True, False], ids=["by index", "by ctid"])
@pytest.mark.parametrize("parallel", ["1", "2", "7"])
def test_any_number_of_workers_gives_the_same_files(archiver, database, oracle, index, parallel):
    table = EventTable(database.connection).create(index=index)
    table.fill(2000, 9)
    oracle.remember()
    archiver.archive(settings={"ARCHIVE_PARALLEL": parallel})
    found = oracle.check()
    assert found.archived == 2000 and len(found.files) == 9


def test_a_partitioned_table(archiver, database, oracle):
    table = EventTable(database.connection).create()
    table.execute(
        """DROP TABLE "Event";
                     CREATE TABLE "Event" (id integer NOT NULL, event_id text NOT NULL, event_type text NOT NULL,
                       created_at timestamp(3) NOT NULL, processed_at timestamp(3), payload jsonb NOT NULL) PARTITION BY RANGE (created_at);
                     CREATE TABLE old PARTITION OF "Event" FOR VALUES FROM (MINVALUE) TO ('2024-01-06');
                     CREATE TABLE rest PARTITION OF "Event" DEFAULT"""
    )
    table.fill(500, 10)
    oracle.remember()
    outcome = archiver.run("archive")
    assert outcome.code in (0, 3), str(outcome)
    if outcome.code == 0:
        assert oracle.check().archived == 500
    else:
        assert oracle.check().left == 500


def test_a_row_that_comes_late_behind_a_committed_day_is_no_row_without_a_time(archiver, database, table):
    """In one scan, with a transaction for each day: it has a day, and the next run archives it."""
    table.execute('DROP INDEX IF EXISTS "Event_created_at"')
    for day in (1, 2, 3):
        table.insert(f"2024-01-0{day} 12:00:00")
    came = []

    def late():
        if not came and not table.value("SELECT count(*) FROM public.\"Event\" WHERE created_at < '2024-01-02'"):
            came.append(table.insert("2024-01-01 05:00:00"))

    with DatabaseGate(database.server.port) as gate:
        gate.on(call_before(late), times=None, contains="LOCK TABLE")
        outcome = archiver.run("archive", "--commit", "day", settings={"PG_CONNECTION_STRING": database.server.uri(database.name, port=gate.port)}, expect=0)
    assert came and not outcome.events("rows.dayless"), str(outcome)
    assert table.value('SELECT count(*) FROM public."Event"') == 1
    archiver.run("archive", expect=0)
    assert table.value('SELECT count(*) FROM public."Event"') == 0
