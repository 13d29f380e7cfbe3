"""Rows that come back are recognised in every file of ours that holds them, and only while it is there."""
import base64
import csv
import gzip
import io
from datetime import datetime, timezone

import pytest

from support.gate import DatabaseGate, call_before, kill_after, kill_before
from support.scene import YOUNG, Kind

NAME = "events_2024-01-01.csv"
ROW = b"777001,foreign,single,2024-01-01 23:00:00,,{}\n"
OTHER = b"777002,other,single,2024-01-01 05:00:00,,{}\n777003,other,single,2024-01-01 06:00:00,,{}\n"
HEADER = b"id,event_id,event_type,created_at,processed_at,payload\n"
INDEX = pytest.mark.parametrize("index", [True, False], ids=["by day", "one scan"])


def expect(scene, rows: bytes) -> None:
    """Rows that others wrote count as well."""
    for line in rows.decode().splitlines():
        values = line.split(",")
        scene.table.execute("INSERT INTO oracle.original VALUES (%s, %s, %s, %s, NULL, %s)", (*values[:4], values[5]))


def come_back(scene) -> None:
    scene.table.execute("""INSERT INTO "Event" SELECT * FROM oracle.original WHERE created_at < '2025-01-01' AND id < 777000""")


def copy_over(scene, name: str) -> None:
    """As a copy between accounts leaves it: one Put Blob, its metadata with it, no blocks."""
    blob = scene.lake.head(scene.container, name)
    scene.lake.put_blob(scene.container, name, scene.lake.get(scene.container, name), blob.metadata)


def append(scene, name: str, row: bytes) -> None:
    blob = scene.lake.head(scene.container, name)
    ids = [block for block, _ in scene.lake.block_list(scene.container, name)]
    new = base64.b64encode(b"F" * len(base64.b64decode(ids[0]))).decode()
    scene.lake.put_block(scene.container, name, new, row)
    scene.lake.put_block_list(scene.container, name, [*ids, new], blob.metadata)


def mark_of(scene, name: str) -> dict:
    return scene.lake.head(scene.container, name).metadata


def contents(scene) -> dict:
    return {blob.name: scene.lake.get(scene.container, blob.name) for blob in scene.lake.list(scene.container)}


@INDEX
@pytest.mark.parametrize("deed", ["copied", "appended to", "both"])
@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_rows_that_come_back_are_recognised_in_a_file_that_others_have_touched(scene, index, deed, compression):
    scene.begin(Kind(before=8, rows=0, index=index, compression=compression))
    name = NAME + (".gz" if compression == "gzip" else "")
    if deed != "copied":
        append(scene, name, gzip.compress(ROW) if compression == "gzip" else ROW)
        expect(scene, ROW)
    if deed != "appended to":
        copy_over(scene, name)
    come_back(scene)
    before = contents(scene)
    outcome = scene.plain.archive()
    assert outcome.summary["rows_recognised"] == 8 and outcome.summary["rows"] == 0, str(outcome)
    assert contents(scene) == before
    scene.finish(8 + (deed != "copied"))


@INDEX
@pytest.mark.parametrize("touched", [False, True], ids=["as it was", "appended to"])
def test_rows_that_come_back_are_recognised_in_the_file_of_the_other_kind(scene, index, touched):
    scene.begin(Kind(before=8, rows=0, index=index))
    scene.lake.put_blob(scene.container, NAME + ".gz", gzip.compress(HEADER + OTHER))
    if touched:
        append(scene, NAME, ROW)
    come_back(scene)
    before = contents(scene)
    outcome = scene.plain.archive(settings={"ARCHIVE_COMPRESSION": "gzip"})
    assert outcome.summary["rows_recognised"] == 8 and outcome.summary["rows"] == 0, str(outcome)
    assert contents(scene) == before and scene.table.count() == YOUNG


def test_an_edited_file_of_the_other_kind_is_not_evidence(scene):
    scene.begin(Kind(before=8, rows=0))
    scene.lake.put_blob(scene.container, NAME + ".gz", gzip.compress(HEADER + OTHER))
    blob = scene.lake.head(scene.container, NAME)
    lines = scene.lake.get(scene.container, NAME)
    scene.lake.put_blob(scene.container, NAME, HEADER + ROW + lines[-40:], blob.metadata)
    come_back(scene)
    outcome = scene.plain.run("archive", settings={"ARCHIVE_COMPRESSION": "gzip"})
    assert outcome.code == 7 and NAME in outcome.stderr, str(outcome)
    assert scene.table.count() == 8 + YOUNG


