"""A file that the ledger knows and that is not there: a person says that it was moved or removed on purpose. Nothing else makes it right."""
import uuid

import psycopg2
import pytest

from support.scene import KINDS
from support.table import EventTable
from test_ledger import files, ledger, named


def missed(scene, name: str) -> None:
    assert named(scene)[name] == ("ledger", "missing")


@pytest.mark.parametrize("kind", ["new files", "gzip appends", "day by day"])
def test_a_file_that_a_person_has_moved_is_missed_no_longer(scene, kind):
    scene.begin(KINDS[kind])
    scene.finish()
    moved, lost = files(scene)[:2]
    content, mark = scene.lake.get(scene.container, moved), scene.lake.head(scene.container, moved).metadata
    for name in (moved, lost):
        scene.lake.delete(scene.container, name)
    said = scene.plain.run("verify", expect=7).stdout
    assert f"recover --discard {moved}" in said and f"recover --discard {lost}" in said, said
    scene.plain.run("recover", "--discard", moved, expect=0)
    assert named(scene) == {lost: ("ledger", "missing")}  # of which nobody has said anything
    scene.plain.run("recover", expect=0)
    scene.plain.run("archive", expect=0)
    assert named(scene) == {lost: ("ledger", "missing")}
    (line,) = [line for line in ledger(scene) if line["what"] == "moved away"]
    assert (line["file"], line["rows"]) == (moved, 0) and " on " in line["by"] and line["time"]
    scene.plain.run("recover", "--discard", lost, expect=0)
    assert named(scene) == {}
    scene.lake.put_blob(scene.container, moved, content, metadata=mark)  # it comes back
    assert named(scene) == {}


def test_only_what_the_ledger_misses_is_decided(scene):
    scene.begin(KINDS["new files"])
    scene.finish()
    name = files(scene)[0]
    for verdict in ("--keep", "--discard"):
        outcome = scene.plain.run("recover", verdict, "events_2031-01-01.csv")
        assert outcome.code == 3 and "there is no" in outcome.stderr, str(outcome)
    scene.lake.delete(scene.container, name)
    before = ledger(scene)
    outcome = scene.plain.run("recover", "--keep", name)
    assert outcome.code == 3 and "to keep" in outcome.stderr and "recover --discard" in outcome.stderr, str(outcome)
    assert ledger(scene) == before
    missed(scene, name)
    assert scene.plain.run("recover", "--discard", name).code == 0
    assert scene.plain.run("recover", "--discard", name).code == 3  # it is not missed any more


def test_a_new_file_of_that_day_is_missed_again(scene):
    scene.begin(KINDS["new files"])
    scene.finish()
    name = files(scene)[0]
    scene.lake.delete(scene.container, name)
    scene.plain.run("recover", "--discard", name, expect=0)
    scene.table.insert("2024-01-01 12:00:00")
    scene.plain.run("archive", expect=0)
    assert name in files(scene) and named(scene) == {}
    scene.lake.delete(scene.container, name)
    missed(scene, name)


def test_a_file_whose_rows_stand_in_a_copy_is_not_missing(scene):
    """Its conversion to a block blob was interrupted."""
    scene.begin(KINDS["finishing a conversion"])
    (gone,) = {line["file"] for line in ledger(scene)} - set(files(scene))
    before = ledger(scene)
    outcome = scene.plain.run("recover", "--discard", gone)
    assert outcome.code == 3 and "copy" in outcome.stderr, str(outcome)
    assert ledger(scene) == before
    scene.finish()
    assert named(scene) == {}


DAY = "events_2024-01-01.csv"


def two_versions(archiver, table, lake, container) -> tuple:
    """The day's file has six rows, the ledger knows them; the version of three rows is returned."""
    for hour in (1, 2, 3):
        table.insert(f"2024-01-01 0{hour}:00:00")
    archiver.run("archive", expect=0)
    version = lake.get(container, DAY), lake.head(container, DAY).metadata
    for hour in (4, 5, 6):
        table.insert(f"2024-01-01 0{hour}:00:00")
    archiver.run("archive", expect=0)
    return version


