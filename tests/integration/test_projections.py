"""`project`, `projections`, `dead-letters` and `migrate`, over a journal that the test writes."""
import json
import signal
import time

import pytest

from support.journal_files import TopicFile
from support.shop import TOTAL, Shop


@pytest.fixture
def shop(binary, database, tmp_path):
    return Shop(binary, database, tmp_path)


def test_each_event_once(shop):
    shop.post(120)
    assert shop.status()["state"] == "not_started"
    assert shop.once().summary["events"] == 120
    assert shop.total() == shop.posted
    assert shop.once().summary["events"] == 0
    shop.post(10)
    before = shop.status()
    assert (before["position"], before["end"], before["behind"], before["state"]) == (120, 130, 10, "running")
    assert 0 < before["behind_seconds"] < 60
    shop.once()
    assert shop.total() == shop.posted
    after = shop.status()
    assert (after["behind"], after["behind_seconds"], after["dead_letters"]) == (0, 0, 0)


def test_it_follows_and_pauses_within_a_second(shop):
    process = shop.program.start("project", "total")
    shop.post(100)
    shop.wait_for(lambda: shop.value("SELECT to_regclass('total')") and shop.total() == shop.posted)
    shop.run("projections", "pause", "total")
    time.sleep(1.2)
    seen = shop.total()
    shop.post(10)
    time.sleep(1.2)
    assert shop.total() == seen and shop.status()["state"] == "paused"
    assert shop.once(expect=3).events("projection.failed")
    shop.run("projections", "resume", "total")
    shop.wait_for(lambda: shop.total() == shop.posted)
    process.send(signal.SIGTERM)
    outcome = process.wait()
    assert outcome.code == 143, str(outcome)


def test_several_processes_share_the_work_and_nothing_is_applied_twice(shop):
    shop.once()
    processes = [shop.program.start("project", "total") for _ in range(3)]
    for _ in range(20):
        shop.post(40)
        time.sleep(0.05)
    processes.pop(0).kill()
    for _ in range(20):
        shop.post(40)
        time.sleep(0.05)
    shop.wait_for(lambda: shop.total() == shop.posted)
    for process in processes:
        process.send(signal.SIGTERM)
        assert process.wait().code == 143
    assert shop.total() == shop.posted


def test_a_stopped_process_is_overtaken_and_fenced(shop):
    shop.once()
    zombie = shop.program.start("project", "total")
    shop.post(10)
    shop.wait_for(lambda: shop.total() == shop.posted)
    zombie.send(signal.SIGSTOP)
    shop.post(100)
    other = shop.program.start("project", "total")
    shop.wait_for(lambda: shop.total() == shop.posted)
    zombie.send(signal.SIGCONT)
    shop.post(30)
    shop.wait_for(lambda: shop.total() == shop.posted)
    time.sleep(1)
    assert shop.total() == shop.posted
    for process in (zombie, other):
        process.send(signal.SIGTERM)
        assert process.wait().code == 143


def test_poison_becomes_dead_letters_that_can_be_retried_and_dropped(shop):
    shop.topic.append({"u": "a", "v": 1}, {"u": "a", "v": "many"}, "1],[2", {"v": 4}, {"u": "a", "v": 5})
    outcome = shop.once()
    assert outcome.events("projection.dead_letter")
    assert shop.total() == 6 and shop.status()["dead_letters"] == 3
    letters = json.loads(shop.run("dead-letters", "total", "-o", "json").stdout)["dead_letters"]
    assert [each["position"] for each in letters] == [1, 2, 3]
    assert letters[0].keys() == {
        "projection", "topic", "partition", "position", "at", "key", "value", "sqlstate", "reason", "failed_at"
    }  # fmt: skip
    assert [each["sqlstate"] for each in letters] == ["22P02", "22P02", "23502"]
    assert letters[0]["value"] == {"u": "a", "v": "many"} and '"many"' in letters[0]["reason"]
    assert letters[1]["value"] == "1],[2"
    shop.run("dead-letters", "total", "--retry")
    assert shop.status()["dead_letters"] == 3
    shop.write("total/apply.sql", TOTAL.replace("v bigint", "v text").replace("sum(v)", "sum(CASE v WHEN 'many' THEN 2 ELSE v::bigint END)"))
    assert "applied 1 dead letter" in shop.run("dead-letters", "total", "--retry").stdout
    assert shop.total() == 8
    shop.run("dead-letters", "total", "--drop", expect=2)
    assert shop.run("dead-letters", "total", "--drop", "2,3").stdout == "dropped 2 dead letters\n"
    assert shop.status()["dead_letters"] == 0
    assert shop.run("dead-letters", "total").stdout == "there is no dead letter\n"


def test_block_stops_at_the_first(shop):
    shop.write("total/projection.conf", "topic = live\non_error = block\n")
    shop.topic.append(*({"u": "a", "v": each} for each in range(30)), {"u": None, "v": 1}, {"u": "a", "v": 100})
    outcome = shop.once(expect=3)
    assert "position 30" in outcome.events("projection.failed")[0]["msg"]
    status = shop.status()
    assert (status["position"], status["state"]) == (30, "failed") and "position 30" in status["reason"]
    assert shop.total() == sum(range(30))


