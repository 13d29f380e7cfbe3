"""The ledger knows what should be in the folder: what is missing, older or altered is named."""
import json

import pytest

from support.gate import answer, kill_after, kill_before, with_headers
from support.scene import KINDS, YOUNG, Kind


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


@pytest.mark.parametrize("kind", ["new files", "day by day"])
def test_the_month_is_that_of_the_services_clock(scene, kind):
    """Months are read in the order of their names: a machine whose clock is wrong must not write into another one."""
    scene.begin(KINDS[kind])
    with scene.gates() as (lake, _):
        lake.on(with_headers({"Date": "Thu, 02 Jan 2031 03:04:05 GMT"}), times=None)
        assert scene.run(lake=lake).code == 0
    written = {blob.name for blob in scene.lake.list(scene.container, bookkeeping=True) if "/ledger-" in blob.name}
    assert ".event-archiver/ledger-2031-01.jsonl" in written
    assert {line["time"][:7] for line in ledger(scene) if line["file"] in files(scene)} >= {"2031-01"}


@pytest.mark.parametrize("zone", ["America/New_York", "Pacific/Kiritimati"])
def test_its_times_are_in_utc_in_each_time_zone(scene, zone):
    """Two runs with different zones would write into different months around a month's end."""
    scene.begin(KINDS["new files"])
    with scene.gates() as (lake, _):
        lake.on(with_headers({"Date": "Wed, 01 Jan 2031 00:00:30 GMT" if zone == "America/New_York" else "Tue, 31 Dec 2030 23:59:30 GMT"}), times=None)
        assert scene.run(lake=lake, settings={"TZ": zone}).code == 0
    month = "2031-01" if zone == "America/New_York" else "2030-12"
    written = {blob.name for blob in scene.lake.list(scene.container, bookkeeping=True) if "/ledger-" in blob.name}
    assert written == {f".event-archiver/ledger-{month}.jsonl"}
    assert {line["time"][:7] for line in ledger(scene)} == {month}
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


def test_a_month_whose_blob_is_full_goes_on_in_a_next_one(scene):
    """An append blob takes 50,000 blocks."""
    scene.begin(KINDS["appends"])
    with scene.gates() as (lake, _):
        month = next(blob.name for blob in scene.lake.list(scene.container, bookkeeping=True) if "/ledger-" in blob.name)
        full = lake.on(answer(409, "BlockCountExceedsLimit"), times=None, method="PUT", contains=f"{month}?comp=appendblock")
        outcome = scene.run(lake=lake)
    assert full.hits > 0 and outcome.code == 0 and not outcome.events("ledger.failed"), str(outcome)
    names = [blob.name for blob in scene.lake.list(scene.container, bookkeeping=True) if "/ledger-" in blob.name]
    assert names == [month, month.replace(".jsonl", ".part02.jsonl")]
    assert named(scene) == {}
    name = files(scene)[0]
    scene.lake.delete(scene.container, name)
    assert named(scene) == {name: ("ledger", "missing")}


def test_a_folder_without_a_ledger_misses_nothing(scene):
    """As an older version leaves it."""
    scene.begin(KINDS["new files"])
    scene.finish()
    for blob in scene.lake.list(scene.container, bookkeeping=True):
        if blob.name.startswith(".event-archiver/"):
            scene.lake.delete(scene.container, blob.name)
    scene.lake.delete(scene.container, files(scene)[0])
    assert named(scene) == {}


def edited(content: bytes) -> bytes:
    """Another key in the first row, and as many bytes."""
    at = content.index(b"\n") + 1
    return content[:at] + (b"8" if content[at:at + 1] == b"9" else b"9") + content[at + 1:]


def put_whole(scene, name, content, metadata):
    scene.lake.put_blob(scene.container, name, content, metadata=metadata)


def put_as_blocks(scene, name, content, metadata):
    scene.lake.put_block(scene.container, name, "A" * 32, content)
    scene.lake.put_block_list(scene.container, name, ["A" * 32], metadata=metadata)


def put_without_its_mark(scene, name, content, metadata):
    scene.lake.put_blob(scene.container, name, content)


WAYS = {"one request": put_whole, "blocks": put_as_blocks, "without its mark": put_without_its_mark}


def rewrite(scene, way, change):
    name = files(scene)[0]
    content, mark = scene.lake.get(scene.container, name), scene.lake.head(scene.container, name).metadata
    changed = change(content)
    assert len(changed) == len(content)
    WAYS[way](scene, name, changed, mark)
    return name


@pytest.mark.parametrize("way", WAYS)
def test_a_file_that_was_edited_is_not_appended_to(scene, way):
    """As many bytes as before: only what they are tells."""
    scene.begin(KINDS["appends"])
    name = rewrite(scene, way, edited)
    outcome = scene.run("archive")
    assert outcome.code == 7 and name in outcome.events("run.error")[0]["msg"], str(outcome)
    assert "recover --keep" in outcome.events("run.error")[0]["error.hint"]
    assert list(named(scene)) == [name]
    assert scene.table.count() == scene.kind.rows + YOUNG
    # A person has looked at it, and its content is right.
    assert scene.plain.run("recover", "--keep", name).code == 0
    assert named(scene) == {}
    assert scene.run("archive").code == 0
    assert named(scene) == {} and scene.table.count() == YOUNG


@pytest.mark.parametrize("way", WAYS)
def test_a_file_that_was_replaced_by_the_same_bytes_is_as_it_was(scene, way):
    """A copy by some tool: another ETag, other blocks, the same rows."""
    scene.begin(KINDS["appends"])
    rewrite(scene, way, lambda content: content)
    assert named(scene) == {}
    scene.finish()
    assert named(scene) == {}


