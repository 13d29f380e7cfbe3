"""The table and the function of the live ETL's `npm run init-db`, taken over as they are, and others who write them."""
import json
import threading

import psycopg2
import pytest

from support.asking import serving, wait_for
from support.windows import SECRET

# As `npm run init-db` leaves a database: the function updates, and inserts if there was nothing to update.
INIT_DB = """
DROP TABLE IF EXISTS users_revenue;
CREATE TABLE users_revenue (user_id VARCHAR(255) PRIMARY KEY, revenue INT);
CREATE OR REPLACE FUNCTION upsert_user_revenue(p_user_id VARCHAR(255), p_revenue NUMERIC) RETURNS VOID AS $$
BEGIN
    UPDATE users_revenue SET revenue = revenue + p_revenue WHERE user_id = p_user_id;
    IF NOT FOUND THEN
        INSERT INTO users_revenue (user_id, revenue) VALUES (p_user_id, p_revenue);
    END IF;
END;
$$ LANGUAGE plpgsql;
"""
DEFINED = """
SELECT (SELECT string_agg(concat_ws(' ', column_name, data_type, character_maximum_length, is_nullable, column_default), ', ' ORDER BY ordinal_position)
        FROM information_schema.columns WHERE table_name = 'users_revenue'),
       (SELECT array_agg(pg_get_functiondef(oid)) FROM pg_proc WHERE proname = 'upsert_user_revenue'),
       'users_revenue'::regclass::oid
"""


class Revenue:
    def __init__(self, archiver, database, journal):
        self.archiver, self.database, self.journal = archiver, database, journal

    def serve(self):
        settings = {"AZURE_STORAGE_CONNECTION_STRING": None, "ARCHIVE_PATH": None}
        return serving(self.archiver.with_settings(settings), "live", PG_CONNECTION_STRING=self.database.uri, JOURNAL=str(self.journal))

    def ask(self, sql: str) -> list:
        with self.database.connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []

    def sums(self) -> dict:
        return dict(self.ask("SELECT user_id, revenue FROM users_revenue"))

    def letters(self) -> list:
        return [row[0] for row in self.ask("SELECT position FROM event_archiver.dead_letter WHERE projection = 'revenue' ORDER BY 1")]

    def has(self, relation: str) -> bool:
        return self.ask(f"SELECT to_regclass('{relation}') IS NOT NULL")[0][0]

    def applied(self) -> int:
        if not self.has("event_archiver.position"):
            return 0
        return int(self.ask("SELECT coalesce(sum(next), 0) FROM event_archiver.position WHERE projection = 'revenue'")[0][0])


@pytest.fixture
def revenue(archiver, database, tmp_path):
    return Revenue(archiver, database, tmp_path / "journal")


def post(service, user, value, name: str = "add_revenue") -> None:
    answer = service.post("/liveEvent", body=json.dumps({"userId": user, "name": name, "value": value}).encode(), **SECRET)
    assert answer.status == 201, answer


def test_what_init_db_left_is_taken_as_it_is(revenue):
    revenue.ask(INIT_DB + "INSERT INTO users_revenue VALUES ('old', 40), ('user1', 100), ('nothing', NULL)")
    before = revenue.ask(DEFINED)
    with revenue.serve() as service:
        post(service, "user1", 98)
        post(service, "user1", 72, "subtract_revenue")
        post(service, "user2", 70)
        post(service, "nothing", 3)
        wait_for(lambda: revenue.applied() == 4)
        assert revenue.sums() == {"old": 40, "user1": 126, "user2": 70, "nothing": 3}
        assert json.loads(service.get("/userEvents/old").body) == [{"user_id": "old", "revenue": 40}]
        assert revenue.ask(DEFINED) == before


def test_init_db_once_more_begins_at_nothing_and_goes_on(revenue):
    """It drops the table under the server's feet, as users of the live ETL do between two runs."""
    revenue.ask(INIT_DB)
    with revenue.serve() as service:
        post(service, "user1", 5)
        wait_for(lambda: revenue.applied() == 1)
        revenue.ask(INIT_DB)
        post(service, "user1", 7)
        wait_for(lambda: revenue.applied() == 2)
        assert revenue.sums() == {"user1": 7}


def call_often(uri: str, number: int, calls: int, failures: list) -> None:
    """Another program that changes revenues. Of two that insert a user at once one is refused, and repeats its call."""
    try:
        connection = psycopg2.connect(uri)
        connection.autocommit = True
        with connection.cursor() as cursor:
            for each in range(calls):
                while True:
                    try:
                        cursor.execute("SELECT upsert_user_revenue(%s, %s)", (f"user{each % 4}", number))
                        break
                    except psycopg2.errors.UniqueViolation:
                        pass
        connection.close()
    except psycopg2.Error as failed:
        failures.append(failed)


@pytest.mark.parametrize("made_by", ["init-db", "migration"])
def test_the_sum_is_that_of_all_writers(revenue, database, made_by):
    """Three call the function while events are applied to the same rows, and each change is there once."""
    if made_by == "init-db":
        revenue.ask(INIT_DB)
    calls, events, failures = 200, 200, []
    with revenue.serve() as service:
        wait_for(lambda: revenue.has("users_revenue") and revenue.has("event_archiver.position"))
        writers = [threading.Thread(target=call_often, args=(database.uri, number, calls, failures)) for number in (1, 10, -3)]
        for each in writers:
            each.start()
        for each in range(events):
            post(service, f"user{each % 4}", 100)
        for each in writers:
            each.join()
        wait_for(lambda: revenue.applied() == events)
    assert not failures and revenue.letters() == []
    assert revenue.sums() == {f"user{each}": (100 * events + (1 + 10 - 3) * calls) // 4 for each in range(4)}


@pytest.mark.parametrize("made_by", ["init-db", "migration"])
def test_odd_input_counts_as_it_did(revenue, made_by):
    """And what ended the processor, or was added to a user "undefined", is a dead letter."""
    if made_by == "init-db":
        revenue.ask(INIT_DB)
    odd = [
        {"userId": "half", "name": "add_revenue", "value": 0.5},
        {"userId": "text", "name": "add_revenue", "value": "12"},
        {"userId": "text", "name": "add_revenue", "value": "12"},
        {"userId": "text", "name": "subtract_revenue", "value": "4"},
        {"userId": "other", "name": "give_revenue", "value": 9},
        {"userId": "nameless", "value": 9},
        {"userId": 7, "name": "add_revenue", "value": 3},
        {"userId": "7", "name": "add_revenue", "value": 4},
        {"name": "add_revenue", "value": 1},
        {"userId": "u", "name": "add_revenue"},
        {"userId": "u", "name": "add_revenue", "value": "many"},
        {"userId": "last", "name": "add_revenue", "value": 1},
    ]
    with revenue.serve() as service:
        for each in odd:
            assert service.post("/liveEvent", body=json.dumps(each).encode(), **SECRET).status == 201
        wait_for(lambda: revenue.applied() == len(odd))
        assert revenue.sums() == {"half": 1, "text": 20, "other": 0, "nameless": 0, "7": 7, "last": 1}
        assert json.loads(service.get("/userEvents/7").body) == [{"user_id": "7", "revenue": 7}]
    assert revenue.letters() == [8, 9, 10]
