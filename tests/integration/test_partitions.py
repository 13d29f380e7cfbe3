"""`--partitions detach|drop`: old partitions are archived whole and taken away, which leaves nothing to vacuum."""
import threading

import psycopg2
import pytest

from support.gate import DatabaseGate, LakeGate, call_before
from support.oracle import Oracle
from support.table import EventTable

PARTITIONED = """
CREATE TABLE public."Event" (
    id integer NOT NULL, event_id text NOT NULL, event_type text NOT NULL,
    created_at timestamp(3) without time zone NOT NULL, processed_at timestamp(3) without time zone, payload jsonb NOT NULL,
    PRIMARY KEY (id, created_at)
) PARTITION BY RANGE (created_at);
CREATE INDEX ON public."Event" (created_at);
CREATE TABLE old PARTITION OF public."Event" FOR VALUES FROM (MINVALUE) TO ('2024-01-01');
CREATE TABLE january PARTITION OF public."Event" FOR VALUES FROM ('2024-01-01') TO ('2024-02-01');
CREATE TABLE february PARTITION OF public."Event" FOR VALUES FROM ('2024-02-01') TO ('2024-03-01');
CREATE TABLE young PARTITION OF public."Event" FOR VALUES FROM ('2024-03-01') TO (MAXVALUE);
"""


ROW = """INSERT INTO "Event" VALUES (99999, 'late', 'late', '2024-01-15 12:00', NULL, '{}')"""


@pytest.fixture
def table(database) -> EventTable:
    table = EventTable(database.connection)
    table.execute(PARTITIONED)
    table.fill(310, 31, first_day="2024-01-01")
    table.fill(100, 10, first_day="2024-02-01")
    table.fill(40, 4, first_day="2024-03-01")  # in a partition without an end: its rows are deleted
    table.fill_young(5)
    return table


def partitions(table) -> set:
    return {row[0] for row in table.execute("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = '\"Event\"'::regclass")}


def tables(table) -> set:
    return {row[0] for row in table.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}


@pytest.mark.parametrize("how", ["drop", "detach"])
@pytest.mark.parametrize("index", [True, False])
def test_partitions_whose_every_row_is_archived_go_whole(archiver, table, oracle, how, index):
    if not index:
        table.execute('DROP INDEX "Event_created_at_idx"')
    oracle.remember()
    outcome = archiver.archive("--partitions", how)
    found = oracle.check()
    assert found.archived == 450 and found.left == 5
    # One that is empty is left alone: it costs nothing, and somebody may have made it for what is to come.
    assert partitions(table) == {"old", "young"}
    assert ({"january", "february"} <= tables(table)) == (how == "detach")
    if how == "detach":
        assert table.value("SELECT count(*) FROM january") == 310
    assert outcome.summary["rows_deleted"] == 450
    assert [event["partition"] for event in outcome.events("partition.removed")] == ["public.january", "public.february"]
    archiver.archive("--partitions", how)


def test_a_partition_that_keeps_a_row_is_not_taken_away(archiver, table, oracle):
    table.execute("DELETE FROM february")
    table.fill(10, 1, first_day="2024-02-29")
    table.insert("-infinity")
    oracle.remember()
    archiver.archive("--partitions", "drop", "--max-days", "20")  # january ends beyond them
    assert partitions(table) == {"old", "january", "february", "young"}
    assert table.value("SELECT count(*) FROM january") == 110
    archiver.archive("--partitions", "drop")
    assert partitions(table) == {"old", "young"}
    found = oracle.check()
    assert found.left == 5 + 1 and table.value("SELECT count(*) FROM old") == 1


def test_a_dry_run_takes_nothing_away(archiver, table):
    archiver.archive("--partitions", "drop", "--dry-run")
    assert partitions(table) == {"old", "january", "february", "young"} and table.count() == 455


def test_a_row_inserted_meanwhile_waits_and_is_not_lost(archiver, table, oracle, database, azurite):
    """The insert comes when the snapshot is long taken: dropped unseen, the row would be gone."""
    oracle.remember()
    results = []

    def insert():
        connection = psycopg2.connect(database.uri)
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute(ROW)
            results.append("inserted")
        except psycopg2.Error as error:
            results.append(error.pgcode)
        connection.close()

    writer = threading.Thread(target=insert)

    def begin() -> None:
        if not writer.ident:
            writer.start()

    with LakeGate(azurite.port) as gate:
        gate.on(call_before(lambda: begin()), method="PUT", contains="comp=block&")
        archiver.archive("--partitions", "drop", settings={"AZURE_STORAGE_CONNECTION_STRING": azurite.connection_string(gate.endpoint)})
    writer.join()
    # The writer knows what became of its row: its partition is gone (23514), it lost the deadlock with us (40P01), or we lost it and began again.
    assert results[0] in ("23514", "40P01", "inserted")
    if results == ["inserted"]:
        table.execute(ROW.replace('"Event"', "oracle.original"))
    assert oracle.check().left == 5


