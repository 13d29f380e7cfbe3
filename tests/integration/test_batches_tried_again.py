"""PostgreSQL refuses a batch for what is not the fault of an event: the batch is tried again, and each event applied once."""
import signal

import psycopg2
import pytest

from support.asking import wait_for
from support.shop import TOTAL, Shop

# The values of a sequence stay, whatever is rolled back.
REFUSED_TWICE = """CREATE SEQUENCE IF NOT EXISTS tries;
CREATE OR REPLACE FUNCTION refused_twice(state text) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN IF nextval('public.tries') <= 2 THEN RAISE EXCEPTION 'not now' USING ERRCODE = state; END IF; RETURN 0; END $$;"""
PASSING = {"a write conflict": "40001", "a deadlock": "40P01", "a lock that is not free": "55P03", "a full disk": "53100"}
WAITS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'event-archiver' AND wait_event_type = 'Lock'"


@pytest.fixture
def shop(binary, database, tmp_path):
    made = Shop(binary, database, tmp_path)
    made.write("total/migrations/000.sql", REFUSED_TWICE)
    return made


@pytest.fixture
def other(shop):
    """A transaction of another program, which is open."""
    connection = psycopg2.connect(shop.database.uri)
    yield connection.cursor()
    connection.close()


def check(shop) -> None:
    assert shop.total() == shop.posted
    assert shop.value("SELECT count(*) FROM event_archiver.dead_letter") == 0
    status = shop.status()
    assert (status["state"], status["behind"]) == ("running", 0)


def reasons(outcome) -> list:
    return [each["error.message"] for each in outcome.events("retry")]


@pytest.mark.parametrize("once", [True, False], ids=["once", "as a service"])
@pytest.mark.parametrize("state", PASSING.values(), ids=PASSING)
def test_a_batch_that_is_refused_twice(shop, state, once):
    shop.write("total/apply.sql", f"SELECT refused_twice('{state}');\n{TOTAL}")
    shop.post(60)
    if once:
        outcome = shop.once()
    else:
        process = shop.program.start("project", "total")
        wait_for(lambda: shop.value("SELECT to_regclass('total')") and shop.total())
        wait_for(lambda: shop.total() == shop.posted)
        process.send(signal.SIGTERM)
        outcome = process.wait()
    assert [state in each for each in reasons(outcome)] == [True, True]
    check(shop)


@pytest.mark.parametrize("state", ["40001", "40P01", "53100"])
def test_a_plugin_that_is_refused_twice(shop, state):
    """The whole batch is tried again, so what `apply.sql` did is not there twice."""
    shop.write("total/plugins/p/migrations/001.sql", "CREATE TABLE seen (v bigint)")
    shop.write("total/plugins/p/apply.sql", f"SELECT refused_twice('{state}');\nINSERT INTO seen SELECT v FROM json_to_recordset($1) AS e(v bigint)")
    shop.post(40)
    outcome = shop.once()
    assert shop.value("SELECT last_value FROM tries") > 2 and not outcome.events("projection.plugin_failed")
    assert shop.value("SELECT array_agg(v ORDER BY v) FROM seen") == list(range(1, 41))
    check(shop)


@pytest.mark.parametrize("command", [("project", "total", "--once"), ("projections", "rebuild", "total")], ids=["once", "rebuild"])
def test_a_plugin_that_conflicts_each_time_is_left_out(shop, command):
    """A run that ends has six tries of a batch: the last one goes on without the plugin."""
    shop.write("total/plugins/p/migrations/001.sql", "CREATE TABLE seen (v bigint)")
    shop.write("total/plugins/p/apply.sql", "DO $$ BEGIN RAISE EXCEPTION 'not now' USING ERRCODE = '40001'; END $$")
    shop.post(4)
    if command[0] == "projections":
        shop.once()
    outcome = shop.run(*command)
    assert outcome.events("projection.plugin_failed"), str(outcome)
    check(shop)


def test_a_deadlock_of_which_the_batch_is_the_victim(shop, other):
    one = "INSERT INTO total AS t SELECT u, v FROM json_to_recordset($1) AS e(u text, v bigint) WHERE u = '{}' ON CONFLICT (user_id) DO UPDATE SET value = t.value + excluded.value"
    shop.write("total/apply.sql", f"{one.format('a')};\n{one.format('b')}")
    shop.run("migrate", "total")
    shop.execute("INSERT INTO total VALUES ('a', 0), ('b', 0)")
    shop.topic.append({"u": "a", "v": 1}, {"u": "b", "v": 2})
    shop.posted = 3
    other.execute("SET deadlock_timeout = '1min'")  # only the batch looks for a deadlock
    other.execute("UPDATE total SET value = value WHERE user_id = 'b'")
    process = shop.program.start("project", "total", "--once")
    wait_for(lambda: shop.value(WAITS))
    other.execute("UPDATE total SET value = value WHERE user_id = 'a'")
    other.connection.commit()
    outcome = process.wait()
    assert reasons(outcome) == ["'total/apply.sql': deadlock detected"]
    check(shop)


def test_a_lock_that_is_held_for_longer_than_the_batch_waits(shop, other):
    shop.write("total/apply.sql", f"SELECT set_config('lock_timeout', '200ms', true);\n{TOTAL}")
    shop.post(60)
    shop.run("migrate", "total")
    other.execute("LOCK TABLE total IN EXCLUSIVE MODE")
    process = shop.program.start("project", "total", "--once")
    process.wait_for_output('"retry"')
    other.connection.rollback()
    outcome = process.wait()
    assert outcome.code == 0 and "lock timeout" in reasons(outcome)[0]
    check(shop)
