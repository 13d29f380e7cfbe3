"""A directory of exports that others work in as well: another database, a copy of the server, a person or a job that clears files away. The lock of
a hidden file keeps them off until the file has its name, and right before COMMIT the run looks whether its files still stand."""
import os
import re
import signal
import uuid

import psycopg2
import pytest

from support.archiver import Archiver
from support.asking import wait_for
from support.exports import BOUNDARY, COMMON_KNOWLEDGE, DirectoryPlace, Exports
from support.gate import DatabaseGate, call_before, kill_after, kill_before

AGENCY = COMMON_KNOWLEDGE[0]
EXPORT = ("export", "--boundary", str(BOUNDARY))
RECOVER = ("recover", "--exports")
FIRST = "agency-2025_01_01-12_00_00_AM.csv.gz"
# Requests of the run: COPY of select.sql is over, and the file is finished; the mark stands.
DELETE, COMMIT = "COPY (DELETE", "COMMIT"


@pytest.fixture
def ours(archiver, database, tmp_path):
    made = Exports(archiver, database.connection, tmp_path / "ours", DirectoryPlace(tmp_path / "out"))
    made.add(AGENCY)
    return made.remember()


@pytest.fixture
def theirs(archiver, postgresql, tmp_path):
    """Another database with the same task and the same directory, and other rows."""
    name = f"t{uuid.uuid4().hex[:12]}"
    postgresql.psql("-c", f"CREATE DATABASE {name}")
    connection = psycopg2.connect(postgresql.uri(name))
    connection.autocommit = True
    neighbour = Archiver(archiver.binary, {**archiver.settings, "PG_CONNECTION_STRING": postgresql.uri(name)})
    made = Exports(neighbour, connection, tmp_path / "theirs", DirectoryPlace(tmp_path / "out"))
    made.add(AGENCY, keys=3)
    yield made
    connection.close()
    postgresql.psql("-c", f"DROP DATABASE {name} WITH (FORCE)")


def with_gate(exports, database, fault, at: str, settings=None):
    """One run; what `fault` does is done when the request `at` comes by."""
    with DatabaseGate(database.server.port) as gate:
        rule = gate.on(fault, type="Q", contains=at)
        process = exports.archiver.start(*EXPORT, settings={"DATABASE_URL": database.server.uri(database.name, port=gate.port), **(settings or {})})
        gate.victim = process
        outcome = process.wait(60)
    assert rule.hits == 1, str(outcome)
    return outcome


def start_until_stopped(exports, fault_binary, fault: str):
    process = Archiver(fault_binary, exports.archiver.settings).start(*EXPORT, settings={"EVENT_ARCHIVER_FAULT": fault})
    wait_for(lambda: open(f"/proc/{process.pid}/stat").read().rpartition(")")[2].split()[0] == "T", 30)
    return process


@pytest.mark.parametrize("arguments", [EXPORT, (*EXPORT, "--dry-run"), RECOVER], ids=["export", "dry run", "recover"])
def test_another_database_leaves_a_file_alone_whose_rows_are_being_deleted(ours, theirs, database, arguments):
    said = []
    outcome = with_gate(ours, database, call_before(lambda *_: said.append(theirs.archiver.run(*arguments))), DELETE)
    assert said[0].code == 0 and outcome.code == 0, f"{said[0]}\n{outcome}"
    assert ours.place.leftovers() == []
    if arguments == EXPORT:
        assert len(ours.place.names()) == 2
        os.unlink(ours.place.directory / said[0].events("export.done")[0]["file"])
    assert ours.check()["agency"] > 0


@pytest.mark.parametrize("arguments", [EXPORT, RECOVER, (*RECOVER, "--discard", FIRST), (*RECOVER, "--keep", FIRST)], ids=lambda words: " ".join(words[:3]))
def test_another_database_leaves_a_file_alone_whose_rows_are_being_committed(ours, theirs, database, arguments):
    said = []
    outcome = with_gate(ours, database, call_before(lambda *_: said.append(theirs.archiver.run(*arguments))), COMMIT)
    assert said[0].code == 10 and f"'{FIRST}' is in use by another process" in said[0].stderr, str(said[0])
    assert outcome.code == 0 and ours.check()["agency"] > 0 and ours.place.leftovers() == []
    theirs.run(expect=0)


