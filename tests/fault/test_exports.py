"""Exports killed before and after every request, at every round trip to the database and at every named point; one plain run, and
each row is in the table or in a file, once."""
import itertools

import pytest

from support.archiver import Archiver
from support.exports import BOUNDARY, COMMON_KNOWLEDGE, DirectoryPlace, Exports, LakePlace
from support.gate import DatabaseGate, LakeGate, kill_after, kill_before, kill_on_the_wire
from support.moments import some, try_moments

SHAPE = COMMON_KNOWLEDGE[1]
KILLS = {"before": kill_before, "after": kill_after, "on the wire": kill_on_the_wire}
ROUND_TRIPS = ("Q", "S", "startup")
# What a run finds: nothing, or a file whose transaction died around its COMMIT.
FOUND = ["nothing", "committed", "aborted"]


class Stage:
    """One table and one place, set again for each case."""

    def __init__(self, archiver, database, place, directory, azurite):
        self.exports = Exports(archiver, database.connection, directory, place)
        self.database, self.azurite = database, azurite
        self.exports.add(SHAPE, keys=3, versions=4)
        self.seed = itertools.count()

    def begin(self, found: str = "nothing") -> int:
        """Rows that will be in files once all is done."""
        self.exports.place.clear()
        self.exports.execute(f"TRUNCATE {SHAPE.table}")
        self.exports.fill(SHAPE, 3, 4, seed=f"s{next(self.seed)}")
        self.exports.remember()
        due = self.exports.due(SHAPE)
        if found != "nothing":
            with self.gate() as gate:
                gate.on((kill_after if found == "committed" else kill_before)(), type="Q", contains="COMMIT")
                assert self.run(gate).code == 137
        return due

    def gate(self) -> DatabaseGate:
        return DatabaseGate(self.database.server.port)

    def run(self, database=None, lake=None, settings: dict | None = None):
        given = dict(settings or {})
        if database is not None:
            given["DATABASE_URL"] = self.database.server.uri(self.database.name, port=database.port)
        if lake is not None:
            given["AZURE_STORAGE_CONNECTION_STRING"] = self.azurite.connection_string(lake.endpoint)
        process = self.exports.archiver.start("export", "--boundary", str(BOUNDARY), settings=given)
        for gate in (database, lake):
            if gate is not None:
                gate.victim = process
        return process.wait(60)

    def finish(self, due: int, what: str, outcome) -> None:
        try:
            self.exports.run(expect=0, timeout=60)
            assert self.exports.check()[SHAPE.task] == due
            assert self.exports.place.leftovers() == []
        except AssertionError as wrong:
            raise AssertionError(f"{wrong}\n{what}\n{outcome}") from wrong


def make_stage(request, archiver, database, lake, container, directory, azurite) -> Stage:
    place = LakePlace(lake, container) if request.param == "lake" else DirectoryPlace(directory / "out")
    return Stage(archiver, database, place, directory, azurite)


@pytest.fixture(params=["directory", "lake"])
def stage(request, archiver, database, lake, container, tmp_path, azurite):
    return make_stage(request, archiver, database, lake, container, tmp_path, azurite)


@pytest.fixture(params=["directory", "lake"])
def points(request, fault_binary, archiver, database, lake, container, tmp_path, azurite):
    return make_stage(request, Archiver(fault_binary, archiver.settings), database, lake, container, tmp_path, azurite)


@pytest.mark.whole
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("found", FOUND)
def test_killed_at_every_round_trip_to_the_database(stage, found, when, request, record_property):
    def attempt(nth: int):
        due = stage.begin(found)
        with stage.gate() as gate:
            rule = gate.on(KILLS[when](), nth=nth, when=lambda record: record.type in ROUND_TRIPS)
            outcome = stage.run(gate)
        assert outcome.code == (137 if rule.hits else 0), f"{nth}\n{outcome}"
        stage.finish(due, f"killed {when} round trip {nth}", outcome)
        return rule

    record_property("cases", try_moments(attempt, request.node.nodeid))


def test_killed_with_commit_on_the_wire(stage):
    due = stage.begin()
    with stage.gate() as gate:
        rule = gate.on(kill_on_the_wire(), type="Q", contains="COMMIT")
        outcome = stage.run(gate)
    assert rule.hits == 1 and outcome.code == 137
    stage.finish(due, "killed while COMMIT was on the wire", outcome)