def test_a_wrong_apply_sql_stops_and_goes_on_when_mended(shop):
    shop.write("total/apply.sql", "INSERT INTO nowhere SELECT $1")
    shop.post(10)
    shop.once(expect=3)
    assert shop.status()["state"] == "failed"
    shop.write("total/apply.sql", "INSERT INTO total SELECT 'x', 1/0 FROM json_array_elements($1)")
    shop.write("total/projection.conf", "topic = live\n")
    shop.post(200)
    assert "more than 100" in shop.once(expect=3).events("projection.failed")[0]["msg"]
    assert shop.value("SELECT count(*) FROM event_archiver.dead_letter") == 0
    shop.write("total/apply.sql", TOTAL)
    shop.once()
    assert shop.total() == shop.posted and shop.status()["state"] == "running"


def test_a_lost_a_foreign_and_a_shortened_journal_are_refused(shop):
    shop.post(50)
    shop.once()
    kept = shop.journal.rename(shop.directory / "kept")
    assert "position 50" in shop.once(expect=7).summary["msg"]
    shop.journal.mkdir()
    assert "position 50" in shop.once(expect=7).summary["msg"]
    other = TopicFile(shop.journal)
    other.append({"u": "b", "v": 1})
    message = shop.once(expect=7).summary["msg"]
    assert "position 50" in message and "0 to 1" in message
    shop.run("projections", "replay", "total", expect=3)
    assert shop.total() == shop.posted
    # With another group it begins anew, on top of what is there.
    shop.once(KAFKA_GROUP_ID="after-the-loss")
    assert shop.total() == shop.posted + 1
    shop.journal.rename(shop.directory / "other")
    kept.rename(shop.journal)
    shop.execute("UPDATE event_archiver.position SET next = 51 WHERE projection = 'total'")
    message = shop.once(expect=7).summary["msg"]
    assert "position 51" in message and "0 to 50" in message


def test_a_database_that_is_put_back_or_made_anew_gets_everything(shop):
    shop.post(60)
    shop.once()
    shop.execute("CREATE TABLE kept_total AS TABLE total; CREATE TABLE kept AS TABLE event_archiver.position")
    shop.post(70)
    shop.once()
    shop.execute(
        "BEGIN; TRUNCATE total; INSERT INTO total TABLE kept_total; DELETE FROM event_archiver.position;"
        " INSERT INTO event_archiver.position TABLE kept; COMMIT"
    )
    shop.once()
    assert shop.total() == shop.posted
    shop.execute("DROP TABLE total; DROP SCHEMA event_archiver CASCADE")
    shop.once()
    assert shop.total() == shop.posted
    shop.execute("TRUNCATE total")
    shop.once(KAFKA_GROUP_ID="again")
    shop.once(KAFKA_GROUP_ID="again")
    assert shop.total() == shop.posted
    assert shop.status("total@again")["position"] == 130
    assert shop.run("projections", "forget", "total@again").stdout == "forgotten\n"


def test_replay_empties_what_would_be_counted_twice(shop):
    shop.post(60)
    shop.once()
    shop.run("projections", "replay", "total")
    assert shop.total() == 0
    shop.once()
    assert shop.total() == shop.posted
    shop.execute("DROP TABLE total")
    shop.run("projections", "replay", "total")
    shop.once()
    assert shop.total() == shop.posted


def test_replay_from_a_position_keeps_the_dead_letters_before_it(shop):
    shop.write("total/projection.conf", "topic = live\nbatch = 50\ntables = public.total\nreplay = keep\n")
    shop.topic.append({"u": "a", "v": "many"}, {"u": "a", "v": 1}, {"u": "a", "v": "more"}, {"u": "a", "v": 2})
    shop.once()
    assert shop.status()["dead_letters"] == 2
    shop.run("projections", "replay", "total", "--from", "2")
    kept = json.loads(shop.run("dead-letters", "total", "-o", "json").stdout)["dead_letters"]
    assert [letter["position"] for letter in kept] == [0]
    shop.once()
    kept = json.loads(shop.run("dead-letters", "total", "-o", "json").stdout)["dead_letters"]
    assert [letter["position"] for letter in kept] == [0, 2]


def test_replay_empties_nothing_where_a_topic_is_gone(shop):
    shop.write("total/projection.conf", "topic = live, other\nbatch = 50\ntables = public.total\n")
    shop.post(10)
    other = TopicFile(shop.journal, "other")
    other.append({"u": "b", "v": 7})
    shop.once()
    assert shop.total() == shop.posted + 7
    (shop.journal / "other").rename(shop.directory / "kept")
    refused = shop.run("projections", "replay", "total", expect=3)
    assert "other" in refused.stderr and shop.total() == shop.posted + 7
    (shop.directory / "kept").rename(shop.journal / "other")
    shop.run("projections", "replay", "total")
    shop.once()
    assert shop.total() == shop.posted + 7


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


