"""`project`, `projections`, `dead-letters` and `migrate`, over a journal that the test writes."""
import json
import signal
import time

import pytest

from support.gate import DatabaseGate, call_before
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


def test_the_name_that_is_shown_is_understood(shop):
    shop.once(KAFKA_GROUP_ID="g1")
    shop.run("projections", "pause", "total@g1", KAFKA_GROUP_ID="g1")
    assert shop.status("total@g1", KAFKA_GROUP_ID="g1")["state"] == "paused"
    shop.run("dead-letters", "total@g1", KAFKA_GROUP_ID="g1")
    refused = shop.run("projections", "resume", "total@g2", expect=2, KAFKA_GROUP_ID="g1")
    assert "the positions of projection 'total' are of another group here" in refused.stderr
    assert "there is no projection of that name" in shop.run("projections", "resume", "other@g1", expect=2).stderr


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
    refused = json.loads(shop.run("dead-letters", "total", "--retry", "-o", "json").stdout)
    assert (refused["schema"], refused["applied"], refused["refused"]) == ("event-archiver/dead-letters-change/v1", 0, 3)
    assert shop.status()["dead_letters"] == 3
    shop.write("total/apply.sql", TOTAL.replace("v bigint", "v text").replace("sum(v)", "sum(CASE v WHEN 'many' THEN 2 ELSE v::bigint END)"))
    assert "applied 1 dead letter" in shop.run("dead-letters", "total", "--retry").stdout
    assert shop.total() == 8
    shop.run("dead-letters", "total", "--drop", expect=2)
    for what, named in (("--drop", "9"), ("--drop", "2,9"), ("--drop", "5-8"), ("--retry", "2,9"), ("--retry", "other:2")):
        unknown = shop.run("dead-letters", "total", what, named, expect=3)
        assert "projection 'total' has no dead letter at position" in unknown.summary["msg"], unknown.summary
        assert shop.status()["dead_letters"] == 2
    assert shop.run("dead-letters", "total", "--drop", "2,3-7").stdout == "dropped 2 dead letters\n"
    assert shop.status()["dead_letters"] == 0
    assert shop.run("dead-letters", "total").stdout == "there is no dead letter\n"


def test_a_batch_has_what_has_come_by_the_end_of_the_one_before(shop):
    """While COMMIT is held 300 events come. They are the next batch; then there are small ones again."""
    shop.write("total/projection.conf", "topic = live\nbatch = 1000\n")
    shop.write("total/migrations/002.sql", "CREATE TABLE IF NOT EXISTS batch (at bigserial, size bigint)")
    shop.write("total/apply.sql", f"INSERT INTO batch (size) SELECT json_array_length($1);\n{TOTAL}")
    shop.run("migrate", "total")
    with DatabaseGate(shop.database.server.port) as gate:
        rule = gate.on(call_before(lambda: shop.post(300)), contains="COMMIT", nth=2)
        uri = shop.database.server.uri(shop.database.name, port=gate.port)
        process = shop.program.start("project", "total", settings={"PG_CONNECTION_STRING": uri})
        for _ in range(3):
            shop.post(1)
            shop.wait_for(lambda: shop.total() == shop.posted)
        process.send(signal.SIGTERM)
        assert process.wait().code == 143 and rule.hits == 1
    assert shop.value("SELECT array_agg(size ORDER BY at) FROM batch") == [1, 1, 300, 1]


def test_letters_are_retried_in_the_order_of_their_positions(shop):
    """What the last one says stays, whichever was written down or tried last."""
    shop.write("total/migrations/002.sql", "CREATE TABLE IF NOT EXISTS tried (at bigserial, position bigint)")
    kept = TOTAL.replace("t.value + excluded.value", "excluded.value")
    shop.write("total/apply.sql", f"INSERT INTO tried (position) SELECT $4 FROM json_to_recordset($1) AS e(v bigint);\n{kept}")
    shop.topic.append(*({"u": "a", "v": f"0{each}x"} for each in range(12)))
    shop.once()
    shop.execute("UPDATE event_archiver.dead_letter SET reason = reason WHERE position IN (2, 11)")
    shop.execute("UPDATE event_archiver.dead_letter SET reason = reason WHERE position IN (1, 5)")
    fixed = shop.own / "total/apply.sql"
    fixed.write_text(fixed.read_text().replace("v bigint", "v text").replace("sum(v)", "sum(trim(v, 'x')::bigint)"))
    assert "applied 3 dead letters" in shop.run("dead-letters", "total", "--retry", "10,1,2").stdout
    assert "applied 9 dead letters" in shop.run("dead-letters", "total", "--retry").stdout
    assert shop.value("SELECT array_agg(position ORDER BY at) FROM tried") == [1, 2, 10, 0, *range(3, 10), 11]
    assert shop.total() == 11


