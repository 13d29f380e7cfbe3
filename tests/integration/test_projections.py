"""`project`, `projections`, `dead-letters` and `migrate`, over a journal that the test writes."""
import json
import shutil
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


def test_a_wrong_apply_sql_stops_and_goes_on_once_fixed(shop):
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
    # With another group it begins again, on top of existing rows.
    shop.once(KAFKA_GROUP_ID="after-the-loss")
    assert shop.total() == shop.posted + 1
    shop.journal.rename(shop.directory / "other")
    kept.rename(shop.journal)
    shop.execute("UPDATE event_archiver.position SET next = 51 WHERE projection = 'total'")
    message = shop.once(expect=7).summary["msg"]
    assert "position 51" in message and "0 to 50" in message


def test_a_restored_or_new_database_gets_everything(shop):
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


def test_replay_of_tables_that_are_emptied_begins_with_the_first_event_or_not_at_all(shop):
    shop.post(60)
    shop.once()
    for start in ("2", "2999-01-01"):
        refused = shop.program.run("projections", "replay", "total", "--from", start)
        assert refused.code == 3 and "the events before it would be missing" in refused.stderr, str(refused)
        assert shop.total() == shop.posted
    for start in ("0", "2000-01-01"):
        shop.run("projections", "replay", "total", "--from", start)
        shop.once()
        assert shop.total() == shop.posted


def test_a_replay_passes_over_no_event_that_was_not_applied_yet(shop):
    shop.write("total/projection.conf", "topic = live\nbatch = 50\ntables = public.total\nreplay = keep\n")
    shop.post(10)
    shop.once()
    shop.post(10)
    for start in ("15", "2999-01-01"):
        shop.run("projections", "replay", "total", "--from", start)
        assert shop.status()["position"] == 10
    shop.once()
    assert shop.total() == shop.posted


@pytest.mark.parametrize("start", ["99", "2999-01-01"])
def test_a_rebuild_of_no_event_leaves_the_tables_as_they_are(shop, start):
    shop.post(10)
    shop.once()
    refused = shop.program.run("projections", "rebuild", "total", "--from", start)
    assert refused.code == 3 and "or after it" in refused.stderr, str(refused)
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
    # Who takes it out of the file means it.
    shop.write("total/projection.conf", f"topic = live\nbatch = 50\ntables = public.total\nreplay = {replay}\n")
    shop.run("projections", "rebuild", "total")
    assert shop.total() == shop.posted


def test_a_replay_where_one_of_its_tables_is_gone_empties_the_others(shop):
    shop.write("total/projection.conf", "topic = live\nbatch = 50\ntables = public.total, public.seen\n")
    shop.write("total/migrations/002.sql", "CREATE TABLE IF NOT EXISTS seen (at bigint)")
    shop.write("total/apply.sql", TOTAL + ";\nINSERT INTO seen SELECT $4 + n - 1 FROM json_array_elements($1) WITH ORDINALITY AS e(v, n)")
    shop.post(60)
    shop.once()
    for lost in ("seen", "total", "seen, total"):
        shop.execute(f"DROP TABLE {lost}")
        shop.run("projections", "replay", "total")
        assert (shop.total(), shop.value("SELECT count(*) FROM seen")) == (0, 0)
        shop.once()
        assert (shop.total(), shop.value("SELECT count(*) FROM seen")) == (shop.posted, 60)


def test_a_replay_whose_migrations_cannot_make_the_table_again_changes_nothing(shop):
    shop.write("total/projection.conf", "topic = live\nbatch = 50\ntables = public.total, public.seen\n")
    shop.write("total/migrations/001.sql", "CREATE TABLE total (user_id text PRIMARY KEY, value bigint NOT NULL); CREATE TABLE seen ()")
    shop.post(60)
    shop.once()
    shop.execute("DROP TABLE seen")
    shop.run("projections", "replay", "total", expect=1)
    shop.once()
    assert shop.total() == shop.posted


def test_a_replay_needs_to_know_the_tables(shop):
    shop.post(60)
    shop.write("total/projection.conf", "topic = live\nbatch = 50\n")
    shop.once()
    refused = shop.run("projections", "replay", "total", expect=3)
    assert "does not name its tables" in refused.summary["msg"]
    shop.once()
    assert shop.total() == shop.posted
    # It promises that a second application changes nothing.
    shop.write("total/projection.conf", "topic = live\nbatch = 50\nreplay = keep\n")
    shop.run("projections", "replay", "total")
    assert shop.status()["position"] == 0


def put_back(shop, kept, end: int) -> None:
    shutil.rmtree(shop.journal)
    shutil.copytree(kept, shop.journal)
    shop.topic.end = end


@pytest.fixture
def grown(shop):
    """The projection has applied 50 events; the journal was put back to 30, and has taken 40 others since."""
    shop.post(30)
    kept = shutil.copytree(shop.journal, shop.directory / "kept")
    shop.post(20)
    shop.once()
    put_back(shop, kept, 30)
    assert "position 50" in shop.once(expect=7).summary["msg"]
    shop.topic.append(*({"u": "new", "v": 1} for _ in range(40)))
    return shop


def test_a_journal_that_was_put_back_is_refused_when_it_has_grown_again(grown):
    message = grown.once(expect=7).summary["msg"]
    assert "position 50" in message and "another event" in message and "0 to 70" in message
    for what in ("rebuild", "replay"):
        assert "another event" in grown.run("projections", what, "total", expect=7).summary["msg"]
    assert grown.total() == grown.posted
    assert grown.value("SELECT next FROM event_archiver.position") == 50
    # Another group applies what it has.
    grown.execute("TRUNCATE total")
    grown.once(KAFKA_GROUP_ID="after")
    assert grown.total() == 30 * 31 // 2 + 40


