"""`projections replay`: what is applied again, and what is never emptied for it."""
import json
import shutil

import psycopg2
import pytest

from support.journal_files import TopicFile
from support.shop import TOTAL, Shop


@pytest.fixture
def shop(binary, database, tmp_path):
    return Shop(binary, database, tmp_path)


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
    assert shop.run("projections", "forget", "total@again").stdout == "total@again: forgotten\n"


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
    refused = shop.run("projections", "replay", "total", expect=3)
    assert 'table "public"."seen" of projection \'total\' is not there' in refused.summary["msg"] and "projections rebuild total" in refused.stderr
    shop.once()
    assert shop.total() == shop.posted


@pytest.mark.parametrize("mistake", ["an applied migration was changed", "a new migration fails"])
def test_a_replay_whose_files_no_process_can_use_empties_nothing(shop, mistake):
    """The tables would stay empty until somebody mends the file."""
    shop.post(60)
    shop.once()
    if mistake == "a new migration fails":
        shop.write("total/migrations/002.sql", "SELECT 1/0")
    else:
        shop.write("total/migrations/001.sql", "CREATE TABLE IF NOT EXISTS total (user_id text PRIMARY KEY, value bigint NOT NULL) -- changed")
    refused = shop.run("projections", "replay", "total", expect=3)
    assert "total/migrations/00" in refused.summary["msg"]
    assert shop.total() == shop.posted and shop.status()["position"] == 60


def test_a_replay_applies_new_migrations_first(shop):
    shop.post(60)
    shop.once()
    shop.write("total/migrations/002.sql", "CREATE TABLE noted AS SELECT sum(value) AS value FROM total")
    shop.run("projections", "replay", "total")
    assert shop.value("SELECT value FROM noted") == shop.posted and shop.total() == 0
    shop.once()
    assert shop.total() == shop.posted


@pytest.mark.parametrize("command", [("migrate", "total"), ("project", "total", "--once"), ("projections", "replay", "total"), ("projections", "rebuild", "total")], ids=lambda each: " ".join(each))
def test_a_migration_that_was_renamed_is_not_applied_a_second_time(shop, command):
    shop.write("total/migrations/002.sql", "CREATE TABLE IF NOT EXISTS side (x int); INSERT INTO side VALUES (1)")
    shop.post(60)
    shop.once()
    (shop.own / "total/migrations/002.sql").rename(shop.own / "total/migrations/020.sql")
    refused = shop.run(*command, expect=3)
    assert "'total/migrations/020.sql' was applied as 'total/migrations/002.sql'" in refused.stderr and "old name" in refused.stderr
    assert shop.value("SELECT count(*) FROM side") == 1 and shop.total() == shop.posted
    # The same text twice is no renaming while both files are there.
    (shop.own / "total/migrations/020.sql").rename(shop.own / "total/migrations/002.sql")
    shop.write("total/migrations/003.sql", "CREATE TABLE IF NOT EXISTS side (x int); INSERT INTO side VALUES (1)")
    shop.run("migrate", "total")
    assert shop.value("SELECT count(*) FROM side") == 2


def test_a_migration_that_comes_too_late_is_told(shop):
    """It is applied behind those whose names come later, so it may undo what they did."""
    shop.write("total/migrations/002.sql", "SELECT 1")
    shop.write("total/plugins/a/migrations/001.sql", "SELECT 2")
    shop.write("total/plugins/a/apply.sql", "SELECT 1")
    assert not shop.run("migrate", "total").events("projection.migrated_late")
    shop.write("total/migrations/003.sql", "SELECT 3")
    shop.write("total/plugins/0/migrations/001.sql", "SELECT 4")
    shop.write("total/plugins/0/apply.sql", "SELECT 1")
    assert not shop.run("migrate", "total").events("projection.migrated_late"), "another directory has an order of its own"
    shop.write("total/migrations/0015.sql", "SELECT 5")
    (told,) = shop.run("migrate", "total").events("projection.migrated_late")
    assert (told["file"], told["later"]) == ("migrations/0015.sql", "migrations/002.sql")


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


def test_a_replay_finds_its_place_beside_a_projection_at_work(shop):
    """Each batch of one event moves the position: a replay that has seen it must not find another one when it sets it back."""
    shop.write("total/projection.conf", "topic = live\nbatch = 1\ntables = public.total\n")
    shop.post(3_000)
    process = shop.program.start("project", "total")
    for _ in range(5):
        shop.wait_for(lambda: shop.value("SELECT to_regclass('event_archiver.position')") and shop.value("SELECT next FROM event_archiver.position"))
        shop.run("projections", "replay", "total", ARCHIVE_RETRIES="0")
    shop.wait_for(lambda: shop.total() == shop.posted, 120)
    process.send(15)
    assert process.wait().code == 143
    assert shop.total() == shop.posted


def test_a_replay_behind_a_long_reader_keeps_other_readers_waiting_for_a_moment_only(shop):
    """Each try waits for the tables, and all that come after wait behind it."""
    shop.post(10)
    shop.once()
    reader, bystander = psycopg2.connect(shop.database.uri), psycopg2.connect(shop.database.uri, options="-c statement_timeout=15s")
    bystander.autocommit = True
    with reader.cursor() as long, bystander.cursor() as short:
        long.execute("SELECT count(*) FROM total")
        process = shop.program.start("projections", "replay", "total")
        while process.running and b'"retry"' not in process.output["stderr"]:
            short.execute("SELECT count(*) FROM total")
        reader.rollback()
    outcome = process.wait()
    assert outcome.code == 0, str(outcome)
    reader.close()
    bystander.close()
    shop.once()
    assert shop.total() == shop.posted


def test_a_replay_of_a_paused_projection_says_that_it_stays_paused(shop):
    shop.post(5)
    shop.once()
    shop.run("projections", "pause", "total")
    assert "still paused" in shop.run("projections", "replay", "total").stdout
    shop.run("projections", "resume", "total")
    assert "still paused" not in shop.run("projections", "replay", "total").stdout
