"""The key column of a restored day, or of a run that was rolled back, gets another type: the same rows have keys that are written
otherwise. They are not taken for other rows, nor for rows that are gone."""
import pytest

from support.archiver import Archiver
from support.table import EventTable

DAY, NAME = "2024-01-01", "events_2024-01-01.csv"
# The column, the keys of three rows, the type that it gets, and how it gets the first one back. Whether the server finds a row by the earlier text.
SHAPES = {
    "padded longer": ("id char(3)", ["'a'", "'b'", "'c'"], "char(5)", "char(3)", True),
    "padded no more": ("id char(3)", ["'a'", "'b'", "'c'"], "varchar(9)", "char(3)", False),
    "a date": ("id date", [f"date '2024-01-0{n}'" for n in (1, 2, 3)], "timestamp", "date", True),
    "bytes": ("id text", ["'a'", "'b'", "'c'"], "bytea USING convert_to(id, 'UTF8')", "text USING convert_from(id, 'UTF8')", True),
    "a uuid": ("id text", [f"upper(md5('{n}')::uuid::text)" for n in (1, 2, 3)], "uuid USING id::uuid", "text USING upper(id::text)", True),
}
ALL = pytest.mark.parametrize("shape", SHAPES)


class Keyed:
    def __init__(self, archiver, database, lake, container, shape, index=True):
        self.table, self.lake, self.container = EventTable(database.connection), lake, container
        column, self.keys, self.to, self.back, self.found = SHAPES[shape]
        self.table.execute(f"CREATE TABLE keyed ({column} PRIMARY KEY, created_at timestamp NOT NULL, note text)")
        if index:
            self.table.execute("CREATE INDEX ON keyed (created_at)")
        self.archiver = archiver.with_settings({"ARCHIVE_TABLE": "public.keyed"})
        for hour, key in enumerate(self.keys):
            self.table.execute(f"INSERT INTO keyed SELECT {key}, timestamp '{DAY}' + {hour + 1} * interval '1 hour', 'n'")

    def run(self, *arguments, expect=None):
        return self.archiver.run(*arguments, expect=expect)

    def alter(self, to: str) -> None:
        self.table.execute(f"ALTER TABLE keyed ALTER id TYPE {to}")

    def count(self) -> int:
        return self.table.value("SELECT count(*) FROM keyed")

    def lines(self) -> int:
        return self.lake.get(self.container, NAME).count(b"\n")

    def files(self) -> set:
        return {blob.name for blob in self.lake.list(self.container)}

    def is_marked(self) -> bool:
        return "archiverrestored" in self.lake.head(self.container, NAME).metadata


@pytest.fixture
def make(archiver, database, lake, container):
    return lambda shape, index=True: Keyed(archiver, database, lake, container, shape, index)


@ALL
@pytest.mark.parametrize("index", [True, False], ids=["by day", "one scan"])
def test_the_rows_of_a_restored_day_are_not_archived_again(make, shape, index):
    keyed = make(shape, index)
    keyed.run("archive", expect=0)
    keyed.run("restore", "--day", DAY, "--hold", "none", expect=0)
    keyed.alter(keyed.to)
    outcome = keyed.run("archive", expect=7)
    assert NAME in outcome.stderr and keyed.lines() == 4 and keyed.count() == 3, str(outcome)
    assert keyed.run("recover", "--keep", NAME).code == 3  # the table has them
    keyed.alter(keyed.back)
    keyed.run("archive", expect=0)
    keyed.run("verify", expect=0)
    assert keyed.lines() == 4 and keyed.count() == 0


@ALL
def test_a_person_may_decide(make, shape):
    """Where the server finds the rows, the table's may count; where it does not, the file's, once the day's are deleted."""
    keyed = make(shape)
    keyed.run("archive", expect=0)
    keyed.run("restore", "--day", DAY, "--hold", "none", expect=0)
    keyed.alter(keyed.to)
    if keyed.found:
        keyed.run("recover", "--discard", NAME, expect=0)
        keyed.run("archive", expect=0)
    else:
        assert keyed.run("recover", "--discard", NAME).code == 7
        keyed.table.execute("DELETE FROM keyed")
        keyed.run("recover", "--keep", NAME, expect=0)
        keyed.run("archive", expect=0)
    assert keyed.lines() == 4 and keyed.count() == 0 and keyed.files() == {NAME}


@ALL
def test_a_row_of_a_day_on_hold_that_was_moved(make, shape):
    keyed = make(shape)
    keyed.run("archive", expect=0)
    keyed.run("restore", "--day", DAY, "--hold", "30 days", expect=0)
    keyed.alter(keyed.to)
    keyed.table.execute(f"UPDATE keyed SET created_at = created_at + interval '5 days' WHERE created_at < '{DAY} 01:30'")
    outcome = keyed.run("archive", expect=7)
    assert NAME in outcome.stderr and keyed.files() == {NAME} and keyed.count() == 3, str(outcome)


