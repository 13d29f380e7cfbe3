"""A database that lost commits: restored from an older copy, failed over to a replica that lacked the last ones, or crashed.

Rows that a file holds already come back into the table. They are recognised, deleted and not written twice.
"""
import io
import os
import re
import signal
import subprocess
import threading
import uuid
from dataclasses import replace
from types import SimpleNamespace

import psycopg2
import pytest

from support.gate import DatabaseGate, LakeGate, call_before, cut_after, cut_before, kill_after
from support.scene import YOUNG, Kind, Scene
from support.servers import PG_BIN, PostgreSQL, clean_environment, unprivileged
from support.writers import OLD

KIND = Kind(before=6, rows=12, days=3)


def database_of(server: PostgreSQL) -> SimpleNamespace:
    """What a scene wants to know of its database."""
    connection = psycopg2.connect(server.uri(), options="-c timezone=UTC", client_encoding="UTF8")
    connection.autocommit = True
    return SimpleNamespace(name="postgres", server=server, uri=server.uri(), connection=connection)


class History:
    """A server of the test's own, which can be copied, put back, crashed and replaced by a replica."""

    def __init__(self, place, archiver, azurite, lake):
        self.place = place / f"history-{uuid.uuid4().hex[:8]}"
        # A walwriter that sleeps long: what nobody has committed stays in memory.
        self.server = PostgreSQL(self.place / "first", settings={"wal_writer_delay": "10s"})
        self.server.directory.mkdir(parents=True)
        self.place.chmod(0o755)
        self.server.start()
        self.scene = Scene(archiver, database_of(self.server), azurite, lake)
        self.rows = b""
        self.point_to(self.server)

    def point_to(self, server) -> None:
        """From now on this is the database."""
        self.server = server
        scene = self.scene
        scene.database = database_of(server)
        scene.table.connection = scene.database.connection
        scene.plain = scene.plain.with_settings({"PG_CONNECTION_STRING": scene.database.uri})
        if scene.oracle:
            scene.oracle.connection = scene.database.connection
        if self.rows:
            # The copy goes with the test, not with the database's history.
            scene.oracle.remember()
            with scene.database.connection.cursor() as cursor:
                cursor.execute("TRUNCATE oracle.original")
                cursor.copy_expert("COPY oracle.original FROM STDIN", io.BytesIO(self.rows))

    def note_rows(self) -> None:
        kept = io.BytesIO()
        with self.scene.database.connection.cursor() as cursor:
            cursor.copy_expert("COPY oracle.original TO STDOUT", kept)
        self.rows = kept.getvalue()

    def stop(self, crash: bool = False) -> None:
        if crash:
            self.server.process.send_signal(signal.SIGQUIT)
            self.server.process.wait()
        self.scene.database.connection.close()
        self.server.stop()

    def back_up(self) -> None:
        self.note_rows()
        self.stop()
        subprocess.run(["cp", "-a", self.server.data, self.place / "copy"], check=True)
        self.start()

    def restore(self) -> None:
        self.stop()
        subprocess.run(["rm", "-rf", self.server.data], check=True)
        subprocess.run(["cp", "-a", self.place / "copy", self.server.data], check=True)
        self.start()

    def start(self) -> None:
        self.server.start()
        self.point_to(self.server)

    def make_replica(self) -> None:
        """A streaming replica, caught up and then cut off."""
        self.note_rows()
        replica = PostgreSQL(self.place / "second")
        replica.directory.mkdir()
        if os.geteuid() == 0:
            subprocess.run(["chown", "postgres", replica.directory], check=True)
        subprocess.run([PG_BIN / "pg_basebackup", "-R", "-X", "stream", "-c", "fast", "-D", replica.data, "-d", self.server.uri()],
                       cwd="/", env=clean_environment(), check=True, capture_output=True, **unprivileged())
        self.replica = replica.start()
        end = self.scene.table.value("SELECT pg_current_wal_flush_lsn()")
        while replica.psql("-Atc", f"SELECT coalesce(pg_last_wal_replay_lsn() >= '{end}', false)").strip() != "t":
            pass
        replica.stop()

    def make_busy_copy(self, says: str) -> PostgreSQL:
        """A copy that is a server of its own, of the same name and timeline. It has since written more, and given the next numbers to
        transactions of its own."""
        copy = PostgreSQL(self.place / "busy")
        copy.directory.mkdir()
        if os.geteuid() == 0:
            subprocess.run(["chown", "postgres", copy.directory], check=True)
        subprocess.run([PG_BIN / "pg_basebackup", "-X", "stream", "-c", "fast", "-D", copy.data, "-d", self.server.uri()],
                       cwd="/", env=clean_environment(), check=True, capture_output=True, **unprivileged())
        copy.start()
        own = "BEGIN; SELECT pg_current_xact_id(); " + ("ROLLBACK;" if says == "aborted" else "COMMIT;")
        copy.psql("-c", own * 200)
        copy.psql("-c", "CREATE TABLE other_work AS SELECT repeat('x', 1000) FROM generate_series(1, 20000)")
        return copy

    def fail_over(self) -> None:
        self.stop()
        self.replica.start()
        self.replica.psql("-c", "SELECT pg_promote()")
        self.point_to(self.replica)

    def outrun(self) -> None:
        """Other work goes on until the log and the transaction ids are past those of every mark."""
        marks = [blob.metadata["archiverlast"] for blob in self.scene.lake.list(self.scene.container)]
        marks += [blob.metadata.get(name, "lsn=0,xid=0") for blob in self.scene.lake.list(self.scene.container)
                  for name in ("archiverrestoring", "archiverrestored")]
        lsn, xid = (max(int(re.search(rf"\b{name}=(\d+)", mark)[1]) for mark in marks) for name in ("lsn", "xid"))
        self.scene.table.execute("CREATE TABLE other_work (filler text)")
        while True:
            self.scene.table.execute("INSERT INTO other_work SELECT repeat('x', 1000) FROM generate_series(1, 100)")
            if self.scene.table.value(f"SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn > {lsn} "
                                      f"AND pg_current_xact_id()::text::bigint > {xid}"):
                return

    def close(self) -> None:
        self.scene.close()
        self.stop()