@pytest.mark.parametrize("index", [True, False], ids=["by day", "one scan"])
@pytest.mark.parametrize("lost", ["missing", "older", "older and late rows before it"])
def test_no_run_writes_to_a_day_whose_rows_are_lost(archiver, table, lake, container, lost, index):
    """Or the ledger would forget what it knew, and nobody would be told."""
    if not index:
        table.execute('DROP INDEX IF EXISTS "Event_created_at"')
    content, mark = two_versions(archiver, table, lake, container)
    lake.delete(container, DAY)
    if lost != "missing":
        lake.put_blob(container, DAY, content, metadata=mark)
    archiver.run("verify", expect=7)
    table.insert("2024-01-01 00:30:00" if "late" in lost else "2024-01-01 12:00:00")
    before = lake.get(container, DAY) if lost != "missing" else None
    refused = archiver.run("archive", expect=7)
    assert DAY in refused.stderr and "the ledger knows 6 rows" in refused.stderr, str(refused)
    assert (lake.get(container, DAY) if lost != "missing" else None) == before
    assert table.value('SELECT count(*) FROM public."Event"') == 1
    archiver.run("verify", expect=7)
    # Another day is archived all the same.
    table.execute('TRUNCATE public."Event"')
    table.insert("2024-01-02 12:00:00")
    archiver.run("archive", expect=0)
    archiver.run("recover", "--discard" if lost == "missing" else "--keep", DAY, expect=0)
    table.insert("2024-01-01 12:00:00")
    archiver.run("archive", expect=0)
    archiver.run("verify", expect=0)


def test_nothing_is_restored_of_a_day_whose_rows_are_lost(archiver, table, lake, container):
    content, mark = two_versions(archiver, table, lake, container)
    table.insert("2024-01-02 12:00:00")
    archiver.run("archive", expect=0)
    lake.delete(container, DAY)
    for known in (False, True):
        if known:
            lake.put_blob(container, DAY, content, metadata=mark)
        for days in (["--day", "2024-01-01"], ["--from", "2024-01-01", "--to", "2024-01-02"])[0 if known else 1:]:
            refused = archiver.run("restore", *days, expect=7)
            assert DAY in refused.stderr and table.value('SELECT count(*) FROM public."Event"') == 0, str(refused)
    looked = archiver.run("restore", "--day", "2024-01-01", "--into", "looked", expect=0)
    assert looked.events("restore.incomplete") and table.value("SELECT count(*) FROM looked") == 3
    archiver.run("recover", "--keep", DAY, expect=0)
    archiver.run("restore", "--day", "2024-01-01", expect=0)
    assert table.value('SELECT count(*) FROM public."Event"') == 3


@pytest.fixture
def successor(postgresql):
    """The table of another database: transaction numbers and positions of the two cannot be compared, as after a dump and restore."""
    name = f"t{uuid.uuid4().hex[:12]}"
    postgresql.psql("-c", f"CREATE DATABASE {name}")
    connection = psycopg2.connect(postgresql.uri(name))
    connection.autocommit = True
    table = EventTable(connection).create()
    table.uri = postgresql.uri(name)
    table.next_id = 101  # it goes on behind the first one's rows
    yield table
    connection.close()
    postgresql.psql("-c", f"DROP DATABASE {name} WITH (FORCE)")


@pytest.mark.parametrize("last", ["archived", "erased", "restored"])
def test_an_earlier_version_is_told_after_a_migration(archiver, table, successor, lake, container, last):
    """The order of the ledger's lines decides where positions of servers do not."""
    for hour in (1, 2, 3):
        table.insert(f"2024-01-01 0{hour}:00:00")
    archiver.run("archive", expect=0)
    content, mark = lake.get(container, DAY), lake.head(container, DAY).metadata
    there = archiver.with_settings({"PG_CONNECTION_STRING": successor.uri})
    there.run("recover", "--adopt", expect=0)
    there.run("verify", expect=0)
    if last == "erased":
        there.run("erase", "--where", "created_at = '2024-01-01 02:00:00'", "--yes", expect=0)
    else:
        successor.insert("2024-01-01 04:00:00")
        there.run("archive", expect=0)
    if last == "restored":
        there.run("restore", "--day", "2024-01-01", "--hold", "none", expect=0)
    there.run("verify", expect=0)
    there.run("list", expect=0)
    lake.put_blob(container, DAY, content, metadata=mark)
    told = there.run("verify", expect=7).stdout
    assert "an earlier version" in told or last == "restored", told  # then it says that the table has the rows
    successor.insert("2024-01-01 05:00:00")
    assert "an earlier version" in there.run("archive", expect=7).stderr
    there.run("recover", "--keep", DAY, expect=0)
    if last != "restored":
        there.run("verify", expect=0)


