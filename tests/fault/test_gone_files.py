"""Somebody deletes or replaces a file while a run is at work: "the mark is off" is not "the rows are there"."""
import signal
import time

import pytest

from support.gate import answer_after, call_before
from support.scene import KINDS

HEADER = b"id,event_id,event_type,created_at,processed_at,payload\n"


def vanish(scene, name):
    scene.lake.delete(scene.container, name)


def replace(scene, name):
    scene.lake.put_blob(scene.container, name, HEADER)


def shorten(scene, name):
    """An earlier version is put in its place, its mark claims more than it holds."""
    mark = scene.lake.head(scene.container, name).metadata
    scene.lake.put_blob(scene.container, name, HEADER, metadata={key: value for key, value in mark.items() if key != "archiverpending"})


def lose_all(scene, name):
    scene.lake.delete_container(scene.container)


MISHAPS = {"deleted": vanish, "replaced": replace, "an older version": shorten, "the container deleted": lose_all}


def first_file(scene):
    return min(blob.name for blob in scene.lake.list(scene.container) if blob.name.startswith("events_"))


@pytest.mark.parametrize("mishap", MISHAPS)
@pytest.mark.parametrize("kind", ["new files", "appends", "new gzip files"])
def test_a_file_that_is_gone_after_commit_is_a_failure(scene, kind, mishap):
    scene.begin(KINDS[kind])
    lost = []

    def lose():
        lost.append(first_file(scene))
        MISHAPS[mishap](scene, lost[0])

    with scene.gates() as (lake, _):
        rule = lake.on(call_before(lose), method="PUT", contains="comp=metadata", when=lambda record: not lost and first_file(scene) in record.target)
        outcome = scene.run(lake=lake)
    assert rule.hits == 1 and outcome.code == 7, str(outcome)
    gone, others = outcome.events("file.gone"), outcome.events("file.gone")[1:]
    assert lost[0] in [event["blob"] for event in gone] and all(event["level"] == "error" for event in gone)
    assert any(event["blob"] in outcome.events("run.error")[0]["msg"] for event in gone)
    assert outcome.summary["files_lost"] == 1 + len(others)
    assert outcome.summary["rows"] == scene.kind.rows  # they were archived; it says which file is gone
    if mishap != "the container deleted":
        assert not others and outcome.summary["files_pending"] == 0
        left = [blob for blob in scene.lake.list(scene.container) if blob.name.startswith("events_") and blob.name != lost[0]]
        assert left and not any("archiverpending" in blob.metadata for blob in left)


def test_a_file_that_is_gone_after_commit_is_a_failure_also_of_a_run_that_is_stopped(scene):
    scene.begin(KINDS["new files"])
    lost = []
    with scene.gates() as (lake, _):
        def lose():
            lost.append(first_file(scene))
            vanish(scene, lost[0])
            lake.awaited_victim().send(signal.SIGTERM)
            time.sleep(0.5)

        rule = lake.on(call_before(lose), method="PUT", contains="comp=metadata", when=lambda record: not lost and first_file(scene) in record.target)
        outcome = scene.run(lake=lake)
    assert rule.hits == 1 and outcome.code == 7, str(outcome)
    assert lost[0] in outcome.events("run.error")[0]["msg"] and outcome.summary["files_lost"] == 1


@pytest.mark.parametrize("mishap", ["deleted", "replaced"])
def test_a_file_that_is_gone_when_an_earlier_run_is_finished(scene, mishap):
    scene.begin(KINDS["keeping"])
    name = first_file(scene)
    with scene.gates() as (lake, _):
        rule = lake.on(call_before(lambda: MISHAPS[mishap](scene, name)), method="PUT", contains=f"{name}?comp=metadata")
        outcome = scene.run(lake=lake)
    assert rule.hits == 1 and outcome.code == 7, str(outcome)
    assert name in outcome.events("run.error")[0]["msg"]
    left = [blob for blob in scene.lake.list(scene.container) if blob.name.startswith("events_") and blob.name != name]
    assert left and not any("archiverpending" in blob.metadata for blob in left)


def test_a_file_whose_earlier_rows_vanish_while_it_is_taken_back(scene):
    """The tail's rows are in the table; what the file held before is not."""
    scene.begin(KINDS["taking back"])
    name = first_file(scene)
    with scene.gates() as (lake, _):
        rule = lake.on(call_before(lambda: vanish(scene, name)), method="PUT", contains=f"{name}?comp=blocklist")
        outcome = scene.run(lake=lake)
    assert rule.hits == 1 and outcome.code == 7, str(outcome)
    assert name in outcome.events("run.error")[0]["msg"]


def test_a_file_whose_earlier_rows_vanish_before_it_is_put_back(scene):
    scene.begin(KINDS["appends"])
    name = first_file(scene)
    with scene.gates() as (lake, _):
        lake.on(call_before(lambda: vanish(scene, name)), method="PUT", contains="comp=blocklist", nth=3)
        lake.on(answer_after(403, "AuthorizationFailure"), method="PUT", contains="comp=blocklist", nth=3)
        outcome = scene.run(lake=lake)
    assert outcome.code == 7, str(outcome)
    assert [gone["blob"] for gone in outcome.events("file.gone")] == [name]


@pytest.mark.parametrize("kind", ["removing"])
def test_a_tail_that_was_the_whole_file_may_vanish(scene, kind):
    """Its rows are in the table: nothing is lost, and the next run writes them."""
    scene.begin(KINDS[kind])
    name = first_file(scene)
    with scene.gates() as (lake, _):
        rule = lake.on(call_before(lambda: vanish(scene, name)), method="DELETE", contains=name)
        outcome = scene.run(lake=lake)
    assert rule.hits == 1 and outcome.code == 0, str(outcome)
    scene.finish()


def test_a_mark_that_cannot_be_cleared_is_still_a_warning(scene):
    scene.begin(KINDS["appends"])
    with scene.gates() as (lake, _):
        lake.on(answer_after(403, "AuthorizationFailure"), times=None, method="PUT", contains="comp=metadata")
        outcome = scene.run(lake=lake, settings={"ARCHIVE_RETRIES": "1"})
    assert outcome.code == 0 and outcome.events("finalise.failed"), str(outcome)
    scene.finish()
