"""A file that waits for a transaction, and that others have written to meanwhile: nothing of theirs is taken back with the tail."""
import base64
import gzip

import pytest

from support.gate import call_before
from support.scene import YOUNG, Kind
from test_ledger import ledger
from test_settling import rewrite

NAME = "events_2024-01-01.csv"
FOREIGN = b"777,f,f,2024-01-01 23:00:00,,{}\n"
CSV = {"x-ms-blob-content-type": "text/csv"}
BASES = pytest.mark.parametrize("before", [0, 6], ids=["a new file", "a tail"])
FATES = pytest.mark.parametrize("fate", ["dry run", "aborted"])


def leave_pending(scene, fate: str, before: int, compression: str = "none") -> str:
    scene.begin(Kind(before=before, compression=compression))
    if fate == "dry run":
        scene.plain.archive("--dry-run")
    else:
        scene.leave_pending("aborted")
    name = NAME + (".gz" if compression == "gzip" else "")
    assert scene.lake.head(scene.container, name).metadata["archiverpending"]
    return name


def append(scene, name: str, more: bytes, metadata: bool = True) -> None:
    """As an SDK appends a block: the block list as it is, and one id more."""
    blob = scene.lake.head(scene.container, name)
    ids = [block for block, _ in scene.lake.block_list(scene.container, name)]
    added = base64.b64encode(b"F" * len(base64.b64decode(ids[0]))).decode()
    scene.lake.put_block(scene.container, name, added, more)
    scene.lake.put_block_list(scene.container, name, ids + [added], blob.metadata if metadata else {}, CSV)


def copy_all(scene, blocks: int = 0) -> None:
    """As azcopy or a move of the account writes blobs: the same bytes and metadata, in one Put Blob or in blocks of its own."""
    for blob in scene.lake.list(scene.container):
        content = scene.lake.get(scene.container, blob.name)
        if blocks == 0:
            scene.lake.put_blob(scene.container, blob.name, content, blob.metadata)
            continue
        ids = []
        size = len(content) // blocks + 1
        for start in range(0, len(content), size):
            ids.append(base64.b64encode(b"azcopy-%041d" % start).decode())
            scene.lake.put_block(scene.container, blob.name, ids[-1], content[start:start + size])
        scene.lake.put_block_list(scene.container, blob.name, ids, blob.metadata, CSV)


def refused(outcome, name: str) -> None:
    assert outcome.code == 7, str(outcome)
    error = outcome.events("run.error")[0]
    assert name in error["msg"] and "changed by somebody else" in error["msg"], str(outcome)


@FATES
@BASES
def test_rows_that_others_append_are_not_taken_back(scene, fate, before):
    name = leave_pending(scene, fate, before)
    append(scene, name, FOREIGN)
    as_it_was = scene.lake.get(scene.container, name)
    for command in (("archive",), ("recover",), ("archive",), ("recover", "--discard", name)):
        refused(scene.run(*command), name)
        assert scene.lake.get(scene.container, name) == as_it_was
    assert scene.table.count() == scene.kind.rows + YOUNG


@BASES
def test_the_ledger_is_not_told_of_a_tail_that_stays(scene, before):
    """In doubt it is told before the tail is taken back; where others have appended, it is not taken back."""
    name = leave_pending(scene, "aborted", before)
    rewrite(scene, xid=10**15)
    append(scene, name, FOREIGN)
    scene.table.execute("""INSERT INTO "Event" VALUES (777, 'f', 'f', '2024-01-01 23:00:00', NULL, '{}')""")  # all rows are there
    refused(scene.run("recover"), name)
    assert not [line for line in ledger(scene) if line["file"] == name and line["what"] in ("taken back", "removed")]


@BASES
def test_what_the_message_says_to_do_helps(scene, before):
    """The bytes it names are taken out, and the rest is uploaded without the mark."""
    name = leave_pending(scene, "aborted", before)
    published = scene.lake.get(scene.container, name)
    append(scene, name, FOREIGN)
    outcome = scene.run("archive")
    hint = outcome.events("run.error")[0]["error.hint"].split()
    size, start = int(hint[hint.index("bytes") - 1]), int(hint[hint.index("from") + 1])
    start = start or published.index(b"\n") + 1
    content = scene.lake.get(scene.container, name)
    assert (size + start if before else size) == len(published)
    scene.lake.put_blob(scene.container, name, content[:start] + content[len(published):], {})
    assert scene.plain.run("archive").code == 0
    text = scene.lake.get(scene.container, name)
    assert text.count(FOREIGN) == 1 and scene.table.count() == YOUNG
    scene.lake.put_blob(scene.container, name, text.replace(FOREIGN, b""), {})
    scene.oracle.check()


