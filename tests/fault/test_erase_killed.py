"""`erase` killed at each of its points, and others at work meanwhile: each file is as before or without exactly the rows that match, no other row
is lost or doubled, and the same command again does the rest."""
import csv
import gzip
import io
import json
from collections import Counter

import pytest

from support.gate import call_before, cut_after, kill_after, kill_before, kill_on_the_wire
from support.moments import some, try_moments
from support.scene import YOUNG, Kind

GOES = "id % 3 = 1 AND event_type <> 'kept'"
ERASE = ("erase", "--where", GOES, "--yes")
KINDS = {
    "plain": Kind(before=12, rows=6, days=3, arguments=ERASE),
    "gzip": Kind(before=12, rows=6, days=3, arguments=ERASE, compression="gzip"),
    "restored": Kind(before=12, rows=0, days=3, arguments=ERASE, restored=True),
}
POINTS = ("erase-counted", "erase-deleted", "erase-before-commit", "erase-committed", "erase-staged", "before-erase", "after-erase", "ledger-written")


def contents(scene) -> dict:
    """The CSV of each file."""
    found = {}
    for blob in scene.lake.list(scene.container):
        body = scene.lake.get(scene.container, blob.name)
        found[blob.name] = gzip.decompress(body) if blob.name.endswith(".gz") else body
    return found


def ids_of(body: bytes) -> Counter:
    return Counter(int(row[0]) for row in list(csv.reader(io.StringIO(body.decode(), newline="")))[1:])


def ids(scene) -> Counter:
    """Of all rows, by how often they are there, in files or in the table."""
    found = Counter(row for (row,) in scene.table.execute('SELECT id FROM "Event"'))
    for body in contents(scene).values():
        found += ids_of(body)
    return found


def going(scene) -> set:
    return {row for (row,) in scene.table.execute(f"SELECT id FROM oracle.original WHERE {GOES}")}


def kept(scene, counted: Counter) -> Counter:
    gone = going(scene)
    return Counter({row: times for row, times in counted.items() if row not in gone})


def finish(scene) -> None:
    """All that matches is gone, and everything else is where it belongs."""
    assert not going(scene) & set(ids(scene))
    scene.plain.run("verify", expect=0)
    scene.table.execute(f"DELETE FROM oracle.original WHERE {GOES}")
    scene.finish()


def check(scene, before: dict, counted: Counter, what: str) -> None:
    """Each file is as before or as at the end; the same command does the rest. `before` and `counted` are of the time before it was killed."""
    after = contents(scene)
    assert kept(scene, ids(scene)) == kept(scene, counted), what
    assert scene.plain.run("recover").code == 0
    assert contents(scene) == after, f"{what}: recover has nothing to do"
    outcome = scene.plain.run(*ERASE)
    assert outcome.code == 0, f"{what}\n{outcome}"
    final = contents(scene)
    assert final.keys() == before.keys()
    for name, body in after.items():
        assert body in (before[name], final[name]), f"{what}: {name}"
    finish(scene)


@pytest.mark.whole
@pytest.mark.parametrize("kind", KINDS)
def test_killed_at_each_point(points, place, kind, request, record_property):
    trace = place / f"trace-{points.database.name}"
    trace.unlink(missing_ok=True)
    points.begin(KINDS[kind])
    assert points.run(settings={"EVENT_ARCHIVER_FAULT_TRACE": str(trace)}).code == 0
    reached = trace.read_text().split()
    trace.unlink()
    assert set(POINTS) <= set(reached), reached
    finish(points)
    places = [(point, nth) for point in POINTS for nth in sorted({1, reached.count(point)})]
    cases = some(places, request.node.nodeid)
    for point, nth in cases:
        points.begin(KINDS[kind])
        before, counted = contents(points), ids(points)
        outcome = points.run(settings={"EVENT_ARCHIVER_FAULT": f"{point}#{nth}=kill"})
        assert outcome.code == 137 and outcome.stdout == "", f"{point}#{nth}\n{outcome}"
        check(points, before, counted, f"{point}#{nth}")
    record_property("cases", len(cases))


KILLS = {"before": kill_before, "after": kill_after}
# What ends a flight of messages and is answered.
ROUND_TRIPS = ("Q", "S", "startup")


