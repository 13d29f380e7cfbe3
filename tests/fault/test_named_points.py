"""Killed, stopped and frozen at the named points of the job, in each kind of run. Needs the build that has the points."""
import os
import signal
import time

import pytest

from support.gate import call_after, call_before, silence
from support.moments import some
from support.scene import KINDS, Scene

ENDINGS = {"kill": 137, "term": 143, "int": 130}
ROLLED_BACK = {"new files", "appends", "one scan"}  # one transaction: a stop leaves everything as it was


def at(point: str, what: str) -> dict:
    return {"EVENT_ARCHIVER_FAULT": f"{point}={what}"}


def reached(scene: Scene, place, kind: str) -> list:
    """Every point that a run of this kind reaches: its name and how many times."""
    trace = place / f"trace-{scene.database.name}"
    trace.unlink(missing_ok=True)
    scene.begin(KINDS[kind])
    scene.run(settings={"EVENT_ARCHIVER_FAULT_TRACE": str(trace)})
    names = trace.read_text().split()
    trace.unlink()
    assert len(set(names)) >= 4
    return [(name, names.count(name)) for name in dict.fromkeys(names)]


# Days that are ready together are deleted together: how often depends on the moment.
ONCE_AT_LEAST = {"before-delete-days", "days-deleted"}


def places(points: list) -> list:
    """The last time of each point, when most is behind it; the first too in the slow tier."""
    points = [(name, 1 if name in ONCE_AT_LEAST else times) for name, times in points]
    return [f"{name}#{nth}" for name, times in points for nth in sorted({1, times} if os.environ.get("LONG") == "1" else {times})]


@pytest.mark.whole
@pytest.mark.parametrize("kind", KINDS)
def test_killed_at_each_point(points, place, kind, request, record_property):
    cases = some(places(reached(points, place, kind)), request.node.nodeid)
    for point in cases:
        points.begin(KINDS[kind])
        outcome = points.run(settings=at(point, "kill"))
        assert outcome.code == 137, f"{point}\n{outcome}"
        finish(points, point, outcome)
    record_property("cases", len(cases))


@pytest.mark.slow
@pytest.mark.parametrize("what", ["term", "int"])
@pytest.mark.parametrize("kind", KINDS)
def test_stopped_at_each_point(points, place, kind, what, record_property):
    """The exit code tells the truth: 143 and 130 mean rolled back and put back, 0 means done."""
    found = reached(points, place, kind)
    cases = [f"{name}#{1 if what == 'int' else times}" for name, times in found]
    for point in cases:
        points.begin(KINDS[kind])
        outcome = points.run(settings=at(point, what))
        try:
            assert outcome.code in (0, ENDINGS[what])
            assert outcome.summary["exit_code"] == outcome.code
            assert outcome.seconds < 20
            if outcome.code and kind in ROLLED_BACK:
                points.must_be_as_before()
            elif not outcome.code and not points.kind.dry:
                points.oracle.check()
        except AssertionError as wrong:
            raise AssertionError(f"{wrong}\nstopped at {point}\n{outcome}") from wrong
        finish(points, point, outcome)
    record_property("cases", len(cases))


def test_a_stop_before_commit_rolls_back_and_one_after_it_does_not(points):
    """Until COMMIT is sent everything is put back, afterwards everything is finished. A signal is heard when the program next waits,
    so one that comes just before COMMIT may go either way."""
    for point, codes in [("after-publish#2", [143]), ("published", [0, 143]), ("before-commit", [0, 143]), ("after-commit", [0]),
                         ("before-finalise#2", [0]), ("finalised", [0])]:
        points.begin(KINDS["appends"])
        outcome = points.run(settings={**at(point, "term"), "ARCHIVE_PARALLEL": "1"})
        assert outcome.code in codes, f"{point}\n{outcome}"
        found = points.oracle.check()
        assert found.archived == points.kind.before + (0 if outcome.code else points.kind.rows), point


# Points on the way back: reached by a run that is stopped between its second and its third file.
BACK = [("appends", point) for point in ("before-put-back", "rolled-back", "before-take-back#1", "after-take-back#1", "after-take-back#2")]
BACK += [("new files", point) for point in ("before-remove#1", "after-remove#1", "after-remove#2")]


@pytest.mark.parametrize("what", ["kill", "term"])
@pytest.mark.parametrize("kind, point", BACK)
def test_killed_or_stopped_again_while_putting_back(points, kind, point, what):
    points.begin(KINDS[kind])
    outcome = points.run(settings={"EVENT_ARCHIVER_FAULT": f"after-publish#2=term,{point}={what}", "ARCHIVE_PARALLEL": "1"})
    assert outcome.code == (137 if what == "kill" else 143), str(outcome)
    finish(points, point, outcome)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["new files", "appends", "dry run of appends", "taking back", "keeping"])
