"""Others rewrite, swap or lock the table while it is read. No row may be read in two layouts, or in none."""
import threading
import time
from contextlib import contextmanager

import psycopg2
import pytest

from support.gate import call_before
from support.scene import KINDS, YOUNG, Kind

WAITING = "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND NOT granted"


class Rewriter:
    """A job of somebody else that wants the table to itself. `ask` returns once it waits for its lock, or is done."""

    def __init__(self, scene):
        self.scene = scene
        self.threads = []
        self.failed = []

    def _run(self, sql: str) -> None:
        connection = psycopg2.connect(self.scene.database.uri)
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql)
        except psycopg2.Error as error:
            self.failed.append(error)
        finally:
            connection.close()

    def ask(self, sql: str) -> None:
        thread = threading.Thread(target=self._run, args=(sql,), daemon=True)
        self.threads.append(thread)
        thread.start()
        watch = psycopg2.connect(self.scene.database.uri)
        watch.autocommit = True
        with watch.cursor() as cursor:
            for _ in range(500):
                cursor.execute(WAITING)
                if cursor.fetchone()[0] or not thread.is_alive():
                    break
                time.sleep(0.01)
        watch.close()

    def join(self) -> None:
        for thread in self.threads:
            thread.join(60)
            assert not thread.is_alive()
        assert not self.failed, self.failed


def fill_pages(scene, rows: int = 12_000) -> None:
    """Several ranges of pages, in an order that `by_type` does not have; each page holds as many rows."""
    scene.begin(Kind(rows=0, index=False))
    scene.table.execute(
        f"""INSERT INTO "Event" SELECT i, md5(i::text), md5(i::text), timestamp '2024-01-01' + (i % 3) * interval '1 day', NULL,
                                       jsonb_build_object('pad', repeat('x', 1700)) FROM generate_series(1000001, {1_000_000 + rows}) i;
            CREATE INDEX IF NOT EXISTS by_type ON "Event" (event_type);
            ANALYZE "Event" """
    )
    scene.oracle.remember_new()


@pytest.mark.parametrize("rewrite", ['CLUSTER "Event" USING by_type', 'VACUUM FULL "Event"', 'ALTER TABLE "Event" SET (fillfactor = 50); VACUUM FULL "Event"'])
def test_a_table_rewritten_between_two_readers_is_read_in_one_layout(scene, rewrite):
    """The second COPY, of another reader, reaches the server when somebody waits for the first reader's end."""
    fill_pages(scene)
    rewriter = Rewriter(scene)
    statements = rewrite.split("; ")
    for each in statements[:-1]:
        scene.table.execute(each)
    with scene.gates() as (_, database):
        rule = database.on(call_before(lambda: rewriter.ask(statements[-1])), contains="COPY", nth=2)
        outcome = scene.run(database=database)
        rewriter.join()
    assert rule.hits == 1 and outcome.code == 0, str(outcome)
    assert scene.oracle.check().left == YOUNG
    scene.finish(12_000)


@pytest.mark.parametrize("kind", ["one scan", "appends", "day by day", "taking partitions"])
def test_a_reader_that_would_wait_for_a_session_that_waits_for_the_run_begins_again(scene, kind):
    scene.begin(KINDS[kind])
    rewriter = Rewriter(scene)
    rewrite = 'LOCK TABLE "Event" IN ACCESS EXCLUSIVE MODE' if scene.kind.partitioned else 'VACUUM FULL "Event"'
    if scene.kind.partitioned:
        rewrite = f"BEGIN; {rewrite}; COMMIT"
    with scene.gates() as (_, database):
        rule = database.on(call_before(lambda: rewriter.ask(rewrite)), contains="SET TRANSACTION SNAPSHOT")
        outcome = scene.run(database=database)
        rewriter.join()
    assert rule.hits == 1 and outcome.code == 0, str(outcome)
    again = outcome.events("run.again")
    assert len(again) == 1 and "exclusive lock" in again[0]["error.message"], str(outcome)
    scene.finish(scene.kind.before + scene.kind.rows)


SWAP = """BEGIN; ALTER TABLE "Event" RENAME TO swapped; CREATE TABLE "Event" (LIKE swapped INCLUDING ALL);
          INSERT INTO "Event" SELECT * FROM swapped ORDER BY event_id; DROP TABLE swapped CASCADE; COMMIT"""


