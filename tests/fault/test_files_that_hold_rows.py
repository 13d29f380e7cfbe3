"""Rows that come back are recognised in every file of ours that holds them, and only while it is there."""
import base64
import gzip
from datetime import datetime, timezone

import pytest

from support.gate import DatabaseGate, call_before, kill_after, kill_before
from support.scene import YOUNG, Kind

NAME = "events_2024-01-01.csv"
ROW = b"777001,foreign,single,2024-01-01 23:00:00,,{}\n"
OTHER = b"777002,other,single,2024-01-01 05:00:00,,{}\n777003,other,single,2024-01-01 05:00:01,,{}\n"
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


def test_a_file_of_the_other_kind_that_was_edited_is_no_evidence(scene):
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
    since = datetime.now(timezone.utc) - datetime(2024, 1, 1, 5, 0, 0, 500_000, tzinfo=timezone.utc)
    scene.plain.archive(settings={"EVENT_RETENTION_PERIOD": f"{int(since.total_seconds() * 1000)} milliseconds"})
    assert all("archiverrestored" in mark_of(scene, name) for name in (NAME, NAME + ".gz"))
    outcome = scene.plain.archive()
    assert outcome.summary["rows"] == 0
    assert contents(scene) == before and scene.table.count() == YOUNG
    assert not any("archiverrestored" in mark_of(scene, name) for name in (NAME, NAME + ".gz"))
