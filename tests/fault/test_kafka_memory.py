"""How much memory `serve` takes for the events that it accepts into Kafka and reads back: JOURNAL_MEMORY and 32 MiB, as on a disk."""
import json
import threading
import time

import pytest

from support import broker as brokers
from support.asking import wait_for
from support.kafka_serving import frozen, post, read_back
from support.process_memory import MIB, at_once, peak_of

pytestmark = pytest.mark.skipif(bool(brokers.missing()), reason=brokers.missing())

ALLOWED = 32 * MIB
CLIENTS = 6


def lines_of(bytes_of_event: int, bytes_in_all: int) -> bytes:
    line = json.dumps({"text": "x" * (bytes_of_event - 13)}).encode() + b"\n"
    return line * (bytes_in_all // len(line))


@pytest.mark.parametrize("memory, event", [(4, 200), (16, 100_000)])
def test_it_is_bounded_whatever_the_load(serve_kafka, broker, topic, memory, event):
    allowed = memory * MIB + ALLOWED
    with serve_kafka(broker.address, JOURNAL_MEMORY=f"{memory}MiB") as service:
        accepted: list = []
        body = lines_of(event, memory * MIB // 4 - 1000)

        def post(_client: int) -> None:
            for _ in range(24 // memory):
                while (answer := service.post(f"/events/{topic}", body=body, content_type="application/x-ndjson", timeout=120)).status != 201:
                    # Without the header: the broker has not answered in time, and may have the events.
                    assert answer.status == 503 and answer.headers.get("retry-after", "1") == "1", answer
                    time.sleep(0.01)
                accepted.append(answer.json["accepted"])

        at_once(post, CLIENTS)
        assert peak_of(service) < allowed


def test_four_readers_of_a_backlog_of_small_events_stay_within_it(serve_kafka, broker, topic):
    body, batches = lines_of(53, 400_000), 8
    with serve_kafka(broker.address) as service:
        for _ in range(batches):
            assert service.post(f"/events/{topic}", body=body, content_type="application/x-ndjson", timeout=120).status == 201
        count = body.count(b"\n") * batches
        found: list = []

        def read(client: int) -> None:
            answer = service.get(f"/events/{topic}?from={client * 1000}&limit=100000", timeout=120)
            found.append(answer.body.count(b"\n") + client * 1000)

        at_once(read, 4)
        assert found == [count] * 4
        assert peak_of(service) < 16 * MIB + ALLOWED


def test_what_finds_no_room_is_refused_while_the_broker_does_not_answer(serve_kafka, broker, topic):
    """Of 300 clients each is told at once that there is no room, or waits for the broker. What was accepted is there once."""
    with serve_kafka(broker.address, JOURNAL_MEMORY="1MiB", SERVE_CONNECTIONS="1000") as service:
        assert post(service, topic, [{"n": -1}]).status == 201
        told: list = []

        def client(number: int) -> None:
            answer = post(service, topic, [{"n": number, "text": "x" * 10_000}], timeout=120)
            told.append((number, answer.status, answer.headers.get("retry-after")))

        clients = [threading.Thread(target=client, args=(number,)) for number in range(300)]
        with frozen(broker):
            for each in clients:
                each.start()
            wait_for(lambda: len(told) >= 300 - MIB // 10_000)
            early = list(told)
        for each in clients:
            each.join()
        assert {answer[1:] for answer in early} == {(503, "1")}
        accepted = {number for number, status, _ in told if status == 201}
        assert accepted and len(told) == 300 and {status for _, status, _ in told} == {201, 503}
        assert peak_of(service) < MIB + ALLOWED
        found = [each["value"]["n"] for each in read_back(service, topic)]
        assert sorted(found) == [-1, *sorted(accepted)]
