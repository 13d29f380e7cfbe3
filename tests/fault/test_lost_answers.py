"""Answers that never come, come wrong, or come to nobody: the program finds out what happened before it goes on.

A request whose sender has died or given up can still take effect later; the conditions it carries fence it off.
"""
import signal
import threading
import time
from dataclasses import replace

import pytest

from support.gate import (answer, answer_after, call_before, cut_after, cut_before, kill_before, late, orphaned, silence, silence_after,
                          truncate)
from support.scene import KINDS, Kind

RUNS = ["new files", "appends", "day by day"]
COMMIT = {"type": "Q", "contains": "COMMIT"}


@pytest.mark.parametrize("kind", RUNS)
def test_a_commit_whose_answer_was_lost_is_finished_by_the_same_run(scene, kind):
    scene.begin(KINDS[kind])
    with scene.gates() as (_, database):
        rule = database.on(cut_after(), **COMMIT)
        outcome = scene.run(database=database)
    assert rule.hits == 1 and outcome.code == 0, str(outcome)
    assert outcome.events("commit.in_doubt")
    assert scene.oracle.check().archived == scene.kind.before + scene.kind.rows
    scene.finish()


@pytest.mark.parametrize("kind", RUNS)
def test_a_commit_that_never_arrived_is_put_back(scene, kind):
    scene.begin(KINDS[kind])
    with scene.gates() as (_, database):
        rule = database.on(cut_before(), **COMMIT)
        outcome = scene.run(database=database)
    assert rule.hits == 1 and outcome.code == 5, str(outcome)
    scene.must_be_as_before()
    scene.finish()


def test_a_commit_cut_off_while_the_server_does_not_notice_is_waited_for(scene):
    """The transaction is in progress until the server finds its client gone; only then is its fate known."""
    scene.begin(KINDS["appends"])
    with scene.gates() as (_, database):
        rule = database.on(orphaned(cut_before()), **COMMIT)
        process = scene.start(database=database)
        assert rule.fired.wait(20)
        time.sleep(1)
        assert process.running
        database.release_orphans()
        outcome = process.wait(40)
    assert outcome.code == 5, str(outcome)
    scene.must_be_as_before()
    scene.finish()


@pytest.mark.slow
def test_a_commit_of_unknown_outcome_leaves_marks_for_the_next_run(scene):
    scene.begin(KINDS["appends"])
    with scene.gates() as (_, database):
        database.on(orphaned(cut_before()), **COMMIT)
        outcome = scene.run(database=database, timeout=90)
        assert outcome.code == 5, str(outcome)
        assert scene.plain.run("archive", settings={"ARCHIVE_LOCK_WAIT": "1s"}).code == 10
        database.release_orphans()
        scene.finish()


@pytest.mark.slow
@pytest.mark.parametrize("mishap, code", [(silence(), 5), (silence_after(), 0)], ids=["before", "after"])
def test_a_server_silent_for_ever_at_commit(scene, mishap, code):
    scene.begin(KINDS["appends"])
    with scene.gates() as (_, database):
        database.on(mishap, **COMMIT)
        outcome = scene.run(database=database, timeout=200)
    assert outcome.code == code, str(outcome)
    scene.finish()


@pytest.mark.parametrize("mishap", [silence(), silence_after()], ids=["before", "after"])
def test_a_stop_while_the_server_is_silent_at_commit_is_in_time_and_exact(scene, mishap):
    scene.begin(KINDS["appends"])
    with scene.gates() as (_, database):
        rule = database.on(mishap, **COMMIT)
        process = scene.start(database=database)
        assert rule.fired.wait(20)
        process.send(signal.SIGTERM)
        outcome = process.wait(15)  # promised are 10
    assert outcome.code == 143, str(outcome)
    scene.finish()


def test_a_copy_into_another_table_whose_commit_was_not_answered_may_be_run_again(scene):
    scene.begin(Kind(before=6, rows=0))
    copy = ("restore", "--day", "2024-01-01", "--into", "copied")
    with scene.gates() as (_, database):
        rule = database.on(cut_after(), type="Q", when=lambda record: record.target.startswith("COMMIT"))  # not ON COMMIT DROP
        outcome = scene.run(*copy, database=database)
    assert rule.hits == 1 and outcome.code == 5 and "it is not known whether the rows of 'events_2024-01-01.csv' were committed" in outcome.stderr, str(outcome)
    scene.plain.run(*copy, expect=0)
    assert scene.table.value("SELECT count(*) FROM copied") == 3


