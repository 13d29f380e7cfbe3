"""What an earlier run left pending, and how it is decided: by its transaction, by its rows, or by a person."""
import re
import threading
from dataclasses import replace

import psycopg2
import pytest

from support.gate import call_before, kill_after
from support.scene import KINDS

FUTURE = 10**15  # no server comes this far
PENDING = "archiverpending"


def pending(scene) -> list:
    return [blob for blob in scene.lake.list(scene.container) if blob.metadata.get(PENDING)]


def rewrite(scene, **fields) -> list:
    """Changes what the marks say of who wrote last; the names of the files."""
    names = []
    for blob in pending(scene):
        metadata = dict(blob.metadata)
        for field, value in fields.items():
            metadata["archiverlast"] = re.sub(rf"\b{field}=[^,]*", f"{field}={value}", metadata["archiverlast"])
        if "xid" in fields:
            metadata[PENDING] = str(fields["xid"])
        scene.lake.set_metadata(scene.container, blob.name, metadata)
        names.append(blob.name)
    assert names
    return names


def lake_state(scene) -> dict:
    return {blob.name: (blob.etag, blob.metadata) for blob in scene.lake.list(scene.container)}


@pytest.mark.parametrize("kind", ["keeping", "taking back", "removing"])
def test_recover_settles_by_the_transaction_and_does_nothing_else(scene, kind):
    scene.begin(KINDS[kind])
    left = len(pending(scene))
    outcome = scene.run()
    assert outcome.code == 0 and outcome.summary["files_settled"] == left == scene.kind.days, str(outcome)
    kept = scene.kind.rows if kind == "keeping" else 0
    assert scene.oracle.check().archived == scene.kind.before + kept
    assert scene.run().summary["files_settled"] == 0
    scene.finish()


@pytest.mark.parametrize("kind", ["keeping", "taking back", "removing"])
def test_every_run_settles_first(scene, kind):
    scene.begin(KINDS[kind])
    scene.finish(scene.kind.before + scene.kind.rows)


@pytest.mark.parametrize("unknown", [{"xid": FUTURE}, {"xid": 3}, {"timeline": 0}],
                         ids=["future", "too old", "an earlier timeline"])
@pytest.mark.parametrize("kind", ["keeping", "taking back", "removing"])
def test_a_transaction_the_server_cannot_speak_of_is_settled_by_the_rows(scene, kind, unknown):
    scene.begin(KINDS[kind])
    rewrite(scene, **unknown)
    outcome = scene.run()
    assert outcome.code == 0, str(outcome)
    kept = scene.kind.rows if kind == "keeping" else 0
    assert scene.oracle.check().archived == scene.kind.before + kept
    scene.finish()


def open_transaction(scene):
    other = psycopg2.connect(scene.database.uri)
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text")
        return other, cursor.fetchone()[0]


def test_a_transaction_in_progress_is_waited_for_a_while_then_10(scene):
    scene.begin(KINDS["taking back"])
    other, xid = open_transaction(scene)
    rewrite(scene, xid=xid)
    before = lake_state(scene)
    outcome = scene.run(settings={"ARCHIVE_SETTLE_WAIT": "1s"})
    assert outcome.code == 10, str(outcome)
    assert lake_state(scene) == before
    for verdict in ("--keep", "--discard"):
        assert scene.run("recover", verdict, pending(scene)[0].name).code == 10
    other.rollback()
    other.close()
    scene.finish(scene.kind.before + scene.kind.rows)


def test_a_transaction_that_ends_while_it_is_waited_for(scene):
    scene.begin(KINDS["taking back"])
    other, xid = open_transaction(scene)
    rewrite(scene, xid=xid)
    process = scene.start(settings={"LOG_LEVEL": "debug"})
    assert not process.wait_end(1)
    other.rollback()
    other.close()
    assert process.wait().code == 0
    assert scene.oracle.check().archived == scene.kind.before
    scene.finish()


def test_rows_partly_in_the_table_are_refused_with_their_keys(scene):
    """A person has put one row back by hand; having looked, they take it out again and say: keep."""
    scene.begin(KINDS["keeping"])
    row = scene.table.value("SELECT max(id) FROM oracle.original WHERE created_at < '2025-01-01'")
    scene.table.execute('INSERT INTO "Event" SELECT * FROM oracle.original WHERE id = %s', (row,))
    rewrite(scene, xid=FUTURE)
    before = lake_state(scene)
    for command in ("recover", "archive"):
        outcome = scene.run(command)
        assert outcome.code == 7 and re.search(rf"\b{row}\b", outcome.stderr), str(outcome)
        assert "--keep" in outcome.stderr and "--discard" in outcome.stderr
    name = next(name for name in before if name in outcome.stderr)
    assert lake_state(scene)[name] == before[name]
    scene.table.execute('DELETE FROM "Event" WHERE id = %s', (row,))
    assert scene.run("recover", "--keep", name).code == 0
    assert name not in [blob.name for blob in pending(scene)]
    scene.finish(scene.kind.before + scene.kind.rows)