def both_kinds(scene, index: bool) -> None:
    """A day in a file of each kind, both restored."""
    scene.begin(Kind(before=4, rows=0, days=2, index=index))
    scene.lake.put_blob(scene.container, NAME + ".gz", gzip.compress(HEADER + OTHER))
    scene.plain.run("restore", "--from", "2024-01-01", "--hold", "none", expect=0)
    assert scene.table.count() == 6 + YOUNG
    expect(scene, OTHER)


@INDEX
@pytest.mark.parametrize("deed", ["removed", "written to"])
def test_a_file_of_the_other_kind_must_be_as_it_was_when_rows_are_deleted_on_its_account(scene, index, deed):
    both_kinds(scene, index)
    def act() -> None:
        blob = scene.lake.head(scene.container, NAME + ".gz")
        if deed == "removed":
            if blob is not None:
                scene.lake.delete(scene.container, NAME + ".gz")
        elif "by" not in blob.metadata:
            scene.lake.set_metadata(scene.container, NAME + ".gz", {**blob.metadata, "by": "others"})

    with scene.gates() as (lake, database):
        rule = database.on(call_before(act), nth=1, contains="DELETE FROM")
        outcome = scene.run("archive", lake=lake, database=database)
    assert rule.hits == 1
    assert outcome.code == 0 and outcome.summary["attempts"] > 1, str(outcome)
    assert scene.table.count() == YOUNG
    if deed == "removed":
        scene.finish(6)
    else:
        assert gzip.decompress(contents(scene)[NAME + ".gz"]) == HEADER + OTHER
        assert contents(scene)[NAME].count(b"777002") == 0
        assert "archiverrestored" not in mark_of(scene, NAME + ".gz")


@INDEX
@pytest.mark.parametrize("fate", ["committed", "aborted"])
def test_both_files_of_a_day_wait_for_the_transaction(scene, index, fate):
    both_kinds(scene, index)
    before = contents(scene)
    with DatabaseGate(scene.database.server.port) as gate:
        rule = gate.on(kill_after() if fate == "committed" else kill_before(), type="Q", contains="COMMIT")
        gate.victim = process = scene.start("archive", database=gate)
        process.wait()
        assert rule.hits == 1
    names = (NAME, NAME + ".gz")
    assert all("archiverpending" in mark_of(scene, name) for name in names)
    scene.plain.run("recover", expect=0)
    assert not any("archiverpending" in mark_of(scene, name) for name in names)
    assert ["archiverrestored" in mark_of(scene, name) for name in names] == [fate == "aborted"] * 2
    scene.plain.archive()
    assert contents(scene) == before and scene.table.count() == YOUNG


def test_a_day_in_both_kinds_is_recognised_part_by_part(scene):
    both_kinds(scene, True)
    before = contents(scene)
    since = datetime.now(timezone.utc) - datetime(2024, 1, 1, 5, 30, tzinfo=timezone.utc)
    scene.plain.archive(settings={"EVENT_RETENTION_PERIOD": f"{int(since.total_seconds() * 1000)} milliseconds"})
    assert all("archiverrestored" in mark_of(scene, name) for name in (NAME, NAME + ".gz"))
    outcome = scene.plain.archive()
    assert outcome.summary["rows"] == 0
    assert contents(scene) == before and scene.table.count() == YOUNG
    assert not any("archiverrestored" in mark_of(scene, name) for name in (NAME, NAME + ".gz"))


@INDEX
@pytest.mark.parametrize("hold", ["none", "30 days"])
@pytest.mark.parametrize("source", ["ours", "others"])
def test_a_row_moved_from_a_day_in_both_kinds_is_not_archived_twice(scene, index, hold, source):
    """One row is gone, and the other file has one row: the day's rows are as many as those of the first file."""
    other = OTHER[:OTHER.index(b"\n") + 1]
    scene.begin(Kind(before=4, rows=0, days=2, index=index))
    scene.lake.put_blob(scene.container, NAME + ".gz", gzip.compress(HEADER + other))
    scene.plain.run("restore", "--from", "2024-01-01", "--hold", hold, expect=0)
    before = contents(scene)
    ours = scene.table.value("SELECT min(id) FROM public.\"Event\" WHERE created_at < '2025-01-01' AND id < 777000")
    row, name = (ours, NAME) if source == "ours" else (777002, NAME + ".gz")
    scene.table.execute(f"UPDATE public.\"Event\" SET created_at = created_at + interval '5 days' WHERE id = {row}")
    outcome = scene.plain.run("archive")
    assert outcome.code == 7 and f"'{name}'" in outcome.stderr and str(row) in outcome.stderr, str(outcome)
    assert contents(scene) == before and scene.table.count() == 5 + YOUNG
    scene.table.execute(f"UPDATE public.\"Event\" SET created_at = created_at - interval '5 days' WHERE id = {row}")
    outcome = scene.plain.run("archive", expect=0)
    assert outcome.summary["rows"] == 0 and outcome.summary["rows_recognised"] == (5 if hold == "none" else 0), str(outcome)


