"""Over Kafka a command ends, whatever its end is: neither its clients nor a broker that does not answer keep the process alive."""
import contextlib
import signal

import pytest

from support import broker as brokers
from support.archiver import Archiver
from support.kafka_serving import frozen
from support.servers import free_port
from support.shop import TOTAL, Shop, process_state

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


@contextlib.contextmanager
def dead(broker):
    broker.kill()
    try:
        yield
    finally:
        broker.restart()


def start_serving(shop, settings=None):
    return shop.program.start("serve", settings={"SERVE_PORT": "0", "SERVE_APIS": "events", "PROJECT": "total", **(settings or {})})


def stopped(process):
    """How it ended after SIGTERM, by itself."""
    process.send(signal.SIGTERM)
    outcome = process.wait(60)
    assert "run.abandoned" not in outcome.stderr and "run.error" not in outcome.stderr, outcome
    return outcome.code


@pytest.mark.parametrize("gone", [frozen, dead])
def test_a_signal_ends_what_reads_beside_a_broker_that_does_not_answer(shop, broker, gone):
    shop.run("migrate", "total")
    processes = [shop.program.start("project", "total"), start_serving(shop)]
    shop.wait_for(lambda: shop.total() == 5)
    processes[1].wait_for_output('"event":"serve.listening"')
    with gone(broker):
        # One that asks a broker for everything, and has no answer yet.
        processes.append(shop.program.start("project", "total"))
        processes[2].wait_for_output('"event":"run.start"')
        codes = [stopped(each) for each in processes]
    assert codes == [143, 0, 143]


def test_a_signal_ends_what_shows_a_position_to_a_broker_that_does_not_answer(shop, broker, fault_binary):
    """The client that shows it waits for the answer when it ends."""
    shop.once()
    shop.program = Archiver(fault_binary, {**shop.program.settings, "EVENT_ARCHIVER_FAULT": "retention-before-removal=stop"})
    processes = [shop.program.start("project", "total"), start_serving(shop)]
    shop.wait_for(lambda: all(process_state(each.pid) == "T" for each in processes))
    with frozen(broker):
        for each in processes:
            each.send(signal.SIGCONT)
        codes = [stopped(each) for each in processes]
    assert codes == [143, 0]


def test_a_signal_ends_what_asks_where_nobody_listens(shop):
    """Also with several projections: each has questions of its own."""
    for name in ("second", "third"):
        shop.write(f"{name}/projection.conf", f"topic = {name}\ntables = public.total\n")
        shop.write(f"{name}/apply.sql", TOTAL)
    settings = {"JOURNAL": f"kafka://127.0.0.1:{free_port()}", "SERVE_PORT": "0", "SERVE_APIS": "live,events"}
    nowhere = shop.program.with_settings(settings)
    processes = [nowhere.start(*command) for command in (["project"], ["project", "--once"], ["journal"], ["serve"])]
    for each in processes:
        each.wait_for_output('"event":"journal.kafka_unreachable"')
    assert [stopped(each) for each in processes] == [143, 143, 143, 0]