@pytest.fixture
def history(place, archiver, azurite, lake):
    it = History(place, archiver, azurite, lake)
    yield it
    it.close()


def lose(history, how: str, deed) -> None:
    """`deed` happens, and then the database forgets it."""
    if how == "failed over":
        history.make_replica()
    else:
        history.back_up()
    deed()
    if how == "failed over":
        history.fail_over()
    else:
        history.restore()
    if how == "restored, and much done since":
        history.outrun()


def settle(scene, how: str, verdict: str) -> None:
    """A server that was put back is behind the marks, as a copy of it would be: a person says which it is."""
    if how == "restored":
        outcome = scene.plain.run("recover", expect=7)
        assert "may be a copy" in outcome.stderr
        for blob in scene.lake.list(scene.container):
            if {"archiverpending", "archiverrestoring"} & blob.metadata.keys():
                scene.plain.run("recover", verdict, blob.name, expect=0)
    scene.plain.run("recover", expect=0)


WAYS = ["failed over", "restored", "restored, and much done since"]


@pytest.mark.parametrize("how", WAYS)
def test_rows_that_come_back_although_a_file_holds_them_are_recognised(history, how):
    scene = history.scene.begin(KIND)
    lose(history, how, lambda: scene.plain.archive())
    assert scene.table.count() == KIND.rows + YOUNG
    scene.table.fill(4, 4, first_day="2024-01-02", seed="since then")  # two of its days have files, two have none
    scene.oracle.remember_new()
    outcome = scene.plain.archive()
    found = scene.oracle.check()
    assert found.left == YOUNG and found.archived == KIND.before + KIND.rows + 4
    assert outcome.summary["rows_recognised"] == KIND.rows and outcome.summary["rows"] == 4
    scene.finish()


@pytest.mark.parametrize("how", WAYS)
def test_the_files_of_a_server_that_was_put_back_are_archived_to_in_the_next_nights(history, how):
    """Its log has come less far than the ledger's earlier lines say: the later line counts all the same."""
    scene = history.scene.begin(KIND)
    lose(history, how, lambda: scene.plain.archive())
    for night in ("first", "second"):
        scene.table.fill(4, 4, first_day="2024-01-01", seed=night)
        scene.oracle.remember_new()
        scene.plain.run("archive", expect=0)
        scene.plain.run("verify", expect=0)
    scene.finish()


def test_production_goes_on_where_a_promoted_copy_has_written(history):
    """The copy's timeline is later than that of each line which production writes from then on."""
    scene = history.scene.begin(KIND)
    history.make_replica()
    history.replica.start()
    history.replica.psql("-c", "SELECT pg_promote()")
    copy = {"PG_CONNECTION_STRING": history.replica.uri()}
    try:
        assert scene.plain.run("archive", settings=copy, timeout=60).code == 0
    finally:
        history.replica.stop()
    for night in ("first", "second"):
        scene.table.fill(4, 4, first_day="2024-01-01", seed=night)
        scene.oracle.remember_new()
        scene.plain.run("archive", expect=0)
        scene.plain.run("verify", expect=0)
    scene.finish()


