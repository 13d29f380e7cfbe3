"""A server whose disk was put back gives a transaction's number to another one: the rows decide, not the number alone."""
import re

import pytest

from support.exports import BOUNDARY, COMMON_KNOWLEDGE, SISTERS, DirectoryPlace, Exports, LakePlace
from support.gate import DatabaseGate, kill_after, kill_before

FIRST = "-2025_01_01-12_00_00_AM.csv.gz"


@pytest.fixture(params=["directory", "lake"])
def exports(request, archiver, database, lake, container, tmp_path):
    place = DirectoryPlace(tmp_path / "out") if request.param == "directory" else LakePlace(lake, container)
    return Exports(archiver, database.connection, tmp_path, place)


def killed(exports, database, when, shape=COMMON_KNOWLEDGE[0], settings=None):
    exports.add(shape)
    return kill(exports, database, when, shape, settings)


def kill(exports, database, when, shape=COMMON_KNOWLEDGE[0], settings=None):
    exports.remember()
    with DatabaseGate(database.server.port) as gate:
        gate.on(when(), type="Q", contains="COMMIT")
        process = exports.archiver.start("export", "--boundary", str(BOUNDARY), settings={"DATABASE_URL": database.server.uri(database.name, port=gate.port), **(settings or {})})
        gate.victim = process
        assert process.wait().code == 137
    return exports.execute("SELECT count(*) FROM " + shape.table)[0][0] < sum(exports.before[shape.task].values())


def strangers_number(exports, end: str) -> str:
    exports.execute("BEGIN")
    number = exports.execute("SELECT pg_current_xact_id()::text")[0][0]
    exports.execute("CREATE TABLE IF NOT EXISTS stranger (); " + end)
    return number


def forge_number(exports, number: str) -> None:
    if isinstance(exports.place, DirectoryPlace):
        (mark,) = exports.place.directory.glob(".*.pending")
        mark.write_text("".join((f"xid={number}" if line.startswith("xid=") else line) + "\n" for line in mark.read_text().splitlines()))
        return
    (blob,) = [blob for blob in exports.place.blobs() if "archiverpending" in blob.metadata]
    values = dict(blob.metadata)
    old = next(part for part in values["archiverlast"].split(",") if part.startswith("xid="))
    values["archiverlast"] = values["archiverlast"].replace(old, f"xid={number}")
    values["archiverpending"] = values["archiverpending"].replace(old.partition("=")[2], number)
    exports.place.lake.set_metadata(exports.place.container, blob.name, values)


def is_undecided(exports, says: str):
    for command in (["export", "--boundary", str(BOUNDARY)], ["recover", "--exports"]):
        outcome = exports.archiver.run(*command, expect=7)
        assert says in outcome.stderr and "recover --exports --keep" in outcome.stderr, str(outcome)
    assert exports.place.leftovers()


@pytest.mark.parametrize("shape", [COMMON_KNOWLEDGE[0], SISTERS[3], SISTERS[4]], ids=lambda shape: shape.table)
def test_the_abort_of_another_transaction_does_not_remove_the_only_copy(exports, database, shape):
    assert killed(exports, database, kill_after, shape, {"EXPORT_TIME_ZONE": "Europe/Tallinn"})
    forge_number(exports, strangers_number(exports, "ROLLBACK"))
    is_undecided(exports, "that it was rolled back, but none of the rows")
    exports.archiver.run("recover", "--exports", "--keep", shape.task + FIRST, expect=0)
    assert exports.place.names() == [shape.task + FIRST] and exports.place.leftovers() == []


def test_the_commit_of_another_transaction_does_not_double_the_rows(exports, database):
    assert not killed(exports, database, kill_before)
    forge_number(exports, strangers_number(exports, "COMMIT"))
    is_undecided(exports, "that it was committed, but rows of the file are in the table")
    outcome = exports.archiver.run("recover", "--exports", "--discard", "agency" + FIRST, expect=7)
    assert "was committed" in outcome.stderr, str(outcome)
    change_mark(exports, started="1700000000000000")  # the number can belong to another transaction only after a restart
    exports.archiver.run("recover", "--exports", "--discard", "agency" + FIRST, expect=0)
    exports.run(expect=0)
    assert exports.check()["agency"] > 0


@pytest.mark.parametrize("change", ["ALTER TABLE agency RENAME TO elsewhere", "ALTER TABLE agency RENAME name TO called"])
def test_an_abort_is_not_believed_where_the_rows_cannot_be_looked_for(exports, database, change):
    assert not killed(exports, database, kill_before)
    exports.execute(change)
    is_undecided(exports, "the table cannot be asked")


