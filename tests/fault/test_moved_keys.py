"""Where the time is part of the key, a restored row that got another time has another key. It is known by the rest of it, and not
archived a second time. Tables in which that repeats, as measurements of one device, are not held up."""
import pytest

from support.archiver import Archiver

DAY, NAME = "2024-01-01", "events_2024-01-01.csv"
PARTS = """ PARTITION BY RANGE (created_at);
CREATE TABLE measured_1 PARTITION OF measured FOR VALUES FROM ('2024-01-01') TO ('2024-01-02');
CREATE TABLE measured_rest PARTITION OF measured DEFAULT"""
SHAPES = {
    "number": ("id bigint", "id, created_at", "{0}", ""),
    "partitioned": ("id bigint", "id, created_at", "{0}", PARTS),
    "time first": ("id bigint", "created_at, id", "{0}", ""),
    "two columns": ("tenant text, id int", "tenant, created_at, id", "'t,\"' || {0} % 2, {0}", ""),
    "uuid": ("id uuid", "id, created_at", "md5(({0})::text)::uuid", PARTS),
}
HOLDS = pytest.mark.parametrize("hold", ["none", "30 days"])
MOVED = "which was restored"


class Measured:
    def __init__(self, archiver, table, lake, container, shape="number", index=True):
        self.table, self.lake, self.container = table, lake, container
        self.key, self.identity, self.values, parts = SHAPES[shape]
        table.execute(f"CREATE TABLE measured ({self.key}, created_at timestamptz NOT NULL, value text, note jsonb, PRIMARY KEY ({self.identity})){parts}")
        if index:
            table.execute("CREATE INDEX ON measured (created_at)")
        self.archiver = archiver.with_settings({"ARCHIVE_TABLE": "public.measured"})

    def insert(self, number, at: str, value: str = "ok") -> None:
        """`number` and `at`: of SQL."""
        self.table.execute(f"INSERT INTO measured SELECT {self.values.format(number)}, {at}, '{value}', '{{}}' FROM generate_series(1, 1)")

    def change(self, number: int, to: str) -> None:
        wanted = self.values.format(number).split(", ")[-1]
        self.table.execute(f"UPDATE measured SET {to} WHERE id = {wanted}")

    def archived(self, rows: int = 3, hold: str = "none") -> None:
        """Rows 1, 2, … of the day, one an hour, are archived and restored."""
        for number in range(1, rows + 1):
            self.insert(number, f"timestamptz '{DAY}Z' + {number} * interval '1 hour'")
        self.run("archive", expect=0)
        self.run("restore", "--day", DAY, "--hold", hold, expect=0)

    def run(self, *arguments, expect=None):
        return self.archiver.run(*arguments, expect=expect)

    def count(self, where: str = "true") -> int:
        return self.table.value(f"SELECT count(*) FROM measured WHERE {where}")

    def files(self) -> dict:
        return {blob.name: self.lake.get(self.container, blob.name) for blob in self.lake.list(self.container)}

    def must_be_refused(self) -> None:
        """Nothing is archived: not the row that was moved, and no other."""
        before, rows = self.files(), self.count()
        outcome = self.run("archive", expect=7)
        assert MOVED in outcome.stderr and "now 20" in outcome.stderr, str(outcome)
        assert self.files() == before and self.count() == rows

    def must_go_on(self) -> None:
        self.run("archive", expect=0)
        self.run("verify", expect=0)


@pytest.fixture
def make(archiver, database, lake, container):
    from support.table import EventTable

    return lambda shape="number", index=True: Measured(archiver, EventTable(database.connection), lake, container, shape, index)


@pytest.mark.parametrize("shape", SHAPES)
@HOLDS
@pytest.mark.parametrize("index", [True, False], ids=["by day", "one scan"])
@pytest.mark.parametrize("corrected", [False, True], ids=["moved", "moved and corrected"])
def test_a_row_that_was_moved_is_known(make, shape, hold, index, corrected):
    measured = make(shape, index)
    measured.archived(hold=hold)
    measured.change(1, "created_at = created_at + interval '5 days'" + (", value = 'corrected'" if corrected else ""))
    measured.must_be_refused()
    measured.change(1, "created_at = created_at - interval '5 days'" + (", value = 'ok'" if corrected else ""))
    measured.must_go_on()
    assert measured.files()[NAME].count(b"\n") == 4


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("to", ["created_at + interval '10 minutes'", "now()"], ids=["within its day", "to today"])
def test_a_row_that_got_another_time_is_known_whichever_it_is(make, shape, to):
    measured = make(shape)
    measured.archived()
    measured.change(2, f"created_at = {to}, value = 'corrected'")
    measured.must_be_refused()


