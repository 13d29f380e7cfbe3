"""verify: whatever is wrong with an archived day is found, with its file, row and byte; whatever is right passes."""
import io
import gzip
import json

import pytest

from support.gate import LakeGate, answer, call_before

DAY = "2024-01-02"
FILE = f"events_{DAY}.csv"


@pytest.fixture(params=["none", "gzip"])
def archived(request, archiver, table):
    """Three days of 20 rows in the lake, plain or compressed."""
    program = archiver.with_settings({"ARCHIVE_COMPRESSION": request.param})
    table.fill(60, 3)
    program.archive()
    program.suffix = ".gz" if request.param == "gzip" else ""
    return program


class Folder:
    """Day files as text, and put back with the mark they had."""

    def __init__(self, lake, container, suffix=""):
        self.lake, self.container, self.suffix = lake, container, suffix

    def read(self, name=FILE) -> bytes:
        content = self.lake.get(self.container, name + self.suffix)
        return gzip.decompress(content) if self.suffix else content

    def write(self, content: bytes, name=FILE, **mark) -> None:
        before = self.lake.head(self.container, name + self.suffix)
        stored = gzip.compress(content) if self.suffix else content
        self.lake.put_blob(self.container, name + self.suffix, stored, {**before.metadata, **mark})

    def recorded(self, content: bytes, rows: int, name=FILE) -> None:
        """Written with a mark that agrees in size and rows, so that only the content can give it away."""
        stored = gzip.compress(content) if self.suffix else content
        self.write(content, name, archiverrows=str(rows), archiverbytes=str(len(stored)))


@pytest.fixture
def folder(lake, container, archived):
    return Folder(lake, container, archived.suffix)


def rows_of(content: bytes) -> list:
    """Header and rows with their line ends; quoted fields may hold newlines."""
    rows, begin, quoted = [], 0, False
    for at, byte in enumerate(content):
        if byte == 0x22:
            quoted = not quoted
        elif byte == 0x0A and not quoted:
            rows.append(content[begin : at + 1])
            begin = at + 1
    return rows


def verify(program, *arguments, expect=7) -> dict:
    """The JSON document; its differences by day."""
    outcome = program.run("verify", "-o", "json", *arguments, expect=expect)
    found = json.loads(outcome.stdout)
    assert found["ok"] == (expect == 0)
    assert outcome.summary["exit_code"] == expect
    return found


def differences(found: dict) -> list:
    return [(day["day"], one["kind"], one["row"], one["byte"]) for day in found["days"] for one in day["differences"]]


def test_what_was_archived_is_proved(archived):
    found = verify(archived, expect=0)
    assert [(day["day"], day["state"], day["rows"]) for day in found["days"]] == [
        (f"2024-01-0{n}", "final", 20) for n in (1, 2, 3)
    ]
    assert found["totals"]["rows"] == 60 and found["totals"]["differences"] == 0
    text = archived.run("verify", expect=0).stdout
    assert "3 files, 60 rows" in text and "no differences" in text


def test_files_that_were_appended_to_are_proved(archived, table):
    table.fill(30, 3, seed="b")
    archived.archive()
    assert verify(archived, expect=0)["totals"]["rows"] == 90


def mark_again(lake, container, name):
    """Writes the same metadata: the file has another ETag."""
    lake.set_metadata(container, name, lake.head(container, name).metadata)


@pytest.mark.parametrize("mishap", ["marked again", "412", "404"])
def test_a_file_that_changes_while_it_is_read_is_read_again(archived, azurite, lake, container, mishap):
    name = FILE + archived.suffix
    faults = {"marked again": call_before(lambda: mark_again(lake, container, name)), "412": answer(412, "ConditionNotMet"), "404": answer(404, "BlobNotFound")}
    with LakeGate(azurite.port, checked=False) as gate:
        rule = gate.on(faults[mishap], method="GET", contains=name, nth=1)
        behind = archived.with_settings({"AZURE_STORAGE_CONNECTION_STRING": azurite.connection_string(gate.endpoint)})
        found = verify(behind, expect=0)
    assert rule.hits == 1 and found["totals"]["rows"] == 60


