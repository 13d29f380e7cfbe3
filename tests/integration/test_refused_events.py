"""Whatever PostgreSQL says of an event, it costs that event alone."""
import json
import random
import string
from types import SimpleNamespace

import psycopg2
import pytest

from support.asking import serving, wait_for, wait_until_ready
from support.builds import BUILD, build, message
from support.journal_files import TopicFile
from support.shop import Shop

# `fail` is an SQLSTATE. A function that raises one stands for all the ways in which a server does.
REFUSE = """CREATE OR REPLACE FUNCTION refuse(state text) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN IF state IS NOT NULL THEN RAISE EXCEPTION 'the value is secret' USING ERRCODE = state; END IF; RETURN 0; END $$;
CREATE SEQUENCE IF NOT EXISTS calls;
CREATE OR REPLACE FUNCTION cancelled_once() RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN IF nextval('public.calls') = 1 THEN RAISE EXCEPTION 'cancelled' USING ERRCODE = '57014'; END IF; RETURN 0; END $$;"""
APPLY = """INSERT INTO total AS t SELECT u, sum(v + refuse(fail)) FROM json_to_recordset($1) AS e(u text, v bigint, fail text) GROUP BY u
ON CONFLICT (user_id) DO UPDATE SET value = t.value + excluded.value"""
PLUGIN = "INSERT INTO seen SELECT v + refuse(fail) FROM json_to_recordset($1) AS e(v bigint, fail text)"
UNCLEAR = ["0A000", "21000", "44000", "53200", "54000", "P0002", "XX000"]


@pytest.fixture
def shop(binary, database, tmp_path):
    made = Shop(binary, database, tmp_path)
    made.write("total/migrations/000.sql", REFUSE)
    made.write("total/apply.sql", APPLY)
    return made


def post(shop, count: int, bad: dict) -> int:
    """Events with the values 1 to count; those at the positions of `bad` are refused. Returns the sum of the others."""
    shop.topic.append(*({"u": "a", "v": each, "fail": bad.get(each - 1)} for each in range(1, count + 1)))
    return sum(each for each in range(1, count + 1) if each - 1 not in bad)


def letters(shop, name: str = "total") -> dict:
    found = json.loads(shop.run("dead-letters", name, "-o", "json").stdout)["dead_letters"]
    return {each["position"]: each["sqlstate"] for each in found}


@pytest.mark.parametrize("state", ["22003", "23514", "P0001", *UNCLEAR])
def test_one_refused_event_costs_itself(shop, state):
    expected = post(shop, 60, {7: state})
    shop.once()
    assert shop.total() == expected and letters(shop) == {7: state}
    shop.run("dead-letters", "total", "--retry")
    assert letters(shop) == {7: state}, "it is refused again"
    shop.write("total/apply.sql", APPLY.replace("refuse(fail)", "0"))
    shop.run("dead-letters", "total", "--retry")
    assert shop.total() == expected + 8 and letters(shop) == {}


@pytest.mark.parametrize("count, bad", [(1, [0]), (2, [0, 1]), (60, [0]), (60, [59]), (60, [49, 50]), (60, [3, 4, 5, 30])], ids=str)
def test_wherever_the_refused_events_stand(shop, count, bad):
    expected = post(shop, count, dict.fromkeys(bad, "54000"))
    shop.once()
    assert shop.total() == expected and letters(shop) == dict.fromkeys(bad, "54000")


def test_an_event_that_is_refused_whatever_stands_beside_it_is_found_by_the_server_itself(shop):
    """Not by a function that says so: a key that is too long for its index, and a number that no bigint is."""
    long = "".join(random.Random(1).choices(string.ascii_letters, k=9000))
    shop.write("total/apply.sql", APPLY.replace("v bigint", "v numeric").replace("sum(v", "sum(v::bigint"))
    shop.topic.append({"u": "a", "v": 1}, {"u": long, "v": 2}, {"u": "a", "v": "NaN"}, {"u": "a", "v": 4})
    shop.once()
    assert shop.total() == 5 and letters(shop) == {1: "54000", 2: "0A000"}


