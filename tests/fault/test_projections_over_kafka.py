"""Projections of a topic in Kafka: each event once, whichever process is killed, and positions are those in the database."""
import json
import random
import signal
import time

import pytest

from support import broker as brokers
from support.shop import Shop

pytestmark = pytest.mark.skipif(bool(brokers.missing()), reason=brokers.missing())


class KafkaShop(Shop):
    """The projection `total`, over a topic of this test's own."""

    def __init__(self, binary, database, directory, address: str, java, partitions: int):
        super().__init__(binary, database, directory)
        self.java, self.name = java, f"live-{database.name}"
        self.write("total/projection.conf", f"topic = {self.name}\nbatch = 50\ntables = public.total\n")
        self.program = self.program.with_settings({"JOURNAL": f"kafka://{address}"})
        java("create", topic=self.name, partitions=partitions)

    def post(self, count: int, u: str = "user") -> None:
        values = [{"u": f"{u}{each % 3}", "v": each} for each in range(1, count + 1)]
        self.java("produce", topic=self.name, events=[{"key": each["u"], "value": json.dumps(each)} for each in values])
        self.posted += count * (count + 1) // 2

    def positions(self, name: str = "total") -> list:
        found = json.loads(self.run("projections", "-o", "json").stdout)["projections"]
        return [each for each in found if each["name"] == name]


@pytest.fixture
def shop(binary, database, tmp_path, broker, java, request):
    return KafkaShop(binary, database, tmp_path, broker.address, java, getattr(request, "param", 3))


def test_each_event_of_each_partition_once(shop):
    shop.post(200)
    shop.once()
    assert shop.total() == shop.posted
    positions = shop.positions()
    assert [each["partition"] for each in positions] == [0, 1, 2]
    assert sum(each["position"] for each in positions) == 200 and not any(each["behind"] for each in positions)
    shop.post(30)
    assert sum(each["behind"] for each in shop.positions()) == 30
    shop.once()
    assert shop.total() == shop.posted
    assert shop.once().summary["events"] == 0


def test_whoever_is_killed(shop):
    seed = random.randrange(1_000_000)
    print("seed", seed)
    chance = random.Random(seed)
    processes = []
    for _ in range(10):
        while len(processes) < 2:
            processes.append(shop.program.start("project", "total"))
        shop.post(chance.randint(1, 150))
        time.sleep(chance.uniform(0.1, 1.0))
        if chance.random() < 0.5:
            processes.pop(chance.randrange(len(processes))).kill()
    for process in processes:
        process.kill()
    shop.once()
    assert shop.total() == shop.posted


def test_a_new_group_has_positions_of_its_own_and_the_old_one_is_shown_until_it_is_forgotten(shop):
    shop.post(60)
    shop.once()
    shop.execute("TRUNCATE total")
    shop.once(KAFKA_GROUP_ID="again")
    assert shop.total() == shop.posted
    shop.post(10)
    shop.once(KAFKA_GROUP_ID="again")
    assert shop.total() == shop.posted
    shop.execute("UPDATE event_archiver.position SET at = at - interval '2 days'")
    old = shop.positions("total")
    assert sum(each["behind"] for each in old) == 10 and all(each["idle_seconds"] > 172_000 for each in old)
    assert "running, but not moved for 48 h" in shop.run("projections").stdout
    shop.run("projections", "forget", "total", KAFKA_GROUP_ID="again")
    assert {each["state"] for each in shop.positions("total")} == {"not_started"}


@pytest.mark.parametrize("shop", [1], indirect=True)
def test_what_a_transaction_took_back_leaves_gaps_and_no_event_is_missed(shop):
    shop.post(5)
    shop.java("produce", topic=shop.name, events=[{"value": '{"u":"a","v":1000}'}], commit=False)
    shop.post(5)
    shop.java("produce", topic=shop.name, events=[{"value": "{"}], commit=True)
    shop.once()
    assert shop.total() == shop.posted
    assert shop.status()["dead_letters"] == 1
    assert shop.value("SELECT count(*) FROM event_archiver.dead_letter") == 1