def test_a_second_signal_while_commit_is_on_the_wire_does_not_say_that_it_was_rolled_back(scene):
    scene.begin(KINDS["new files"])
    with scene.gates() as (_, database):
        rule = database.on(silence_after(), **COMMIT)
        process = scene.start(database=database)
        assert rule.fired.wait(20)
        process.send(signal.SIGTERM)
        process.wait_for_output("run.stopping")
        process.send(signal.SIGTERM)
        outcome = process.wait(15)
    assert outcome.code == 143 and "unless COMMIT was sent" in outcome.events("run.stopping")[0]["msg"], str(outcome)
    assert "leave all files as they are" in outcome.events("run.abandoned")[0]["msg"], str(outcome)
    scene.finish(scene.kind.before + scene.kind.rows)


@pytest.mark.parametrize("kind", RUNS)
def test_lake_and_database_lost_at_once_at_commit_and_back_soon(scene, kind):
    scene.begin(KINDS[kind])
    with scene.gates() as (lake, database):
        def lose_both():
            for gate in (lake, database):
                gate.refuse()
            lake.cut_all()
            threading.Timer(1.5, lambda: (lake.admit(), database.admit())).start()

        rule = database.on(replace(cut_after(), after=lambda gate: lose_both()), **COMMIT)
        outcome = scene.run(lake=lake, database=database)
        time.sleep(1.5)  # the timer's gates must still be there
    assert rule.hits == 1 and outcome.code == 0, str(outcome)
    scene.finish()


@pytest.mark.parametrize("when", [cut_before, cut_after], ids=["before", "after"])
def test_the_lake_lost_for_good_at_commit_leaves_the_rest_to_the_next_run(scene, when):
    scene.begin(KINDS["appends"])
    with scene.gates() as (lake, database):
        rule = database.on(replace(when(), before=lambda gate: (lake.refuse(), lake.cut_all())), **COMMIT)
        outcome = scene.run(lake=lake, database=database, settings={"ARCHIVE_RETRIES": "1"})
        lake.admit()
    assert rule.hits == 1 and outcome.code == (0 if when is cut_after else 5), str(outcome)
    scene.finish()


WRITES = {
    "a new file": ("new files", {"method": "PUT", "contains": "comp=blocklist"}),
    "an append": ("appends", {"method": "PUT", "contains": "comp=blocklist"}),
    "a final mark": ("appends", {"method": "PUT", "contains": "comp=metadata"}),
    "taking back": ("taking back", {"method": "PUT", "contains": "comp=blocklist"}),
    "removing": ("removing", {"method": "DELETE"}),
    "keeping": ("keeping", {"method": "PUT", "contains": "comp=metadata"}),
    "a copy": ("append blobs", {"method": "PUT", "contains": ".part?comp=blocklist"}),
    "removing an append blob": ("append blobs", {"method": "DELETE", "when": lambda record: not record.target.endswith(".part")}),
    "building it again": ("append blobs", {"method": "PUT", "contains": ".csv?comp=blocklist"}),
    "removing a copy": ("append blobs", {"method": "DELETE", "contains": ".part"}),
}
MISHAPS = {
    "cut before": cut_before(), "answer lost": cut_after(), "answer truncated": truncate(20), "silence": silence(),
    "done, then silence": silence_after(), "500": answer(500, "InternalError"), "500 but done": answer_after(500, "OperationTimedOut"),
    "503": answer(503, "ServerBusy"), "503 but done": answer_after(503, "ServerBusy"),
    # Somebody on the way sent it twice: the second was refused, and that is the answer we see.
    "412 but done": answer_after(412, "ConditionNotMet"), "409 but done": answer_after(409, "BlobAlreadyExists"),
    "412": answer(412, "ConditionNotMet"), "blocks gone": answer(400, "InvalidBlockList"),
}


@pytest.mark.parametrize("mishap", MISHAPS)
@pytest.mark.parametrize("write", WRITES)
def test_a_publishing_write_with_one_mishap_is_found_out(scene, write, mishap):
    kind, which = WRITES[write]
    scene.begin(KINDS[kind])
    with scene.gates() as (lake, _):
        rule = lake.on(MISHAPS[mishap], nth=2, **which)
        outcome = scene.run(lake=lake, settings={"ARCHIVE_REQUEST_TIMEOUT": "1s"})
        trail = "\n".join(map(str, lake.records))
    assert rule.hits == 1 and outcome.code == 0, f"{outcome}\n{trail}"
    if (write, mishap) not in {("a final mark", "412"), ("a final mark", "blocks gone")}:  # which the next run sets right
        scene.oracle.check()
    scene.finish(scene.kind.before + scene.kind.rows)


