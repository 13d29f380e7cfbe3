"""Days that are back in the table: their files keep the rows, which are recognised when the day is due again."""
from datetime import datetime, timedelta, timezone

import pytest

from support.gate import DatabaseGate, call_before, kill_after, kill_before
from support.scene import YOUNG, Kind

DAY, NAME = "2024-01-01", "events_2024-01-01.csv"
BACK = Kind(before=6, rows=0, restored=True)
INDEX = pytest.mark.parametrize("index", [True, False], ids=["by day", "one scan"])


def kind(index: bool, **others) -> Kind:
    return Kind(**{"before": 6, "rows": 0, "restored": True, "index": index, **others})


def marks(scene) -> dict:
    return {blob.name: blob.metadata for blob in scene.lake.list(scene.container)}


def restored(scene) -> list:
    return [name for name, metadata in marks(scene).items() if "archiverrestored" in metadata]


def contents(scene) -> dict:
    return {blob.name: scene.lake.get(scene.container, blob.name) for blob in scene.lake.list(scene.container)}


@INDEX
@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_rows_that_the_file_has_are_deleted_and_nothing_is_written(scene, index, compression):
    scene.begin(kind(index, compression=compression))
    before = contents(scene)
    assert len(restored(scene)) == 2 and scene.table.count() == 6 + YOUNG
    with scene.gates() as (lake, _):
        outcome = scene.run("archive", lake=lake)
        assert not [record for record in lake.requests("PUT") if "comp=block" in record.target], "nothing is written again"
    assert outcome.code == 0 and outcome.summary["rows_recognised"] == 6 and outcome.summary["rows"] == 0, str(outcome)
    assert contents(scene) == before and not restored(scene)
    scene.finish(6)


@pytest.mark.parametrize("limit", [("--commit", "day"), ("--max-days", "1"), ("--max-rows", "4")], ids=" ".join)
@pytest.mark.parametrize("compression, partitioned", [("none", False), ("gzip", False), ("none", True)], ids=["plain", "gzip", "partitioned"])
def test_rows_are_recognised_where_one_scan_has_a_limit(scene, limit, compression, partitioned):
    """Days are counted then, and yet not read one by one."""
    scene.begin(kind(False, compression=compression, partitioned=partitioned))
    before = contents(scene)
    for _ in range(1 if "day" in limit else 2):
        outcome = scene.plain.run("archive", *limit, expect=0)
        assert outcome.summary["rows"] == 0, str(outcome)
        scene.oracle.look()
    assert scene.table.count() == YOUNG and contents(scene) == before
    scene.finish(6)


@INDEX
def test_new_rows_are_appended_and_rows_deleted_meanwhile_stay_in_the_file(scene, index):
    scene.begin(kind(index, rows=5, days=2))
    scene.table.execute('DELETE FROM "Event" WHERE id = (SELECT min(id) FROM "Event" WHERE created_at < \'2024-01-02\')')
    outcome = scene.plain.archive()
    assert outcome.summary["rows_recognised"] == 5 and outcome.summary["rows"] == 5
    assert scene.oracle.check().archived == 11 and not restored(scene)
    scene.finish(11)


@INDEX
def test_a_day_of_which_nothing_is_left_in_the_table_is_final_again(scene, index):
    scene.begin(kind(index))
    scene.table.execute("DELETE FROM \"Event\" WHERE created_at < '2024-02-01'")
    scene.plain.archive("--dry-run")
    assert len(restored(scene)) == 2
    scene.plain.archive()
    assert not restored(scene)
    scene.finish(6)


CHANGES = {
    "payload": """UPDATE "Event" SET payload = '{"corrected": true}' WHERE id = %s""",
    "a NULL": 'UPDATE "Event" SET processed_at = NULL, event_type = event_type || \'x\' WHERE id = %s',
    "its time within the day": 'UPDATE "Event" SET created_at = created_at + interval \'1 millisecond\' WHERE id = %s',
}


@INDEX
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("way", ["discard", "delete", "keep"])
def test_a_row_that_was_changed_while_it_was_back_needs_a_person(scene, index, change, way):
    scene.begin(kind(index))
    row = scene.table.value("SELECT min(id) FROM \"Event\" WHERE created_at < '2024-01-02'")
    scene.table.execute(CHANGES[change], (row,))
    before = contents(scene)
    outcome = scene.plain.run("archive")
    assert outcome.code == 7 and f"row {row} " in outcome.stderr and "--discard" in outcome.stderr, str(outcome)
    assert contents(scene) == before and len(restored(scene)) == 2 and scene.table.count() == 6 + YOUNG
    scene.plain.run("verify", expect=0)
    if way == "discard":
        scene.plain.run("recover", "--discard", NAME, expect=0)
        scene.oracle.remember()  # the table's rows count
    elif way == "delete":
        scene.table.execute('DELETE FROM "Event" WHERE id = %s', (row,))
    else:
        outcome = scene.plain.run("recover", "--keep", NAME)
        assert outcome.code == 3 and "are in public" in outcome.stderr, str(outcome)
        scene.table.execute("DELETE FROM \"Event\" WHERE created_at < '2024-01-02'")
        scene.plain.run("recover", "--keep", NAME, expect=0)
        assert NAME not in restored(scene)
    scene.finish(6)


