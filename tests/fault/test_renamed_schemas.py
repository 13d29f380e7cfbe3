"""ALTER SCHEMA … RENAME gives the name of a table to another one and waits for no lock. Rows of the other table are neither read nor removed."""
import psycopg2
import pytest

from support.gate import DatabaseGate, Fault, call_before

SWAP = "BEGIN; ALTER SCHEMA live RENAME TO aside; ALTER SCHEMA green RENAME TO live; ALTER SCHEMA aside RENAME TO green; COMMIT"
PLAIN = """CREATE SCHEMA {0};
    CREATE TABLE {0}.event (id bigint PRIMARY KEY, created_at timestamp NOT NULL, note text);
    INSERT INTO {0}.event SELECT i, timestamp '2024-01-01' + i * interval '8 hours', '{1} ' || i FROM generate_series(0, 8) i;"""
PARTS = """CREATE SCHEMA {0};
    CREATE TABLE {0}.event (id bigint, created_at timestamp NOT NULL, note text, PRIMARY KEY (id, created_at)) PARTITION BY RANGE (created_at);
    CREATE TABLE {0}.p1 PARTITION OF {0}.event FOR VALUES FROM ('2024-01-01') TO ('2024-01-02');
    CREATE TABLE {0}.p2 PARTITION OF {0}.event FOR VALUES FROM ('2024-01-02') TO ('2024-01-05');
    INSERT INTO {0}.event SELECT i, timestamp '2024-01-01' + i * interval '8 hours', '{1} ' || i FROM generate_series(0, 8) i;"""


class Deployment:
    """Two tables of one shape, whose schemas exchange their names: `blue` has the name live.event at first."""

    def __init__(self, database, archiver, lake, container):
        self.database, self.archiver, self.lake, self.container = database, archiver.with_settings({"ARCHIVE_TABLE": "live.event"}), lake, container

    def ask(self, sql: str) -> list:
        with psycopg2.connect(self.database.uri) as connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []

    def begin(self, ddl: str, *more: str) -> None:
        for sql in (ddl.format("live", "blue") + ddl.format("green", "green"), *more):
            self.ask(sql)

    def swap(self, *_) -> None:
        connection = psycopg2.connect(self.database.uri)
        connection.autocommit = True
        connection.cursor().execute(SWAP)
        connection.close()

    def run(self, *arguments: str, at: list = (), around: list = (), **settings):
        """`at`: before which statements the schemas are exchanged, each once. `around`: before and after which."""
        with DatabaseGate(self.database.server.port) as gate:
            rules = [gate.on(call_before(self.swap), **where) for where in at]
            rules += [gate.on(Fault("exchanged for a moment", before=self.swap, after=self.swap), **where) for where in around]
            told = {"PG_CONNECTION_STRING": self.database.uri.replace(f":{self.database.server.port}/", f":{gate.port}/"), "ARCHIVE_PARALLEL": "1", **settings}
            outcome = self.archiver.run(*arguments, settings=told)
        assert all(rule.hits == 1 for rule in rules), [rule.hits for rule in rules]
        return outcome

    def notes(self) -> list:
        """All rows, in the table and in the files, each as often as it is there."""
        tables = [row[0] for row in self.ask("SELECT c.oid::regclass::text FROM pg_class c WHERE relname IN ('event', 'p1', 'p2') AND relkind = 'r' AND relnamespace > 16383")]
        found = [row[0] for table in tables for row in self.ask(f"SELECT note FROM {table}")]
        for blob in self.lake.list(self.container):
            found += [line.split(",")[2] for line in self.lake.get(self.container, blob.name).decode().splitlines()[1:] if blob.name.startswith("events_")]
        return sorted(found)


ALL = sorted(f"{colour} {number}" for colour in ("blue", "green") for number in range(9))


@pytest.fixture
def deployment(database, archiver, lake, container):
    return Deployment(database, archiver, lake, container)


MOMENTS = {
    "before the first lock": [{"contains": "LOCK TABLE"}],
    "before a reader's lock": [{"contains": "LOCK TABLE", "nth": 2}],
    "before the count": [{"contains": "count(*)"}],
    "before a copy": [{"contains": "COPY (SELECT"}],
    "before the DELETE": [{"contains": "DELETE FROM"}],
    "there and back around the locks": [{"contains": "LOCK TABLE"}, {"contains": "pg_locks"}],
    "there and back around a copy": [{"contains": "COPY (SELECT"}, {"contains": "DELETE FROM"}],
}