@INDEX
def test_rows_of_a_discarded_file_do_not_stand_in_for_rows_that_moved(scene, index):
    """A day on hold. The table's day still has as many rows of the restore as the file that is left."""
    scene.begin(Kind(before=4, rows=0, days=2, index=index))
    scene.lake.put_blob(scene.container, NAME + ".gz", gzip.compress(HEADER + OTHER[:OTHER.index(b"\n") + 1]))
    scene.plain.run("restore", "--from", "2024-01-01", "--hold", "30 days", expect=0)
    scene.plain.run("recover", "--discard", NAME + ".gz", expect=0)
    before = contents(scene)
    row = scene.table.value("SELECT min(id) FROM public.\"Event\" WHERE created_at < '2025-01-01' AND id < 777000")
    scene.table.execute(f"UPDATE public.\"Event\" SET created_at = created_at + interval '5 days' WHERE id = {row}")
    if index:
        assert f"'{NAME}'" in scene.plain.run("check").stdout
    outcome = scene.plain.run("archive")
    assert outcome.code == 7 and f"'{NAME}'" in outcome.stderr and str(row) in outcome.stderr, str(outcome)
    assert contents(scene) == before and scene.table.count() == 5 + YOUNG
    scene.table.execute(f"UPDATE public.\"Event\" SET created_at = created_at - interval '5 days' WHERE id = {row}")
    assert scene.plain.run("archive", expect=0).summary["rows"] == 0


@INDEX
def test_rows_that_only_the_other_file_has_leave_this_one_as_it_is(scene, index):
    both_kinds(scene, index)
    scene.table.execute("DELETE FROM public.\"Event\" WHERE created_at < '2025-01-01' AND id < 777000")
    mark = mark_of(scene, NAME)
    outcome = scene.plain.archive()
    assert outcome.summary["rows_recognised"] == 2 and outcome.summary["rows_deleted"] == 2, str(outcome)
    assert mark_of(scene, NAME) == mark and "archiverrestored" not in mark_of(scene, NAME + ".gz")
    scene.plain.archive()
    assert "archiverrestored" not in mark_of(scene, NAME)
    assert scene.plain.run("verify").code == 0


def lose_mark(scene, name: str, how: str) -> None:
    """What others do to a file of ours: the mark is gone, the rows are there."""
    if how == "its mark was cleared":
        scene.lake.set_metadata(scene.container, name, {"by": "others"})
    elif how == "uploaded again":
        scene.lake.put_blob(scene.container, name, scene.lake.get(scene.container, name))
    else:
        content = scene.lake.get(scene.container, name)
        scene.lake.delete(scene.container, name)
        scene.lake.append_blob(scene.container, name, content)


def must_hold(scene, rows: int) -> None:
    """Each row once, in a file of either kind, and none left in the table."""
    texts = [(gzip.decompress(content) if name.endswith(".gz") else content).decode()
             for name, content in contents(scene).items() if name.startswith("events_")]
    found = [tuple(row) for text in texts for row in list(csv.reader(io.StringIO(text, newline="")))[1:]]
    assert len(found) == len(set(found)) == rows
    assert scene.table.count() == YOUNG


def both_without_a_mark(scene, how: str, index: bool, compression: str) -> dict:
    """A day's file of ours has lost its mark, and one of the other kind, which is preferred, stands beside it."""
    scene.begin(Kind(before=8, rows=0, index=index, compression=compression))
    ours, other, content = (NAME, NAME + ".gz", gzip.compress(HEADER)) if compression == "none" else (NAME + ".gz", NAME, HEADER)
    lose_mark(scene, ours, how)
    scene.lake.put_blob(scene.container, other, content)
    return {"ARCHIVE_COMPRESSION": "gzip" if compression == "none" else "none"}


