"""Whether the journal is the one that the positions in PostgreSQL speak of."""
import json
import shutil

import pytest

from support.gate import DatabaseGate, database_error
from support.journal_files import TopicFile
from support.shop import Shop


@pytest.fixture
def shop(binary, database, tmp_path):
    return Shop(binary, database, tmp_path)


def verified(shop, expect: int, **settings) -> dict:
    told = json.loads(shop.run("journal", "verify", "-o", "json", expect=expect, **settings).stdout)
    assert told["ok"] == (expect == 0)
    return {each["topic"]: each for each in told["topics"]}


def test_verify_compares_what_it_reads_with_the_positions(shop):
    shop.post(50)
    assert verified(shop, 0)["live"]["events"] == 50  # no projection has begun: there is no table yet
    shop.once()
    assert verified(shop, 0)["live"]["ok"]
    shop.execute("UPDATE event_archiver.position SET next = 51")
    shorter = verified(shop, 7)["live"]
    assert (shorter["events"], shorter["position"]) == (50, 51) and "projection 'total' is at position 51" in shorter["error"]
    assert "past the journal's end" in shop.run("journal", "verify", expect=7).stdout
    shop.execute("UPDATE event_archiver.position SET next = 50")
    # Another journal in its place, which reads whole.
    kept = shop.journal.rename(shop.directory / "kept")
    TopicFile(shop.journal).append(*({"u": "b", "v": 1} for _ in range(60)))
    assert "but this journal is" in verified(shop, 7)["live"]["error"]
    # The positions of another group do not count: it begins again with this one.
    assert verified(shop, 0, KAFKA_GROUP_ID="after-the-loss")["live"]["events"] == 60
    shutil.rmtree(shop.journal)
    TopicFile(shop.journal, "other")
    gone = verified(shop, 7)
    assert gone["other"]["ok"] and "at position 50 of topic 'live', partition 0, and the journal has no such topic" in gone["live"]["error"]
    shutil.rmtree(shop.journal)
    assert "there is no journal in" in shop.run("journal", "verify", expect=7).stderr
    kept.rename(shop.journal)
    assert verified(shop, 0)["live"]["ok"]


@pytest.mark.parametrize("apis", ["events", "live"])
@pytest.mark.parametrize("lost", ["journal", "topic"])
def test_a_server_that_is_refused_makes_nothing_in_the_place_of_what_is_lost(shop, apis, lost):
    """Otherwise `journal verify` would find a journal without events, which is right."""
    shop.post(5)
    shop.once()
    shutil.rmtree(shop.journal)
    if lost == "topic":
        TopicFile(shop.journal, "other")
    refused = shop.run("serve", "--apis", apis, "--port", "0", expect=7, PROJECT="none")
    assert "at position 5 of topic 'live', partition 0, and the journal has no such topic" in refused.summary["msg"]
    assert shop.journal.exists() == (lost == "topic") and not (shop.journal / "live").exists()
    if lost == "journal":
        assert "there is no journal in" in shop.run("journal", "verify", expect=7, PG_CONNECTION_STRING=None).stderr


def test_a_passing_failure_of_the_first_look_does_not_let_a_server_begin_on_another_journal(shop, database):
    """It looks twice, before a topic is made and before the first request: the second look counts where the first came to nothing."""
    shop.post(5)
    shop.once()
    shutil.rmtree(shop.journal)
    other = TopicFile(shop.journal)
    other.append({"u": "b", "v": 1})
    (shop.journal / "live/id").write_text(f"{other.id}\n")  # as a server takes it
    with DatabaseGate(database.server.port) as gate:
        rule = gate.on(database_error("57P01"), contains="'mark'")
        uri = database.server.uri(database.name, port=gate.port)
        refused = shop.run("serve", "--apis", "live", "--port", "0", expect=7, PROJECT="none", PG_CONNECTION_STRING=uri)
        assert rule.hits == 1
    assert "but this journal is" in refused.summary["msg"]
    assert not refused.events("serve.listening")


def test_without_a_database_it_only_reads_and_with_one_that_is_away_it_says_so(shop):
    shop.post(5)
    assert verified(shop, 0, PG_CONNECTION_STRING=None)["live"]["ok"]
    away = shop.run("journal", "verify", expect=5, PG_CONNECTION_STRING="postgresql://nobody@127.0.0.1:9/none")
    assert "127.0.0.1" in away.stderr


def test_a_journal_that_was_put_back_and_has_grown_longer_since_is_refused(shop):
    """Its id is the same and no position is behind its end: only the event before the position is another one."""
    shop.post(30)
    shutil.copytree(shop.journal, shop.directory / "backup")
    shop.post(30)
    shop.once()
    applied = shop.total()
    shutil.rmtree(shop.journal)
    (shop.directory / "backup").rename(shop.journal)
    shop.topic.end = 30
    shop.post(50, u="later")
    message = shop.once(expect=7).summary["msg"]
    assert "is at position 60" in message and "another event stands before it" in message and "0 to 80" in message
    assert "another event stands before it" in verified(shop, 7)["live"]["error"]
    assert shop.total() == applied
    # Another group name begins again.
    shop.once(KAFKA_GROUP_ID="anew")
    assert verified(shop, 0, KAFKA_GROUP_ID="anew")["live"]["events"] == 80


def test_a_position_that_was_set_by_hand_is_believed(shop):
    shop.post(60)
    shop.once()
    shop.execute("UPDATE event_archiver.position SET next = 20")
    assert shop.once().summary["events"] == 40
    assert verified(shop, 0)["live"]["ok"]
