"""`projections rebuild`: when it changes nothing, and what it carries over."""
import json
import signal

import pytest

from support.journal_files import TopicFile
from support.shop import TOTAL, Shop


@pytest.fixture
def shop(binary, database, tmp_path):
    return Shop(binary, database, tmp_path)


@pytest.mark.parametrize("start", ["99", "2999-01-01"])
def test_a_rebuild_of_no_event_leaves_the_tables_as_they_are(shop, start):
    shop.post(10)
    shop.once()
    refused = shop.program.run("projections", "rebuild", "total", "--from", start)
    assert refused.code == 3 and "or after it" in refused.stderr, str(refused)
    assert shop.total() == shop.posted


def test_a_rebuild_that_fails_while_it_applies_leaves_nothing(shop):
    shop.post(10)
    shop.once()
    shop.write("total/apply.sql", "INSERT INTO nowhere SELECT $1::text")
    refused = shop.run("projections", "rebuild", "total", expect=3)
    assert "nowhere" in refused.summary["msg"] and "#rebuild`" not in refused.stderr, str(refused)
    assert shop.value("SELECT string_agg(projection, ',') FROM event_archiver.position") == "total"
    assert shop.value("SELECT to_regnamespace('ea_rebuild_total')::text") is None
    assert shop.status()["state"] == "running" and shop.total() == shop.posted


def test_a_rebuild_from_a_position_keeps_the_dead_letters_before_it(shop):
    shop.topic.append({"u": "a", "v": "many"}, {"u": "a", "v": 1}, {"u": "a", "v": "more"}, {"u": "a", "v": 2})
    shop.once()
    shop.run("projections", "rebuild", "total", "--from", "1")
    kept = json.loads(shop.run("dead-letters", "total", "-o", "json").stdout)["dead_letters"]
    assert [letter["position"] for letter in kept] == [0, 2]
    shop.run("projections", "rebuild", "total", "--from", "3")
    kept = json.loads(shop.run("dead-letters", "total", "-o", "json").stdout)["dead_letters"]
    assert [letter["position"] for letter in kept] == [0, 2]
    assert shop.total() == 2


@pytest.mark.parametrize("replay", ["truncate", "keep"])
def test_a_rebuild_leaves_no_events_out_whose_topic_is_gone(shop, replay):
    shop.write("total/projection.conf", f"topic = live, other\nbatch = 50\ntables = public.total\nreplay = {replay}\n")
    shop.post(10)
    TopicFile(shop.journal, "other").append({"u": "b", "v": 7})
    shop.once()
    (shop.journal / "other").rename(shop.directory / "kept")
    refused = shop.run("projections", "rebuild", "total", expect=3)
    assert "'other'" in refused.summary["msg"] and shop.total() == shop.posted + 7
    assert shop.value("SELECT count(*) FROM event_archiver.position") == 2
    # Taking it out of the file is a decision.
    shop.write("total/projection.conf", f"topic = live\nbatch = 50\ntables = public.total\nreplay = {replay}\n")
    shop.run("projections", "rebuild", "total")
    assert shop.total() == shop.posted


def test_a_rebuild_is_never_seen_empty_and_carries_grants_over(shop, postgresql):
    shop.post(500)
    process = shop.program.start("project", "total")
    shop.wait_for(lambda: shop.value("SELECT to_regclass('total')") and shop.total() == shop.posted)
    shop.execute("GRANT SELECT ON total TO PUBLIC; UPDATE total SET value = value + 1000000")
    role = shop.value("SELECT relacl::text FROM pg_class WHERE oid = 'total'::regclass")
    rebuilding = shop.program.start("projections", "rebuild", "total")
    seen = []
    while rebuilding.running:
        seen.append(shop.total())
        shop.post(3)
    outcome = rebuilding.wait()
    assert outcome.code == 0, str(outcome)
    assert min(seen) > 0
    shop.wait_for(lambda: shop.total() == shop.posted)
    assert shop.value("SELECT relacl::text FROM pg_class WHERE oid = 'total'::regclass") == role
    assert shop.value("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'ea_%'") == 0
    shop.post(10)
    shop.wait_for(lambda: shop.total() == shop.posted)
    process.send(signal.SIGTERM)
    assert process.wait().code == 143
    assert shop.run("migrate", "total").stdout == "applied 0 migrations\n"


def test_a_rebuild_is_refused_where_something_hangs_on_the_table(shop):
    shop.post(10)
    shop.once()
    shop.execute("CREATE VIEW seen AS SELECT * FROM total; CREATE TABLE f (u text REFERENCES total); CREATE INDEX own ON total (value)")
    outcome = shop.run("projections", "rebuild", "total", expect=3)
    for name in ("view public.seen", "foreign key f_u_fkey of public.f", "index own"):
        assert name in outcome.summary["msg"]
    assert shop.total() == shop.posted
    assert shop.value("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'ea_%'") == 0
    shop.execute("DROP VIEW seen; DROP TABLE f; DROP INDEX own")
    shop.write("total/apply.sql", TOTAL.replace("INTO total", "INTO public.total"))
    outcome = shop.run("projections", "rebuild", "total", expect=3)
    assert "'total/apply.sql', line 1" in outcome.summary["msg"]


def test_a_rebuild_in_the_background(shop):
    shop.post(100)
    shop.once()
    shop.execute("UPDATE total SET value = 0")
    assert shop.run("projections", "rebuild", "total", "--detach").code == 0
    shop.wait_for(lambda: shop.total() == shop.posted)
    shop.execute("CREATE VIEW seen AS SELECT * FROM total")
    shop.run("projections", "rebuild", "total", "--detach", expect=3)


def test_a_rebuild_in_the_background_that_comes_to_nothing_is_told_of(shop):
    """By `projections`, and in the log of what runs the projection: its own log goes nowhere."""
    shop.write("total/plugins/slow/apply.sql", "SELECT $1, pg_sleep(0.2)")
    shop.post(200)
    shop.once()
    process = shop.program.start("project", "total")
    shop.run("projections", "rebuild", "total", "--detach")
    shop.execute("CREATE VIEW seen AS SELECT * FROM total")
    shop.wait_for(lambda: shop.status()["reason"])
    status = shop.status()
    assert status["state"] == "running" and "--detach came to nothing" in status["reason"] and "view public.seen" in status["reason"]
    process.wait_for_output('"projection.rebuild_failed"')
    shop.execute("DROP VIEW seen")
    shop.run("projections", "rebuild", "total")
    assert not shop.status()["reason"] and shop.total() == shop.posted
    process.send(signal.SIGTERM)
    assert len(process.wait().events("projection.rebuild_failed")) == 1
