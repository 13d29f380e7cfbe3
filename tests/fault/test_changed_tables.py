"""A file waits for a transaction, and the table is changed before it is settled: columns dropped or renamed, another name, snapshots."""
import pytest

from support.asking import wait_for
from support.scene import YOUNG, Kind

NAME = "events_2024-01-01.csv"
BASES = pytest.mark.parametrize("before", [0, 6], ids=["new files", "tails"])


@pytest.fixture
def changed(scene):
    """Ends with the table that the other tests expect."""
    yield scene
    scene.table.create_again()


def leave(scene, fate: str, before: int = 0) -> None:
    scene.begin(Kind(before=before))
    if fate == "dry run":
        scene.plain.archive("--dry-run")
    else:
        scene.leave_pending(fate)


@BASES
@pytest.mark.parametrize("fate", ["dry run", "aborted"])
def test_a_column_dropped_after_a_transaction_that_did_not_commit(changed, fate, before):
    """No row is there byte for byte any more; the server says aborted, and the keys are there."""
    leave(changed, fate, before)
    changed.table.execute('ALTER TABLE "Event" DROP COLUMN processed_at')
    outcome = changed.run("recover")
    assert outcome.code == 0, str(outcome)
    assert changed.table.count() == changed.kind.rows + YOUNG
    assert not [blob for blob in changed.lake.list(changed.container) if blob.metadata.get("archiverpending")]
    assert len(changed.lake.list(changed.container)) == (2 if before else 0)


@pytest.mark.parametrize("change", ["DROP COLUMN processed_at", "RENAME COLUMN id TO number", "RENAME COLUMN event_type TO kind"])
def test_a_column_changed_after_commit(changed, change):
    leave(changed, "committed")
    held = {blob.name: changed.lake.get(changed.container, blob.name) for blob in changed.lake.list(changed.container)}
    changed.table.execute(f'ALTER TABLE "Event" {change}')
    outcome = changed.run("recover")
    assert outcome.code == 0, str(outcome)
    assert changed.table.count() == YOUNG
    assert {blob.name: changed.lake.get(changed.container, blob.name) for blob in changed.lake.list(changed.container)} == held
    assert not [blob for blob in changed.lake.list(changed.container) if blob.metadata.get("archiverpending")]


def test_a_key_column_renamed_after_a_transaction_that_did_not_commit_is_for_a_person(changed):
    leave(changed, "aborted")
    changed.table.execute('ALTER TABLE "Event" RENAME COLUMN id TO number')
    outcome = changed.run("recover")
    assert outcome.code == 7 and "no column for the" in outcome.stderr, str(outcome)
    for blob in changed.lake.list(changed.container):
        assert changed.run("recover", "--discard", blob.name).code == 0
    assert changed.run("recover").code == 0 and changed.table.count() == changed.kind.rows + YOUNG


@pytest.mark.parametrize("fate", ["dry run", "aborted"])
def test_a_new_file_that_has_snapshots_is_emptied_to_its_header(scene, fate):
    leave(scene, fate)
    for blob in scene.lake.list(scene.container):
        scene.lake.request("PUT", f"/{scene.container}/{blob.name}", {"comp": "snapshot"})
    scene.finish(scene.kind.rows)


def test_discard_of_a_file_that_has_snapshots(scene):
    leave(scene, "aborted")
    scene.lake.request("PUT", f"/{scene.container}/{NAME}", {"comp": "snapshot"})
    assert scene.run("recover", "--discard", NAME).code == 0
    assert scene.lake.get(scene.container, NAME).count(b"\n") == 1
    scene.finish(scene.kind.rows)


def unless_locked(outcome):
    return None if outcome.code == 10 else outcome


@pytest.mark.parametrize("fate", ["committed", "aborted", "dry run"])
def test_a_table_renamed_before_its_files_are_settled_is_told_of_by_adopt(scene, fate):
    leave(scene, fate)
    scene.table.execute('ALTER TABLE "Event" RENAME TO happened')
    try:
        renamed = {"ARCHIVE_TABLE": "public.happened"}
        outcome = scene.run("archive", settings=renamed)
        assert outcome.code == 3 and "belongs to table public.Event" in outcome.stderr, str(outcome)
        # The run that was killed has the folder's lease for 15 seconds, and may be at work for all that is known.
        outcome = wait_for(lambda: unless_locked(scene.run("recover", "--adopt", settings=renamed)), 25)
        told = outcome.events("folder.other_table")
        assert outcome.code == 0 and told, str(outcome)
        assert told[0]["table"] == "public.Event" and told[0]["files"] == told[0]["files_pending"] == 3
    finally:
        scene.table.execute('ALTER TABLE happened RENAME TO "Event"')
    adopted = scene.run("recover", "--adopt")
    assert adopted.code == 0 and not adopted.events("folder.other_table"), str(adopted)
    assert scene.run("recover").code == 0
    scene.finish(scene.kind.rows)
