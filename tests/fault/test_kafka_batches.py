"""Topics that take less than a record batch of the producer, or less than an event: what does not fit is refused whole, and the rest is not."""
import base64
import concurrent.futures
import json
import random

import pytest

from support import broker as brokers
from support.archiver import Archiver
from support.asking import wait_for
from support.kafka_serving import is_made, post, read_back

pytestmark = pytest.mark.skipif(bool(brokers.missing()), reason=brokers.missing())

SMALL = [{"n": number, "pad": "x" * 180} for number in range(300)]


@pytest.fixture
def narrow(java, request):
    """A topic of its own; `narrow(bytes)` says what it takes."""
    name = f"narrow{abs(hash(request.node.name)) % 10**12}"
    wait_for(lambda: is_made(java, name, 1))

    def takes(count: int) -> str:
        java("configure", topic=name, config={"max.message.bytes": count})
        return name

    return takes


def posted(service, topic: str, values: list):
    """As a client that repeats what was not kept."""
    for _ in range(12):
        answer = post(service, topic, values)
        if answer.status != 503:
            return answer
        assert answer.headers["retry-after"] == "1", answer
    return answer


def kept(service, topic: str) -> list:
    return sorted(each["value"]["n"] for each in read_back(service, topic))


def test_small_events_are_kept_whatever_they_are_sent_with(serve_kafka, broker, narrow):
    topic = narrow(20_000)
    with serve_kafka(broker.address) as service:
        assert post(service, topic, SMALL).status == 201
        with concurrent.futures.ThreadPoolExecutor(24) as clients:
            answers = list(clients.map(lambda number: post(service, topic, [{"n": number, "pad": "x" * 2_000}]), range(300, 900)))
        assert {answer.status for answer in answers} == {201}
        assert not service.events("journal.kafka_smaller_batches"), "the broker was asked before"
        assert kept(service, topic) == list(range(900)), "each once"
        assert post(service, topic, [{"n": 1, "pad": "x" * 25_000}]).status == 413
        assert post(service, topic, [{"n": 900, "pad": "x" * 15_000}]).status == 201


def test_a_topic_that_takes_less_from_now_on_refuses_no_event_for_its_company(serve_kafka, broker, narrow):
    """What was asked is a minute old: the next batches are smaller, and what was refused may be sent again."""
    topic = narrow(1_000_000)
    with serve_kafka(broker.address) as service:
        assert post(service, topic, [{"n": 1_000}]).status == 201
        narrow(20_000)
        with concurrent.futures.ThreadPoolExecutor(24) as clients:
            answers = list(clients.map(lambda number: posted(service, topic, [{"n": number, "pad": "x" * 2_000}]), range(600)))
        assert {answer.status for answer in answers} == {201}
        assert kept(service, topic) == [*range(600), 1_000], "each once"


def test_an_event_that_compresses_is_not_judged_by_one_that_does_not(serve_kafka, broker, narrow):
    """The broker measures what is compressed: a larger event may take less."""
    topic = narrow(20_000)
    with serve_kafka(broker.address, "compression.codec=gzip") as service:
        dense = base64.b64encode(random.Random(7).randbytes(150_000)).decode()
        assert post(service, topic, [{"n": 0, "pad": dense}]).status == 413
        assert post(service, topic, [{"n": 1, "pad": "a" * 250_000}]).status == 201
        assert kept(service, topic) == [1]


def test_a_batch_with_an_event_that_the_topic_does_not_take_is_refused_whole(serve_kafka, broker, narrow, binary, tmp_path):
    """The broker would keep the others, and once more at each repetition."""
    topic = narrow(300_000)
    values = [{"n": number} for number in range(10)]
    values.insert(5, {"n": 10, "pad": "x" * 500_000})
    with serve_kafka(broker.address) as service:
        for _ in range(2):
            answer = post(service, topic, values, idempotency_key="one")
            assert answer.status == 413 and answer.json == {"detail": "an event is larger than Kafka takes"}
        assert read_back(service, topic) == []
        assert post(service, topic, values[:5], idempotency_key="two").status == 201
        assert kept(service, topic) == [0, 1, 2, 3, 4]


def test_send_gives_up_on_such_a_file_and_doubles_nothing(serve_kafka, broker, narrow, binary, tmp_path, java):
    wait_for(lambda: is_made(java, "live", 1) or True)
    java("configure", topic="live", config={"max.message.bytes": 300_000})
    file = tmp_path / "events.jsonl"
    mine = f"of {tmp_path}"
    lines = [{"n": number, "of": mine} for number in range(10)]
    lines.insert(5, {"n": 10, "of": mine, "pad": "x" * 500_000})
    file.write_text("".join(json.dumps(each) + "\n" for each in lines))
    try:
        with serve_kafka(broker.address) as service:
            sent = Archiver(binary, {}).run("send", str(file), "--to", f"http://127.0.0.1:{service.port}")
            assert sent.code == 3, str(sent)
            assert not [each for each in read_back(service, "live") if each["value"].get("of") == mine]
    finally:
        java("configure", topic="live", config={"max.message.bytes": 1_048_588})


def test_a_compacted_topic_is_warned_of_once(serve_kafka, broker, narrow, java):
    """Kafka would remove events that were answered, and that no projection has applied."""
    topic = narrow(1_000_000)
    with serve_kafka(broker.address) as service:
        assert post(service, topic, [{"n": 0}]).status == 201
        assert not service.events("journal.kafka_compacted")
    java("configure", topic=topic, config={"cleanup.policy": "compact,delete"})
    with serve_kafka(broker.address) as service:
        for _ in range(2):
            post(service, topic, [{"n": 1}])
        (told,) = service.events("journal.kafka_compacted")
        assert told["topic"] == topic
