"""Uncommitted rows whose transaction was rolled back for certain, and of which the table has none: they were archived into another
folder since, or deleted. The file may be one copy too many or the only one, so a person decides."""
import csv
import gzip
import io
import re

import pytest

from support.scene import YOUNG, Kind
from test_settling import lake_state, pending, rewrite

DUE = "created_at < '2025-01-01'"
SHAPES = {"new files": Kind(), "gzip appends": Kind(before=6, compression="gzip"), "one scan over appends": Kind(before=6, index=False),
          "partitions": Kind(before=6, partitioned=True)}
LEFT_BY = ("a dry run", "a run that died")


@pytest.fixture
def other(scene):
    """Another folder, for the same table."""
    yield lambda: scene.plain.with_settings({"ARCHIVE_PATH": f"{scene.container}other"})
    scene.lake.delete_container(f"{scene.container}other")


def keys_in(scene, container: str) -> list:
    keys = []
    for blob in scene.lake.list(container):
        content = scene.lake.get(container, blob.name)
        text = (gzip.decompress(content) if blob.name.endswith(".gz") else content).decode()
        keys += [row["id"] for row in csv.DictReader(io.StringIO(text))]
    return sorted(keys)


def leave(scene, by: str) -> None:
    if by == "a dry run":
        scene.plain.run("archive", "--dry-run", expect=0)
    else:
        scene.leave_pending("aborted")
    assert len(pending(scene)) == scene.kind.days


def must_be_decided(scene) -> None:
    before = lake_state(scene)
    for command in ("recover", "archive"):
        outcome = scene.plain.run(command)
        said = outcome.stderr
        assert outcome.code == 7, str(outcome)
        name = re.search(r"'(events_[^']*)' has", said)[1]
        number = next(blob for blob in pending(scene) if blob.name == name).metadata["archiverpending"]
        assert f"transaction {number}" in said and f"{scene.kind.rows // scene.kind.days} rows" in said, said
        assert f"--discard {name}" in said and f"--keep {name}" in said and f"{scene.kind.days - 1} more files" in said, said
        assert lake_state(scene) == before
    outcome = scene.plain.run("check")
    assert outcome.code == 7 and "which was rolled back" in outcome.stdout, str(outcome)


@pytest.mark.parametrize("by", LEFT_BY)
@pytest.mark.parametrize("shape", SHAPES)
def test_rows_that_another_folder_has_since_are_not_kept_in_silence(scene, other, shape, by):
    scene.begin(SHAPES[shape])
    before = keys_in(scene, scene.container) if scene.kind.before else []
    leave(scene, by)
    elsewhere = other()
    elsewhere.run("archive", expect=0)
    must_be_decided(scene)
    for blob in pending(scene):
        scene.plain.run("recover", "--discard", blob.name, expect=0)
    assert keys_in(scene, scene.container) == before and not pending(scene)
    assert len(keys_in(scene, f"{scene.container}other")) == scene.kind.rows
    for archiver in (scene.plain, elsewhere):
        archiver.run("archive", expect=0)
        archiver.run("verify", expect=0)
    assert scene.table.count() == YOUNG


@pytest.mark.parametrize("by", LEFT_BY)
@pytest.mark.parametrize("shape", ["new files", "gzip appends"])
def test_the_only_copy_of_rows_that_were_deleted_is_there_until_a_person_says_what_it_is(scene, shape, by):
    scene.begin(SHAPES[shape])
    leave(scene, by)
    scene.table.execute(f'DELETE FROM "Event" WHERE {DUE}')
    must_be_decided(scene)
    for blob in pending(scene):
        scene.plain.run("recover", "--keep", blob.name, expect=0)
    scene.finish(scene.kind.before + scene.kind.rows)
    scene.plain.run("verify", expect=0)


@pytest.mark.parametrize("since", [{"started": 1}, {"started": 1, "xid": 3}, {"timeline": 0}], ids=["a restart", "too long ago", "a failover"])
def test_a_dry_run_is_one_whatever_has_become_of_its_number(scene, since):
    """Nothing that the server says makes its rows archived ones."""
    scene.begin(SHAPES["gzip appends"])
    leave(scene, "a dry run")
    rewrite(scene, **since)
    scene.table.execute(f'CREATE TABLE kept AS SELECT * FROM "Event"; DELETE FROM "Event" WHERE {DUE}')
    try:
        must_be_decided(scene)
        scene.table.execute(f'INSERT INTO "Event" SELECT * FROM kept WHERE {DUE}')
    finally:
        scene.table.execute("DROP TABLE kept")
    scene.finish(scene.kind.before + scene.kind.rows)


def test_the_rows_that_are_there_still_are_evidence_enough_for_a_dry_run(scene):
    """Some were deleted since, the sample among them."""
    scene.begin(SHAPES["new files"])
    leave(scene, "a dry run")
    rewrite(scene, started=1)
    scene.table.execute(f'DELETE FROM "Event" WHERE id IN (SELECT min(id) FROM "Event" WHERE {DUE})')
    scene.oracle.remember()
    scene.finish(scene.kind.rows - 1)
