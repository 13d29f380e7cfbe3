"""The program is killed before and after every request of a run; one plain run then makes everything exact.

Each test goes through its run from the first request (or message) to the last: the n-th case kills at the n-th, and
the loop ends with the run that n no longer reaches.
"""
import itertools

import pytest

from support.gate import kill_after, kill_before, kill_on_the_wire
from support.scene import KINDS

KILLS = {"before": kill_before, "after": kill_after, "on the wire": kill_on_the_wire}
# What ends a flight of messages and is answered. Not Terminate: whoever says it may be gone before it could be killed.
ROUND_TRIPS = ("Q", "S", "startup")
ALL_MESSAGES = ("Q", "P", "B", "D", "E", "S", "C", "d", "c", "f", "startup")


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("kind", KINDS)
def test_killed_at_every_request_to_the_lake(scene, kind, when, record_property):
    for nth in itertools.count(1):
        scene.begin(KINDS[kind])
        with scene.gates() as (lake, _):
            rule = lake.on(KILLS[when](), nth=nth)
            outcome = scene.run(lake=lake)
            trail = "\n".join(map(str, lake.records))
        check(scene, rule, outcome, f"killed {when} request {nth} of\n{trail}")
        if not rule.hits:
            break
    assert nth > 3
    record_property("cases", nth - 1)


# Killed after the answer to one question is killed before the next: both are tried where something is at stake.
ROUND_TRIP_CASES = [(kind, "before") for kind in KINDS] + [(kind, "after") for kind in ("new files", "appends", "day by day", "keeping")]


@pytest.mark.parametrize("kind, when", ROUND_TRIP_CASES)
def test_killed_at_every_round_trip_to_the_database(scene, kind, when, record_property):
    record_property("cases", kill_at_messages(scene, kind, when, ROUND_TRIPS))


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("when", ["before", "on the wire"])
@pytest.mark.parametrize("kind", KINDS)
def test_killed_at_every_message_to_the_database(scene, kind, when, record_property):
    record_property("cases", kill_at_messages(scene, kind, when, ALL_MESSAGES))


@pytest.mark.parametrize("kind", [name for name in KINDS if not KINDS[name].dry and not KINDS[name].pending])
def test_killed_with_commit_on_the_wire(scene, kind):
    scene.begin(KINDS[kind])
    with scene.gates() as (_, database):
        rule = database.on(kill_on_the_wire(), type="Q", contains="COMMIT")
        outcome = scene.run(database=database)
    assert rule.hits == 1
    check(scene, rule, outcome, "killed while COMMIT was on the wire")


def kill_at_messages(scene, kind: str, when: str, types: tuple) -> int:
    """How many messages there were."""
    for nth in itertools.count(1):
        scene.begin(KINDS[kind])
        with scene.gates() as (_, database):
            rule = database.on(KILLS[when](), nth=nth, when=lambda record: record.type in types)
            outcome = scene.run(database=database)
            trail = "\n".join(str(record) for record in database.records if record.side == "client")
        check(scene, rule, outcome, f"killed {when} message {nth} of\n{trail}")
        if not rule.hits:
            break
    assert nth > 3
    return nth - 1


def check(scene, rule, outcome, what: str) -> None:
    """Dead if it was to be killed, else done; then the oracle."""
    assert outcome.code == (137 if rule.hits else 0), f"{what}\n{outcome}"
    try:
        scene.finish(scene.kind.before + scene.kind.rows)
    except AssertionError as wrong:
        raise AssertionError(f"{wrong}\n{what}") from wrong