def test_a_file_that_goes_while_it_is_read_is_named(archived, azurite, lake, container):
    name = FILE + archived.suffix
    with LakeGate(azurite.port, checked=False) as gate:
        rule = gate.on(call_before(lambda: lake.delete(container, name)), method="GET", contains=name, nth=1)
        behind = archived.with_settings({"AZURE_STORAGE_CONNECTION_STRING": azurite.connection_string(gate.endpoint)})
        found = verify(behind)
    assert rule.hits == 1
    assert {day for day, *_ in differences(found)} == {DAY}


def test_a_file_that_was_moved_away_while_others_were_read_is_not_missed(archiver, table, azurite, lake, container):
    program = archiver.with_settings({"ARCHIVE_PATH": f"{container}/some/folder"})
    table.fill(60, 3)
    program.archive()

    def move_away():
        lake.delete(container, f"some/folder/{FILE}")
        program.run("recover", "--discard", FILE, expect=0)

    with LakeGate(azurite.port, checked=False) as gate:
        rule = gate.on(call_before(move_away), method="GET", contains=FILE, nth=1)
        found = verify(program.with_settings({"AZURE_STORAGE_CONNECTION_STRING": azurite.connection_string(gate.endpoint)}), expect=0)
    assert rule.hits == 1 and found["totals"]["rows"] == 40


def test_a_changed_byte(archived, folder):
    content = bytearray(folder.read())
    at = content.index(b"canary")
    content[at] ^= 1
    folder.write(bytes(content))
    kinds = {kind for _, kind, _, _ in differences(verify(archived))}
    assert "checksum" in kinds and kinds <= {"checksum", "size"}


def test_a_row_in_another_days_file(archived, folder):
    stray = rows_of(folder.read("events_2024-01-03.csv"))[4]
    content = folder.read()
    folder.recorded(content + stray, 21)
    found = differences(verify(archived))
    assert (DAY, "wrong_day", 22, len(content)) in found
    # It is in the right file as well, which is no concern of this one's keys.
    assert {kind for _, kind, _, _ in found} == {"wrong_day", "checksum"}


def test_a_doubled_row(archived, folder):
    content = folder.read()
    folder.recorded(content + rows_of(content)[5], 21)
    found = verify(archived)
    assert (DAY, "duplicate", 22, len(content)) in differences(found)
    day = next(day for day in found["days"] if day["day"] == DAY)
    assert any("row 6" in one["message"] for one in day["differences"])


def test_a_lost_row(archived, folder):
    rows = rows_of(folder.read())
    folder.write(b"".join(rows[:7] + rows[8:]))
    kinds = {kind for _, kind, _, _ in differences(verify(archived))}
    assert kinds == {"size", "rows", "checksum"}