def test_a_restored_file_whose_columns_have_changed_since_is_not_guessed_at(scene):
    scene.begin(BACK)
    scene.table.execute('ALTER TABLE "Event" ADD COLUMN more text')
    try:
        outcome = scene.plain.run("archive")
        assert outcome.code == 3 and "recover --discard" in outcome.stderr, str(outcome)
        assert scene.table.count() == 6 + YOUNG
    finally:
        scene.table.execute('ALTER TABLE "Event" DROP COLUMN more')
    scene.finish(6)


@pytest.mark.parametrize("rows", [0, 4])
def test_a_file_that_was_removed_since_its_rows_were_recognised_ends_the_attempt(scene, rows):
    """A file is removed after its rows were recognised: the rows are not deleted on its account, and are written again."""
    scene.begin(Kind(before=6, rows=rows, restored=True))
    with scene.gates() as (lake, database):
        def remove():
            if NAME in scene.oracle.file_names():
                scene.lake.delete(scene.container, NAME)

        rule = database.on(call_before(remove), nth=1, contains="DELETE FROM")
        outcome = scene.run("archive", lake=lake, database=database)
        assert rule.hits == 1
    assert outcome.code == 0 and outcome.summary["attempts"] > 1, str(outcome)
    scene.finish(6 + rows)


@pytest.mark.parametrize("fate", ["committed", "aborted"])
@pytest.mark.parametrize("rows", [0, 4])
def test_a_restored_file_left_pending_is_settled(scene, fate, rows):
    scene.begin(Kind(before=6, rows=rows, restored=True))
    with DatabaseGate(scene.database.server.port) as gate:
        rule = gate.on(kill_after() if fate == "committed" else kill_before(), type="Q", contains="COMMIT")
        gate.victim = process = scene.start("archive", database=gate)
        process.wait()
        assert rule.hits == 1
    pending = [name for name, metadata in marks(scene).items() if "archiverpending" in metadata]
    assert len(pending) >= 2 and len(restored(scene)) == 2
    scene.plain.run("recover", expect=0)
    assert not any("archiverpending" in metadata for metadata in marks(scene).values())
    assert len(restored(scene)) == (0 if fate == "committed" else 2)
    scene.finish(6 + rows)


@pytest.mark.parametrize("hold", ["infinity", "nonsense", "2026-13-01T00:00:00Z", "2999-01-01T00:00:00Z", "2027-01-01 00:00:00+00"])
def test_a_hold_that_is_not_ours_is_named(scene, hold):
    scene.begin(BACK)
    scene.lake.set_metadata(scene.container, NAME, {**marks(scene)[NAME], "archiverhold": hold})
    outcome = scene.plain.run("archive")
    assert outcome.code == 3 and NAME in outcome.stderr and "hold" in outcome.stderr, str(outcome)


@pytest.mark.parametrize("hold, code", [("10 years", 0), ("3650d", 0), ("11 years", 2), ("9999d", 2), ("infinity", 2), ("2027-01-01", 2)])
def test_a_hold_is_at_most_ten_years(scene, hold, code):
    scene.begin(Kind(before=6, rows=0))
    outcome = scene.plain.run("restore", "--day", DAY, "--hold", hold, "--dry-run")
    assert outcome.code == code and (code == 0 or "--hold" in outcome.stderr), str(outcome)


@pytest.mark.parametrize("hold", [" 30 days", "0 years 30 days", "00030d"])
def test_a_hold_is_as_long_as_was_asked_for(scene, hold):
    scene.begin(Kind(before=6, rows=0))
    scene.plain.run("restore", "--day", DAY, "--hold", hold, expect=0)
    until = datetime.fromisoformat(marks(scene)[NAME]["archiverhold"].replace("Z", "+00:00"))
    assert timedelta(days=29) < until - datetime.now(timezone.utc) <= timedelta(days=30)