@INDEX
@pytest.mark.parametrize("how", ["its mark was cleared", "uploaded again", "an append blob"])
@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_rows_that_come_back_are_recognised_in_a_file_of_the_other_kind_without_a_mark(scene, index, how, compression):
    settings = both_without_a_mark(scene, how, index, compression)
    come_back(scene)
    before = contents(scene)
    outcome = scene.plain.archive(settings=settings)
    assert outcome.summary["rows_recognised"] == 8 and outcome.summary["rows"] == 0, str(outcome)
    assert contents(scene) == before and scene.table.count() == YOUNG


@INDEX
def test_some_rows_come_back_among_new_ones_and_the_other_kind_has_lost_its_mark(scene, index):
    settings = both_without_a_mark(scene, "uploaded again", index, "none")
    scene.table.execute("""INSERT INTO "Event" SELECT * FROM oracle.original WHERE created_at < '2025-01-01' ORDER BY id LIMIT 3""")
    scene.table.fill(5, 1, seed="late")
    scene.oracle.remember_new()
    outcome = scene.plain.archive(settings=settings)
    assert outcome.summary["rows_recognised"] == 3 and outcome.summary["rows"] == 5, str(outcome)
    must_hold(scene, 13)


@pytest.mark.parametrize("fate", ["committed", "aborted"])
def test_a_file_of_the_other_kind_that_lost_its_mark_waits_for_the_transaction(scene, fate):
    settings = both_without_a_mark(scene, "its mark was cleared", True, "none")
    come_back(scene)
    with DatabaseGate(scene.database.server.port) as gate:
        gate.on(kill_after() if fate == "committed" else kill_before(), type="Q", contains="COMMIT")
        gate.victim = process = scene.plain.start("archive", settings={**scene.settings(database=gate), **settings})
        process.wait()
    assert "archiverpending" in mark_of(scene, NAME)
    scene.plain.archive(settings=settings)
    must_hold(scene, 8)


def test_a_file_of_the_other_kind_is_judged_as_one_that_is_appended_to(scene):
    scene.begin(Kind(before=8, rows=4))
    scene.lake.put_blob(scene.container, NAME + ".gz", gzip.compress(HEADER + b"1,a,single,2024-01-02 05:00:00,,{}\n"))
    outcome = scene.plain.run("archive")
    assert outcome.code == 3 and NAME + ".gz" in outcome.stderr and "row 2" in outcome.stderr, str(outcome)
    assert scene.table.count() == 4 + YOUNG
    scene.lake.put_blob(scene.container, NAME + ".gz", gzip.compress(HEADER + OTHER))
    scene.plain.archive()
    must_hold(scene, 14)


@INDEX
@pytest.mark.parametrize("before", ["restored", "dry run"])
@pytest.mark.parametrize("kind", ["this", "the other"])
def test_a_row_that_differs_from_that_of_a_file_without_a_mark_is_not_added_to_it(scene, index, before, kind):
    """The folder was copied without metadata, and a row was corrected in the table: it would be there twice."""
    if before == "restored":
        scene.begin(Kind(before=8, rows=0, index=index))
        scene.plain.run("restore", "--from", "2024-01-01", "--hold", "none", expect=0)
    else:
        scene.begin(Kind(rows=8, index=index))
        scene.plain.run("archive", "--dry-run", expect=0)
    lose_mark(scene, NAME, "uploaded again")
    settings = {}
    if kind == "the other":
        scene.lake.put_blob(scene.container, NAME + ".gz", gzip.compress(HEADER))
        settings = {"ARCHIVE_COMPRESSION": "gzip"}
    row = scene.table.value("SELECT min(id) FROM public.\"Event\" WHERE created_at < '2024-01-02'")
    scene.table.execute(f"UPDATE public.\"Event\" SET event_type = 'corrected' WHERE id = {row}")
    there = contents(scene)
    said = f"row {row} is in '{NAME}' and, with other content, in"
    if before == "restored" and index:  # before a row is read
        said = "were restored into the table, which its mark does not say any more"
    outcome = scene.plain.run("archive", settings=settings)
    assert outcome.code == 7 and said in outcome.stderr, str(outcome)
    assert contents(scene)[NAME] == there[NAME] and scene.table.count() == 8 + YOUNG
    scene.table.execute(f'DELETE FROM public."Event" WHERE id = {row}')
    if before == "restored":  # a person says that the file counts: its rows are recognised
        scene.plain.run("recover", "--keep", NAME, expect=0)
    outcome = scene.plain.run("archive", settings=settings, expect=0)
    again = {"restored": (0, 7), "dry run": (5, 2)}[before]  # a dry run's other files have been taken away: their days are archived
    assert (outcome.summary["rows"], outcome.summary["rows_recognised"]) == again, str(outcome)