@pytest.mark.parametrize("write", WRITES)
def test_a_publishing_write_that_is_refused_for_good(scene, write):
    """403 for ever: whatever could not be written is told, and set right by the next run."""
    kind, which = WRITES[write]
    scene.begin(KINDS[kind])
    with scene.gates() as (lake, _):
        lake.on(answer(403, "AuthorizationPermissionMismatch"), nth=2, times=None, **which)
        outcome = scene.run(lake=lake)
    assert outcome.code == (0 if write == "a final mark" else 4), str(outcome)
    scene.finish(scene.kind.before + scene.kind.rows)


# --- Requests that land when their sender is dead ---

LATE = {"a block": ("appends", {"method": "PUT", "contains": "comp=block&"}), **WRITES}


def killed_and_late(landing: threading.Event):
    """The sender is killed; its request reaches the server when the event is set."""
    return replace(late(landing), before=kill_before().before)


def let_land(gate, landing: threading.Event) -> None:
    landing.set()
    deadline = time.monotonic() + 10
    while not any(record.status for record in gate.records if record.fault == "delivered late"):
        assert time.monotonic() < deadline, "it never landed"
        time.sleep(0.01)


@pytest.mark.parametrize("moment", ["looked", "staged", "published", "ended"])
@pytest.mark.parametrize("write", LATE)
@pytest.mark.parametrize("nth", [1, 2])
def test_a_request_of_a_dead_run_that_lands_late_is_fenced_off(scene, write, nth, moment):
    """It lands when the next run has looked at the folder, has staged its blocks, has published its files, or after its end. A row has
    been changed meanwhile, so that the two runs never mean the same bytes."""
    kind, which = LATE[write]
    scene.begin(KINDS[kind])
    landing = threading.Event()
    with scene.gates() as (dead_lake, _), scene.gates() as (lake, database):
        rule = dead_lake.on(killed_and_late(landing), nth=nth, **which)
        assert scene.run(lake=dead_lake).code == 137
        assert rule.hits == 1
        change(scene)
        land = call_before(lambda: let_land(dead_lake, landing))
        if moment == "looked":
            lake.on(land, when=lambda record: record.method in ("PUT", "DELETE"))
        elif moment == "staged":
            lake.on(land, method="PUT", contains="comp=blocklist", nth=KINDS[kind].days + 1 if KINDS[kind].pending else 1)
        elif moment == "published":
            database.on(land, **COMMIT)
        outcome = scene.run("archive", lake=lake, database=database)
        assert outcome.code == 0, f"{outcome}\n" + "\n".join(map(str, lake.records))
        if not landing.is_set():
            let_land(dead_lake, landing)
    scene.finish(scene.kind.before + scene.kind.rows)


@pytest.mark.parametrize("write", ["a new file", "an append"])
def test_a_publishing_write_that_lands_after_it_was_given_up(scene, write):
    """The client stops waiting, fails, puts back what it sees; then the write takes effect and must be settled."""
    kind, which = WRITES[write]
    scene.begin(KINDS[kind])
    landing = threading.Event()
    with scene.gates() as (lake, _):
        lake.on(late(landing, cut=False), times=None, **which)
        outcome = scene.run(lake=lake, settings={"ARCHIVE_REQUEST_TIMEOUT": "1s", "ARCHIVE_RETRIES": "0"})
        assert outcome.code == 5, str(outcome)
        let_land(lake, landing)
        time.sleep(0.2)
    scene.finish(scene.kind.before + scene.kind.rows)


def test_a_late_block_of_an_earlier_attempt_does_not_replace_one_of_a_later(scene):
    """The first attempt's block is given up, repeated, and the attempt itself fails on a changed row. When the second attempt has
    staged the changed row, the first one's block lands: one id must not stand for two byte strings."""
    scene.begin(Kind(rows=6, days=1))
    landing = threading.Event()
    with scene.gates() as (lake, database):
        late_block = lake.on(late(landing, cut=False), method="PUT", contains="comp=block&")
        database.on(call_before(lambda: change(scene)), contains="DELETE FROM")
        landed = lake.on(call_before(lambda: let_land(lake, landing)), method="PUT", contains="comp=blocklist")
        outcome = scene.run(lake=lake, database=database, settings={"ARCHIVE_REQUEST_TIMEOUT": "1s"})
    assert (late_block.hits, landed.hits, outcome.code) == (1, 1, 0), str(outcome)
    assert outcome.summary["attempts"] >= 2
    scene.finish(6)


def change(scene) -> None:
    """One row of each day, if it is still in the table."""
    scene.table.execute("""WITH changed AS (UPDATE "Event" SET event_type = 'changed' WHERE created_at < '2025-01-01'
                           AND id IN (SELECT max(id) FROM "Event" GROUP BY created_at::date) RETURNING *)
                           UPDATE oracle.original o SET event_type = changed.event_type FROM changed WHERE o.id = changed.id""")