@pytest.mark.parametrize("state", ["0A000", "54000", "XX000"])
def test_where_every_event_is_refused_so_apply_sql_is_wrong(shop, state):
    post(shop, 40, dict.fromkeys(range(40), state))
    assert shop.once(expect=1).events("projection.failed")
    assert shop.status()["state"] == "failed" and letters(shop) == {}
    shop.write("total/apply.sql", APPLY.replace("refuse(fail)", "0"))
    shop.once()
    assert shop.total() == sum(range(41))


@pytest.mark.parametrize("state", ["42P01", "42703", "42501", "55000"])
def test_an_error_about_the_database_stops_the_projection(shop, state):
    post(shop, 10, {3: state})
    assert shop.program.run("project", "total", "--once").code != 0
    assert shop.status()["state"] == "failed" and letters(shop) == {} and shop.total() == 0


def test_what_apply_sql_is_refused_for_without_an_event_is_no_dead_letter(shop):
    shop.write("total/apply.sql", f"SELECT refuse('0A000'); {APPLY}")
    post(shop, 3, {})
    shop.once(expect=1)
    assert shop.status()["state"] == "failed" and letters(shop) == {}


def test_a_statement_that_is_cancelled_once_is_run_again(shop):
    shop.write("total/apply.sql", f"SELECT cancelled_once(); {APPLY}")
    expected = post(shop, 60, {})
    shop.once()
    assert shop.total() == expected and letters(shop) == {}


def test_the_reason_of_a_block_is_told_without_a_value(shop):
    shop.write("total/projection.conf", "topic = live\non_error = block\n")
    post(shop, 10, {4: "54000"})
    told = shop.once(expect=3).events("projection.failed")[0]["msg"]
    assert "position 4" in told and "54000" in told and "secret" not in told
    status = shop.status()
    assert (status["position"], status["state"]) == (4, "failed") and "54000" in status["reason"]
    assert "54000" in shop.run("projections").stdout and "secret" not in shop.run("projections").stdout


@pytest.fixture
def with_plugin(shop):
    shop.write("total/apply.sql", APPLY.replace("refuse(fail)", "0"))
    shop.write("total/plugins/p/migrations/001.sql", "CREATE TABLE seen (v bigint)")
    shop.write("total/plugins/p/apply.sql", PLUGIN)
    return shop


def seen(shop) -> list:
    with shop.database.connection.cursor() as cursor:
        cursor.execute("SELECT v FROM seen ORDER BY v")
        return [row[0] for row in cursor.fetchall()]


@pytest.mark.parametrize("state", ["22003", "57014", "P0001", *UNCLEAR])
def test_one_event_that_a_plugin_refuses_costs_itself(with_plugin, state):
    post(with_plugin, 60, {7: state, 55: state})
    failed = with_plugin.once().events("projection.plugin_failed")
    assert [each["events"] for each in failed] == [1, 1]
    assert seen(with_plugin) == [each for each in range(1, 61) if each not in (8, 56)]
    assert with_plugin.total() == sum(range(61))


def test_many_events_that_a_plugin_refuses_cost_themselves(with_plugin):
    with_plugin.write("total/projection.conf", "topic = live\n")
    post(with_plugin, 600, dict.fromkeys([*range(150), *range(300, 600, 2)], "54000"))
    assert with_plugin.once().events("projection.plugin_failed")[0]["events"] == 300
    assert seen(with_plugin) == [*range(151, 301), *range(302, 601, 2)]


def test_a_plugin_that_is_cancelled_once_loses_nothing(with_plugin):
    with_plugin.write("total/plugins/p/apply.sql", f"SELECT cancelled_once(); {PLUGIN}")
    post(with_plugin, 40, {})
    assert not with_plugin.once().events("projection.plugin_failed")
    assert seen(with_plugin) == list(range(1, 41))