@pytest.mark.parametrize("shop", [1], indirect=True)
def test_a_time_in_nanoseconds_blocks_nothing(shop):
    """Some producers give nanoseconds where Kafka counts milliseconds: the year 55 million."""
    shop.java("configure", topic=shop.name, config={"message.timestamp.after.max.ms": "9223372036854775807"})
    far = 1_764_421_200_123_000_000
    shop.java("produce", topic=shop.name, events=[{"value": json.dumps({"u": "a", "v": 7}), "timestamp": far}, {"value": "no JSON", "timestamp": far}])
    shop.posted += 7
    shop.post(5)
    shop.once()
    assert shop.total() == shop.posted
    assert shop.value("SELECT extract(year FROM at AT TIME ZONE 'UTC') FROM event_archiver.dead_letter") == 9999
    assert "9999-12-31T23:59:59.999" in shop.run("dead-letters", "total").stdout


def test_a_rebuild_and_a_replay(shop):
    shop.post(150)
    shop.once()
    shop.execute("UPDATE total SET value = 0")
    process = shop.program.start("project", "total")
    shop.run("projections", "rebuild", "total")
    assert shop.total() == shop.posted
    shop.post(40)
    shop.wait_for(lambda: shop.total() == shop.posted)
    shop.run("projections", "replay", "total")
    shop.wait_for(lambda: shop.total() == shop.posted)
    process.send(signal.SIGTERM)
    assert process.wait().code == 143


def test_a_position_behind_the_end_of_its_partition_is_refused(shop):
    shop.post(50)
    shop.once()
    shop.execute("UPDATE event_archiver.position SET next = next + 1000 WHERE partition = 1")
    outcome = shop.once(expect=7)
    assert "partition 1" in outcome.summary["msg"] and "position 10" in outcome.summary["msg"]
    assert shop.total() == shop.posted


@pytest.mark.parametrize("shop", [1], indirect=True)
def test_events_that_an_open_transaction_hides_are_told_of(shop, java):
    """Its producer may have died, and Kafka shows nothing behind its first event until it has ended."""
    shop.post(10)
    shop.once()
    java("open", topic=shop.name, value=json.dumps({"u": "open", "v": 1}))
    shop.post(5)
    [position] = shop.positions()
    assert (position["position"], position["end"], position["behind"]) == (10, 16, 6)
    [told] = shop.once().events("projection.hidden")
    assert (told["level"], told["position"], told["events"]) == ("warn", 10, 6)
    running = shop.program.start("project", "total")
    running.wait_for_output('"projection.hidden"', timeout=90)
    java("abort")
    shop.wait_for(lambda: shop.total() == shop.posted)
    running.send(signal.SIGTERM)
    assert running.wait().code == 143
    assert not shop.once().events("projection.hidden")
    assert [each["behind"] for each in shop.positions()] == [0]


@pytest.mark.parametrize("shop", [1], indirect=True)
def test_events_that_are_hidden_behind_an_aborted_transaction_are_told_of_at_the_end(shop, java):
    """The aborted one leaves positions that hold no event: the projection passes them, and ends before the open one."""
    shop.post(10)
    shop.once()
    hidden = {"topic": shop.name, "value": json.dumps({"u": "open", "v": 1})}
    java("open", **hidden)
    java("abort")
    java("open", **hidden)
    [told] = shop.once().events("projection.hidden")
    assert (told["position"], told["events"]) == (12, 1)
    java("abort")
    assert shop.total() == shop.posted


def test_a_topic_whose_name_begins_as_kafkas_own_do_is_read(shop):
    shop.name = "__" + shop.name
    shop.java("create", topic=shop.name, partitions=1)
    shop.write("total/projection.conf", f"topic = {shop.name}\nbatch = 50\ntables = public.total\n")
    shop.post(10)
    shop.once()
    assert shop.total() == shop.posted
    topics = shop.run("journal").stdout
    assert shop.name in topics and "__consumer_offsets" not in topics