def test_block_stops_at_the_first(shop):
    shop.write("total/projection.conf", "topic = live\non_error = block\n")
    shop.topic.append(*({"u": "a", "v": each} for each in range(30)), {"u": None, "v": 1}, {"u": "a", "v": 100})
    outcome = shop.once(expect=3)
    assert "position 30" in outcome.events("projection.failed")[0]["msg"]
    status = shop.status()
    assert (status["position"], status["state"]) == (30, "failed") and "position 30" in status["reason"]
    assert shop.total() == sum(range(30))


def test_a_wrong_apply_sql_stops_and_goes_on_once_fixed(shop):
    shop.write("total/apply.sql", "INSERT INTO nowhere SELECT $1")
    shop.post(10)
    told = "'total/apply.sql': relation \"nowhere\" does not exist"
    assert [each["msg"] for each in shop.once(expect=3).events("projection.failed")] == [told]
    assert (shop.status()["state"], shop.status()["reason"]) == ("failed", told)
    shop.write("total/apply.sql", "INSERT INTO total SELECT 'x', 1/0 FROM json_array_elements($1)")
    shop.write("total/projection.conf", "topic = live\n")
    shop.post(200)
    assert "more than 100" in shop.once(expect=3).events("projection.failed")[0]["msg"]
    assert shop.value("SELECT count(*) FROM event_archiver.dead_letter") == 0
    shop.write("total/apply.sql", TOTAL)
    shop.once()
    assert shop.total() == shop.posted and shop.status()["state"] == "running"


def test_many_events_that_are_wrong_get_past_a_smaller_batch(shop):
    shop.write("total/projection.conf", "topic = live\ntables = public.total\n")
    shop.topic.append(*({"u": "a", "v": each if each % 4 else "wrong"} for each in range(600)))
    assert "`batch = 100`" in shop.once(expect=3).log[-1].get("error.hint", "") + shop.once(expect=3).stderr
    shop.write("total/projection.conf", "topic = live\nbatch = 100\ntables = public.total\n")
    shop.once()
    assert shop.total() == sum(each for each in range(600) if each % 4) and shop.status()["dead_letters"] == 150


def test_a_position_in_several_topics_does_not_identify_a_dead_letter(shop):
    shop.write("total/projection.conf", "topic = live, other\nbatch = 50\ntables = public.total\n")
    shop.topic.append({"u": "a", "v": "many"}, {"u": "a", "v": "more"})
    TopicFile(shop.journal, "other").append({"u": "b", "v": "many"})
    shop.once()
    for what in ("--drop", "--retry"):
        refused = shop.run("dead-letters", "total", what, "0", expect=3)
        assert "live/0" in refused.summary["msg"] and "other/0" in refused.summary["msg"]
    assert shop.run("dead-letters", "total", "--drop", "live/0:0").stdout == "dropped 1 dead letter\n"
    left = json.loads(shop.run("dead-letters", "total", "-o", "json").stdout)["dead_letters"]
    assert [(each["topic"], each["position"]) for each in left] == [("live", 1), ("other", 0)]
    assert len(json.loads(shop.run("dead-letters", "total", "other:0,1", "-o", "json").stdout)["dead_letters"]) == 1
    assert shop.run("dead-letters", "total", "--drop", "0,1").stdout == "dropped 2 dead letters\n"


def test_several_retries_at_once_tell_what_each_has_applied(shop):
    shop.topic.append(*({"u": "a", "v": "2"} if each % 2 else {"u": "a", "v": "two"} for each in range(80)))
    shop.once()
    assert shop.status()["dead_letters"] == 40
    shop.write("total/apply.sql", TOTAL.replace("v bigint", "v text").replace("sum(v)", "sum(CASE v WHEN 'two' THEN 2 ELSE v::bigint END)"))
    retries = [shop.program.start("dead-letters", "total", "--retry", "-o", "json") for _ in range(3)]
    outcomes = [each.wait() for each in retries]
    assert [each.code for each in outcomes] == [0, 0, 0]
    assert sum(json.loads(each.stdout)["applied"] for each in outcomes) == 40
    assert shop.total() == 160 and shop.status()["dead_letters"] == 0


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


@pytest.mark.parametrize("on_error", ["dead_letter", "block"])
def test_a_role_that_apply_sql_takes_is_not_that_of_dead_letters(shop, on_error):
    role = f"applies_{shop.database.name}"
    shop.run("migrate", "total")
    shop.execute(f"CREATE ROLE {role}; GRANT SELECT, INSERT, UPDATE ON total TO {role}")
    shop.write("total/projection.conf", f"topic = live\nbatch = 50\ntables = public.total\non_error = {on_error}\n")
    shop.write("total/apply.sql", f"SET LOCAL ROLE {role};\n{TOTAL}")
    shop.topic.append({"u": "a", "v": 1}, {"u": "a", "v": "many"}, {"u": "a", "v": 5})
    outcome = shop.once(expect=3 if on_error == "block" else 0)
    if on_error == "block":
        assert "position 1 of topic 'live'" in outcome.summary["msg"] and shop.total() == 1
    else:
        assert shop.total() == 6 and shop.status()["dead_letters"] == 1
        shop.run("dead-letters", "total", "--retry")
        assert shop.status()["dead_letters"] == 1
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
    told = {line["plugin"]: line["error.message"] for line in outcome.events("projection.plugin_failed")}
    assert told["a"].startswith("'total/plugins/a/apply.sql': ") and told["b"] == "'total/plugins/b/apply.sql': relation \"nowhere\" does not exist"


