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

    def __init__(self, uri: str):
        self.uri, self.changes, self.ends = uri, 0, threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        connection = psycopg2.connect(self.uri)
        connection.autocommit = True
        with connection.cursor() as cursor:
            while not self.ends.is_set():
                cursor.execute("UPDATE total SET value = value + 1 WHERE user_id = 'user1'")
                self.changes += 1
                time.sleep(0.1)
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