@pytest.mark.parametrize("kind", ["taking back", "removing"])
def test_a_person_discards_a_tail_whose_rows_are_in_the_table(scene, kind):
    scene.begin(KINDS[kind])
    for name in rewrite(scene, xid=FUTURE, cluster=1):
        assert scene.run("recover", "--discard", name).code == 0
    assert not pending(scene)
    scene.must_be_as_before()
    scene.finish()


def test_a_person_keeps_a_tail_whose_rows_are_gone(scene):
    scene.begin(KINDS["keeping"])
    for name in rewrite(scene, xid=FUTURE, cluster=1):
        assert scene.run("recover", f"--keep={name}").code == 0
    scene.finish(scene.kind.before + scene.kind.rows)


@pytest.mark.parametrize("field", ["cluster", "database"])
@pytest.mark.parametrize("kind", ["keeping", "taking back"])
def test_a_mark_of_another_database_is_refused_and_says_what_to_do(scene, kind, field):
    scene.begin(KINDS[kind])
    names = rewrite(scene, **{field: 1234567})
    before = lake_state(scene)
    for command in ("recover", "archive"):
        outcome = scene.run(command)
        assert outcome.code == 7, str(outcome)
        assert any(name in outcome.stderr for name in names) and "1234567" in outcome.stderr
        assert "event-archiver recover" in outcome.stderr and "--keep" in outcome.stderr and "--discard" in outcome.stderr
    assert lake_state(scene) == before
    assert scene.table.count() >= (0 if kind == "keeping" else scene.kind.rows)


@pytest.mark.parametrize("verdict", ["--keep", "--discard"])
def test_a_verdict_on_a_file_that_is_not_pending_is_refused(scene, verdict):
    scene.begin(KINDS["appends"])
    before = lake_state(scene)
    assert scene.run("recover", verdict, "events_2024-01-01.csv").code == 3
    assert scene.run("recover", verdict, "events_1999-01-01.csv").code == 3
    assert scene.run("recover", verdict, "README.md").code == 2
    assert lake_state(scene) == before


def test_keep_and_discard_together_are_refused(scene):
    scene.begin(KINDS["keeping"])
    before = lake_state(scene)
    assert scene.run("recover", "--keep", "events_2024-01-01.csv", "--discard", "events_2024-01-01.csv").code == 2
    assert lake_state(scene) == before


@pytest.mark.parametrize("name, value", [("archiverbytes", "many"), ("archiverlast", "nonsense"), ("archiverformat", "3"),
                                         ("archiverbase", "rows=1"), ("archiverpending", "1")])
@pytest.mark.parametrize("kind", ["keeping", "taking back"])
def test_a_mark_that_cannot_be_read_is_never_guessed_at(scene, kind, name, value):
    """Pending or not, nobody can tell: the run names the file, changes nothing and does not pretend that all is well."""
    scene.begin(KINDS[kind])
    scene.table.fill(6, 3, seed="c")
    scene.oracle.remember_new()
    files = pending(scene)
    for blob in files:
        scene.lake.set_metadata(scene.container, blob.name, {**blob.metadata, name: value})
    before = lake_state(scene)
    for command in ("recover", "archive"):
        outcome = scene.run(command)
        assert outcome.code in (3, 7), f"{command}\n{outcome}"
        assert any(blob.name in outcome.stderr for blob in files)
    assert lake_state(scene) == before
    for blob in files:  # set right by a person
        scene.lake.set_metadata(scene.container, blob.name, blob.metadata)
    scene.finish(scene.kind.before + scene.kind.rows + 6)


def test_files_of_several_dead_runs_are_settled_together(scene):
    scene.begin(KINDS["new files"])
    scene.leave_pending("aborted", "--max-days=1")
    scene.leave_pending("committed")
    scene.table.fill(6, 3, first_day="2024-02-01")
    scene.oracle.remember_new()
    scene.leave_pending("aborted")
    assert len(pending(scene)) == 3
    scene.finish(18)


@pytest.mark.parametrize("kind", ["appends", "moving back"])
def test_a_commit_between_the_snapshot_and_the_lock_is_not_taken_for_what_the_snapshot_shows(scene, kind):
    """The second run looks at the table first, then gets the lock that the first has just given up by its COMMIT: in the snapshot of that
    look the first one's rows are as they were."""
    scene.begin(KINDS[kind])
    about_to_commit, looked = threading.Event(), threading.Event()

    def commit_once_looked_at(gate) -> None:
        about_to_commit.set()
        assert looked.wait(30)

    with scene.gates() as (_, first), scene.gates() as (_, second):
        rule = first.on(replace(kill_after(), before=commit_once_looked_at), type="Q",
                        when=lambda record: record.target.startswith("COMMIT"))  # not ON COMMIT DROP
        dying = scene.start(database=first)
        assert about_to_commit.wait(30)
        held = second.on(call_before(lambda: (looked.set(), dying.wait())), contains="pg_try_advisory")
        outcome = scene.run("recover", database=second)
        assert rule.hits == 1 and held.hits >= 1
    assert outcome.code == 0, str(outcome)
    scene.finish(scene.kind.before + scene.kind.rows)
