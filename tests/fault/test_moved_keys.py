"""Where the day is part of the key, a restored row that got another time has another key. It is known by the rest of it, and not
archived a second time. Tables in which that repeats, as measurements of one device, are not held up."""
import json
import re
from datetime import date

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

    def leave_a_tail(self, run: str, fault_binary) -> None:
        """Three rows, and a file of them by a run that was rolled back."""
        for number in (1, 2, 3):
            self.insert(number, f"timestamptz '{DAY}Z' + {number} * interval '1 hour'")
        if run == "dry":
            self.run("archive", "--dry-run", expect=0)
            return
        died = Archiver(fault_binary, self.archiver.settings | {"EVENT_ARCHIVER_FAULT": "after-publish=kill"}).run("archive")
        assert died.code == 137, str(died)

    def count(self, where: str = "true") -> int:
        return self.table.value(f"SELECT count(*) FROM measured WHERE {where}")

    def files(self) -> dict:
        return {blob.name: self.lake.get(self.container, blob.name) for blob in self.lake.list(self.container)}

    def must_be_refused(self) -> None:
        """Nothing is archived: not the row that was moved, and no other."""
        before, rows = self.files(), self.count()
        outcome = self.run("archive", expect=7)
        assert MOVED in outcome.stderr and "now 20" in outcome.stderr, str(outcome)
        checked = self.run("check")
        assert checked.code == 7 and MOVED in checked.stdout + checked.stderr, str(checked)
        planned = json.loads(self.run("plan", "-o", "json", expect=0).stdout)
        assert any(MOVED in each for each in planned["refusals"]), planned
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
    """What the message says: first with the time that the row had, so that nothing is given up for a row that only looks like it."""
    measured = make(shape)
    measured.archived()
    measured.change(1, "created_at = created_at + interval '5 days', value = 'corrected'")
    measured.must_be_refused()
    outcome = measured.run("recover", "--discard", NAME, expect=7)
    assert "1 of the 3 rows that would go are not in" in outcome.stderr and "give a row that was moved the time back" in outcome.stderr, str(outcome)
    measured.change(1, "created_at = created_at - interval '5 days'")
    measured.run("recover", "--discard", NAME, expect=0)
    measured.change(1, "created_at = created_at + interval '5 days'")
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
    """None has the key that the file's tail knows, so a person says that they are in the table all the same."""
    measured = make(shape)
    measured.leave_a_tail(run, fault_binary)
    measured.table.execute("UPDATE measured SET created_at = created_at + interval '5 days', value = 'corrected'")
    outcome = measured.run("archive", expect=7)
    assert "given another time" in outcome.stderr and NAME in measured.files(), str(outcome)
    measured.run("recover", "--discard", NAME, expect=0)
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
    assert "may have another time" in outcome.stderr and "now 20" in outcome.stderr and measured.count() == 3, str(outcome)
    measured.must_be_refused()
    measured.change(1, "created_at = created_at - interval '5 days', value = 'ok'")
    measured.change(2, "value = 'ok'")
    measured.table.execute("DELETE FROM measured WHERE ctid = (SELECT min(ctid) FROM measured)")
    measured.run("restore", "--day", DAY, "--hold", "none", expect=0)
    assert measured.count() == 3
    measured.must_go_on()


@pytest.mark.parametrize("run", ["dry", "killed"])
@pytest.mark.parametrize("value", ["new", "ok"], ids=["other content", "alike"])
@pytest.mark.parametrize("devices", [1, 3], ids=["one", "all"])
def test_no_tail_is_removed_for_new_rows_of_its_devices(make, fault_binary, run, value, devices):
    """Somebody has deleted the rows of a run that was rolled back, so its tail is the only copy of them."""
    measured = make()
    measured.leave_a_tail(run, fault_binary)
    measured.table.execute("DELETE FROM measured")
    for number in range(1, devices + 1):
        measured.insert(number, "now()", value=value)
    tail = measured.files()[NAME]
    for _ in range(2):
        outcome = measured.run("archive", expect=7)
        assert "none of them is in" in outcome.stderr and measured.files()[NAME] == tail, str(outcome)
    measured.run("recover", "--keep", NAME, expect=0)
    measured.must_go_on()
    assert measured.files()[NAME] == tail and measured.count() == devices