@pytest.mark.parametrize("how", WAYS)
def test_a_key_used_again_for_another_row_needs_a_person(history, how):
    scene = history.scene.begin(KIND)
    lose(history, how, lambda: scene.plain.archive())
    row = scene.table.value(f'SELECT max(id) FROM "Event" WHERE {OLD}')
    scene.table.execute("""UPDATE "Event" SET event_type = 'another' WHERE id = %s""", (row,))
    outcome = scene.plain.run("archive")
    assert outcome.code == 7 and re.search(rf"\b{row}\b", outcome.stderr), str(outcome)
    assert scene.table.count() == KIND.rows + YOUNG
    assert not any(blob.metadata.get("archiverpending") for blob in scene.lake.list(scene.container))
    scene.table.execute('DELETE FROM "Event" WHERE id = %s', (row,))  # having looked
    scene.finish(KIND.before + KIND.rows)


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("fate", ["committed", "aborted"])
def test_a_pending_file_whose_transaction_was_forgotten_is_settled_by_its_rows(history, fate, how):
    scene = history.scene.begin(KIND)
    lose(history, how, lambda: scene.leave_pending(fate))
    assert scene.table.value(f'SELECT count(*) FROM "Event" WHERE {OLD}') == KIND.rows
    settle(scene, how, "--discard")
    assert scene.oracle.check().archived == KIND.before
    scene.finish(KIND.before + KIND.rows)


@pytest.mark.parametrize("how", WAYS)
def test_a_move_back_that_was_forgotten_is_settled_by_its_rows(history, how):
    """The rows went back and were committed, the run died before it marked the files, and the database forgot it all: the files are
    all there is, whatever the server says of the transaction's number."""
    scene = history.scene.begin(replace(KIND, before=6, rows=4))
    scene.plain.archive()

    def move() -> None:
        with DatabaseGate(history.server.port) as gate:
            rule = gate.on(kill_after(), type="Q", when=lambda record: record.target.startswith("COMMIT"))  # not ON COMMIT DROP
            gate.victim = process = scene.start("restore", "--from", "2024-01-01", "--hold", "none", database=gate)
            process.wait()
            assert rule.hits == 1

    lose(history, how, move)
    settle(scene, how, "--keep")
    assert scene.table.value(f'SELECT count(*) FROM "Event" WHERE {OLD}') == 0
    scene.finish(10)


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("hold", ["none", "30d"])
def test_a_restore_that_the_server_has_lost_loses_no_row(history, hold, how):
    """The files kept their rows, so that they are where they were; and may be restored once more."""
    scene = history.scene.begin(replace(KIND, before=6, rows=4))
    scene.plain.archive()
    lose(history, how, lambda: scene.plain.run("restore", "--from", "2024-01-01", "--hold", hold, expect=0))
    assert scene.table.value(f'SELECT count(*) FROM "Event" WHERE {OLD}') == 0
    scene.plain.run("verify", expect=0)
    scene.plain.archive()
    assert scene.oracle.check().archived == 10
    assert hold != "none" or not any("archiverrestored" in blob.metadata for blob in scene.lake.list(scene.container))
    assert scene.plain.run("restore", "--from", "2024-01-01", "--hold", "none", expect=0).summary["rows"] == 10
    scene.finish(10)


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("rows", [0, 4])
def test_a_restored_day_whose_archiving_the_server_has_lost_is_recognised_again(history, rows, how):
    scene = history.scene.begin(replace(KIND, before=6, rows=rows, restored=True))
    lose(history, how, lambda: scene.plain.archive())
    assert scene.table.value(f'SELECT count(*) FROM "Event" WHERE {OLD}') == 6 + rows
    assert scene.plain.archive().summary["rows_recognised"] == 6 + rows
    scene.finish(6 + rows)


def test_a_pending_file_whose_transaction_the_replica_has_is_kept(history):
    scene = history.scene.begin(KIND)
    scene.leave_pending("committed")
    lose(history, "failed over", lambda: None)
    scene.plain.run("recover", expect=0)
    assert scene.oracle.check().archived == KIND.before + KIND.rows
    scene.finish()


