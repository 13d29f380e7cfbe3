"""Dead letters where a journal was lost and another one has events at the same positions: each event is in the tables or in a letter."""
import json
import shutil

import pytest

from support.journal_files import TopicFile
from support.shop import Shop

GOOD, OLD, NEW = {"u": "a", "v": 1}, {"u": "a", "v": "old"}, {"u": "a", "v": "new"}


@pytest.fixture
def shop(binary, database, tmp_path):
    shop = Shop(binary, database, tmp_path)
    shop.write("total/projection.conf", "topic = live\nbatch = 50\ntables = public.total\nreplay = keep\n")
    shop.topic.append(GOOD, OLD, GOOD)
    shop.once()
    return shop


def begin_another_journal(shop, *values) -> None:
    shutil.rmtree(shop.journal)
    shop.topic = TopicFile(shop.journal)
    shop.topic.append(*values)


def letters(shop) -> list:
    found = json.loads(shop.run("dead-letters", "total", "-o", "json").stdout)["dead_letters"]
    return [(each["position"], each["value"]) for each in found]


def test_a_letter_takes_the_place_of_no_letter_of_a_lost_journal(shop):
    begin_another_journal(shop, GOOD, NEW, GOOD)
    shop.run("projections", "replay", "total")
    refused = shop.once(expect=3)
    assert "is that of another event" in refused.summary["msg"] and "--drop" in refused.stderr
    assert letters(shop) == [(1, OLD)] and shop.total() == 2
    shop.run("dead-letters", "total", "--drop", "1")
    shop.once()
    assert letters(shop) == [(1, NEW)] and shop.total() == 4


def test_a_replay_of_another_journal_keeps_the_letters_of_the_lost_one(shop):
    begin_another_journal(shop, GOOD, GOOD, NEW)
    shop.run("projections", "replay", "total")
    shop.once()
    assert letters(shop) == [(1, OLD), (2, NEW)]
    shop.run("projections", "replay", "total")
    assert letters(shop) == [(1, OLD)], "the other one is met again"
    shop.once()
    assert letters(shop) == [(1, OLD), (2, NEW)]


def test_a_rebuild_from_another_journal_keeps_the_letters_of_the_lost_one(shop):
    begin_another_journal(shop, GOOD, NEW, GOOD)
    shop.run("projections", "replay", "total")
    refused = shop.run("projections", "rebuild", "total", "--only-events", expect=3)
    assert "is that of another event" in refused.summary["msg"] and letters(shop) == [(1, OLD)]
    shop.run("dead-letters", "total", "--drop", "1")
    shop.run("projections", "rebuild", "total", "--only-events")
    assert letters(shop) == [(1, NEW)]


def test_letters_of_an_earlier_version_belong_to_the_journal_that_is_read(shop):
    shop.execute("ALTER TABLE event_archiver.dead_letter DROP COLUMN journal")
    shop.run("projections", "replay", "total")
    assert letters(shop) == []
    shop.once()
    assert letters(shop) == [(1, OLD)]