def test_a_tail_whose_rows_were_moved_is_left_to_a_person_by_a_role_that_may_read_columns_only(make, fault_binary, database):
    """The server was started again, and the role may not read which rows are new."""
    measured = make()
    measured.leave_a_tail("killed", fault_binary)
    measured.table.execute("UPDATE measured SET created_at = created_at + interval '5 days'")
    metadata = dict(measured.lake.head(measured.container, NAME).metadata)
    assert ",started=" in metadata["archiverlast"], metadata
    measured.lake.set_metadata(measured.container, NAME, metadata | {"archiverlast": re.sub(",started=[0-9]+", ",started=1", metadata["archiverlast"])})
    measured.table.execute("""DO $$ BEGIN CREATE ROLE reads_columns LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
                              GRANT SELECT (id, created_at, value, note), DELETE ON measured TO reads_columns""")
    outcome = measured.archiver.run("archive", settings={"PG_CONNECTION_STRING": database.server.uri(database.name, user="reads_columns")})
    measured.table.execute("DROP OWNED BY reads_columns; DROP ROLE reads_columns")
    assert outcome.code == 7 and list(measured.files()) == [NAME] and measured.count() == 3, str(outcome)


DAYS = {  # of the day's own column in the key
    "number": ("d int", "20240101", "20240106", ""),
    "text": ("d text", "'2024-01-01'", "'2024-01-06'", ""),
    "month": ("d text", "'2024-01'", "'2024-02'", " PARTITION BY LIST (d); CREATE TABLE january PARTITION OF measured DEFAULT"),
}


@pytest.fixture
def day_in_key(archiver, database, lake, container):
    from support.table import EventTable

    def make(kind):
        column, day, other, parts = DAYS[kind]
        measured = Measured.__new__(Measured)
        measured.table, measured.lake, measured.container = EventTable(database.connection), lake, container
        measured.archiver = archiver.with_settings({"ARCHIVE_TABLE": "public.measured"})
        measured.table.execute(f"CREATE TABLE measured (id int, {column}, created_at timestamptz NOT NULL, value text, PRIMARY KEY (id, d)){parts}")
        measured.table.execute(f"CREATE INDEX ON measured (created_at); INSERT INTO measured SELECT i, {day}, timestamptz '{DAY}Z' + i * interval '1 hour', 'v' || i FROM generate_series(1, 3) AS i")
        return measured, f"created_at = created_at + interval '35 days', d = {other}", f"created_at = created_at - interval '35 days', d = {day}"

    return make


@pytest.mark.parametrize("kind", DAYS)
@HOLDS
def test_a_day_that_is_a_number_or_a_text_moves_with_its_row(day_in_key, kind, hold):
    measured, there, back = day_in_key(kind)
    measured.run("archive", expect=0)
    measured.run("restore", "--day", DAY, "--hold", hold, expect=0)
    measured.table.execute(f"UPDATE measured SET {there} WHERE id = 1")
    measured.must_be_refused()
    rows = measured.count()
    outcome = measured.run("restore", "--day", DAY, "--hold", hold, expect=7)
    assert "may have another time" in outcome.stderr and measured.count() == rows, str(outcome)
    measured.table.execute(f"UPDATE measured SET {back} WHERE id = 1")
    measured.must_go_on()
    assert measured.files()[NAME].count(b"\n") == 4 and measured.count() == (0 if hold == "none" else 3)


def measured_of_one_device(make, hold="none", index=True):
    measured = make(index=index)
    for hour in (1, 2, 3):
        measured.insert(7, f"timestamptz '{DAY} 0{hour}:00Z'", value=f"v{hour}")
    measured.run("archive", expect=0)
    measured.run("restore", "--day", DAY, "--hold", hold, expect=0)
    return measured


@HOLDS
@pytest.mark.parametrize("index", [True, False], ids=["by day", "one scan"])
def test_a_day_is_not_restored_once_more_over_a_row_of_a_device_with_many(make, hold, index):
    measured = measured_of_one_device(make, hold, index)
    measured.table.execute("UPDATE measured SET created_at = created_at + interval '5 days' WHERE value = 'v1'")
    measured.must_be_refused()
    outcome = measured.run("restore", "--day", DAY, "--hold", hold, expect=7)
    assert "may have another time" in outcome.stderr and measured.count() == 3, str(outcome)
    measured.must_be_refused()
    # What the message says, where it is another row.
    measured.table.execute("DELETE FROM measured WHERE created_at < '2024-01-02Z'")
    measured.run("recover", "--keep", NAME, expect=0)
    measured.run("restore", "--day", DAY, "--hold", hold, expect=0)
    assert measured.count() == 4