@pytest.mark.parametrize("command", ["archive", "recover", "restore"])
def test_a_table_swapped_for_another_of_its_name_is_looked_up_again(scene, command):
    """Between the look-up of the name and the lock, which knows names only."""
    scene.begin(KINDS["moving back" if command == "restore" else "appends"])
    rewriter = Rewriter(scene)
    arguments = scene.kind.arguments if command == "restore" else (command,)
    with scene.gates() as (_, database):
        rule = database.on(call_before(lambda: (rewriter.ask(SWAP), rewriter.join())), contains="LOCK TABLE")
        outcome = scene.run(*arguments, database=database)
    assert rule.hits == 1 and outcome.code == 0, str(outcome)
    assert "renamed or dropped" in outcome.events("run.again")[0]["error.message"], str(outcome)
    scene.finish(scene.kind.before + scene.kind.rows)
    scene.table.create_again(False)


LOCKED = """SELECT array_agg(DISTINCT c.relname::text) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
            JOIN pg_stat_activity a USING (pid) WHERE l.mode = 'AccessShareLock' AND l.granted AND a.application_name = 'event-archiver'"""


@pytest.mark.parametrize("shape", ["plain", "partitioned"])
def test_the_table_and_all_its_parts_are_locked_before_the_snapshot(scene, shape):
    scene.begin(Kind(index=False, partitioned=shape == "partitioned"))
    parts = {"Event", "day_1", "day_2", "day_3", "rest"} if shape == "partitioned" else {"Event"}
    seen = []
    with scene.gates() as (_, database):
        # The row comes just before the lock: a snapshot that shows it was taken later.
        database.on(call_before(lambda: scene.table.execute(
            """INSERT INTO "Event" VALUES (900001, 'late', 'late', '2024-01-01 12:00', NULL, '{}')""")), contains="LOCK TABLE")
        database.on(call_before(lambda: seen.append(set(scene.table.value(LOCKED)))), contains="pg_export_snapshot")
        outcome = scene.run("archive", "--dry-run", database=database)
    assert outcome.code == 0 and outcome.summary["rows"] == scene.kind.rows + 1, str(outcome)
    assert seen and parts <= seen[0], seen


@contextmanager
def locked(scene, sql: str, name: str):
    other = psycopg2.connect(scene.database.uri, application_name=name)
    try:
        with other.cursor() as cursor:
            cursor.execute(sql)
        yield other
    finally:
        other.close()


@pytest.mark.parametrize("command", ["archive", "recover", "restore"])
def test_a_table_that_stays_locked_is_exit_5_and_says_by_whom(scene, command):
    scene.begin(KINDS["moving back" if command == "restore" else "appends"])
    arguments = scene.kind.arguments if command == "restore" else (command,)
    with locked(scene, 'LOCK TABLE "Event" IN ACCESS EXCLUSIVE MODE', "nightly-repack") as other:
        outcome = scene.run(*arguments, settings={"ARCHIVE_SETTLE_WAIT": "1s"})
        assert outcome.code == 5, str(outcome)
        for word in ('public.\\"Event\\" could not be locked', f"pid {other.info.backend_pid}", "nightly-repack", other.info.user):
            assert word in outcome.stderr, str(outcome)
    scene.must_be_as_before()
    scene.finish()


HOLD = """SELECT pg_advisory_xact_lock{0}(hashtextextended('event-archiver/' || '"Event"'::regclass::oid || '{1}', 0))"""


@pytest.mark.parametrize("arguments, suffix", [(["archive"], ""), (["recover"], ""), (["archive", "--shard=1/2"], ""), (["archive", "--shard=1/2"], "/1/2")])
def test_exit_10_says_who_holds_the_lock(scene, arguments, suffix):
    scene.begin(KINDS["appends"])
    with locked(scene, HOLD.format("", suffix), "curious") as other:
        outcome = scene.run(*arguments, settings={"ARCHIVE_LOCK_WAIT": "10ms"})
        assert outcome.code == 10, str(outcome)
        for word in (f"pid {other.info.backend_pid}", "curious", f"user {other.info.user}"):
            assert word in outcome.stderr, str(outcome)
    scene.finish()


def test_a_role_that_may_read_columns_only_takes_the_lock_that_delete_takes(scene):
    scene.begin(KINDS["one scan"])
    scene.table.execute("""DO $$ BEGIN CREATE ROLE reads_columns LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
                           GRANT SELECT (id, event_id, event_type, created_at, processed_at, payload), DELETE ON "Event" TO reads_columns""")
    outcome = scene.run(settings={"PG_CONNECTION_STRING": scene.database.server.uri(scene.database.name, user="reads_columns")})
    scene.table.execute("DROP OWNED BY reads_columns; DROP ROLE reads_columns")
    assert outcome.code == 0, str(outcome)
    scene.finish(scene.kind.before + scene.kind.rows)