def test_a_run_beside_one_that_is_frozen_at_a_point(points, place, kind, record_property):
    """It gives way (10), or finds nothing in its way and settles; the frozen one, thawed, ends well."""
    cases = places(reached(points, place, kind))
    for point in cases:
        points.begin(KINDS[kind])
        with frozen(points, point) as first:
            second = points.run("archive", settings={"ARCHIVE_LOCK_WAIT": "10ms", "ARCHIVE_SETTLE_WAIT": "100ms"})
            assert second.code in (0, 10), f"{point}\n{second}"
            outcome = first.thaw()
        # Somebody else may have settled what it was about to settle.
        assert outcome.code in ((0,) if second.code == 10 else (0, 5)), f"{point}\n{second}\n{outcome}"
        finish(points, point, outcome)
    record_property("cases", len(cases))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["new files", "appends", "dry run of appends", "taking back", "keeping", "removing"])
def test_a_frozen_run_whose_session_is_gone_can_do_no_harm_when_it_thaws(points, place, kind, record_property):
    """The server ends its sessions, another run takes over and finishes; then the frozen one goes on from where it was."""
    cases = places(reached(points, place, kind))
    for point in cases:
        points.begin(KINDS[kind])
        with frozen(points, point) as first:
            points.table.execute("""SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
                                    WHERE datname = current_database() AND pid <> pg_backend_pid()""")
            second = points.run("archive")
            assert second.code == 0, f"{point}\n{second}"
            outcome = first.thaw()
        assert outcome.code in (0, 5), f"{point}\n{outcome}"
        points.oracle.check()
        finish(points, point, outcome)
    record_property("cases", len(cases))


class Frozen:
    def __init__(self, process):
        self.process = process

    def __enter__(self):
        deadline = time.monotonic() + 30
        while self.process.running and self._state() != "T":
            assert time.monotonic() < deadline, "never reached the point"
            time.sleep(0.01)
        return self

    def _state(self) -> str:
        try:
            with open(f"/proc/{self.process.pid}/stat") as stat:
                return stat.read().rpartition(")")[2].split()[0]
        except OSError:
            return ""

    def thaw(self):
        self.process.send(signal.SIGCONT)
        return self.process.wait(60)

    def __exit__(self, *_):
        self.process.send(signal.SIGCONT)


def frozen(scene: Scene, point: str) -> Frozen:
    return Frozen(scene.start(settings=at(point, "stop")))


def test_a_second_signal_ends_at_once(points):
    """While marks are cleared and the lake is silent, a first SIGTERM waits, a second does not."""
    points.begin(KINDS["appends"])
    with points.gates() as (lake, _):
        rule = lake.on(silence(), times=None, method="PUT", contains="comp=metadata")
        process = points.start(lake=lake, settings={"ARCHIVE_REQUEST_TIMEOUT": "60s"})
        assert rule.fired.wait(20)
        process.send(signal.SIGTERM)
        assert not process.wait_end(0.5)
        process.send(signal.SIGTERM)
        outcome = process.wait(5)
    assert outcome.code == 143, str(outcome)
    points.finish(points.kind.before + points.kind.rows)


@pytest.mark.parametrize("nth", [1, 2, 3])
@pytest.mark.parametrize("kind", ["new files", "appends"])
def test_a_stop_while_a_file_is_being_published_leaves_it_as_it_was(scene, kind, nth):
    """The request is on the wire when the signal comes: it takes effect, and is taken back."""
    scene.begin(KINDS[kind])
    with scene.gates() as (lake, _):
        def stop():
            lake.awaited_victim().send(signal.SIGTERM)
            time.sleep(0.5)

        rule = lake.on(call_before(stop), method="PUT", contains="comp=blocklist", nth=nth)
        outcome = scene.run(lake=lake)
        time.sleep(0 if all(record.status for record in lake.records) else 1)  # what is still on the wire arrives, whatever has become of its sender
    assert rule.hits == 1 and outcome.code == 143, str(outcome)
    scene.must_be_as_before()
    scene.finish()


@pytest.mark.parametrize("kind", ["new files", "appends", "day by day"])
def test_a_stop_while_commit_is_on_the_wire_awaits_the_answer(scene, kind):
    scene.begin(KINDS[kind])
    with scene.gates() as (_, database):
        def stop():
            database.awaited_victim().send(signal.SIGTERM)
            time.sleep(0.3)

        rule = database.on(call_after(stop), type="Q", contains="COMMIT")
        outcome = scene.run(database=database)
    assert rule.hits == 1 and outcome.code in ((0,) if kind != "day by day" else (0, 143)), str(outcome)
    found = scene.oracle.check()
    assert found.archived > scene.kind.before
    scene.finish()


def finish(scene: Scene, point: str, outcome) -> None:
    try:
        scene.finish(scene.kind.before + scene.kind.rows)
    except AssertionError as wrong:
        raise AssertionError(f"{wrong}\nat {point}\n{outcome}") from wrong