@pytest.mark.parametrize("shared", [False, True], ids=["one row each", "one device"])
def test_a_day_is_not_restored_once_more_over_a_moved_row_after_a_failover(make, shared):
    """The server does not tell any more which rows are new."""
    measured = measured_of_one_device(make) if shared else make()
    if not shared:
        measured.archived()
    measured.table.execute("UPDATE measured SET created_at = created_at + interval '5 days' WHERE created_at = (SELECT min(created_at) FROM measured)")
    metadata = dict(measured.lake.head(measured.container, NAME).metadata)
    assert "timeline=1," in metadata["archiverrestored"], metadata
    measured.lake.set_metadata(measured.container, NAME, metadata | {"archiverrestored": metadata["archiverrestored"].replace("timeline=1,", "timeline=0,")})
    measured.must_be_refused()
    outcome = measured.run("restore", "--day", DAY, "--hold", "none", expect=7)
    assert "may have another time" in outcome.stderr and measured.count() == 3, str(outcome)


ALTERED = {"dropped": "DROP note", "renamed": "RENAME note TO other", "of another type": "ALTER value TYPE varchar(9)"}


@pytest.mark.parametrize("altered", ALTERED)
@pytest.mark.parametrize("hold, moved", [("none", "true"), ("30 days", "true"), ("30 days", "value = 'v1'")], ids=["all", "held, all", "held, one"])
def test_rows_of_a_device_with_many_are_known_though_a_column_was_altered(make, altered, hold, moved):
    """What stands beside the key cannot be compared."""
    measured = measured_of_one_device(make, hold)
    measured.table.execute(f"UPDATE measured SET created_at = created_at + interval '5 days' WHERE {moved}; ALTER TABLE measured {ALTERED[altered]}")
    measured.must_be_refused()


@HOLDS
def test_a_row_that_only_looks_moved_can_be_told_so(make, hold):
    """A device that says the same each day. The rows of the table stay, and are archived."""
    measured = make()
    measured.archived(hold=hold)
    measured.table.execute("DELETE FROM measured WHERE id = 1")
    for day in (3, 4):
        measured.insert(1, f"timestamptz '2024-01-0{day} 01:00Z'")
    measured.must_be_refused()
    outcome = measured.run("archive", expect=7)
    assert "delete from the table the rows that the file has" in outcome.stderr and "--keep" in outcome.stderr, str(outcome)
    outcome = measured.run("recover", "--discard", NAME, expect=7)
    assert "1 of the 3 rows that would go are not in" in outcome.stderr, str(outcome)
    measured.table.execute("DELETE FROM measured WHERE created_at < '2024-01-02Z'")
    measured.run("recover", "--keep", NAME, expect=0)
    measured.must_go_on()
    assert measured.count() == 0 and {name: content.count(b"\n") for name, content in measured.files().items()} == {
        NAME: 4, "events_2024-01-03.csv": 2, "events_2024-01-04.csv": 2}


TIMES = {"one time": ("", "created_at"), "two": (", day date NOT NULL", "created_at, day")}


@pytest.mark.parametrize("times", TIMES)
@HOLDS
def test_a_key_of_times_alone_leaves_what_stands_beside_it(make, archiver, times, hold):
    measured = make()
    column, key = TIMES[times]
    measured.table.execute(f"""DROP TABLE measured; CREATE TABLE measured (created_at timestamptz{column}, value text, PRIMARY KEY ({key}));
        INSERT INTO measured SELECT timestamptz '{DAY}Z' + i * interval '1 hour'{", '2024-01-01'" if column else ""}, 'v' || i FROM generate_series(1, 3) AS i""")
    measured.run("archive", expect=0)
    measured.run("restore", "--day", DAY, "--hold", hold, expect=0)
    measured.table.execute("UPDATE measured SET created_at = created_at + interval '5 days'" + (", day = day + 5" if column else "") + " WHERE value = 'v1'")
    measured.must_be_refused()
    measured.run("restore", "--day", DAY, "--hold", hold, expect=7)
    assert measured.count() == 3


SHARD = f"{(date.fromisoformat(DAY) - date(1970, 1, 1)).days % 2}/2"


@pytest.mark.parametrize("index", [True, False], ids=["by day", "one scan"])
@pytest.mark.parametrize("way", [["--max-days", "1"], ["--commit", "day"], ["--shard", SHARD]], ids=lambda way: way[0])
def test_a_row_is_known_whichever_part_of_what_is_due_a_run_takes(make, index, way):
    """The other part is archived by the next transaction, or by another shard, and the mark would have ended."""
    measured = make(index=index)
    for hour in (1, 2, 3):
        measured.insert(7, f"timestamptz '{DAY} 0{hour}:00Z'", value=f"v{hour}")
    measured.run("archive", expect=0)
    measured.run("restore", "--day", DAY, "--hold", "none", expect=0)
    measured.table.execute("UPDATE measured SET created_at = created_at + interval '5 days' WHERE value = 'v1'")
    before = measured.files()
    outcome = measured.run("archive", *way, expect=7)
    assert MOVED in outcome.stderr and measured.files() == before and measured.count() == 3, str(outcome)