@pytest.mark.whole
@pytest.mark.parametrize("stage", ["lake"], indirect=True)
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("found", FOUND)
def test_killed_at_every_request_to_the_lake(stage, found, when, request, record_property):
    def attempt(nth: int):
        due = stage.begin(found)
        with LakeGate(stage.azurite.port) as gate:
            rule = gate.on(KILLS[when](), nth=nth)
            outcome = stage.run(lake=gate)
        assert outcome.code == (137 if rule.hits else 0), f"{nth}\n{outcome}"
        stage.finish(due, f"killed {when} request {nth}", outcome)
        return rule

    record_property("cases", try_moments(attempt, request.node.nodeid))


def reached(stage: Stage, trace, found: str) -> list:
    trace.unlink(missing_ok=True)
    stage.begin(found)
    stage.run()  # the first run in a folder makes and signs the lock, and no later one comes to these points
    stage.begin(found)
    stage.run(settings={"EVENT_ARCHIVER_FAULT_TRACE": str(trace)})
    names = trace.read_text().split()
    assert len(set(names)) >= 8
    return [f"{name}#{nth}" for name in dict.fromkeys(names) for nth in sorted({1, names.count(name)})]


@pytest.mark.whole
@pytest.mark.parametrize("found", FOUND)
def test_killed_at_each_point(points, tmp_path, found, request, record_property):
    cases = some(reached(points, tmp_path / "trace", found), request.node.nodeid)
    for point in cases:
        due = points.begin(found)
        outcome = points.run(settings={"EVENT_ARCHIVER_FAULT": f"{point}=kill"})
        assert outcome.code == 137, f"{point}\n{outcome}"
        points.finish(due, f"killed at {point}", outcome)
    record_property("cases", len(cases))


@pytest.mark.whole
@pytest.mark.parametrize("found", ["nothing", "aborted"])
def test_stopped_at_each_point(points, tmp_path, found, request, record_property):
    """0 means done; 143 rolled back and taken away, or done all the same, where COMMIT left before the loop heard of the signal."""
    cases = some(reached(points, tmp_path / "trace", found), request.node.nodeid)
    for point in cases:
        due = points.begin(found)
        outcome = points.run(settings={"EVENT_ARCHIVER_FAULT": f"{point}=term"})
        assert outcome.code in (0, 143) and outcome.seconds < 20, f"{point}\n{outcome}"
        done = points.exports.check()[SHAPE.task] if outcome.code == 0 or not points.exports.place.leftovers() else None
        assert done in ((due,) if outcome.code == 0 else (None, 0, due)), f"{point}\n{outcome}"
        points.finish(due, f"stopped at {point}", outcome)
    record_property("cases", len(cases))


# On the way back, after a stop that comes when the file is marked.
@pytest.mark.parametrize("point", ["export-before-undo", "export-rolled-back", "export-before-take-back", "export-taken-back", "before-remove", "after-remove"])
def test_killed_again_while_taking_back(points, point):
    if point.startswith("export-") == isinstance(points.exports.place, LakePlace) and "back" in point and "rolled" not in point:
        return  # a point of the other sink
    if "remove" in point and not isinstance(points.exports.place, LakePlace):
        return
    due = points.begin()
    marking = "before-publish" if isinstance(points.exports.place, LakePlace) else "export-before-mark"
    outcome = points.run(settings={"EVENT_ARCHIVER_FAULT": f"{marking}=term,{point}=kill"})
    assert outcome.code == 137, str(outcome)
    points.finish(due, f"killed again at {point}", outcome)


def test_a_frozen_run_whose_session_is_gone_can_do_no_harm_when_it_thaws(points, tmp_path):
    """The server ends its session, another run takes over and finishes; then the frozen one goes on from where it was."""
    import signal
    import time

    for point in reached(points, tmp_path / "trace", "nothing"):
        due = points.begin()
        process = points.exports.archiver.start("export", "--boundary", str(BOUNDARY), settings={"EVENT_ARCHIVER_FAULT": f"{point}=stop"})
        deadline = time.monotonic() + 30
        while process.running and open(f"/proc/{process.pid}/stat").read().rpartition(")")[2].split()[0] != "T":
            assert time.monotonic() < deadline, point
            time.sleep(0.01)
        points.exports.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        second = points.run()
        process.send(signal.SIGCONT)
        outcome = process.wait(60)
        assert second.code == 0 and outcome.code in (0, 5), f"{point}\n{second}\n{outcome}"
        points.finish(due, f"frozen at {point}", outcome)
