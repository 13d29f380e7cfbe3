"""Positions: of a journal that is another or shorter now, of a topic that is not there yet, of a name that nobody has."""
import shutil
import signal
import time

import pytest

from support.journal_files import TopicFile
from support.servers import ROOT
from support.shop import Shop


@pytest.fixture
def shop(binary, database, tmp_path):
    return Shop(binary, database, tmp_path)


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
    assert shop.run("projections", "pause", "total").stdout == "total: paused\n"
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


def test_a_name_without_a_position_cannot_be_forgotten(shop):
    shop.post(10)
    shop.once()
    refused = shop.run("projections", "forget", "total@typo", expect=3)
    assert "'total@typo' has no position to forget" in refused.summary["msg"]


def test_a_position_that_is_in_use_is_not_forgotten(shop):
    shop.post(10)
    process = shop.program.start("project", "total")
    shop.wait_for(lambda: shop.value("SELECT to_regclass('total')") and shop.total() == shop.posted)
    refused = shop.run("projections", "forget", "total", expect=3)
    assert "still defined" in refused.summary["msg"]
    shop.run("projections", "forget", "total", expect=3)
    # A paused projection may be forgotten; the process that runs it does not begin again.
    shop.run("projections", "pause", "total")
    assert shop.run("projections", "forget", "total").stdout == "total: forgotten\n"
    process.wait_for_output('"projection.failed"')
    time.sleep(1.5)
    assert shop.total() == shop.posted and shop.value("SELECT count(*) FROM event_archiver.position") == 0
    process.send(signal.SIGTERM)
    assert len(process.wait().events("projection.failed")) == 1


def test_a_position_with_dead_letters_is_forgotten_with_them_or_not_at_all(shop):
    shop.post(3)
    shop.topic.append({"u": "user", "v": "no number"})
    shop.once(KAFKA_GROUP_ID="old")
    letters = "SELECT count(*) FROM event_archiver.dead_letter WHERE projection = 'total@old'"
    assert shop.value(letters) == 1
    refused = shop.run("projections", "forget", "total@old", expect=3)
    assert "'total@old' has 1 dead letter" in refused.summary["msg"] and "--drop" in refused.log[-1].get("hint", refused.stderr)
    assert shop.value(letters) == 1 and shop.status("total@old")["state"] == "running"
    assert shop.run("projections", "forget", "total@old", "--drop").stdout == "total@old: forgotten\n"
    assert shop.value(letters) == 0 and shop.value("SELECT count(*) FROM event_archiver.position") == 0
    assert "--drop belongs to `projections forget`" in shop.run("projections", "pause", "total", "--drop", expect=2).stderr


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


@pytest.mark.parametrize("before", ["nothing", "pause", "replay"])
def test_a_projection_that_begins_behind_removed_events_warns(shop, before):
    late = TopicFile(shop.journal, "late", first=40)
    late.append({"u": "b", "v": 7})
    shop.write("total/projection.conf", "topic = late\nbatch = 50\ntables = public.total\n")
    if before != "nothing":
        conf = "topic = late\nbatch = 50\ntables = public.total\n" + ("replay = keep\n" if before == "replay" else "")
        shop.write("total/projection.conf", conf)
    warned = []
    if before == "pause":
        shop.run("projections", "pause", "total")
        assert (shop.status()["position"], shop.status()["behind"]) == (40, 1)
        shop.run("projections", "resume", "total")
    if before == "replay":
        warned = shop.run("projections", "replay", "total").events("projection.begins_late")
    warned += shop.once().events("projection.begins_late")
    assert [(each["level"].lower(), each["position"]) for each in warned] == [("warn", 40)]
    assert not shop.once().events("projection.begins_late")


def test_a_changed_copy_of_a_shipped_projection_reads_the_topic_that_is_set(shop):
    shutil.copytree(ROOT / "projections/timestamps", shop.own / "timestamps")
    conf = shop.own / "timestamps/projection.conf"
    conf.write_text(conf.read_text() + "batch = 100\n")
    assert shop.status("timestamps", KAFKA_PUBLISH_TOPIC="my.topic")["topic"] == "my.topic"
    assert shop.status("timestamps", KAFKA_PUBLISH_TOPIC="my.topic", KAFKA_CONSUMER_TOPIC="another")["topic"] == "another"
    conf.write_text("topic = of.my.own\n")
    assert shop.status("timestamps", KAFKA_PUBLISH_TOPIC="my.topic")["topic"] == "of.my.own"