RETYPED = {"padded": ("char(3)", "varchar(9)"), "written otherwise": ("text", "varchar USING lower(name)")}


@pytest.mark.parametrize("retyped", RETYPED)
@HOLDS
def test_a_day_is_not_restored_once_more_over_rows_whose_key_is_written_otherwise(make, retyped, hold):
    measured = make()
    before, after = RETYPED[retyped]
    measured.table.execute(f"""DROP TABLE measured; CREATE TABLE measured (name {before} PRIMARY KEY, created_at timestamptz NOT NULL, value text);
        CREATE INDEX ON measured (created_at); INSERT INTO measured SELECT 'A' || i, timestamptz '{DAY}Z' + i * interval '1 hour', 'v' FROM generate_series(1, 3) AS i""")
    measured.run("archive", expect=0)
    measured.run("restore", "--day", DAY, "--hold", hold, expect=0)
    measured.table.execute(f"ALTER TABLE measured ALTER name TYPE {after}")
    outcome = measured.run("restore", "--day", DAY, "--hold", hold, expect=7)
    assert measured.count() == 3, str(outcome)


@HOLDS
def test_check_and_plan_say_what_archive_says_of_a_key_that_is_written_otherwise(make, hold):
    measured = make()
    measured.table.execute(f"""DROP TABLE measured; CREATE TABLE measured (name text PRIMARY KEY, created_at timestamptz NOT NULL, value text);
        CREATE INDEX ON measured (created_at); INSERT INTO measured SELECT 'A' || i, timestamptz '{DAY}Z' + i * interval '1 hour', 'v' FROM generate_series(1, 3) AS i""")
    measured.run("archive", expect=0)
    measured.run("restore", "--day", DAY, "--hold", hold, expect=0)
    measured.table.execute("ALTER TABLE measured ALTER name TYPE varchar USING lower(name); UPDATE measured SET value = 'w' WHERE name = 'a1'")
    measured.table.execute("INSERT INTO measured VALUES ('b1', '2024-01-05Z', 'v')")
    said = "has rows that are not found in"
    outcome, checked = measured.run("archive", expect=7), measured.run("check", expect=7)
    planned = json.loads(measured.run("plan", "-o", "json", expect=0).stdout)
    assert said in outcome.stderr and said in checked.stdout + checked.stderr and any(said in each for each in planned["refusals"]), (outcome, checked, planned)


@HOLDS
def test_a_row_that_another_key_does_not_find_is_not_archived_twice(make, hold):
    measured = make()
    measured.table.execute(f"""DROP TABLE measured; CREATE TABLE measured (id int NOT NULL UNIQUE, seq int NOT NULL UNIQUE, created_at timestamptz NOT NULL, value text);
        CREATE INDEX ON measured (created_at); INSERT INTO measured SELECT i, i, timestamptz '{DAY}Z' + i * interval '1 hour', 'v' FROM generate_series(1, 3) AS i""")
    by_id, by_seq = (measured.archiver.with_settings({"ARCHIVE_KEY_COLUMN": key}) for key in ("id", "seq"))
    by_id.run("archive", expect=0)
    by_id.run("restore", "--day", DAY, "--hold", hold, expect=0)
    measured.table.execute("UPDATE measured SET seq = seq + 500, created_at = created_at + interval '5 days' WHERE id = 1")
    files = measured.files()
    outcome, checked = by_seq.run("archive", expect=7), by_seq.run("check", expect=7)
    assert "their key was id" in outcome.stderr and "their key was id" in checked.stdout + checked.stderr and measured.files() == files, (outcome, checked)
    by_id.run("archive", expect=7)
    measured.table.execute("UPDATE measured SET seq = seq - 500, created_at = created_at - interval '5 days' WHERE id = 1")
    (by_id if hold != "none" else by_seq).run("archive", expect=0)
    assert measured.count() == (0 if hold == "none" else 3)


def test_rows_that_a_restore_inserts_are_not_taken_for_moved_ones(make):
    """Of two days that were restored before; the devices, and what they wrote, are the same."""
    measured = make()
    for number in (1, 2):
        for day in (1, 2):
            measured.insert(number, f"timestamptz '2024-01-0{day} 01:00:00Z'")
    measured.run("archive", expect=0)
    for _ in range(3):
        measured.run("restore", "--from", "2024-01-01", "--to", "2024-01-02", expect=0)
        assert measured.count() == 4
        measured.table.execute("DELETE FROM measured")
