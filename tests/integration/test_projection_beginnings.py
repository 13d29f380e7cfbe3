"""What a projection finds in its tables where it begins: events that were applied there before are not applied a second time in silence."""
import shutil

import pytest

from support.journal_files import TopicFile
from support.shop import Shop


@pytest.fixture
def shop(binary, database, tmp_path):
    made = Shop(binary, database, tmp_path)
    made.post(60)
    made.once()
    return made


def renamed(shop) -> None:
    (shop.own / "total").rename(shop.own / "sum")


def test_a_renamed_directory_does_not_apply_everything_again(shop):
    renamed(shop)
    refused = shop.run("project", "sum", "--once", expect=3).summary["msg"]
    assert "'total', which no directory defines any more, has applied topic 'live' up to position 60 to the table public.total" in refused
    assert shop.total() == shop.posted and shop.status("sum")["state"] == "not_started"
    served = shop.program.run("serve", "--apis", "timestamps", "--port", "0", settings={"PROJECT": "sum"})
    assert served.code == 3 and "a second time" in served.stderr
    (shop.own / "sum").rename(shop.own / "total")
    shop.post(10)
    shop.once()
    assert shop.total() == shop.posted


@pytest.mark.parametrize("remedy", ["empty", "forget", "both"])
def test_each_remedy_that_the_refusal_names_lets_it_begin(shop, remedy):
    renamed(shop)
    assert "PROJECTIONS_PATH" in shop.run("project", "sum", "--once", expect=3).log[-1].get("hint", "") + shop.run("project", "sum", "--once", expect=3).stderr
    factor = 2
    if remedy == "empty":
        shop.execute("TRUNCATE total")
        factor = 1
    elif remedy == "forget":
        shop.run("projections", "forget", "total")
    else:
        shutil.copytree(shop.own / "sum", shop.own / "total")
    outcome = shop.run("project", "sum", "--once")
    assert shop.total() == factor * shop.posted
    assert len(outcome.events("projection.rows_before")) == factor - 1


def test_positions_that_were_removed_are_told_of(shop):
    shop.execute("DROP SCHEMA event_archiver CASCADE")
    [told] = shop.once().events("projection.rows_before")
    assert (told["level"], told["tables"], told["topic"]) == ("warn", "public.total", "live")
    assert shop.total() == 2 * shop.posted
    assert not shop.once().events("projection.rows_before")


def test_nothing_is_said_where_nothing_can_be_applied_twice(shop):
    shop.execute("TRUNCATE total; DROP SCHEMA event_archiver CASCADE")
    assert not shop.once().events("projection.rows_before"), "empty tables"
    shop.execute("TRUNCATE total")
    assert not shop.once(KAFKA_GROUP_ID="again").events("projection.rows_before"), "empty tables of another group"
    shop.write("total/projection.conf", "topic = live\ntables = public.total\nreplay = keep\n")
    shop.execute("DROP SCHEMA event_archiver CASCADE")
    assert not shop.once().events("projection.rows_before"), "applying an event again changes nothing, it says"
    renamed(shop)
    assert not shop.run("project", "sum", "--once").events("projection.rows_before")


def test_another_group_that_applies_each_event_again_is_told_of(shop):
    [told] = shop.once(KAFKA_GROUP_ID="other").events("projection.rows_before")
    assert (told["level"], told["tables"]) == ("warn", "public.total")
    assert shop.total() == 2 * shop.posted
    assert not shop.once(KAFKA_GROUP_ID="other").events("projection.rows_before")
    assert not shop.once().events("projection.rows_before")


def test_nothing_is_said_of_another_group_that_begins_with_another_journal(shop):
    """As the documents have it where a journal is lost for good: these events are in no row yet."""
    shutil.rmtree(shop.journal)
    shop.topic = TopicFile(shop.journal)
    shop.post(10)
    assert not shop.once(KAFKA_GROUP_ID="other").events("projection.rows_before")
    assert shop.total() == shop.posted