@pytest.mark.parametrize("lost", ["missing", "older"])
@pytest.mark.parametrize("rows", ["deleted again", "some deleted", "there"])
def test_a_day_that_was_restored_is_missed_like_any_other(archiver, table, lake, container, lost, rows):
    """Rows that the table has no more are in the file alone."""
    content, mark = two_versions(archiver, table, lake, container)
    archiver.run("restore", "--day", "2024-01-01", "--hold", "none", expect=0)
    if rows != "there":
        table.execute('DELETE FROM public."Event"' + (" WHERE created_at < '2024-01-01 03:30'" if rows == "some deleted" else ""))
    if rows == "deleted again":
        archiver.run("archive", expect=0)
    archiver.run("verify", expect=0)
    lake.delete(container, DAY)
    if lost == "older":
        lake.put_blob(container, DAY, content, metadata=mark)
    archiver.run("verify", expect=7)
    table.insert("2024-01-01 12:00:00")
    refused = archiver.run("archive", expect=7)
    assert DAY in refused.stderr and "the ledger knows 6 rows" in refused.stderr, str(refused)
    archiver.run("restore", "--day", "2024-01-01", expect=7)
    archiver.run("verify", expect=7)


def test_a_lost_file_that_came_back_is_erased_from(archiver, table, lake, container):
    """The new file is another write: without a word before it, the ledger would take it for what was written after the loss."""
    two_versions(archiver, table, lake, container)
    (ledger,) = [blob.name for blob in lake.list(container, bookkeeping=True) if "/ledger-" in blob.name]
    lines = lake.get(container, ledger).splitlines(keepends=True)
    lake.delete(container, ledger)
    lake.append_blob(container, ledger, b"".join(lines) + lines[-1].replace(b'"archived"', b'"lost"'))
    archiver.run("verify", expect=0)  # it is there
    archiver.run("erase", "--where", "created_at = '2024-01-01 02:00:00'", "--yes", expect=0)
    archiver.run("verify", expect=0)
    table.insert("2024-01-01 12:00:00")
    archiver.run("archive", expect=0)
    archiver.run("verify", expect=0)
    assert lake.get(container, DAY).count(b"\n") == 7


HEADER = b"id,event_id,event_type,created_at,processed_at,payload\n"
CHANGED = {
    "cut": lambda content: b"".join(content.splitlines(keepends=True)[:4]),
    "cut, and longer since": lambda content: b"".join(content.splitlines(keepends=True)[:4]) + b'98,"' + b"x" * 500 + b'",single,2024-01-01 09:30:00,,{}\n',
    "all rows are gone": lambda content: HEADER,
}


@pytest.mark.parametrize("marked", [True, False], ids=["with its mark", "without it"])
@pytest.mark.parametrize("change", CHANGED)
def test_a_file_that_others_have_cut_is_not_restored(archiver, table, lake, container, change, marked):
    """The restore would write into its mark that it never had more, and nothing would be missed from then on."""
    two_versions(archiver, table, lake, container)
    content, mark = lake.get(container, DAY), lake.head(container, DAY).metadata
    changed = CHANGED[change](content)
    lake.put_blob(container, DAY, changed, metadata=mark if marked else {})
    archiver.run("verify", expect=7)
    refused = archiver.run("restore", "--day", "2024-01-01", expect=7)
    assert DAY in refused.stderr and "was changed by somebody else" in refused.stderr, str(refused)
    assert table.value('SELECT count(*) FROM public."Event"') == 0 and lake.get(container, DAY) == changed
    looked = archiver.run("restore", "--day", "2024-01-01", "--into", "looked", expect=0)
    assert looked.events("restore.incomplete") and table.value("SELECT count(*) FROM looked") == changed.count(b"\n") - 1
    archiver.run("verify", expect=7)
    # A person has looked at it.
    archiver.run("recover", "--keep", DAY, expect=0)
    archiver.run("verify", expect=0)
    if len(changed) > len(HEADER):
        archiver.run("restore", "--day", "2024-01-01", "--hold", "none", expect=0)
        assert table.value('SELECT count(*) FROM public."Event"') == changed.count(b"\n") - 1


def test_rows_that_others_appended_are_restored_with_ours(archiver, table, lake, container):
    two_versions(archiver, table, lake, container)
    content, mark = lake.get(container, DAY), lake.head(container, DAY).metadata
    for number, metadata in ((101, mark), (102, {})):
        content += b"%d,one,single,2024-01-01 09:00:00,,{}\n" % number
        lake.put_blob(container, DAY, content, metadata=metadata)
        assert not archiver.run("restore", "--day", "2024-01-01", "--into", f"t{number}", expect=0).events("restore.incomplete")
    archiver.run("restore", "--day", "2024-01-01", expect=0)
    assert table.value('SELECT count(*) FROM public."Event"') == 8
