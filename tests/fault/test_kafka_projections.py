"""Projections of a topic in Kafka: positions that hold no event, and partitions that come later."""
import json
import signal

import pytest

from support import broker as brokers
from support.shop import Shop, process_state

pytestmark = pytest.mark.skipif(bool(brokers.missing()), reason=brokers.missing())


@pytest.fixture
def shop(fault_binary, database, tmp_path, broker, java, request):
    it = Shop(fault_binary, database, tmp_path)
    it.program = it.program.with_settings({"JOURNAL": f"kafka://{broker.address}"})
    it.name = f"p{abs(hash(request.node.name)) % 10**12}"
    it.write("total/projection.conf", f"topic = {it.name}\nbatch = 50\ntables = public.total\n")
    java("create", topic=it.name, partitions=1)
    return it


def events(count: int, partition: int = 0) -> list:
    return [{"partition": partition, "value": json.dumps({"u": "a", "v": 1})} for _ in range(count)]


def made_again(java, name: str) -> bool:
    """A broker deletes it in its own time."""
    try:
        java("create", topic=name, partitions=1)
    except RuntimeError:
        return False
    return True


def test_a_topic_whose_last_position_is_a_marker_is_caught_up(shop, java):
    java("produce", topic=shop.name, events=events(5))
    java("produce", topic=shop.name, events=events(5), commit=True)
    assert shop.once().summary["events"] == 10
    assert (shop.total(), shop.status()["behind"]) == (10, 0)
    # Nothing but events that were taken back, and another marker.
    java("produce", topic=shop.name, events=events(5), commit=False)
    assert shop.status()["behind"] > 0
    assert shop.once().summary["events"] == 0
    assert (shop.total(), shop.status()["behind"]) == (10, 0)
    shop.run("projections", "rebuild", "total")
    assert (shop.total(), shop.status()["behind"]) == (10, 0)
    java("produce", topic=shop.name, events=events(2))
    shop.once()
    assert shop.total() == 12


def test_a_rebuild_takes_a_marker_along_that_the_live_projection_has_passed(shop, java):
    java("produce", topic=shop.name, events=events(5))
    shop.once()
    rebuild = shop.program.start("projections", "rebuild", "total", settings={"EVENT_ARCHIVER_FAULT": "rebuild-caught-up=stop"})
    shop.wait_for(lambda: process_state(rebuild.pid) == "T")
    java("produce", topic=shop.name, events=events(5), commit=False)
    shop.once()
    rebuild.send(signal.SIGCONT)
    outcome = rebuild.wait()
    assert outcome.code == 0, str(outcome)
    assert (shop.total(), shop.status()["behind"]) == (5, 0)


def test_a_partition_that_comes_to_a_paused_projection_is_not_applied(shop, java):
    java("produce", topic=shop.name, events=events(3))
    shop.once()
    shop.run("projections", "pause", "total")
    java("add_partitions", topic=shop.name, partitions=2)
    java("produce", topic=shop.name, events=events(4, partition=1))
    process = shop.program.start("project", "total")
    states = "SELECT string_agg(partition || ' ' || next || ' ' || state, ',' ORDER BY partition) FROM event_archiver.position"
    shop.wait_for(lambda: shop.value(states) == "0 3 paused,1 0 paused")
    assert shop.total() == 3
    shop.run("projections", "resume", "total")
    shop.wait_for(lambda: shop.total() == 7)
    process.send(signal.SIGTERM)
    process.wait()


def test_what_fails_or_is_stopped_ends(shop, java):
    java("produce", topic=shop.name, events=events(5))
    process = shop.program.start("project", "total")
    shop.wait_for(lambda: shop.value("SELECT to_regclass('total')") and shop.total() == 5)
    process.send(signal.SIGTERM)
    assert process.wait(30).code == 143
    process = shop.program.start("journal", "cat", shop.name, "--from", "99")
    assert process.wait(30).code == 3
    java("delete", topic=shop.name)
    shop.wait_for(lambda: made_again(java, shop.name))
    outcome = shop.program.start("project", "total", "--once").wait(60)
    assert outcome.code == 7 and "position 5" in outcome.summary["msg"], str(outcome)
    outcome = shop.program.start("projections", "replay", "total").wait(60)
    assert outcome.code == 7 and shop.total() == 5, str(outcome)
    # It is longer than the position now, and its events are others.
    java("produce", topic=shop.name, events=events(9))
    outcome = shop.program.start("project", "total", "--once").wait(60)
    assert outcome.code == 7 and "another event" in outcome.summary["msg"], str(outcome)
    assert shop.total() == 5


def test_a_topic_that_ends_with_a_marker_is_whole(shop, java):
    java("produce", topic=shop.name, events=events(2), commit=True)
    java("produce", topic=shop.name, events=events(2), commit=False)
    verdict = json.loads(shop.run("journal", "verify", "-o", "json").stdout)
    mine = [each for each in verdict["topics"] if each.get("topic", each.get("name")) == shop.name]
    assert [each["events"] for each in mine] == [2], verdict