def test_a_replay_from_a_journal_that_is_too_short_empties_nothing(shop):
    shop.post(30)
    kept = shutil.copytree(shop.journal, shop.directory / "kept")
    shop.post(20)
    shop.once()
    put_back(shop, kept, 30)
    message = shop.run("projections", "replay", "total", expect=7).summary["msg"]
    assert "position 50" in message and "0 to 30" in message and shop.total() == shop.posted
    # Where applying again changes nothing, rows stay, and the position begins with what there is.
    shop.write("total/projection.conf", "topic = live\nbatch = 50\ntables = public.total\nreplay = keep\n")
    shop.run("projections", "replay", "total")
    assert shop.total() == shop.posted and shop.status()["position"] == 0


def test_a_journal_that_was_put_back_is_refused_behind_an_event_that_blocks(shop):
    shop.write("total/projection.conf", "topic = live\nbatch = 50\ntables = public.total\non_error = block\n")
    shop.post(30)
    kept = shutil.copytree(shop.journal, shop.directory / "kept")
    shop.post(20)
    shop.once()
    shop.topic.append({"u": "bad", "v": "many"})
    shop.once(expect=3)
    put_back(shop, kept, 30)
    shop.topic.append(*({"u": "new", "v": 1} for _ in range(40)))
    assert "another event" in shop.once(expect=7).summary["msg"]


def test_positions_of_an_earlier_version_are_taken_over(shop):
    shop.post(30)
    shop.once()
    shop.execute("ALTER TABLE event_archiver.position DROP COLUMN mark")
    shop.status()
    shop.once()
    shop.post(10)
    shop.once()
    assert shop.total() == shop.posted
    assert shop.value("SELECT mark FROM event_archiver.position").startswith("39 ")


def test_a_projection_that_is_paused_before_its_topic_is_there(shop):
    shop.write("total/projection.conf", "topic = live, other\nbatch = 50\ntables = public.total\n")
    process = shop.program.start("project", "total")
    shop.post(10)
    shop.wait_for(lambda: shop.value("SELECT to_regclass('total')") and shop.total() == shop.posted)
    assert shop.run("projections", "pause", "total").stdout == "paused\n"
    TopicFile(shop.journal, "other").append({"u": "b", "v": 7})
    time.sleep(3)
    assert shop.total() == shop.posted
    states = "SELECT string_agg(topic || ' ' || next || ' ' || state, ',' ORDER BY topic) FROM event_archiver.position"
    assert shop.value(states) == "live 10 paused,other 0 paused"
    shop.run("projections", "resume", "total")
    shop.wait_for(lambda: shop.total() == shop.posted + 7)
    process.send(signal.SIGTERM)
    process.wait()


def test_a_projection_that_is_paused_before_any_of_its_topics_is_there(shop):
    shop.write("total/projection.conf", "topic = later\nbatch = 50\ntables = public.total\n")
    shop.run("projections", "pause", "total")
    assert shop.status()["state"] == "paused"
    TopicFile(shop.journal, "later").append({"u": "b", "v": 7})
    shop.once(expect=3)
    assert shop.total() == 0
    # A replay and a rebuild take what is paused as it is.
    shop.run("projections", "replay", "total")
    shop.run("projections", "rebuild", "total")
    shop.run("projections", "resume", "total")
    shop.once()
    assert shop.total() == 7


def test_a_name_without_a_position_cannot_be_resumed(shop):
    shop.post(10)
    shop.once()
    refused = shop.run("projections", "resume", "total", expect=3, KAFKA_GROUP_ID="typo")
    assert "'total@typo'" in refused.summary["msg"]
    shop.run("projections", "resume", "total")


def test_a_position_that_is_in_use_is_not_forgotten(shop):
    shop.post(10)
    process = shop.program.start("project", "total")
    shop.wait_for(lambda: shop.value("SELECT to_regclass('total')") and shop.total() == shop.posted)
    refused = shop.run("projections", "forget", "total", expect=3)
    assert "still defined" in refused.summary["msg"]
    shop.run("projections", "forget", "total", expect=3)
    # A paused projection may be forgotten; the process that runs it does not begin again.
    shop.run("projections", "pause", "total")
    assert shop.run("projections", "forget", "total").stdout == "forgotten\n"
    process.wait_for_output('"projection.failed"')
    time.sleep(1.5)
    assert shop.total() == shop.posted and shop.value("SELECT count(*) FROM event_archiver.position") == 0
    process.send(signal.SIGTERM)
    assert len(process.wait().events("projection.failed")) == 1


def test_a_position_that_vanishes_under_a_running_projection_stops_it(shop):
    shop.post(10)
    process = shop.program.start("project", "total")
    shop.wait_for(lambda: shop.value("SELECT to_regclass('total')") and shop.total() == shop.posted)
    shop.execute("DELETE FROM event_archiver.position")
    shop.post(10)
    process.wait_for_output('"projection.failed"')
    time.sleep(1.5)
    assert shop.total() == 55
    process.send(signal.SIGTERM)
    process.wait()


def test_a_projection_that_begins_behind_removed_events_warns(shop):
    late = TopicFile(shop.journal, "late", first=40)
    late.append({"u": "b", "v": 7})
    shop.write("total/projection.conf", "topic = late\nbatch = 50\ntables = public.total\n")
    warned = shop.once().events("projection.begins_late")
    assert [(each["level"].lower(), each["position"]) for each in warned] == [("warn", 40)]
    assert not shop.once().events("projection.begins_late")


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