def test_a_plugin_whatever_it_ends_with_and_sets_costs_itself(shop):
    """An error that is worth another try of the batch, a constraint that it puts off, a role and a path that stay."""
    shop.write("total/plugins/a/apply.sql", "DO $do$ BEGIN RAISE EXCEPTION 'away' USING ERRCODE = '08006'; END $do$")
    shop.write("total/plugins/b/migrations/001.sql", "CREATE TABLE once (n int UNIQUE DEFERRABLE INITIALLY DEFERRED)")
    shop.write("total/plugins/b/apply.sql", "SET CONSTRAINTS ALL DEFERRED; INSERT INTO once VALUES (1), (1)")
    shop.write("total/plugins/c/migrations/001.sql", "CREATE TABLE seen (n int)")
    shop.write("total/plugins/c/apply.sql", "INSERT INTO seen SELECT json_array_length($1); SET LOCAL search_path = nowhere; SET LOCAL ROLE pg_monitor")
    shop.write("total/plugins/d/apply.sql", "INSERT INTO seen SELECT 1000")
    shop.post(40)
    shop.topic.append({"u": "a", "v": "wrong"})
    outcome = shop.once()
    assert shop.total() == shop.posted and shop.status()["dead_letters"] == 1
    assert {each["plugin"] for each in outcome.events("projection.plugin_failed")} == {"a", "b"}
    assert shop.value("SELECT count(*) FROM once") == 0
    assert shop.value("SELECT sum(n) FROM seen WHERE n < 1000") == 40 and shop.value("SELECT count(*) FROM seen WHERE n = 1000") > 0


def test_check_says_what_projections_lack(shop):
    shop.post(5)
    found = json.loads(shop.run("check", "--for", "project", "-o", "json").stdout)
    assert found["ok"] and {"journal", "database", "schema", "projection total", "position total"} <= {each["name"] for each in found["checks"]}
    shop.write("broken/projection.conf", "topic = live\n")
    found = json.loads(shop.run("check", "--for", "project", "-o", "json", expect=3, JOURNAL=shop.directory / "nowhere").stdout)
    failed = {each["name"]: each["detail"] for each in found["checks"] if each["status"] == "failed"}
    assert failed["projection broken"] == "'broken/apply.sql' is missing" and "nowhere" in failed["journal"]
    remedies = {each["name"]: each["remedy"] for each in found["checks"] if each["status"] == "failed"}
    assert str(shop.directory) in remedies["projection broken"] and "JOURNAL" in remedies["journal"]


@pytest.mark.parametrize("project", ["broken", "nosuch", "total,broken,nosuch"])
def test_check_goes_on_after_a_projection_that_is_asked_for_and_cannot_run(shop, project):
    shop.post(5)
    shop.once()
    shop.write("broken/projection.conf", "topic = live\n")
    found = json.loads(shop.run("check", "--for", "project", "-o", "json", expect=3 if "broken" in project else 2, PROJECT=project).stdout)
    lines = {each["name"]: each for each in found["checks"]}
    assert {"journal", "database", "schema"} <= lines.keys()
    for name in project.split(","):
        line = lines[f"projection {name}"]
        assert (line["status"], bool(line["remedy"])) == (("ok", False) if name == "total" else ("failed", True)), line
    assert "nosuch" not in project or "there is no projection 'nosuch'" == lines["projection nosuch"]["detail"]


def test_check_goes_on_where_a_directory_of_projections_cannot_be_read(shop):
    found = json.loads(shop.run("check", "--for", "project", "-o", "json", expect=3, PROJECTIONS_PATH="/nowhere").stdout)
    lines = {each["name"]: each for each in found["checks"]}
    assert "/nowhere" in lines["projections"]["detail"] and "PROJECTIONS_PATH" in lines["projections"]["remedy"]
    assert lines["database"]["status"] == "ok"


def test_a_migration_that_the_server_does_not_understand_is_a_mistake_in_its_file(shop):
    shop.write("total/migrations/002.sql", "CREATE TABEL extra (i integer)")
    error = shop.run("migrate", expect=3).events("run.error")[0]
    assert "migration 'total/migrations/002.sql'" in error["msg"] and error["db.response.status_code"] == "42601"
    assert "Fix the file in" in error["error.hint"]