@pytest.mark.parametrize("since", ["at once", "much done since"])
@pytest.mark.parametrize("when", ["before commit", "after commit"])
def test_a_server_that_crashed_under_the_run_does_not_use_its_transaction_id_again(history, when, since):
    """What was not flushed is gone, the transaction id with it, and may be given out again: to one that commits."""
    scene = history.scene.begin(KIND)
    history.note_rows()
    scene.table.execute("CHECKPOINT")
    with LakeGate(scene.azurite.port) as lake, DatabaseGate(history.server.port) as database:
        def crash(gate):
            history.server.process.send_signal(signal.SIGQUIT)
            history.server.process.wait()
            gate.awaited_victim().kill()

        dying = replace(cut_before(), before=crash) if when == "before commit" else replace(cut_after(), after=crash)
        rule = database.on(dying, type="Q", contains="COMMIT")
        assert scene.run(lake=lake, database=database).code == 137
        assert rule.hits == 1
    history.stop()
    history.start()
    if since == "much done since":
        history.outrun()
    kept = KIND.rows if when == "after commit" else 0
    assert scene.table.value(f'SELECT count(*) FROM "Event" WHERE {OLD}') == KIND.rows - kept
    scene.plain.run("recover", expect=0)
    assert scene.oracle.check().archived == KIND.before + kept
    scene.finish(KIND.before + KIND.rows)


@pytest.mark.parametrize("says", ["aborted", "committed"])
@pytest.mark.parametrize("fate", ["committed", "aborted"])
def test_a_copy_that_answers_in_place_of_the_server_decides_nothing(history, fate, says):
    """COMMIT has no answer, and the next connection lands on another server: its transaction of that number is another one."""
    scene = history.scene.begin(KIND)
    copy = history.make_busy_copy(says)
    try:
        with DatabaseGate(history.server.port) as gate:
            def switch(gate) -> None:
                gate.upstream_port = copy.port

            dying = replace(cut_after(), after=switch) if fate == "committed" else replace(cut_before(), before=switch)
            rule = gate.on(dying, type="Q", contains="COMMIT")
            outcome = scene.run(database=gate)
        assert rule.hits == 1 and outcome.code == 5, str(outcome)
        asked = [line for line in outcome.log if line["event"] == "commit.outcome"]
        assert [(line["transaction.fate"], line["same_server"]) for line in asked] == [(says, False)], str(outcome)
        assert [blob for blob in scene.lake.list(scene.container) if "archiverpending" in blob.metadata], "the marks are left"
    finally:
        copy.stop()
    kept = KIND.rows if fate == "committed" else 0
    assert scene.table.value(f'SELECT count(*) FROM "Event" WHERE {OLD}') == KIND.rows - kept
    scene.plain.run("recover", expect=0)
    assert scene.oracle.check().archived == KIND.before + kept
    scene.finish(KIND.before + KIND.rows)


def test_a_second_connection_that_lands_on_a_copy_ends_the_run(history):
    """The number of the transaction would be made durable there."""
    scene = history.scene.begin(KIND)
    copy = history.make_busy_copy("aborted")
    try:
        with DatabaseGate(history.server.port) as gate:
            def switch() -> None:
                gate.upstream_port = copy.port

            rule = gate.on(call_before(switch), contains="DELETE FROM", nth=1)
            outcome = scene.run(database=gate)
        assert rule.hits == 1 and outcome.code == 5 and "a second connection reached another server" in outcome.stderr, str(outcome)
    finally:
        copy.stop()
    assert scene.oracle.check().archived == KIND.before
    scene.finish(KIND.before + KIND.rows)


@pytest.mark.parametrize("fate", ["committed", "aborted"])
def test_a_server_that_was_started_again_under_the_run_leaves_it_to_the_next_one(history, fate):
    scene = history.scene.begin(KIND)
    history.note_rows()  # a crash empties the oracle's table
    with DatabaseGate(history.server.port) as gate:
        crashed = threading.Event()

        def crash(gate) -> None:
            history.server.process.send_signal(signal.SIGQUIT)
            history.server.process.wait()
            crashed.set()

        dying = replace(cut_after(), after=crash) if fate == "committed" else replace(cut_before(), before=crash)
        rule = gate.on(dying, type="Q", contains="COMMIT")
        process = scene.start(database=gate)
        assert crashed.wait(60)
        history.server.stop()
        history.server.start()  # by the thread that lives on: the server ends with it
        gate.upstream_port = history.server.port
        outcome = process.wait(60)
    assert rule.hits == 1 and outcome.code == 5, str(outcome)
    history.point_to(history.server)
    scene.finish(KIND.before + KIND.rows)
