"""Over Kafka a command ends, whatever its end is: its clients do not keep the process alive."""
import signal

import pytest

from support import broker as brokers
from support.shop import Shop

pytestmark = pytest.mark.skipif(bool(brokers.missing()), reason=brokers.missing())


@pytest.fixture
def shop(binary, database, tmp_path, broker, java, topic):
    it = Shop(binary, database, tmp_path)
    it.program = it.program.with_settings({"JOURNAL": f"kafka://{broker.address}"})
    it.write("total/projection.conf", f"topic = {topic}\nbatch = 50\ntables = public.total\n")
    java("produce", topic=topic, events=[{"partition": 0, "value": '{"u": "a", "v": 1}'} for _ in range(5)])
    return it


@pytest.mark.parametrize("number, code", [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_project(shop, number, code):
    shop.run("migrate", "total")
    process = shop.program.start("project", "total")
    shop.wait_for(lambda: shop.total() == 5)
    process.send(number)
    assert process.wait(20).code == code


def test_a_failure_is_told_and_ends_project(shop):
    shop.once()
    shop.execute("UPDATE event_archiver.position SET next = next + 100")
    outcome = shop.program.run("project", "total", "--once", expect=7, timeout=30)
    assert "105" in outcome.stderr and "5" in outcome.stderr


def test_a_failure_ends_journal(shop):
    assert "has no topic 'nothing'" in shop.program.run("journal", "cat", "nothing", expect=3, timeout=30).stderr