@pytest.mark.parametrize("arguments", [EXPORT, RECOVER, (*RECOVER, "--discard", FIRST)], ids=lambda words: " ".join(words[:3]))
def test_a_copy_of_the_server_leaves_a_file_alone_whose_rows_are_being_committed(ours, database, postgresql, copy_of, arguments):
    said = []

    def meanwhile(*_):
        copy = copy_of(postgresql)
        said.append(ours.archiver.run(*arguments, settings={"DATABASE_URL": copy.uri(database.name)}))

    outcome = with_gate(ours, database, call_before(meanwhile), COMMIT)
    assert said[0].code == 10 and f"'{FIRST}' is in use by another process" in said[0].stderr, str(said[0])
    assert outcome.code == 0 and ours.check()["agency"] > 0 and ours.place.leftovers() == []


def test_what_a_killed_run_left_before_its_mark_is_cleared_away_by_the_next_of_any_database(ours, theirs, database):
    assert with_gate(ours, database, kill_before(), DELETE).code == 137
    (part,) = ours.place.directory.glob(".*.part")
    theirs.run(expect=0)
    assert not part.exists() and ours.place.leftovers() == [] and len(ours.place.names()) == 1


def test_a_mark_that_was_made_since_another_database_read_the_directory_keeps_the_file(ours, theirs, fault_binary):
    """The other one sees a file without a mark. When it comes to the lock, the writer was killed behind COMMIT: the file is the only copy."""
    writer = start_until_stopped(ours, fault_binary, "export-synced=stop,export-before-show=kill")
    other = start_until_stopped(theirs, fault_binary, "export-part-found=stop")
    writer.send(signal.SIGCONT)
    assert writer.wait(60).code == 137 and ours.due(AGENCY) == 0
    other.send(signal.SIGCONT)
    outcome = other.wait(60)
    assert outcome.code == 0, str(outcome)
    os.unlink(ours.place.directory / outcome.events("export.done")[0]["file"])
    ours.run(expect=0)
    assert ours.check()["agency"] > 0 and ours.place.leftovers() == []


def test_what_a_killed_run_left_with_a_mark_is_for_its_own_database(ours, theirs, database):
    assert with_gate(ours, database, kill_before(), COMMIT).code == 137
    assert "it is of another database" in theirs.run(expect=7).stderr
    ours.run(expect=0)
    assert ours.check()["agency"] > 0 and ours.place.leftovers() == []


def test_a_file_that_got_a_later_name_is_found_behind_one_that_was_picked_up(ours, fault_binary):
    """Another database's file took the first name, and has been picked up since. The run is killed before its mark is gone."""
    writer = start_until_stopped(ours, fault_binary, "export-synced=stop,export-shown=kill")
    first = ours.place.directory / FIRST
    first.write_bytes(b"of others")
    writer.send(signal.SIGCONT)
    assert writer.wait(60).code == 137
    first.unlink()
    assert ours.place.names() == [FIRST.replace(".csv.gz", ".2.csv.gz")]
    ours.run(expect=0)
    assert ours.check()["agency"] > 0 and ours.place.leftovers() == []


@pytest.mark.parametrize("rows", ["the same", "others under the same keys"])
def test_another_database_does_not_discard_the_only_copy(ours, theirs, database, rows):
    """Made from ours by a dump, it has the rows that ours has deleted: they are looked for in the wrong table."""
    theirs.execute("TRUNCATE agency")
    for row in ours.execute("SELECT * FROM agency"):
        theirs.execute(f"INSERT INTO agency VALUES ({', '.join(['%s'] * len(row))})", row)
    if rows != "the same":
        theirs.execute("UPDATE agency SET name = 'another'")
    assert with_gate(ours, database, kill_after(), COMMIT).code == 137
    refused = theirs.run(expect=7)
    assert "it is of another database" in refused.stderr and "--discard" not in refused.stderr, str(refused)
    refused = theirs.archiver.run(*RECOVER, "--discard", FIRST, expect=7)
    assert f"'{FIRST}' is not discarded: it is of another database" in refused.stderr, str(refused)
    ours.run(expect=0)
    assert ours.check()["agency"] > 0 and ours.place.leftovers() == []


