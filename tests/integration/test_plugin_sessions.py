"""What a plugin does to its session costs itself, and nothing else: settings, the end of the session, errors that are worth another try."""
import signal

import pytest

from support.shop import Shop


@pytest.fixture
def shop(binary, database, tmp_path):
    it = Shop(binary, database, tmp_path)
    it.write("total/plugins/z/migrations/001.sql", "CREATE TABLE seen (n int, zone text, day text, late text)")
    it.write(
        "total/plugins/z/apply.sql",
        "INSERT INTO seen SELECT json_array_length($1), current_setting('TimeZone'), current_setting('DateStyle'), current_setting('idle_in_transaction_session_timeout')",
    )
    return it


def plugin(shop, text: str) -> None:
    shop.write("total/plugins/a/apply.sql", text)


def failed(outcome) -> set:
    return {(each["plugin"], each["events"]) for each in outcome.events("projection.plugin_failed")}


SETTINGS = {
    "time zone": "SET LOCAL TimeZone = 'America/New_York'; SELECT $1",
    "date style": "SET LOCAL DateStyle = 'German, DMY'; SELECT $1",
    "in a block": "DO $do$ BEGIN PERFORM set_config('TimeZone', 'Asia/Tokyo', true); END $do$",
    "the names of operators": "SET LOCAL TimeZone = 'Asia/Tokyo'; SET LOCAL search_path = nowhere; SELECT $1",
    "triggers": "SET LOCAL session_replication_role = replica; SELECT $1",
    "a limit": "SET LOCAL idle_in_transaction_session_timeout = '7s'; SELECT $1",
}


@pytest.mark.parametrize("what", SETTINGS)
@pytest.mark.parametrize("letter", [False, True], ids=["batch", "letter"])
def test_what_a_plugin_sets_is_set_back(shop, what, letter):
    plugin(shop, SETTINGS[what])
    if letter:
        shop.topic.append({"u": "a", "v": "wrong"})
        shop.once()
        shop.write("total/apply.sql", "INSERT INTO total SELECT coalesce(u, 'a'), 1 FROM json_to_recordset($1) AS e(u text)")
        assert not failed(shop.run("dead-letters", "total", "--retry"))
    else:
        shop.post(10)
        assert not failed(shop.once())
    assert shop.value("SELECT array_agg(DISTINCT zone || ' ' || day || ' ' || late) FROM seen") == ["UTC ISO, MDY 5s" if not letter else "UTC ISO, MDY 0"]
    assert shop.value("SELECT sum(n) FROM seen") == (1 if letter else 10)


def test_a_transaction_that_a_plugin_makes_read_only_is_its_failure(shop):
    plugin(shop, "SET LOCAL transaction_read_only = on; SELECT $1")
    shop.post(10)
    shop.topic.append({"u": "a", "v": "wrong"})
    assert ("a", 10) in failed(shop.once())
    assert shop.total() == shop.posted and shop.value("SELECT sum(n) FROM seen") == 10 and shop.status()["dead_letters"] == 1


ENDS = {
    "it ends itself": "SELECT $1, pg_terminate_backend(pg_backend_pid())",
    "it may not be idle": "SET LOCAL idle_in_transaction_session_timeout = '1ms'; SELECT $1, pg_sleep(0.01)",
    "another server is away": "DO $do$ BEGIN RAISE EXCEPTION 'away' USING ERRCODE = '08006'; END $do$",
    "the disk is full": "DO $do$ BEGIN RAISE EXCEPTION 'full' USING ERRCODE = '53100'; END $do$",
}


@pytest.mark.parametrize("what", ["it ends itself", "another server is away", "the disk is full"])
def test_a_plugin_that_ends_its_session_is_left_out(shop, what):
    plugin(shop, ENDS[what])
    shop.post(60)
    outcome = shop.once()
    assert shop.total() == shop.posted and shop.value("SELECT sum(n) FROM seen") == 60
    assert failed(outcome) == {("a", 50), ("a", 10)}


@pytest.mark.parametrize("what", ["it ends itself", "another server is away", "the disk is full"])
def test_a_letter_is_applied_without_it(shop, what):
    shop.topic.append(*({"u": f"u{each}", "v": "wrong"} for each in range(12)))
    shop.once()
    plugin(shop, ENDS[what])
    shop.write("total/apply.sql", "INSERT INTO total SELECT coalesce(u, 'a'), 1 FROM json_to_recordset($1) AS e(u text)")
    outcome = shop.run("dead-letters", "total", "--retry")
    assert "applied 12 dead letters" in outcome.stdout and failed(outcome) == {("a", 1)}
    assert shop.total() == 12 and shop.value("SELECT sum(n) FROM seen") == 12 and shop.status()["dead_letters"] == 0


def test_a_session_that_a_plugin_lets_the_server_end_is_no_matter(shop):
    """The limit that it sets may end the session, or be set back in time."""
    plugin(shop, ENDS["it may not be idle"])
    process = shop.program.start("project", "total")
    shop.post(20)
    shop.wait_for(lambda: shop.value("SELECT to_regclass('total')") and shop.total() == shop.posted)
    assert shop.value("SELECT sum(n) FROM seen") == 20
    process.send(signal.SIGTERM)
    process.wait()