@HOLDS
@pytest.mark.parametrize("to", ["created_at + interval '5 days'", "created_at + interval '10 minutes'"])
def test_a_row_of_a_device_with_many_is_known_if_it_is_alike(make, hold, to):
    """Others have the rest of its key, before and after it."""
    measured = make()
    for day in (1, 20):
        for hour in (1, 2, 3):
            measured.insert(7, f"timestamptz '2024-01-{day:02} 0{hour}:00Z'", value=f"{hour}")
    measured.insert(7, "now()", value="2")
    measured.run("archive", expect=0)
    measured.run("restore", "--day", DAY, "--hold", hold, expect=0)
    measured.insert(7, "now() + interval '1 second'", value="2")
    measured.table.execute(f"UPDATE measured SET created_at = {to} WHERE created_at = '2024-01-01 02:00Z'")
    if hold != "none" and "minutes" in to:  # its day waits
        measured.must_go_on()
        return
    measured.must_be_refused()
    measured.table.execute("DELETE FROM measured WHERE value = '2' AND created_at < '2025-01-01'")
    measured.must_go_on()


@HOLDS
@pytest.mark.parametrize("shape", ["number", "partitioned", "time first", "uuid"])
@pytest.mark.parametrize("gone", ["one row", "all rows"])
def test_keys_that_repeat_by_day_are_not_taken_for_moved(make, hold, shape, gone):
    """A row of each device each day, alike in all but the time: older ones, new ones, and those of another restored day."""
    measured = make(shape)
    for day in ("2024-01-01", "2024-01-09"):
        for number in (1, 2, 3):
            measured.insert(number, f"timestamptz '{day} 01:00Z'")
    measured.run("archive", expect=0)
    for number in (1, 2, 3):
        measured.insert(number, "now() - interval '30 days'")
    measured.run("restore", "--day", DAY, "--hold", hold, expect=0)
    measured.run("restore", "--day", "2024-01-09", "--hold", "none", expect=0)
    for number in (1, 2, 3):
        measured.insert(number, "now()")
    if gone == "one row":
        measured.table.execute(f"DELETE FROM measured WHERE created_at = (SELECT min(created_at) FROM measured) AND id = {measured.values.format(2)}")
    else:
        measured.table.execute("DELETE FROM measured WHERE created_at < '2024-01-02'")
    measured.run("check")
    measured.must_go_on()
    assert measured.count("created_at < '2024-01-09'") == (2 if hold != "none" and gone == "one row" else 0)
    assert measured.count("created_at >= '2024-01-09'") == 6


def test_keys_that_repeat_only_in_rows_that_are_new_are_not_taken_for_moved(make):
    """All rows of the table were written since the restore: by its reload, or by an ALTER that rewrites it."""
    measured = make()
    measured.archived()
    measured.table.execute("DELETE FROM measured WHERE id = 2")
    for day in (1, 2):
        for number in (1, 2, 3):
            measured.insert(number, f"now() - {day} * interval '1 day'")
    measured.must_go_on()
    assert measured.count() == 6


@pytest.mark.parametrize("hold", ["none", "30 days"])
def test_a_person_may_say_that_the_file_counts(make, hold):
    """The row that was moved does not stand in the way: it has another key."""
    measured = make()
    measured.archived(hold=hold)
    measured.change(1, "created_at = created_at + interval '5 days'")
    measured.must_be_refused()
    measured.table.execute("DELETE FROM measured WHERE created_at < '2024-01-02'")
    measured.run("recover", "--keep", NAME, expect=0)
    measured.must_go_on()
    assert measured.count() == 0 and set(measured.files()) == {NAME, "events_2024-01-06.csv"}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_person_may_say_that_the_table_counts(make, shape):
    """The row that was moved is the file's row: nothing is given up."""
    measured = make(shape)
    measured.archived()
    measured.change(1, "created_at = created_at + interval '5 days', value = 'corrected'")
    measured.must_be_refused()
    measured.run("recover", "--discard", NAME, expect=0)
    measured.must_go_on()
    files = measured.files()
    assert files[NAME].count(b"\n") == 3 and files["events_2024-01-06.csv"].count(b"corrected") == 1 and measured.count() == 0