@pytest.mark.parametrize("shape", ["crlf", "append blob"])
def test_rows_in_another_form_are_the_rows(scene, shape):
    scene.begin(Kind(before=6, shape=shape))
    if shape != "crlf":  # of which `verify` has more to say
        assert named(scene) == {}
    scene.finish()
    assert named(scene) == {}


def test_a_file_that_is_as_known_is_not_kept_once_more(scene):
    scene.begin(KINDS["appends"])
    outcome = scene.plain.run("recover", "--keep", files(scene)[0])
    assert outcome.code == 3 and "nothing to decide" in outcome.stderr, str(outcome)


@pytest.mark.parametrize("kind", ["moving back", "moving append blobs back", "restoring restored days"])
def test_a_restore_leaves_the_ledger_right(scene, kind):
    scene.begin(KINDS[kind])
    assert scene.run().code == 0
    assert {line["file"] for line in ledger(scene) if line["what"] == "restored"} == set(files(scene))
    assert named(scene) == {}
    scene.finish()  # archived again
    assert named(scene) == {}


def put_back(scene, where: str) -> None:
    """Rows of tails (their ids come after the 9 that `begin` made first), by hand: discarding a file's copy says that they are in the table."""
    scene.table.execute(f'INSERT INTO "Event" SELECT * FROM oracle.original WHERE {where} ON CONFLICT DO NOTHING')


@pytest.mark.parametrize("pending", [False, True], ids=["restored", "waiting"])
def test_what_a_person_decides_leaves_the_ledger_right(scene, pending):
    scene.begin(Kind(before=6, pending="committed") if pending else Kind(before=6, rows=0, restored=True))
    discarded, kept = files(scene)[:2]
    if not pending:
        scene.table.execute("DELETE FROM \"Event\" WHERE created_at >= '2024-01-02' AND created_at < '2024-01-03'")
    else:
        put_back(scene, "created_at < '2024-01-02' AND id > 9")
    assert scene.plain.run("recover", "--discard", discarded).code == 0
    assert scene.plain.run("recover", "--keep", kept).code == 0
    last = {line["file"]: line for line in ledger(scene)}
    assert last[discarded]["what"] == ("taken back" if pending else "emptied")
    assert named(scene) == {}
    if not pending:
        scene.finish()
        assert named(scene) == {}


def test_a_tail_that_is_taken_back_in_doubt_leaves_the_ledger_right(scene):
    """Its line stands there already: the run died when it had written it."""
    scene.begin(Kind(before=6))
    with scene.gates() as (lake, _):
        rule = lake.on(kill_after(), method="PUT", contains="comp=appendblock")
        scene.run(lake=lake)
    assert rule.hits == 1
    names = files(scene)
    known = {line["file"] for line in ledger(scene) if line["what"] == "archived"}
    assert set(names) <= known
    put_back(scene, "created_at < '2025-01-01' AND id > 9")
    for name in names:  # a person says so
        assert scene.plain.run("recover", "--discard", name).code == 0
    whats = {line["file"]: line["what"] for line in ledger(scene)}
    assert sorted(set(whats.values())) == ["removed", "taken back"], whats
    assert named(scene) == {}


def test_a_pending_earlier_version_that_is_put_back_is_not_settled(scene):
    """To take back its tail would say that the file never had the rows that came later."""
    scene.begin(Kind(before=6, pending="committed"))
    name = files(scene)[0]
    content, mark = scene.lake.get(scene.container, name), scene.lake.head(scene.container, name).metadata
    assert "archiverpending" in mark
    scene.plain.archive()
    scene.table.insert("2024-01-01 12:00:00")
    scene.plain.archive()
    put_back(scene, "created_at < '2024-01-02' AND id > 9")
    scene.lake.put_blob(scene.container, name, content, metadata=mark)
    before = ledger(scene)
    for command in (("archive",), ("recover",), ("recover", "--discard", name), ("archive", "--dry-run")):
        refused = scene.plain.run(*command, expect=7)
        assert name in refused.stderr and "an earlier version" in refused.stderr, str(refused)
    assert scene.lake.get(scene.container, name) == content and ledger(scene) == before
    assert list(named(scene)) == [name]


@pytest.mark.parametrize("last", ["as it is", "another one"])
def test_months_count_in_their_order_however_they_are_read(scene, last):
    """Small months are read beside each other, a large one by itself."""
    scene.begin(Kind(before=0, days=1, rows=4))
    scene.plain.run("archive", expect=0)
    (line,) = ledger(scene)
    (name,) = [blob.name for blob in scene.lake.list(scene.container, bookkeeping=True) if "/ledger-" in blob.name]
    scene.lake.delete(scene.container, name)
    other = line | {"run": "01900000-0000-7000-8000-000000000000", "rows": 9, "bytes": 9000}
    for number in range(30):
        found = line if number == 29 and last == "as it is" else other | {"xid": str(number + 1)}
        noted = [line, found] if last == "another one" else [found]
        text = "".join(json.dumps(each, separators=(",", ":")) + "\n" for each in noted)
        large = 'not a line of the ledger\n' * 100_000 if number == 13 else ""
        scene.lake.append_blob(scene.container, f".event-archiver/ledger-{2021 + number // 12}-{number % 12 + 1:02}.jsonl", (large + text).encode())
    assert bool(named(scene)) == (last == "another one")
