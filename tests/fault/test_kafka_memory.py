"""How much memory `serve` takes for the events that it accepts into Kafka and reads back: JOURNAL_MEMORY and 32 MiB, as on a disk."""
import json
import time

import pytest

from support import broker as brokers
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
