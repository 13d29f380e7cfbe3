"""Positions of projections over a real broker: shown in the consumer group, and those of a topic that was made again."""
import json
import time

import pytest

from support import broker as brokers
from support.shop import Shop

pytestmark = pytest.mark.skipif(bool(brokers.missing()), reason=brokers.missing())


@pytest.fixture
def shop(fault_binary, database, broker, java, tmp_path):
    """Its projection reads the topic `live` of the broker, which has one partition and nothing in it."""
    it = Shop(fault_binary, database, tmp_path)
    it.program = it.program.with_settings({"JOURNAL": f"kafka://{broker.address}", "KAFKA_GROUP_ID": f"g{database.name}"})
    remake(java)
    return it


def remake(java) -> None:
    try:
        java("delete", topic="live")
    except RuntimeError as failed:
        assert "UnknownTopic" in str(failed)
    until = time.monotonic() + 30
    while True:
        try:
            java("create", topic="live", partitions=1)
            return
        except RuntimeError as failed:
            assert "TopicExists" in str(failed) and time.monotonic() < until
            time.sleep(0.1)


def fill(java, count: int, user: str) -> None:
    java("produce", topic="live", events=[{"value": json.dumps({"u": user, "v": number})} for number in range(1, count + 1)])


def test_positions_are_shown_in_the_consumer_group(shop, java):
    fill(java, 40, "a")
    assert shop.once().summary["events"] == 40
    group = shop.program.settings["KAFKA_GROUP_ID"]
    shop.wait_for(lambda: java("group", group=group) == {"live-0": 40})
    # Nobody reads them: the position in PostgreSQL counts.
    shop.execute("UPDATE event_archiver.position SET next = 30")
    assert shop.once().summary["events"] == 10


def test_a_topic_that_was_made_again_and_is_longer_than_it_was_is_refused(shop, java):
    fill(java, 5, "a")
    shop.once()
    applied = shop.total()
    remake(java)
    fill(java, 8, "b")
    message = shop.once(expect=7).summary["msg"]
    assert "is at position 5" in message and "another event stands before it" in message and "0 to 8" in message
    verdict = json.loads(shop.run("journal", "verify", "-o", "json", expect=7).stdout)
    (live,) = (each for each in verdict["topics"] if each["topic"] == "live")
    assert live["events"] == 8 and "another event stands before it" in live["error"]
    assert shop.total() == applied