@ALL
def test_a_restore_that_died_behind_its_commit_is_not_forgotten(make, fault_binary, shape):
    keyed = make(shape)
    keyed.run("archive", expect=0)
    died = Archiver(fault_binary, keyed.archiver.settings | {"EVENT_ARCHIVER_FAULT": "before-restore-mark=kill"}).run("restore", "--day", DAY, "--hold", "30 days")
    assert died.code == 137, str(died)
    keyed.alter(keyed.to)
    keyed.table.execute("UPDATE keyed SET created_at = created_at + interval '5 days'")
    outcome = keyed.run("archive", expect=7)
    assert keyed.is_marked() and keyed.files() == {NAME} and keyed.count() == 3, str(outcome)


@ALL
@pytest.mark.parametrize("run", ["dry", "killed"])
def test_rows_of_a_run_that_was_rolled_back_are_not_taken_for_gone(make, fault_binary, shape, run):
    keyed = make(shape)
    if run == "dry":
        keyed.run("archive", "--dry-run", expect=0)
    else:
        died = Archiver(fault_binary, keyed.archiver.settings | {"EVENT_ARCHIVER_FAULT": "after-publish=kill"}).run("archive")
        assert died.code == 137, str(died)
    keyed.alter(keyed.to)
    outcome = keyed.run("archive", expect=0 if keyed.found else 7)
    assert "none of them" not in outcome.stderr, str(outcome)
    if not keyed.found:
        keyed.run("recover", "--discard", NAME, expect=0)
        keyed.run("archive", expect=0)
    assert keyed.lines() == 4 and keyed.count() == 0


@pytest.mark.parametrize("move", ["", ", created_at = created_at + interval '5 days'"], ids=["on its day", "moved"])
def test_a_key_that_is_equal_and_written_otherwise(archiver, database, lake, container, move):
    """By a collation that takes 'a' and 'A' for the same."""
    table = EventTable(database.connection)
    table.execute("CREATE COLLATION same (provider = icu, locale = 'und-u-ks-level2', deterministic = false);"
                  "CREATE TABLE keyed (id text COLLATE same PRIMARY KEY, created_at timestamp NOT NULL); CREATE INDEX ON keyed (created_at)")
    table.execute(f"INSERT INTO keyed SELECT v, '{DAY} 01:00' FROM unnest(ARRAY['a', 'b']) v")
    archiver = archiver.with_settings({"ARCHIVE_TABLE": "public.keyed"})
    archiver.run("archive", expect=0)
    archiver.run("restore", "--day", DAY, "--hold", "none", expect=0)
    table.execute(f"UPDATE keyed SET id = 'A'{move} WHERE id = 'a'")
    assert "which was restored" in archiver.run("archive", expect=7).stderr
    assert len(lake.list(container)) == 1 and table.value("SELECT count(*) FROM keyed") == 2


@pytest.mark.parametrize("hold", ["none", "30 days"])
@pytest.mark.parametrize("parts", ["", " PARTITION BY RANGE (day); CREATE TABLE keyed_all PARTITION OF keyed DEFAULT"], ids=["plain", "partitioned"])
def test_a_day_column_of_its_own_in_the_key(archiver, database, lake, container, hold, parts):
    table = EventTable(database.connection)
    table.execute(f"CREATE TABLE keyed (id bigint, day date, created_at timestamp NOT NULL, note text, PRIMARY KEY (id, day)){parts}")
    table.execute("CREATE INDEX ON keyed (created_at)")
    table.execute(f"INSERT INTO keyed SELECT n, '{DAY}', timestamp '{DAY}' + n * interval '1 hour', 'n' FROM generate_series(1, 3) n")
    archiver = archiver.with_settings({"ARCHIVE_TABLE": "public.keyed"})
    archiver.run("archive", expect=0)
    archiver.run("restore", "--day", DAY, "--hold", hold, expect=0)
    table.execute("UPDATE keyed SET created_at = created_at + interval '5 days', day = day + 5, note = 'corrected' WHERE id = 1")
    outcome = archiver.run("archive", expect=7)
    assert "now 2024-01-06" in outcome.stderr and len(lake.list(container)) == 1, str(outcome)
    table.execute("UPDATE keyed SET created_at = created_at - interval '5 days', day = day - 5, note = 'n' WHERE id = 1")
    archiver.run("archive", expect=0)
    archiver.run("verify", expect=0)