def test_builds_with_numbers_that_no_column_holds(shop):
    """Among them an organization that no index holds, which costs a row of the plugin."""
    name = "00000000-0000-4000-8000-{:012}".format
    given = [build(id=name(each)) for each in range(30)]
    given[3]["diskSpace"] = {"realBytes": "NaN"}
    given[9]["diskSpace"] = {"virtualBytes": "Infinity"}
    for each in given:
        each["organizationId"] = BUILD["projectId"]
    given[20]["organizationId"] = "".join(random.Random(1).choices(string.ascii_letters, k=9000))
    TopicFile(shop.journal, "build_events").append(*(message(each) for each in given))
    shop.run("project", "builds", "--once")
    assert letters(shop, "builds") == {3: "0A000", 9: "0A000"}
    assert shop.value("SELECT count(*) FROM build") == 28
    assert shop.value("SELECT count(*) FROM build_organization") == 27


def test_a_server_is_not_ready_while_a_projection_has_stopped(shop, tmp_path):
    shop.write("total/projection.conf", "topic = live\non_error = block\n")
    events = [{"u": "a", "v": each, "fail": "54000" if each == 5 else None} for each in range(1, 11)]
    with serving(shop.program, "events", JOURNAL=str(tmp_path / "served")) as service:
        wait_until_ready(service)
        assert service.post("/events/live", body=json.dumps(events).encode(), Content_Type="application/json").status == 201
        told = wait_for(lambda: (answer := service.get("/readyz")).status == 503 and answer.json)
        assert told["checks"]["projections"] .startswith("projection 'total' has stopped at position 4 of topic 'live': the event at position 4")
        wait_for(lambda: service.get("/health").status == 503)
        assert service.get("/livez").status == 200
        shop.execute("CREATE OR REPLACE FUNCTION refuse(state text) RETURNS bigint LANGUAGE sql AS 'SELECT 0::bigint'")
        shop.run("projections", "resume", "total", JOURNAL=str(tmp_path / "served"))
        wait_for(lambda: service.get("/readyz").status == 200 and shop.total() == sum(range(11)))


@pytest.fixture
def latin(database, postgresql):
    """A database that has no characters but those of Western Europe."""
    name = database.name + "_latin1"
    with database.connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name} ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
    connection = psycopg2.connect(postgresql.uri(name), client_encoding="UTF8")
    connection.autocommit = True
    yield SimpleNamespace(name=name, server=postgresql, connection=connection, uri=postgresql.uri(name))
    connection.close()
    with database.connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_what_a_database_has_no_characters_for_is_a_dead_letter(binary, latin, tmp_path):
    shop = Shop(binary, latin, tmp_path)
    shop.post(10)
    shop.topic.append('{"u":"日本","v":1}', key="日k")
    shop.topic.append('{"u":"é","v":2}')
    shop.topic.append('{"u":"b","v":4}', key="日")  # apply.sql does not ask for it
    shop.once()
    assert shop.total() == shop.posted + 6 and letters(shop) == {10: "22P05"}
    for _ in range(2):
        [letter] = json.loads(shop.run("dead-letters", "total", "-o", "json").stdout)["dead_letters"]
        assert (letter["key"], letter["value"], shop.value("SELECT key FROM event_archiver.dead_letter")) == ("日k", {"u": "日本", "v": 1}, "?k")
        shop.run("dead-letters", "total", "--retry")
    found = json.loads(shop.program.run("check", "--for", "project", "-o", "json").stdout)["checks"]
    assert "LATIN1" in next(each["detail"] for each in found if each["name"] == "encoding")


def test_a_parameter_that_a_database_has_no_characters_for_is_a_mistake(binary, latin, tmp_path):
    shop = Shop(binary, latin, tmp_path)
    shop.run("project", "revenue", "--once")
    with serving(shop.program, "live") as service:
        wait_until_ready(service)
        assert service.get("/userEvents/%E6%97%A5").status == 400
        assert service.get("/userEvents/%C3%A9").status == 200