def test_a_truncated_file(archived, folder, lake, container):
    name = FILE + folder.suffix
    stored = lake.get(container, name)
    lake.put_blob(container, name, stored[: len(stored) // 2], lake.head(container, name).metadata)
    kinds = {kind for _, kind, _, _ in differences(verify(archived))}
    assert {"size", "checksum"} <= kinds


def test_an_empty_file(archived, folder, lake, container):
    name = FILE + folder.suffix
    lake.put_blob(container, name, b"", lake.head(container, name).metadata)
    kinds = {kind for _, kind, _, _ in differences(verify(archived))}
    assert {"header", "size", "rows"} <= kinds


def test_a_row_that_the_table_has_as_well(archived, folder, table):
    rows = rows_of(folder.read())
    with table.connection.cursor() as cursor:
        cursor.copy_expert('COPY "Event" FROM STDIN (FORMAT csv)', io.BytesIO(rows[3]))
    assert differences(verify(archived)) == [(DAY, "in_table", 4, sum(map(len, rows[:3])))]


def test_a_row_whose_key_the_table_has_with_other_content(archived, folder, table):
    content = folder.read()
    rows = rows_of(content)
    key = int(rows[3].split(b",")[0])
    table.execute(
        """INSERT INTO "Event" (id, event_id, event_type, created_at, payload) VALUES (%s, 'x', 'y', now(), '{}')""",
        (key,),
    )
    assert differences(verify(archived)) == [(DAY, "key_in_table", 4, sum(map(len, rows[:3])))]


def test_quotes_that_do_not_fit(archived, folder):
    rows = rows_of(folder.read())
    rows[2] = rows[2].replace(b",", b',a"b,', 1)
    folder.write(b"".join(rows))
    found = differences(verify(archived))
    assert any(kind == "malformed" and row == 3 for _, kind, row, _ in found)


def test_a_row_with_a_field_too_many(archived, folder):
    rows = rows_of(folder.read())
    rows[2] = rows[2][:-1] + b",\n"
    folder.recorded(b"".join(rows), 20)
    assert (DAY, "malformed", 3, len(rows[0]) + len(rows[1])) in differences(verify(archived))


def test_another_header(archived, folder):
    folder.write(folder.read().replace(b"id,event_id", b"id,event_no", 1))
    kinds = {kind for _, kind, _, _ in differences(verify(archived))}
    assert kinds == {"header", "checksum"} or kinds == {"header", "checksum", "size"}


def test_a_column_added_since_is_not_a_difference(archived, table):
    table.execute('ALTER TABLE "Event" ADD COLUMN more text')
    verify(archived, expect=0)


def test_a_mark_that_cannot_be_read(archived, folder):
    folder.write(folder.read(), archiverrows="many")
    assert "unreadable" in {kind for _, kind, _, _ in differences(verify(archived))}


def test_only_the_days_asked_for(archived, folder):
    folder.write(folder.read()[:-1])
    assert len(verify(archived, "--from", "2024-01-03", expect=0)["days"]) == 1
    assert len(verify(archived, "--to", "2024-01-01", expect=0)["days"]) == 1
    assert len(verify(archived, "--from", DAY, "--to", DAY)["days"]) == 1


def test_a_dry_run_leaves_pending_files_which_are_named(archiver, table):
    table.fill(20, 2)
    archiver.archive()
    table.fill(20, 2, seed="b")
    archiver.archive("--dry-run")
    found = verify(archiver, expect=0)
    assert [day["state"] for day in found["days"]] == ["pending", "pending"] and found["totals"]["pending"] == 2
    text = archiver.run("verify", expect=0).stdout
    assert "events_2024-01-01.csv: 10 of 20 rows perhaps not committed" in text


def test_a_file_of_others_is_named(archived, folder, lake, container):
    name = FILE + folder.suffix
    lake.put_blob(container, name, lake.get(container, name))
    found = verify(archived, expect=0)
    assert found["totals"]["foreign"] == 1
    assert f"{name}: others wrote it" in archived.run("verify", expect=0).stdout


def test_many_differences_are_counted(archived, folder):
    rows = rows_of(folder.read())
    folder.write(b"".join(rows + rows[1:] + rows[1:]))
    found = verify(archived)
    day = next(day for day in found["days"] if day["day"] == DAY)
    assert len(day["differences"]) == 20 and day["differences_count"] > 40
    text = archived.run("verify", expect=7).stdout
    assert "more" in text and f"{found['totals']['differences']} differences" in text


def test_one_key_again_and_again_is_counted_once_each(archived, folder):
    rows = rows_of(folder.read())
    folder.recorded(b"".join(rows) + rows[3] * 1500, 1520)
    found = verify(archived)
    day = next(day for day in found["days"] if day["day"] == DAY)
    assert day["differences_count"] == 1501  # and the checksum


def test_content_compared_with_a_restored_table(archived, table, folder):
    table.execute('CREATE TABLE restored (LIKE "Event" INCLUDING ALL)')
    for day in (1, 2, 3):
        with table.connection.cursor() as cursor:
            from io import BytesIO

            cursor.copy_expert(
                "COPY restored FROM STDIN (FORMAT csv, HEADER)", BytesIO(folder.read(f"events_2024-01-0{day}.csv"))
            )
    verify(archived, "--against", "restored", expect=0)
    rows = rows_of(folder.read())
    key = int(rows[9].split(b",")[0])
    table.execute("UPDATE restored SET event_type = 'other' WHERE id = %s", (key,))
    found = differences(verify(archived, "--against", "restored"))
    assert (DAY, "content", 10, sum(map(len, rows[:9]))) in found and (DAY, "missing", None, None) in found
    table.execute("DELETE FROM restored WHERE id = %s", (key,))
    assert differences(verify(archived, "--against", "restored")) == [(DAY, "content", 10, sum(map(len, rows[:9])))]
    assert "name it so with --against" in archived.run("verify", "--against", '"Restored"', expect=3).stderr
    table.execute("CREATE VIEW seen AS TABLE restored")
    assert "Name a table with --against" in archived.run("verify", "--against", "seen", expect=3).stderr
    table.execute("ALTER TABLE restored ADD COLUMN more text")
    assert "it also has 'more'" in archived.run("verify", "--against", "restored", expect=3).stderr


def test_a_day_that_the_other_table_lacks_is_one_difference_for_each_file(archived, table):
    table.execute('CREATE TABLE restored (LIKE "Event" INCLUDING ALL)')
    found = verify(archived, "--against", "restored")
    assert [(day["differences_count"], len(day["differences"])) for day in found["days"]] == [(20, 1)] * 3
    (only,) = found["days"][0]["differences"]
    assert (only["kind"], only["row"]) == ("content", None)
    assert only["message"] == "public.restored has none of its 20 rows of this day"


@pytest.mark.parametrize("kind", ["plain", "gzip", "timestamptz"])
def test_a_day_that_only_the_other_table_has_is_a_difference(archiver, table, lake, container, kind):
    """Its file is gone, and so is the ledger that would miss it: the table compared with has the rows."""
    if kind == "timestamptz":
        table.execute("""ALTER TABLE "Event" ALTER created_at TYPE timestamptz USING created_at AT TIME ZONE 'UTC'""")
    made = archiver.with_settings({"ARCHIVE_COMPRESSION": "gzip"} if kind == "gzip" else {})
    table.fill(30, 3)
    table.execute('CREATE TABLE copied AS TABLE "Event"; ALTER TABLE copied ADD PRIMARY KEY (id)')
    table.fill_young(3)
    table.execute('INSERT INTO copied SELECT * FROM "Event" WHERE id NOT IN (SELECT id FROM copied)')
    made.archive()
    verify(made, "--against", "copied", expect=0)
    for blob in lake.list(container, bookkeeping=True):
        if "01-02" in blob.name or "/ledger-" in blob.name:
            lake.delete(container, blob.name)
    verify(made, expect=0)
    for days in ((), ("--from", "2024-01-01", "--to", "2024-01-03"), ("--from", "2024-01-02", "--to", "2024-01-02"), ("--to", "2024-01-03")):
        found = verify(made, "--against", "copied", *days)
        (wrong,) = [day for day in found["days"] if not day["ok"]]
        assert (wrong["day"], wrong["state"], wrong["differences"][0]["kind"]) == ("2024-01-02", "missing", "missing")
        assert wrong["differences"][0]["message"].startswith("10 rows of ")
    verify(made, "--against", "copied", "--to", "2024-01-01", expect=0)
    lake.delete(container, next(blob.name for blob in lake.list(container) if "01-01" in blob.name))
    found = verify(made, "--against", "copied")  # the first day as well: rows before the first file are older still
    assert [day["day"] for day in found["days"] if not day["ok"]] == ["2024-01-01", "2024-01-02"]
    verify(made, "--against", "copied", "--from", "2024-01-03", "--to", "2024-01-04", expect=0)


@pytest.mark.parametrize("kind", ["text", "uuid", "bigint"])
def test_other_kinds_of_keys(archiver, table, kind):
    table.fill(40, 2)
    table.execute(
        {
            "text": """ALTER TABLE "Event" ALTER id DROP DEFAULT, ALTER id TYPE text USING 'k"' || id || ',\\'""",
            "uuid": """ALTER TABLE "Event" ALTER id DROP DEFAULT, ALTER id TYPE uuid USING md5(id::text)::uuid""",
            "bigint": """ALTER TABLE "Event" ALTER id TYPE bigint USING id::bigint * 1000000007""",
        }[kind]
    )
    table.execute('CREATE TABLE kept AS TABLE "Event"')
    archiver.archive()
    verify(archiver, expect=0)
    table.execute("""INSERT INTO "Event" SELECT * FROM kept WHERE created_at < '2024-01-02' ORDER BY id LIMIT 7""")
    assert [kind for _, kind, _, _ in differences(verify(archiver))] == ["in_table"] * 7


def test_memory_stays_within_its_bound(archiver, table):
    """More keys than one pass has room for; all in one file."""
    table.execute(
        """INSERT INTO "Event" (id, event_id, event_type, created_at, payload)
           SELECT i, '', '', '2024-01-01', '{}' FROM generate_series(1, 300000) i"""
    )
    archiver.archive()
    small = {"ARCHIVE_MEMORY": "1MiB", "ARCHIVE_PARALLEL": "1"}
    outcome = archiver.run("verify", settings=small, expect=0)
    roomy = archiver.run("verify", settings={"ARCHIVE_PARALLEL": "1"}, expect=0)
    assert outcome.summary["requests"] > roomy.summary["requests"]
    assert outcome.summary["peak_memory_bytes"] < roomy.summary["peak_memory_bytes"] + (1 << 20)


def test_without_a_container(archiver, table, lake, container):
    outcome = archiver.run("verify", expect=3)
    assert container in outcome.stderr and not lake.has_container(container)


@pytest.fixture
def two_files(archiver, table, lake, container):
    """A day of which 20 rows are in a plain file, and 20 in a compressed one that somebody has moved here."""
    table.fill(20, 1)
    archiver.archive()
    table.fill(20, 1, seed="b")
    other, packed = f"{container}-other", "events_2024-01-01.csv.gz"
    archiver.archive("--compression", "gzip", "--path", other)
    lake.put_blob(container, packed, lake.get(other, packed), lake.head(other, packed).metadata)
    lake.delete_container(other)
    return archiver


def test_a_day_of_two_files_is_one_day(two_files, table):
    found = verify(two_files, expect=0)
    assert [(day["day"], day["rows"]) for day in found["days"]] == [("2024-01-01", 20)] * 2
    two_files.run("restore", "--day", "2024-01-01", "--into", "copied", expect=0)
    assert table.value('SELECT count(*) FROM copied') == 40
    verify(two_files, "--against", "copied", expect=0)
    table.execute('DELETE FROM copied WHERE id = (SELECT max(id) FROM copied)')
    (only,) = differences(verify(two_files, "--against", "copied"))
    assert only[1] == "content"


def test_a_key_in_both_files_of_a_day_is_found(two_files, lake, container):
    plain, packed = "events_2024-01-01.csv", "events_2024-01-01.csv.gz"
    row = rows_of(lake.get(container, plain))[3]
    content = gzip.decompress(lake.get(container, packed)) + row
    stored = gzip.compress(content)
    mark = lake.head(container, packed).metadata
    lake.put_blob(container, packed, stored, {**mark, "archiverrows": "21", "archiverbytes": str(len(stored)), "archiveruncompressed": str(len(content))})
    found = verify(two_files)
    (twice,) = [one for day in found["days"] for one in day["differences"] if one["kind"] == "duplicate"]
    assert twice["row"] == 22 and twice["message"] == f"its key is that of row 4 of '{plain}' too"
