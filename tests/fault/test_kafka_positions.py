"""Positions of projections over a real broker: shown in the consumer group, and those of a topic that was made again."""
import json
import time

import pytest

from support import broker as brokers
from support.kafka_serving import remake
from support.shop import Shop

pytestmark = pytest.mark.skipif(bool(brokers.missing()), reason=brokers.missing())


@pytest.fixture
def shop(fault_binary, database, broker, java, tmp_path):
    """Its projection reads the topic `live` of the broker, which has one partition and nothing in it."""
    it = Shop(fault_binary, database, tmp_path)
    it.program = it.program.with_settings({"JOURNAL": f"kafka://{broker.address}", "KAFKA_GROUP_ID": f"g{database.name}"})
    remake(java, "live", 1)
    return it


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
    remake(java, "live", 1)
    fill(java, 8, "b")
    message = shop.once(expect=7).summary["msg"]
    assert "is at position 5" in message and "another event stands before it" in message and "0 to 8" in message
    verdict = json.loads(shop.run("journal", "verify", "-o", "json", expect=7).stdout)
    (live,) = (each for each in verdict["topics"] if each["topic"] == "live")
    assert live["events"] == 8 and "another event stands before it" in live["error"]
    assert shop.total() == applied


def test_a_topic_that_was_made_again_with_fewer_partitions_is_refused(shop, java):
    java("add_partitions", topic="live", partitions=2)
    java("produce", topic="live", events=[{"partition": 1, "value": json.dumps({"u": "a", "v": 1})} for _ in range(5)])
    shop.once()
    remake(java, "live", 1)
    fill(java, 3, "b")
    for command in (["project", "total", "--once"], ["serve", "--apis", "events", "--project", "total", "--port", "0"]):
        outcome = shop.run(*command, expect=7)
        assert "is at position 5 of topic 'live', partition 1: the topic has 1 partitions" in outcome.stderr, str(outcome)
    assert shop.total() == 5


@pytest.mark.parametrize("how", ["replay", "rebuild"])
def test_no_event_of_a_time_is_left_out_where_times_go_back(shop, java, how):
    """Each producer gives its own times. A `--from` begins before the first event of that time."""
    shop.write("total/projection.conf", "topic = live\nbatch = 50\ntables = public.total\nreplay = keep\n")
    shop.write("total/apply.sql", "INSERT INTO total SELECT u, v FROM json_to_recordset($1) AS e(u text, v bigint) ON CONFLICT DO NOTHING")
    now, day = int(time.time() * 1_000), 86_400_000
    old = [each % 2 == 1 or each < 7 for each in range(100)]
    times = [now - (10 if old[each] else 2) * day + each for each in range(100)]
    java("produce", topic="live", events=[{"timestamp": times[each], "value": json.dumps({"u": f"u{each}", "v": 1})} for each in range(100)])
    shop.once()
    shop.execute("DELETE FROM total")
    start = time.strftime("%Y-%m-%d", time.gmtime((now - 5 * day) / 1_000))
    shop.run("projections", how, "total", "--from", start)
    shop.once()
    young = {f"u{each}" for each in range(100) if not old[each]}
    with shop.database.connection.cursor() as cursor:
        cursor.execute("SELECT user_id FROM total")
        assert young <= {row[0] for row in cursor.fetchall()}