def test_an_abort_is_believed_while_some_rows_are_as_they_were(exports, database):
    """Others go on with their work: most of the rows have changed since."""
    assert not killed(exports, database, kill_before)
    exports.execute("UPDATE agency SET name = 'changed since' WHERE id NOT IN (SELECT id FROM agency ORDER BY ctid LIMIT 5)")
    exports.execute("VACUUM FULL agency")
    exports.remember()
    exports.run(expect=0)
    assert exports.check()["agency"] > 0 and exports.place.leftovers() == []


def change_mark(exports, without: str = "", started: str = "") -> None:
    """Takes the evidence out of it, or makes it one of a server that was started at another time."""
    if isinstance(exports.place, DirectoryPlace):
        (mark,) = exports.place.directory.glob(".*.pending")
        lines = [line for line in mark.read_text().splitlines() if not without or not line.startswith(without)]
        assert any(line.startswith("started=") for line in lines)
        mark.write_text("".join((f"started={started}" if started and line.startswith("started=") else line) + "\n" for line in lines))
        return
    (blob,) = [blob for blob in exports.place.blobs() if "archiverpending" in blob.metadata]
    values = {name: value for name, value in blob.metadata.items() if not without or name != f"archiver{without}"}
    assert ",started=" in values["archiverlast"]
    if started:
        values["archiverlast"] = re.sub(",started=[0-9]+", f",started={started}", values["archiverlast"])
    exports.place.lake.set_metadata(exports.place.container, blob.name, values)


def test_a_mark_without_evidence_is_settled_as_before(exports, database):
    """As 0.1.0 wrote it."""
    assert killed(exports, database, kill_after)
    change_mark(exports, without="evidence")
    exports.run(expect=0)
    assert exports.check()["agency"] > 0 and exports.place.leftovers() == []


CHANGES = {
    "each row": "UPDATE agency SET name = 'changed since'",
    "each row, and another column": "ALTER TABLE agency ADD extra text; UPDATE agency SET sector = 'changed since', extra = 'x'",
    "all but one are deleted": "DELETE FROM agency WHERE id NOT IN (SELECT id FROM agency ORDER BY ctid LIMIT 5); UPDATE agency SET name = 'changed since'",
}


@pytest.mark.parametrize("change", CHANGES)
def test_an_abort_stands_on_a_server_that_has_run_ever_since(exports, database, change):
    assert not killed(exports, database, kill_before)
    exports.execute(CHANGES[change])
    exports.archiver.run("recover", "--exports", expect=0)
    assert exports.place.leftovers() == [] and exports.place.names() == []


def test_an_abort_whose_rows_were_changed_waits_for_a_person_once_the_server_was_restarted(exports, database):
    assert not killed(exports, database, kill_before)
    change_mark(exports, started="1700000000000000")
    exports.execute("UPDATE agency SET name = 'changed since'")
    is_undecided(exports, "that it was rolled back, but none of the rows")


@pytest.mark.parametrize("shape", [COMMON_KNOWLEDGE[0], SISTERS[3], SISTERS[4]], ids=lambda shape: shape.table)
def test_an_abort_of_a_restarted_server_is_believed_while_the_table_has_each_row(exports, database, shape):
    assert not killed(exports, database, kill_before, shape, {"EXPORT_TIME_ZONE": "Europe/Tallinn"})
    change_mark(exports, started="1700000000000000")
    exports.run(expect=0)
    assert exports.check()[shape.task] > 0 and exports.place.leftovers() == []


def test_an_abort_of_a_restarted_server_waits_for_a_person_while_the_table_lacks_a_row(exports, database):
    """Its disk may have been put back to a moment before the last rows came: they are in the file alone."""
    assert not killed(exports, database, kill_before)
    change_mark(exports, started="1700000000000000")
    exports.execute("DELETE FROM agency WHERE id = (SELECT id FROM agency WHERE id NOT IN (SELECT id FROM agency ORDER BY ctid LIMIT 5) LIMIT 1)")
    is_undecided(exports, "the table does not have each row of the file")