@pytest.mark.parametrize("arguments, code, words", [
    (("--partitions", "drop", "--shard", "0/2"), 2, "a shard sees only some days"),
    (("--partitions", "throw"), 2, "give one of delete, detach, drop"),
])
def test_an_invalid_value_is_refused(archiver, table, arguments, code, words):
    outcome = archiver.run("archive", *arguments)
    assert outcome.code == code and words in outcome.stderr, str(outcome)


def test_a_table_that_is_not_partitioned_by_its_time_is_refused(archiver, database):
    table = EventTable(database.connection).create()
    table.fill(10, 1)
    outcome = archiver.run("archive", "--partitions", "drop")
    assert outcome.code == 3 and "not partitioned by ranges of" in outcome.stderr, str(outcome)
    assert table.count() == 10


@pytest.mark.parametrize("arguments", [("--partitions", "drop"), ("--partitions", "detach"), ()])
def test_a_second_run_meanwhile_is_told_that_the_lock_is_held(archiver, table, oracle, azurite, arguments):
    """The first run holds the table itself by then, until its COMMIT: to wait for that would end as a lock timeout."""
    oracle.remember()
    outcomes = []

    def second() -> None:
        if not outcomes:
            outcomes.append(archiver.run("archive", *arguments, settings={"ARCHIVE_LOCK_WAIT": "0s", "ARCHIVE_SETTLE_WAIT": "1s"}))

    with LakeGate(azurite.port) as gate:
        gate.on(call_before(second), method="PUT", contains="comp=blocklist")
        archiver.archive("--partitions", "drop", settings={"AZURE_STORAGE_CONNECTION_STRING": azurite.connection_string(gate.endpoint)})
    assert outcomes[0].code == 10 and "another run holds the lock" in outcomes[0].stderr, str(outcomes[0])
    assert oracle.check().archived == 450


def test_partitions_that_somebody_takes_away_in_between_are_looked_for_again(archiver, table, oracle, database):
    """Between the look at the partitions and the lock on them."""
    oracle.remember()

    def take_away() -> None:
        table.execute("DROP TABLE IF EXISTS february")

    table.execute("DELETE FROM oracle.original WHERE created_at >= '2024-02-01' AND created_at < '2024-03-01'")
    with DatabaseGate(database.server.port) as gate:
        gate.on(call_before(take_away), type="Q", contains="LOCK TABLE")
        uri = database.server.uri(database.name, port=gate.port)
        outcome = archiver.archive("--partitions", "drop", settings={"PG_CONNECTION_STRING": uri})
    assert outcome.events("run.again"), str(outcome)
    assert oracle.check().archived == 350 and partitions(table) == {"old", "young"}


DEPENDANTS = {
    "a view": ("CREATE VIEW watching AS SELECT id FROM january", "view public.watching"),
    "a materialised view": ("CREATE MATERIALIZED VIEW watching AS SELECT id FROM january", "watching"),
    "a function of its row type": ("CREATE FUNCTION watching(january) RETURNS int LANGUAGE sql AS 'SELECT 1'", "function public.watching"),
}


@pytest.mark.parametrize("what", DEPENDANTS)
def test_what_depends_on_a_partition_is_named(archiver, table, lake, container, what):
    made, word = DEPENDANTS[what]
    table.execute(made)
    before = table.count()
    outcome = archiver.run("archive", "--partitions", "drop")
    assert outcome.code == 3 and "january" in outcome.stderr and word in outcome.stderr, str(outcome)
    assert table.count() == before and not lake.list(container)
    archiver.archive("--partitions", "detach")


def test_a_role_that_does_not_own_the_partitions_is_refused_and_nothing_is_lost(archiver, table, database):
    table.execute("""DROP ROLE IF EXISTS partition_mover; CREATE ROLE partition_mover LOGIN;
                     GRANT SELECT, DELETE ON "Event", old, january, february, young TO partition_mover""")
    uri = database.server.uri(database.name, user="partition_mover")
    outcome = archiver.run("archive", "--partitions", "drop", settings={"PG_CONNECTION_STRING": uri})
    assert outcome.code == 4 and "owner" in outcome.stderr, str(outcome)
    assert table.count() == 455
    table.execute("DROP OWNED BY partition_mover; DROP ROLE partition_mover")


def test_timestamps_with_a_zone(archiver, database, lake, container):
    table = EventTable(database.connection)
    table.execute(PARTITIONED.replace("timestamp(3) without", "timestamp(3) with"))
    table.execute(f"ALTER DATABASE {database.name} SET timezone = 'Pacific/Kiritimati'")
    table.fill(310, 31, first_day="2024-01-01")
    oracle = Oracle(database.connection, lake, container)
    oracle.remember()
    archiver.archive("--partitions", "drop")
    assert oracle.check().archived == 310
    assert "january" not in partitions(table)