def test_of_two_files_of_one_name_a_person_decides_about_that_of_the_database(ours, theirs, database):
    assert with_gate(ours, database, kill_after(), COMMIT).code == 137
    (part,) = ours.place.directory.glob(".*.part")
    mark = part.with_suffix(".pending")
    for old in (part, mark):  # as if another database had left it
        text = old.read_bytes()
        if old == mark:
            text = re.sub(rb"database=\d+", b"database=1", text)
        (old.parent / re.sub(r"\.[0-9a-f]{16}\.", "." + "0" * 16 + ".", old.name)).write_bytes(text)
    kept = ours.archiver.run(*RECOVER, "--keep", FIRST, expect=0)
    assert kept.events("export.settled") and not part.exists() and not mark.exists(), str(kept)
    refused = ours.archiver.run(*RECOVER, "--discard", FIRST, expect=7)
    assert "it is of another database" in refused.stderr and len(ours.place.leftovers()) == 2, str(refused)


@pytest.mark.parametrize("harm", ["cut", "one byte", "replaced by a directory"])
def test_a_file_that_somebody_changes_between_commit_and_its_name_is_not_taken_for_whole(ours, database, harm):
    assert with_gate(ours, database, kill_after(), COMMIT).code == 137
    part = next(file for file in ours.place.directory.iterdir() if file.name.endswith(".part"))
    whole = part.read_bytes()
    if harm == "cut":
        part.write_bytes(whole[: len(whole) // 2])
    elif harm == "one byte":
        part.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    else:
        part.unlink()
        part.mkdir()
    for arguments in (EXPORT, RECOVER):
        outcome = ours.archiver.run(*arguments, expect=7)
        assert part.name in outcome.stderr and "somebody has changed it since" in outcome.stderr, str(outcome)
    if harm == "replaced by a directory":
        part.rmdir()
    part.write_bytes(whole)
    ours.archiver.run(*RECOVER, expect=0)
    ours.check()


def empty_of_the_same_size(part) -> None:
    size = part.stat().st_size
    part.unlink()
    part.write_bytes(bytes(size))


HARM = {"removed": lambda part: part.unlink(), "replaced": empty_of_the_same_size, "cut": lambda part: os.truncate(part, 10)}


@pytest.mark.parametrize("harm", HARM)
def test_a_file_that_somebody_touches_before_commit_is_exit_5_and_nothing_is_deleted(ours, database, harm):
    touched = []

    def meanwhile(*_):
        (part,) = ours.place.directory.glob(".*.part")
        touched.append(part)
        HARM[harm](part)

    outcome = with_gate(ours, database, call_before(meanwhile), DELETE)
    assert outcome.code == 5 and str(touched[0]) in outcome.stderr and "nothing was deleted" in outcome.stderr, str(outcome)
    assert ours.check()["agency"] == 0 and ours.place.names() == [] and ours.place.leftovers() == []
    ours.run(expect=0)
    assert ours.check()["agency"] > 0


@pytest.mark.parametrize("which", [".*.pending", ".*.part"])
def test_a_mark_or_a_file_that_is_removed_once_both_stand_is_exit_5_and_nothing_is_deleted(ours, fault_binary, which):
    stopped = start_until_stopped(ours, fault_binary, "export-marked=stop")
    (gone,) = ours.place.directory.glob(which)
    gone.unlink()
    stopped.send(signal.SIGCONT)
    outcome = stopped.wait(60)
    assert outcome.code == 5 and str(gone) in outcome.stderr, str(outcome)
    assert ours.check()["agency"] == 0 and ours.place.names() == [] and ours.place.leftovers() == []
