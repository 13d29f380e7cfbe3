"""A day that is due in parts: what is in the table of the rest is recognised when its time comes."""
from datetime import datetime, timezone

import pytest

from support.gate import DatabaseGate, kill_after, kill_before
from support.scene import YOUNG, Kind

NAME = "events_2024-01-01.csv"
INDEX = pytest.mark.parametrize("index", [True, False], ids=["by day", "one scan"])
HOURS = ["06:00", "12:00", "18:00"]


def due_until(hour: str) -> dict:
    """The retention with which the first day is due up to that hour."""
    since = datetime.now(timezone.utc) - datetime.fromisoformat(f"2024-01-01T{hour}:00+00:00")
    return {"EVENT_RETENTION_PERIOD": f"{int(since.total_seconds())} seconds"}


def restored(scene) -> list:
    return [blob.name for blob in scene.lake.list(scene.container) if "archiverrestored" in blob.metadata]


def bring_back(scene, how: str) -> None:
    if how == "restored":
        scene.plain.run("restore", "--from", "2024-01-01", "--hold", "none", expect=0)
    else:
        scene.table.execute("""INSERT INTO "Event" SELECT * FROM oracle.original WHERE created_at < '2025-01-01'""")


def begin(scene, index: bool, compression: str = "none") -> dict:
    scene.begin(Kind(before=20, rows=0, index=index, compression=compression))
    return {blob.name: scene.lake.get(scene.container, blob.name) for blob in scene.lake.list(scene.container)}


@INDEX
@pytest.mark.parametrize("how", ["restored", "by hand"])
@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_no_part_of_a_day_is_archived_twice(scene, index, how, compression):
    before = begin(scene, index, compression)
    bring_back(scene, how)
    recognised = 0
    for hour in HOURS:
        outcome = scene.plain.archive(settings=due_until(hour))
        assert outcome.summary["rows"] == 0, str(outcome)
        recognised += outcome.summary["rows_recognised"]
        assert any(name.startswith(NAME) for name in restored(scene))
    assert 0 < recognised < 10
    outcome = scene.plain.archive()
    assert recognised + outcome.summary["rows_recognised"] == 20
    assert before == {blob.name: scene.lake.get(scene.container, blob.name) for blob in scene.lake.list(scene.container)}
    assert not restored(scene)
    scene.finish(20)


@INDEX
@pytest.mark.parametrize("how", ["restored", "by hand"])
def test_a_late_row_of_the_first_part_changes_nothing_for_the_rest(scene, index, how):
    begin(scene, index)
    bring_back(scene, how)
    scene.table.insert("2024-01-01 00:00:01")
    scene.oracle.remember_new()
    outcome = scene.plain.archive(settings=due_until("12:00"))
    assert outcome.summary["rows"] == 1 and outcome.summary["rows_recognised"] > 0 and NAME in restored(scene), str(outcome)
    scene.plain.archive(settings=due_until("18:00"))
    scene.finish(21)
    assert not restored(scene)


@INDEX
def test_a_part_that_somebody_deleted_does_not_end_the_restore(scene, index):
    begin(scene, index)
    bring_back(scene, "restored")
    scene.table.execute("""DELETE FROM "Event" WHERE created_at < '2024-01-01 12:00'""")
    for hour in HOURS:
        scene.plain.archive(settings=due_until(hour))
        assert NAME in restored(scene)
    scene.finish(20)
    assert not restored(scene)


@pytest.mark.parametrize("how", ["restored", "by hand"])
@pytest.mark.parametrize("fate", ["aborted", "committed"])
def test_a_part_whose_run_died_around_its_commit_is_settled(scene, how, fate):
    begin(scene, True)
    bring_back(scene, how)
    with DatabaseGate(scene.database.server.port) as gate:
        rule = gate.on(kill_after() if fate == "committed" else kill_before(), type="Q", contains="COMMIT")
        gate.victim = process = scene.start("archive", database=gate, settings=due_until("12:00"))
        process.wait()
        assert rule.hits == 1
    scene.plain.run("recover", expect=0)
    assert NAME in restored(scene)
    scene.plain.archive(settings=due_until("18:00"))
    scene.finish(20)
    assert not restored(scene)


def test_nights_of_a_retention_that_cuts_through_the_days(scene):
    """The cutoff moves on by 24 hours a night, and always falls into the middle of a day."""
    begin(scene, True)
    bring_back(scene, "restored")
    for day in (1, 2, 3):
        since = datetime.now(timezone.utc) - datetime(2024, 1, day, 11, tzinfo=timezone.utc)
        scene.plain.archive(settings={"EVENT_RETENTION_PERIOD": f"{int(since.total_seconds())} seconds"})
    assert scene.table.count() == YOUNG and not restored(scene)
    scene.finish(20)