@pytest.mark.whole
@pytest.mark.parametrize("kind, side", [*((kind, "lake") for kind in KINDS), ("plain", "database")])
def test_killed_at_every_request(scene, kind, side, request, record_property):
    """To the lake before it is there and once it is answered; before each round trip to the database."""

    def attempt(nth: int, when: str = "before"):
        scene.begin(KINDS[kind])
        before, counted = contents(scene), ids(scene)
        with scene.gates() as (lake, database):
            if side == "lake":
                rule = lake.on(KILLS[when](), nth=nth)
                outcome = scene.run(lake=lake)
            else:
                rule = database.on(KILLS[when](), nth=nth, when=lambda record: record.type in ROUND_TRIPS)
                outcome = scene.run(database=database)
        what = f"killed {when} request {nth} to the {side}"
        assert outcome.code == (137 if rule.hits else 0), f"{what}\n{outcome}"
        check(scene, before, counted, what)
        return rule

    ways = ("before", "after") if side == "lake" else ()
    record_property("cases", try_moments(attempt, request.node.nodeid, ways))


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_a_file_that_somebody_writes_to_meanwhile_is_not_written_over(scene, compression):
    """Between its reading and its writing. The run begins again with what is there then."""
    scene.begin(Kind(before=12, rows=0, days=3, arguments=ERASE, compression=compression))
    name = scene.lake.list(scene.container)[0].name

    def touch():
        scene.lake.set_metadata(scene.container, name, {**scene.lake.head(scene.container, name).metadata, "theirs": "kept"})

    with scene.gates() as (lake, _):
        rule = lake.on(call_before(touch), method="PUT", contains="comp=blocklist")
        outcome = scene.run(lake=lake)
    assert rule.hits == 1 and outcome.code == 0 and outcome.events("run.again"), str(outcome)
    assert scene.lake.head(scene.container, name).metadata["theirs"] == "kept"
    receipt = json.loads(outcome.stdout)
    assert receipt["rows_of_files"] == len(going(scene)) == 4
    finish(scene)


def test_an_answer_that_is_lost_is_looked_for(scene):
    """The block list took effect, and the connection died: it is found done, and nothing is counted twice."""
    scene.begin(Kind(before=12, rows=0, days=3, arguments=ERASE))
    with scene.gates() as (lake, _):
        rule = lake.on(cut_after(), method="PUT", contains="comp=blocklist")
        outcome = scene.run(lake=lake)
    assert rule.hits == 1 and outcome.code == 0, str(outcome)
    assert json.loads(outcome.stdout)["rows_of_files"] == len(going(scene))
    finish(scene)


def test_a_block_list_that_lands_late_does_no_harm(scene):
    """The process dies while it is on the wire."""
    scene.begin(Kind(before=12, rows=0, days=3, arguments=ERASE))
    with scene.gates() as (lake, _):
        rule = lake.on(kill_on_the_wire(), method="PUT", contains="comp=blocklist")
        assert scene.run(lake=lake).code == 137 and rule.hits == 1
    assert scene.plain.run(*ERASE).code == 0
    finish(scene)


def test_rows_that_come_meanwhile_go_as_well(scene):
    """A row that matches is inserted after the DELETE has looked: the last reading finds it."""
    scene.begin(Kind(before=12, rows=0, days=3, arguments=ERASE))
    scene.table.next_id = 3 * scene.table.next_id + 1
    with scene.gates() as (lake, _):
        lake.on(call_before(lambda: scene.table.insert("2024-01-01 10:00")), method="PUT", contains="comp=blocklist")
        outcome = scene.run(lake=lake)
    assert outcome.code == 0, str(outcome)
    receipt = json.loads(outcome.stdout)
    assert receipt["rows_of_table"] == 1 and receipt["verified"]
    scene.oracle.remember_new()
    finish(scene)


def test_rows_that_keep_coming_are_no_success(scene):
    scene.begin(Kind(before=12, rows=0, days=3, arguments=ERASE))

    def insert():
        scene.table.next_id += 3 - (scene.table.next_id - 1) % 3
        scene.table.insert("2024-01-01 10:00")

    with scene.gates() as (_, database):
        database.on(call_before(insert), times=None, contains="COMMIT")
        outcome = scene.run(database=database)
    assert outcome.code == 5 and "keep coming" in outcome.stderr and outcome.stdout == "", str(outcome)
    scene.oracle.remember_new()
    assert scene.plain.run(*ERASE).code == 0
    finish(scene)


def test_two_at_once_and_an_archive_meanwhile(scene):
    """The lock is held after COMMIT, too, while files are written."""
    scene.begin(KINDS["plain"])
    others = []

    def run_others():
        for command in (("archive",), ERASE):
            others.append(scene.plain.run(*command, settings={"ARCHIVE_LOCK_WAIT": "1s"}))

    with scene.gates() as (lake, _):
        lake.on(call_before(run_others), method="PUT", contains="comp=blocklist")
        outcome = scene.run(lake=lake)
    assert outcome.code == 0 and [other.code for other in others] == [10, 10], str(outcome)
    finish(scene)
    assert scene.table.count() == YOUNG