@pytest.mark.parametrize("first, second", [("30 days", "none"), ("none", "30 days"), ("30 days", "60 days")])
def test_a_restore_that_was_rolled_back_leaves_the_hold_of_the_one_before(scene, first, second):
    scene.begin(Kind(before=6, rows=0))
    scene.plain.run("restore", "--day", DAY, "--hold", first, expect=0)
    before = marks(scene)[NAME]
    with DatabaseGate(scene.database.server.port) as gate:
        rule = gate.on(kill_before(), type="Q", when=lambda record: record.target.startswith("COMMIT"))
        gate.victim = process = scene.start("restore", "--day", DAY, "--hold", second, database=gate)
        process.wait()
        assert rule.hits == 1
    assert "archiverrestoring" in marks(scene)[NAME]
    recovered = scene.plain.run("recover", expect=0)
    assert marks(scene)[NAME] == before and not recovered.events("settle.kept"), str(recovered)


def test_a_restore_that_was_rolled_back_leaves_the_one_before_although_others_have_appended(scene):
    """Its mark says what was read, and that rows were restored before: the table has them, for as long as was asked for."""
    scene.begin(Kind(before=6, rows=0))
    scene.plain.run("restore", "--day", DAY, "--hold", "2 years", expect=0)
    values, content = marks(scene)[NAME], scene.lake.get(scene.container, NAME)
    scene.lake.put_blob(scene.container, NAME, content + b"900,e,single,2024-01-01 05:00:00,,{}\n", metadata=values)
    with DatabaseGate(scene.database.server.port) as gate:
        rule = gate.on(kill_before(), type="Q", when=lambda record: record.target.startswith("COMMIT"))
        gate.victim = process = scene.start("restore", "--day", DAY, "--hold", "none", database=gate)
        process.wait()
        assert rule.hits == 1
    scene.plain.run("recover", expect=0)
    left = marks(scene)[NAME]
    assert left["archiverhold"] == values["archiverhold"] and left["archiverrestored"] == values["archiverrestored"], left
    rows = scene.table.count()
    assert scene.plain.run("archive", expect=0).summary["rows"] == 0 and scene.table.count() == rows


def test_a_file_that_was_copied_as_an_append_blob_stays_restored(scene):
    """As a tool copies it between accounts, with its metadata: it is made a block blob again."""
    scene.begin(Kind(before=6, rows=0))
    scene.plain.run("restore", "--day", DAY, "--hold", "30 days", expect=0)
    values, content = marks(scene)[NAME], scene.lake.get(scene.container, NAME)
    scene.lake.delete(scene.container, NAME)
    scene.lake.append_blob(scene.container, NAME, content)
    scene.lake.set_metadata(scene.container, NAME, values)
    scene.plain.run("restore", "--day", DAY, expect=0)
    left = marks(scene)[NAME]
    assert left["archiverhold"] >= values["archiverhold"] and "archiverrestored" in left, left
    scene.plain.run("restore", "--day", DAY, "--hold", "none", expect=0)
    scene.plain.run("archive", expect=0)
    assert scene.table.count() == YOUNG and scene.lake.get(scene.container, NAME) == content


@pytest.mark.parametrize("point", ["copied", "after-convert#2"])
def test_a_conversion_that_was_killed_leaves_a_file_restored(points, point):
    points.begin(Kind(before=6, rows=0))
    points.plain.run("restore", "--day", DAY, "--hold", "none", expect=0)
    values, content = marks(points)[NAME], points.lake.get(points.container, NAME)
    points.lake.delete(points.container, NAME)
    points.lake.append_blob(points.container, NAME, content)
    points.lake.set_metadata(points.container, NAME, values)
    assert points.start("archive", settings={"EVENT_ARCHIVER_FAULT": f"{point}=kill"}).wait(60).code == 137
    points.plain.run("archive", expect=0)
    assert points.table.count() == YOUNG and points.lake.get(points.container, NAME) == content


def test_list_plan_and_verify_know_the_state(scene):
    scene.begin(Kind(before=6, rows=0))
    scene.plain.run("restore", "--day", DAY, expect=0)
    said = scene.plain.run("list", expect=0).stdout
    assert "restored" in said and "on hold until" in said
    assert scene.plain.run("plan", "-o", "json", expect=0).stdout.count('"held":["2024-01-01"]') == 1
    scene.plain.run("verify", expect=0)
    scene.plain.run("restore", "--day", DAY, "--hold", "none", expect=0)
    assert '"file":"recognise"' in scene.plain.run("plan", "-o", "json", expect=0).stdout
    assert "on hold" not in scene.plain.run("list", expect=0).stdout
    scene.finish(6)


def test_a_mark_that_0_1_0_left_is_settled_as_today(scene):
    """It marked files "restoring", and emptied them once their rows were seen: one of each."""
    scene.begin(Kind(before=6, rows=0))
    with DatabaseGate(scene.database.server.port) as gate:
        rule = gate.on(kill_after(), type="Q", when=lambda record: record.target.startswith("COMMIT"))
        gate.victim = process = scene.start("restore", "--from", DAY, "--hold", "none", database=gate)
        process.wait()
        assert rule.hits == 1
    assert all("archiverrestoring" in metadata for metadata in marks(scene).values())
    scene.plain.run("recover", expect=0)
    assert len(restored(scene)) == 2 and len(contents(scene)[NAME]) > 100
    scene.finish(6)