def test_the_table_does_not_count_for_rows_that_it_lacks(make):
    """Of a device that measures on: what is there now is no row of the file."""
    measured = make()
    measured.insert(2, "now() - interval '1 day'")
    measured.archived()
    measured.table.execute(f"DELETE FROM measured WHERE id = 2 AND created_at < '{DAY}'::timestamptz + interval '1 day'")
    measured.insert(2, "now()")
    outcome = measured.run("recover", "--discard", NAME, expect=7)
    assert "1 of the 3 rows that would go are not in" in outcome.stderr, str(outcome)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_restore_that_died_behind_its_commit_is_not_forgotten(make, fault_binary, shape):
    measured = make(shape)
    measured.archived()
    measured.table.execute("DELETE FROM measured")
    measured.must_go_on()
    died = Archiver(fault_binary, measured.archiver.settings | {"EVENT_ARCHIVER_FAULT": "before-restore-mark=kill"}).run("restore", "--day", DAY, "--hold", "30 days")
    assert died.code == 137, str(died)
    measured.table.execute("UPDATE measured SET created_at = created_at + interval '5 days', value = 'corrected'")
    measured.must_be_refused()
    assert "archiverrestored" in measured.lake.head(measured.container, NAME).metadata


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("run", ["dry", "killed"])
def test_rows_of_a_run_that_was_rolled_back_may_get_another_time(make, fault_binary, shape, run):
    """None has the key that the file's tail knows. They are in the table all the same, and the tail is taken back."""
    measured = make(shape)
    for number in (1, 2, 3):
        measured.insert(number, f"timestamptz '{DAY}Z' + {number} * interval '1 hour'")
    if run == "dry":
        measured.run("archive", "--dry-run", expect=0)
    else:
        died = Archiver(fault_binary, measured.archiver.settings | {"EVENT_ARCHIVER_FAULT": "after-publish=kill"}).run("archive")
        assert died.code == 137, str(died)
    measured.table.execute("UPDATE measured SET created_at = created_at + interval '5 days', value = 'corrected'")
    measured.must_go_on()
    files = measured.files()
    assert set(files) == {"events_2024-01-06.csv"} and files["events_2024-01-06.csv"].count(b"\n") == 4 and measured.count() == 0


def test_rows_that_another_folder_got_are_not_taken_back(make):
    """Of a dry run, whose devices measure on: none of these is a row of the tail."""
    measured = make()
    for number in (1, 2, 3):
        measured.insert(number, f"timestamptz '{DAY}Z' + {number} * interval '1 hour'")
        measured.insert(number, "now() - interval '1 day'")
    measured.run("archive", "--dry-run", expect=0)
    measured.table.execute("DELETE FROM measured WHERE created_at < '2024-01-02'")
    for number in (1, 2, 3):
        measured.insert(number, "now()")
    outcome = measured.run("archive", expect=7)
    assert "none of them is in" in outcome.stderr and NAME in measured.files(), str(outcome)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_day_is_not_restored_once_more_over_a_row_that_was_moved(make, shape):
    """The row would be in the table under both times, and nobody would look for it any more."""
    measured = make(shape)
    measured.archived()
    measured.change(1, "created_at = created_at + interval '5 days', value = 'corrected'")
    outcome = measured.run("restore", "--day", DAY, "--hold", "none", expect=7)
    assert "another time" in outcome.stderr and "now 20" in outcome.stderr and measured.count() == 3, str(outcome)
    measured.must_be_refused()
    measured.change(1, "created_at = created_at - interval '5 days', value = 'ok'")
    measured.change(2, "value = 'ok'")
    measured.table.execute("DELETE FROM measured WHERE ctid = (SELECT min(ctid) FROM measured)")
    measured.run("restore", "--day", DAY, "--hold", "none", expect=0)
    assert measured.count() == 3
    measured.must_go_on()