@pytest.mark.parametrize("counting", [True, False], ids=["counted", "not counted"])
@pytest.mark.parametrize("moment, index", [(moment, index) for moment in MOMENTS for index in (True, False) if index or moment != "before the count"])
def test_rows_of_another_table_are_neither_read_nor_deleted(deployment, moment, index, counting):
    indexes = "CREATE INDEX ON live.event (created_at); CREATE INDEX ON green.event (created_at)"
    deployment.begin(PLAIN, *([indexes] if index else []))
    if not counting:
        deployment.ask("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET track_counts = off', current_database()); END $$")
    outcome = deployment.run("archive", at=MOMENTS[moment])
    assert outcome.code in (0, 5, 7), str(outcome)
    assert deployment.notes() == ALL, str(outcome)
    again = deployment.archiver.run("archive")
    assert deployment.notes() == ALL, str(again)


@pytest.mark.parametrize("moment, how", [(moment, how) for how in ("drop", "detach") for moment in [[{"contains": "count(*) FILTER"}], [{"contains": "DETACH PARTITION"}], [{"contains": "LOCK TABLE ONLY"}],
                                    [{"contains": "LOCK TABLE ONLY"}, {"contains": "pg_locks"}], [{"contains": "count(*) FILTER"}, {"contains": "DETACH PARTITION"}],
                                    [{"contains": "DROP TABLE"}], [{"contains": "DELETE FROM"}]] if how == "drop" or moment[0]["contains"] != "DROP TABLE"], ids=str)
def test_partitions_of_another_table_are_not_taken_away(deployment, moment, how):
    deployment.begin(PARTS)
    outcome = deployment.run("archive", at=moment, ARCHIVE_PARTITIONS=how)
    assert outcome.code in (0, 5, 7), str(outcome)
    # A partition that was detached is there still, and its rows are in their files.
    kept = [note for note in deployment.notes()]
    assert set(kept) == set(ALL), str(outcome)
    assert how == "detach" or kept == ALL, str(outcome)


@pytest.mark.parametrize("statement, how", [("DETACH PARTITION", "drop"), ("DETACH PARTITION", "detach"), ("DROP TABLE", "drop")])
def test_a_table_that_has_the_name_for_one_statement_keeps_its_partitions(deployment, statement, how):
    deployment.begin(PARTS)
    partitions = "SELECT inhrelid FROM pg_inherits WHERE inhparent = 'green.event'::regclass ORDER BY 1"
    before = deployment.ask(partitions)
    outcome = deployment.run("archive", around=[{"contains": statement}], ARCHIVE_PARTITIONS=how)
    assert outcome.code in (0, 5, 7), str(outcome)
    assert len(before) == 2 and deployment.ask(partitions) == before, str(outcome)
    assert set(deployment.notes()) == set(ALL), str(outcome)


@pytest.mark.parametrize("statement", ["DELETE FROM", 'SELECT "id", "created_at", "note" FROM'])
def test_erase_says_what_it_erased(deployment, statement):
    deployment.begin(PLAIN)
    deployment.archiver.run("archive", expect=0)
    deployment.ask("INSERT INTO live.event VALUES (50, now() AT TIME ZONE 'UTC', 'blue 50'); INSERT INTO green.event VALUES (50, now() AT TIME ZONE 'UTC', 'green 50')")
    outcome = deployment.run("erase", "--where", "id = 50", "--yes", at=[{"contains": statement}])
    left = [deployment.ask(f"SELECT count(*) FROM {schema}.event WHERE id = 50")[0][0] for schema in ("live", "green")]
    # It begins again, and the name is the other table's by then.
    assert (outcome.code, left) in [(0, [0, 1]), (5, [1, 1]), (7, [1, 1])], str(outcome)


def test_restore_puts_rows_into_its_own_table(deployment):
    deployment.begin(PLAIN)
    deployment.archiver.run("archive", expect=0)
    outcome = deployment.run("restore", "--day", "2024-01-01", "--hold", "none", at=[{"contains": "INSERT INTO"}])
    assert outcome.code in (5, 7) and deployment.notes() == ALL, str(outcome)