def test_more_rows_of_others_than_can_be_compared_end_the_run(scene):
    scene.begin(Kind(rows=8))
    rows = b"".join(b"%d,o,single,2024-01-01 05:00:00,,{}\n" % number for number in range(800_000, 930_000))
    scene.lake.create_container(scene.container)
    scene.lake.put_blob(scene.container, NAME, HEADER + rows)
    outcome = scene.plain.run("archive", settings={"ARCHIVE_MEMORY": "4MiB"})
    assert outcome.code == 3 and f"'{NAME}', which others wrote, has more rows" in outcome.stderr and "ARCHIVE_MEMORY" in outcome.stderr, str(outcome)
    assert scene.table.count() == 8 + YOUNG
    assert scene.plain.run("archive", settings={"ARCHIVE_MEMORY": "32MiB"}, expect=0).summary["rows"] == 8


@INDEX
@pytest.mark.parametrize("kind", ["this", "the other"])
@pytest.mark.parametrize("part", [False, True], ids=["all is due", "a part is due"])
def test_rows_that_others_appended_and_left_in_the_table_are_recognised(scene, index, kind, part):
    """The cutoff fell into the day, and another program took over in the evening: it kept the metadata and died before its DELETE."""
    def due(time: str) -> dict:
        since = datetime.now(timezone.utc) - datetime.fromisoformat(f"2024-01-01T{time}+00:00")
        return {"EVENT_RETENTION_PERIOD": f"{int(since.total_seconds() * 1000)} milliseconds"}

    scene.begin(Kind(rows=0, index=index))
    insert = "INSERT INTO public.\"Event\" (id, event_id, event_type, created_at, payload) SELECT 500 + i, 'e', 'single', timestamp '2024-01-01' + i * interval '1 hour', '{}' FROM generate_series"
    scene.table.execute(f"{insert}(1, 3) i")
    scene.plain.run("archive", settings=due("12:00"), expect=0)
    scene.table.execute(f"{insert}(14, 17) i")
    scene.oracle.remember_new()
    append(scene, NAME, b"".join(b"%d,e,single,2024-01-01 %d:00:00,,{}\n" % (500 + hour, hour) for hour in (14, 15, 16, 17)))
    settings = {}
    if kind == "the other":
        scene.lake.put_blob(scene.container, NAME + ".gz", gzip.compress(HEADER))
        settings = {"ARCHIVE_COMPRESSION": "gzip"}
    before = contents(scene)
    if part:
        outcome = scene.plain.run("archive", settings={**settings, **due("15:30")}, expect=0)
        assert outcome.summary["rows"] == 0 and outcome.summary["rows_recognised"] == 2, str(outcome)
    outcome = scene.plain.run("archive", settings=settings, expect=0)
    assert outcome.summary["rows"] == 0 and outcome.summary["rows_recognised"] == (2 if part else 4), str(outcome)
    assert contents(scene) == before and scene.table.count() == YOUNG


@INDEX
def test_a_row_that_others_appended_does_not_stand_for_a_restored_one_that_was_moved(scene, index):
    """As many rows of the file are recognised as its mark has, and one of them is not of the mark."""
    insert = "INSERT INTO public.\"Event\" (id, event_id, event_type, created_at, payload) SELECT 500 + i, 'e', 'single', timestamp '2024-01-01' + i * interval '1 hour', '{}' FROM generate_series"
    scene.begin(Kind(rows=0, index=index))
    scene.table.execute(f"{insert}(1, 3) i")
    scene.plain.run("archive", expect=0)
    scene.plain.run("restore", "--day", "2024-01-01", "--hold", "none", expect=0)
    scene.table.execute(f"{insert}(9, 9) i; UPDATE public.\"Event\" SET created_at = '2024-01-05 01:00' WHERE id = 501")
    append(scene, NAME, b"509,e,single,2024-01-01 09:00:00,,{}\n")
    before, rows = contents(scene), scene.table.count()
    outcome = scene.plain.run("archive")
    assert outcome.code == 7 and "which was restored" in outcome.stderr and "501" in outcome.stderr, str(outcome)
    assert contents(scene) == before and scene.table.count() == rows
    scene.table.execute("UPDATE public.\"Event\" SET created_at = '2024-01-01 01:00' WHERE id = 501")
    outcome = scene.plain.run("archive", expect=0)
    assert outcome.summary["rows"] == 0 and outcome.summary["rows_recognised"] == 4, str(outcome)
    assert contents(scene) == before and scene.table.count() == YOUNG