@pytest.mark.parametrize("change", ["longer", "as long", "gzip member"])
def test_a_file_that_was_replaced_under_its_mark_is_left_alone(scene, change):
    name = leave_pending(scene, "aborted", 6, "gzip" if change == "gzip member" else "none")
    blob, content = scene.lake.head(scene.container, name), scene.lake.get(scene.container, name)
    if change == "gzip member":
        append(scene, name, gzip.compress(FOREIGN))
    elif change == "longer":
        scene.lake.put_blob(scene.container, name, content + FOREIGN, blob.metadata)
    else:
        scene.lake.put_blob(scene.container, name, content[:-2] + b"x\n", blob.metadata)
    as_it_was = scene.lake.get(scene.container, name)
    refused(scene.run("archive"), name)
    assert scene.lake.get(scene.container, name) == as_it_was


@BASES
def test_a_run_that_fails_does_not_put_back_what_others_appended_to(scene, before):
    """Published, then others append, then COMMIT is refused: the session was ended."""
    scene.begin(Kind(before=before))

    def meddle():
        append(scene, NAME, FOREIGN)
        scene.table.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")

    with scene.gates() as (lake, database):
        rule = database.on(call_before(meddle), type="Q", contains="COMMIT")
        outcome = scene.run("archive", lake=lake, database=database)
    assert rule.hits >= 1 and outcome.code == 7 and outcome.events("file.changed"), str(outcome)
    assert scene.lake.get(scene.container, NAME).endswith(FOREIGN)
    refused(scene.run("archive"), NAME)
    assert scene.lake.get(scene.container, NAME).endswith(FOREIGN) and scene.table.count() == scene.kind.rows + YOUNG


@FATES
@BASES
def test_a_pending_file_that_lost_its_mark_does_not_get_its_rows_twice(scene, fate, before):
    name = leave_pending(scene, fate, before)
    append(scene, name, FOREIGN, metadata=False)
    assert scene.plain.run("archive").code == 0
    text = scene.lake.get(scene.container, name)
    assert text.count(FOREIGN) == 1 and scene.table.count() == YOUNG
    scene.lake.put_blob(scene.container, name, text.replace(FOREIGN, b""), {})
    scene.oracle.check()


@pytest.mark.parametrize("change", ["put blob", "crlf", "quotes"])
def test_rows_are_recognised_however_they_were_written(scene, change):
    name = leave_pending(scene, "aborted", 6)
    content = scene.lake.get(scene.container, name)
    if change == "crlf":
        parts = content.split(b'"')
        content = b'"'.join(part if number % 2 else part.replace(b"\n", b"\r\n") for number, part in enumerate(parts))
    elif change == "quotes":
        content = content.replace(b",2024-01-01 00:00:00,", b',"2024-01-01 00:00:00",')
    scene.lake.put_blob(scene.container, name, content, {})
    outcome = scene.plain.run("archive")
    assert outcome.code == 0 and outcome.summary["rows_recognised"] > 0, str(outcome)
    assert scene.table.count() == YOUNG
    if change == "put blob":
        scene.oracle.check()
    else:
        assert scene.lake.get(scene.container, name) == content


@pytest.mark.parametrize("blocks", [0, 1, 3], ids=["one Put Blob", "one block", "three blocks"])
@BASES
@pytest.mark.parametrize("command", ["archive", "recover", "discard"])
def test_a_pending_file_may_be_copied(scene, blocks, before, command):
    name = leave_pending(scene, "aborted", before)
    copy_all(scene, blocks)
    if command == "discard":
        assert scene.run("recover", "--discard", name).code == 0
        assert not before or not scene.lake.head(scene.container, name).metadata.get("archiverpending")
    elif command == "recover":
        assert scene.run("recover").code == 0
        scene.must_be_as_before()
    scene.finish(before + scene.kind.rows)
