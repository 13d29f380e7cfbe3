"""Another program changes the rows of a projection all the time: it and the batches wait for each other."""
import threading
import time

import psycopg2
import pytest

from support.shop import Shop


@pytest.fixture
def shop(binary, database, tmp_path):
    return Shop(binary, database, tmp_path)


class Writer:
    """Changes one row, in one transaction after the other."""

    def __init__(self, uri: str, row: str = "user1", patience: str = "0", table: str = "total"):
        self.uri, self.row, self.patience, self.table = uri, row, patience, table
        self.changes, self.failed, self.ends = 0, None, threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        connection = psycopg2.connect(self.uri, options=f"-c lock_timeout={self.patience}")
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                while not self.ends.is_set():
                    cursor.execute(f"UPDATE {self.table} SET value = value + 1 WHERE user_id = %s", (self.row,))
                    self.changes += 1
                    time.sleep(0.1)
        except psycopg2.Error as failed:
            self.failed = failed
        connection.close()

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ends.set()
        self.thread.join()


# A whole batch takes longer than the changes of the other program are apart, and one event does not.
SLOW = """WITH slow AS MATERIALIZED (SELECT pg_sleep(0.01 * json_array_length($1)))
INSERT INTO total AS t SELECT u, sum(v) FROM slow, json_to_recordset($1) AS e(u text, v bigint) GROUP BY u
ON CONFLICT (user_id) DO UPDATE SET value = t.value + excluded.value"""


@pytest.mark.parametrize("tables", ["tables = public.total\n", ""], ids=["tables are named", "tables are not named"])
def test_a_projection_goes_on_beside_another_writer_of_its_rows(shop, tables):
    shop.run("migrate", "total")
    shop.execute("INSERT INTO total VALUES ('user1', 0)")
    shop.write("total/projection.conf", f"topic = live\nbatch = 5000\n{tables}")
    shop.write("total/apply.sql", SLOW)
    shop.post(60)
    with Writer(shop.database.uri) as other:
        process = shop.program.start("project", "total")
        shop.wait_for(lambda: (shop.value("SELECT max(next) FROM event_archiver.position") or 0) == 60, 120)
    assert b'"projection.conflicts"' in process.output["stderr"]
    assert shop.total() == shop.posted + other.changes
    process.kill()


def test_it_goes_on_beside_a_transaction_that_stays_open(shop):
    """That has written a row of which there is no event: the table cannot be locked, and those who write to others of its rows are not
    kept waiting for it."""
    shop.run("migrate", "total")
    shop.execute("INSERT INTO total VALUES ('user1', 0), ('report', 0), ('bystander', 0)")
    shop.write("total/projection.conf", "topic = live\nbatch = 5000\ntables = public.total\n")
    shop.write("total/apply.sql", SLOW)
    shop.post(60)
    report = psycopg2.connect(shop.database.uri)
    with report.cursor() as cursor:
        cursor.execute("UPDATE total SET value = 1 WHERE user_id = 'report'")
    with Writer(shop.database.uri) as other, Writer(shop.database.uri, "bystander", "8s") as bystander:
        process = shop.program.start("project", "total")
        shop.wait_for(lambda: (shop.value("SELECT max(next) FROM event_archiver.position") or 0) == 60, 120)
    report.rollback()
    report.close()
    assert b'"projection.conflicts"' in process.output["stderr"]
    assert (other.failed, bystander.failed) == (None, None)
    assert shop.total() == shop.posted + other.changes + bystander.changes
    process.kill()


@pytest.mark.parametrize("tables", ["public.total, public.sums", "public.total"], ids=["its table is named", "its table is not named"])
def test_a_plugin_whose_rows_another_writer_changes_misses_no_event(shop, tables):
    shop.write("total/projection.conf", f"topic = live\nbatch = 5000\ntables = {tables}\n")
    shop.write("total/plugins/p/migrations/001.sql", "CREATE TABLE sums (user_id text PRIMARY KEY, value bigint)")
    shop.write("total/plugins/p/apply.sql", SLOW.replace("total", "sums"))
    shop.run("migrate", "total")
    shop.execute("INSERT INTO sums VALUES ('user1', 0)")
    shop.post(60)
    with Writer(shop.database.uri, table="sums") as other:
        process = shop.program.start("project", "total")
        shop.wait_for(lambda: (shop.value("SELECT max(next) FROM event_archiver.position") or 0) == 60, 120)
    assert b'"projection.conflicts"' in process.output["stderr"] and b'"projection.plugin_failed"' not in process.output["stderr"]
    assert shop.total() == shop.posted and shop.value("SELECT sum(value) FROM sums") == shop.posted + other.changes
    process.kill()