def test_a_large_restored_day_is_recognised_in_bounded_memory(scene):
    scene.begin(Kind(before=150_000, rows=0, days=2, restored=True))
    with scene.gates() as (lake, _):
        outcome = scene.run("archive", lake=lake, settings={"ARCHIVE_MEMORY": "16MiB"})
    assert outcome.code == 0 and outcome.summary["rows_recognised"] == 150_000, str(outcome)
    assert outcome.summary["peak_memory_bytes"] < 64 << 20
    scene.finish(150_000)


MOVES = {
    "all of a day": "UPDATE public.\"Event\" SET created_at = created_at + interval '30 days' WHERE created_at < '2024-01-02'",
    "one row": "UPDATE public.\"Event\" SET created_at = created_at + interval '30 days' WHERE id = (SELECT min(id) FROM public.\"Event\" WHERE created_at < '2024-01-02')",
    "one row into a day with a file": "UPDATE public.\"Event\" SET created_at = created_at + interval '1 day' WHERE id = (SELECT min(id) FROM public.\"Event\" WHERE created_at < '2024-01-02')",
    "by another type": "ALTER TABLE public.\"Event\" ALTER created_at TYPE timestamptz USING created_at AT TIME ZONE 'America/New_York'",
}


@pytest.mark.parametrize("index", [True, False], ids=["by day", "one scan"])
@pytest.mark.parametrize("new", [0, 5], ids=["nothing new", "new rows"])
@pytest.mark.parametrize("move", MOVES)
def test_a_restored_row_that_moved_to_another_day_is_not_archived_there_as_well(scene, move, new, index):
    scene.begin(Kind(before=6, rows=new, restored=True, rights="INSERT", index=index))
    scene.table.execute("CREATE TABLE public.as_it_was AS SELECT id, created_at FROM public.\"Event\"")
    scene.table.execute(MOVES[move])
    try:
        before = {blob.name: blob.etag for blob in scene.lake.list(scene.container)}
        outcome = scene.plain.run("archive")
        assert outcome.code == 7 and "recover --discard" in outcome.stderr, str(outcome)
        assert {blob.name: blob.etag for blob in scene.lake.list(scene.container)} == before
    finally:
        if "type" in move:
            scene.table.execute("ALTER TABLE public.\"Event\" ALTER created_at TYPE timestamp(3) USING created_at AT TIME ZONE 'America/New_York'")
        scene.table.execute("""UPDATE public."Event" e SET created_at = w.created_at FROM public.as_it_was w WHERE w.id = e.id AND w.created_at <> e.created_at;
                               DROP TABLE public.as_it_was""")
    scene.finish(6 + new)


def test_a_file_whose_restore_was_killed_is_read_like_any(scene):
    scene.begin(Kind(before=6, rows=0))
    whole = scene.plain.run("cat", "--from", DAY, "--to", "2024-01-02", expect=0).stdout
    with DatabaseGate(scene.database.server.port) as gate:
        rule = gate.on(kill_before(), type="Q", when=lambda record: record.target.startswith("COMMIT"))
        gate.victim = process = scene.start("restore", "--day", DAY, database=gate)
        process.wait()
        assert rule.hits == 1
    assert "archiverrestoring" in marks(scene)[NAME]
    outcome = scene.plain.run("cat", "--from", DAY, "--to", "2024-01-02", expect=0)
    assert outcome.stdout == whole and not outcome.events("day.rows_left_out"), str(outcome)
    assert "not committed" not in scene.plain.run("list", expect=0).stdout
    scene.plain.run("restore", "--day", DAY, "--into", "copied", expect=0)
    scene.plain.run("recover", expect=0)
    scene.finish(6)


@pytest.mark.parametrize("ended", ["discarded", "erased"])
def test_a_hold_ends_with_the_rows_of_its_file(scene, ended):
    scene.begin(Kind(before=6, rows=0, rights="INSERT"))
    scene.plain.run("restore", "--day", DAY, "--hold", "30 days", expect=0)
    if ended == "discarded":
        scene.plain.run("recover", "--discard", NAME, expect=0)
    else:
        scene.plain.run("erase", "--where", f"created_at < DATE '{DAY}' + 1", "--yes", expect=0)
    assert "archiverhold" not in marks(scene)[NAME]
    scene.plain.run("archive", expect=0)
    assert scene.table.count() == YOUNG
