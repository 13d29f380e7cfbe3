"""The ledger knows what should be in the folder: what is missing, older or altered is named."""
import json

import pytest

from support.gate import answer, kill_after, kill_before
from support.scene import KINDS


def ledger(scene):
    lines = []
    for blob in scene.lake.list(scene.container, bookkeeping=True):
        if blob.name.startswith(".event-archiver/ledger-"):
            lines += [json.loads(line) for line in scene.lake.get(scene.container, blob.name).decode().splitlines()]
    return lines


def files(scene):
    return sorted(blob.name for blob in scene.lake.list(scene.container) if blob.name.startswith("events_"))


def named(scene):
    """What `verify` says, by file; and what `list` says of their state."""
    verified = scene.plain.run("verify", "-o", "json")
    found = json.loads(verified.stdout)
    listed = json.loads(scene.plain.run("list", "-o", "json").stdout)
    states = {entry["blob"]: entry["state"] for entry in listed["days"]}
    wrong = {day["blob"]: (day["differences"][0]["kind"], states[day["blob"]]) for day in found["days"] if not day["ok"]}
    assert verified.code == (7 if wrong else 0), str(verified)
    return wrong


@pytest.mark.parametrize("kind", ["new files", "appends", "gzip appends", "day by day"])
def test_each_change_has_its_line(scene, kind):
    scene.begin(KINDS[kind])
    scene.finish()
    last = {}
    for line in ledger(scene):
        last[line["file"]] = line
    assert sorted(last) == files(scene)
    for blob in scene.lake.list(scene.container):
        line, mark = last[blob.name], blob.metadata
        assert (line["rows"], line["bytes"], line["crc"]) == (int(mark["archiverrows"]), blob.size, mark["archivercrc"])
    assert named(scene) == {}


@pytest.mark.parametrize("kind", ["new files", "gzip appends"])
def test_a_file_that_somebody_deleted_is_named(scene, kind):
    scene.begin(KINDS[kind])
    scene.finish()
    gone = files(scene)[1]
    scene.lake.delete(scene.container, gone)
    assert named(scene) == {gone: ("ledger", "missing")}
    assert scene.plain.run("verify", "--to", "2023-12-31").code == 0  # it is of a later day


def test_an_earlier_version_is_named(scene):
    scene.begin(KINDS["appends"])
    name = files(scene)[0]
    before, mark = scene.lake.get(scene.container, name), scene.lake.head(scene.container, name).metadata
    scene.finish()
    scene.lake.put_blob(scene.container, name, before, metadata=mark)
    assert named(scene) == {name: ("ledger", "altered")}


def test_a_file_that_others_cut_short_is_named(scene):
    scene.begin(KINDS["new files"])
    scene.finish()
    name = files(scene)[0]
    header = scene.lake.get(scene.container, name).split(b"\n")[0] + b"\n"
    scene.lake.put_blob(scene.container, name, header)
    assert named(scene)[name] == ("ledger", "foreign")


@pytest.mark.parametrize("moment", [kill_before, kill_after], ids=["before", "after"])
def test_a_run_that_dies_at_its_line_leaves_the_rest_to_the_next(scene, moment):
    scene.begin(KINDS["appends"])
    with scene.gates() as (lake, _):
        rule = lake.on(moment(), method="PUT", contains="comp=appendblock")
        scene.run(lake=lake)
    assert rule.hits == 1
    scene.finish()
    assert {line["what"] for line in ledger(scene)} >= {"archived", "settled"} or moment is kill_before
    assert {line["file"] for line in ledger(scene)} == set(files(scene))
    assert named(scene) == {}


def test_a_lake_that_takes_no_append_blobs_is_a_warning(scene):
    scene.begin(KINDS["new files"])
    with scene.gates() as (lake, _):
        lake.on(answer(409, "FeatureNotSupported"), times=None, method="PUT", contains="comp=appendblock")
        outcome = scene.run(lake=lake)
    assert outcome.code == 0 and outcome.events("ledger.failed") and outcome.summary["files_pending"] == 0, str(outcome)
    assert named(scene) == {}


def test_a_folder_without_a_ledger_misses_nothing(scene):
    """As an older version leaves it."""
    scene.begin(KINDS["new files"])
    scene.finish()
    for blob in scene.lake.list(scene.container, bookkeeping=True):
        if blob.name.startswith(".event-archiver/"):
            scene.lake.delete(scene.container, blob.name)
    scene.lake.delete(scene.container, files(scene)[0])
    assert named(scene) == {}