def test_a_role_without_rights_is_told_what_is_missing(shop, postgresql):
    shop.post(1)
    role = f"weak_{shop.database.name}"
    shop.execute(f"CREATE ROLE {role} LOGIN")
    uri = shop.database.uri.replace("postgres@", f"{role}@")
    assert uri != shop.database.uri
    outcome = shop.once(expect=4, PG_CONNECTION_STRING=uri)
    assert "GRANT CREATE ON DATABASE" in outcome.log[-2]["error.hint"]
    shop.run("migrate", "total")
    outcome = shop.once(expect=4, PG_CONNECTION_STRING=uri)
    assert "GRANT USAGE ON SCHEMA event_archiver" in outcome.log[-2]["error.hint"]
    shop.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")


def test_a_broken_directory_spoils_only_itself(shop):
    shop.write("broken/projection.conf", "topic = live\n")
    shop.write("broken/apply.sql", "SELECT $1;\nCOMMIT;")
    shop.post(5)
    outcome = shop.run("project", "--once", PROJECT="all")
    assert "'broken/apply.sql', line 2" in outcome.events("projection.broken")[0]["msg"]
    assert shop.total() == shop.posted
    outcome = shop.run("project", "broken", "--once", expect=3)
    assert "line 2" in outcome.summary["msg"]
    assert "did you mean 'total'" in shop.run("project", "totel", "--once", expect=2).summary["msg"]


def test_behind_pgbouncer_in_transaction_mode(shop, pgbouncer):
    shop.post(300)
    uri = f"postgresql://postgres@127.0.0.1:{pgbouncer.port}/{shop.database.name}"
    processes = [shop.program.start("project", "total", settings={"PG_CONNECTION_STRING": uri}) for _ in range(2)]
    shop.wait_for(lambda: shop.value("SELECT to_regclass('total')") and shop.total() == shop.posted)
    shop.topic.append({"u": "x", "v": "poison"})
    shop.post(50)
    shop.wait_for(lambda: shop.total() == shop.posted)
    for process in processes:
        process.send(signal.SIGTERM)
        assert process.wait().code == 143
    assert shop.value("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") == 0
    # Otherwise the database cannot be dropped.
    shop.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")


def test_the_shipped_projections_of_revenue_and_timestamps(shop):
    ids = [f"00000000-0000-4000-8000-{each:012}" for each in range(1001)]
    shop.topic.append(*({"userId": f"user{each % 2}", "name": "add_revenue" if each % 3 else "subtract_revenue", "value": each} for each in range(900)))
    times = TopicFile(shop.journal, "timestamp.command.v1")
    times.append(*({"event_timestamp": "2006-01-02T15:04:05+02:00", "command_id": each} for each in ids))
    shop.run("project", "revenue", "timestamps", "--once")
    assert shop.value("SELECT sum(revenue) FROM users_revenue") == sum(each if each % 3 else -each for each in range(900))
    assert shop.value("SELECT count(*) FROM timestamp_records WHERE event_timestamp = '2006-01-02 13:04:05'") == 1001
    shop.execute("TRUNCATE timestamp_records")
    shop.run("project", "timestamps", "--once", KAFKA_GROUP_ID="dr-1")
    shop.run("project", "timestamps", "--once", KAFKA_GROUP_ID="dr-1")
    assert shop.value("SELECT count(*) FROM timestamp_records") == 1001


def test_a_plugin_that_fails_is_counted_and_touches_nothing_else(shop):
    shop.write("total/plugins/a/migrations/001.sql", "CREATE TABLE seen (at bigint PRIMARY KEY)")
    shop.write(
        "total/plugins/a/apply.sql",
        "INSERT INTO seen SELECT $4 + n - 1 FROM json_array_elements($1) WITH ORDINALITY AS e(v, n) WHERE 1 / ((v->>'v')::int - 7) IS NOT NULL",
    )
    shop.write("total/plugins/b/apply.sql", "INSERT INTO nowhere SELECT $1")
    shop.post(60)
    outcome = shop.once()
    assert shop.total() == shop.posted and shop.value("SELECT count(*) FROM seen") == 59
    failed = {line["plugin"]: line["events"] for line in outcome.events("projection.plugin_failed") if line["first_position"] == 0}
    assert failed == {"a": 1, "b": 50}


def test_check_says_what_projections_lack(shop):
    shop.post(5)
    found = json.loads(shop.run("check", "--for", "project", "-o", "json").stdout)
    assert found["ok"] and {"journal", "database", "schema", "projection total", "position total"} <= {each["name"] for each in found["checks"]}
    shop.write("broken/projection.conf", "topic = live\n")
    found = json.loads(shop.run("check", "--for", "project", "-o", "json", expect=3, JOURNAL=shop.directory / "nowhere").stdout)
    failed = {each["name"]: each["detail"] for each in found["checks"] if each["status"] == "failed"}
    assert failed["projection broken"] == "'broken/apply.sql' is missing" and "nowhere" in failed["journal"]
