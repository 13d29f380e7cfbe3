"""The program is killed before and after every request of a run; one plain run then makes everything exact.

Each test counts the requests (or messages) of a run, then kills a fresh run at the n-th: at each of them with LONG=1, else at a
twentieth of them, other ones each day.
"""
import pytest

from support.gate import kill_after, kill_before, kill_on_the_wire
from support.moments import try_moments
from support.scene import KINDS

KILLS = {"before": kill_before, "after": kill_after, "on the wire": kill_on_the_wire}
# What ends a flight of messages and is answered. Not Terminate: its sender may be gone before it could be killed.
ROUND_TRIPS = ("Q", "S", "startup")
ALL_MESSAGES = ("Q", "P", "B", "D", "E", "S", "C", "d", "c", "f", "startup")


@pytest.mark.whole
@pytest.mark.parametrize("kind", KINDS)
def test_killed_at_every_request_to_the_lake(scene, kind, request, record_property):
    def attempt(nth: int, when: str):
        scene.begin(KINDS[kind])
        with scene.gates() as (lake, _):
            rule = lake.on(KILLS[when](), nth=nth)
            outcome = scene.run(lake=lake)
            trail = "\n".join(map(str, lake.records))
        check(scene, rule, outcome, f"killed {when} request {nth} of\n{trail}")
        return rule

    record_property("cases", try_moments(attempt, request.node.nodeid, ("before", "after")))


# Killed after the answer to one question is killed before the next: both are tried where something is at stake.
ROUND_TRIP_CASES = [(kind, "before") for kind in KINDS] + [(kind, "after") for kind in ("new files", "appends", "day by day", "keeping")]


@pytest.mark.whole
@pytest.mark.parametrize("kind, when", ROUND_TRIP_CASES)
def test_killed_at_every_round_trip_to_the_database(scene, kind, when, request, record_property):
    record_property("cases", kill_at_messages(scene, kind, when, ROUND_TRIPS, request.node.nodeid))


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("when", ["before", "on the wire"])
@pytest.mark.parametrize("kind", KINDS)
def test_killed_at_every_message_to_the_database(scene, kind, when, request, record_property):
    record_property("cases", kill_at_messages(scene, kind, when, ALL_MESSAGES, request.node.nodeid))


@pytest.mark.parametrize("kind", [name for name in KINDS if not KINDS[name].dry and not KINDS[name].pending])
def test_killed_with_commit_on_the_wire(scene, kind):
    scene.begin(KINDS[kind])
    with scene.gates() as (_, database):
        rule = database.on(kill_on_the_wire(), type="Q", contains="COMMIT")
        outcome = scene.run(database=database)
    assert rule.hits == 1
    check(scene, rule, outcome, "killed while COMMIT was on the wire")


def kill_at_messages(scene, kind: str, when: str, types: tuple, name: str) -> int:
    """At how many it was killed."""
    def attempt(nth: int):
        scene.begin(KINDS[kind])
        with scene.gates() as (_, database):
            rule = database.on(KILLS[when](), nth=nth, when=lambda record: record.type in types)
            outcome = scene.run(database=database)
            trail = "\n".join(str(record) for record in database.records if record.side == "client")
        check(scene, rule, outcome, f"killed {when} message {nth} of\n{trail}")
        return rule

    return try_moments(attempt, name)


def check(scene, rule, outcome, what: str) -> None:
    """Dead if it was to be killed, else done; then the oracle."""
    assert outcome.code == (137 if rule.hits else 0), f"{what}\n{outcome}"
    try:
        scene.finish(scene.kind.before + scene.kind.rows)
    except AssertionError as wrong:
        raise AssertionError(f"{wrong}\n{what}") from wrong