@pytest.mark.parametrize("started", ["", "1700000000000000"], ids=["the same server", "restarted"])
def test_an_abort_without_evidence_is_believed_of_the_same_server_only(exports, database, started):
    """After a disk was put back the number may belong to another transaction."""
    gone = killed(exports, database, kill_after if started else kill_before)
    change_mark(exports, without="evidence", started=started)
    if started:
        assert gone
        forge_number(exports, strangers_number(exports, "ROLLBACK"))
        is_undecided(exports, "has no evidence of the file's rows")
        exports.archiver.run("recover", "--exports", "--keep", "agency" + FIRST, expect=0)
        assert exports.place.names() == ["agency" + FIRST]
        return
    exports.run(expect=0)
    assert exports.check()["agency"] > 0 and exports.place.leftovers() == []


@pytest.mark.parametrize("started", ["", "1700000000000000"], ids=["the same server", "restarted"])
@pytest.mark.parametrize("back", ["one row", "half of them"])
def test_a_discard_looks_before_it_takes_the_only_copy(exports, database, back, started):
    """Rows came back by a replay after the export's COMMIT; the file is the only copy of the others."""
    exports.add(COMMON_KNOWLEDGE[0])
    exports.execute("CREATE TABLE replay AS SELECT * FROM agency")
    assert kill(exports, database, kill_after)
    limit = "LIMIT 1" if back == "one row" else "LIMIT (SELECT count(*) / 2 FROM replay)"
    exports.execute(f"INSERT INTO agency SELECT r.* FROM replay r WHERE NOT EXISTS (SELECT FROM agency a WHERE a.id = r.id) ORDER BY r.id {limit}; DROP TABLE replay")
    if started:
        change_mark(exports, started=started)
    outcome = exports.archiver.run("recover", "--exports", "--discard", "agency" + FIRST)
    assert outcome.code == 7 and "is not discarded" in outcome.stderr and "--keep" in outcome.stderr, str(outcome)
    assert exports.place.leftovers()
    exports.archiver.run("recover", "--exports", "--keep", "agency" + FIRST, expect=0)
    assert exports.place.names() == ["agency" + FIRST]


def test_a_discard_takes_no_row_with_the_same_key_for_that_of_the_file(exports, database):
    """The server was restarted: what it says of the number may be of another transaction. The keys were given to other rows."""
    exports.add(COMMON_KNOWLEDGE[0])
    exports.execute("CREATE TABLE replay AS SELECT * FROM agency")
    assert kill(exports, database, kill_after)
    exports.execute("INSERT INTO agency SELECT r.* FROM replay r WHERE NOT EXISTS (SELECT FROM agency a WHERE a.id = r.id); UPDATE agency SET name = 'another'; DROP TABLE replay")
    change_mark(exports, started="1700000000000000")
    outcome = exports.archiver.run("recover", "--exports", "--discard", "agency" + FIRST, expect=7)
    assert "none of the rows that were looked for is in the table as the file has it" in outcome.stderr, str(outcome)
    assert exports.place.leftovers()


@pytest.mark.parametrize("exports", ["lake"], indirect=True)
def test_a_file_that_was_cut_and_kept_its_mark_is_not_taken_for_whole(exports, database):
    """A sync that broke off writes the blob again, with its metadata. In a directory the CRC-64 tells."""
    assert killed(exports, database, kill_after)
    lake, container = exports.place.lake, exports.place.container
    (blob,) = [blob for blob in exports.place.blobs() if "archiverpending" in blob.metadata]
    content, metadata = lake.get(container, blob.name), blob.metadata
    lake.put_blob(container, blob.name, content[:-20])
    lake.set_metadata(container, blob.name, metadata)
    for command in (["export", "--boundary", str(BOUNDARY)], ["recover", "--exports"]):
        outcome = exports.archiver.run(*command, expect=7)
        assert "somebody has changed it since" in outcome.stderr, str(outcome)
    assert "archiverpending" in lake.head(container, blob.name).metadata
    lake.put_blob(container, blob.name, content)
    lake.set_metadata(container, blob.name, metadata)
    exports.archiver.run("recover", "--exports", expect=0)
    assert "agency" + FIRST in exports.place.names() and exports.place.leftovers() == []


def test_a_file_of_a_task_that_was_renamed_is_not_forgotten(exports, database):
    """It is the only copy of its rows, and hidden."""
    assert killed(exports, database, kill_after)
    (exports.directory / "agency").rename(exports.directory / "offices")
    outcome = exports.run(expect=0)
    assert [event["task"] for event in outcome.events("export.left_behind")] == ["agency"], str(outcome)
    exports.archiver.run("recover", "--exports", expect=0)
    assert "agency" + FIRST in exports.place.names() and exports.place.leftovers() == []
    assert exports.run(expect=0).events("export.left_behind") == []
