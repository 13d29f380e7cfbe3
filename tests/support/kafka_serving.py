"""`serve` with its journal in Kafka, as clients that post events and read them back see it."""
import contextlib
import json
import signal
import subprocess

from support.asking import wait_for
from support.serving import Service

NDJSON = {"content_type": "application/x-ndjson"}


def post(service: Service, topic: str, values: list, **headers):
    return service.post(f"/events/{topic}", body="".join(json.dumps(each) + "\n" for each in values).encode(), **NDJSON, **headers)


def read_back(service: Service, topic: str, start: int = 0, partition: int = 0, limit: int = 100_000) -> list:
    answer = service.get(f"/events/{topic}?from={start}&partition={partition}&limit={limit}")
    assert answer.status == 200, answer
    return [json.loads(line) for line in answer.body.decode().splitlines()]


def kcat(broker, *arguments: str, given: str = "") -> str:
    return subprocess.run(
        ["kcat", "-q", "-b", broker.address, *arguments], input=given, check=True, capture_output=True, text=True, timeout=60
    ).stdout


@contextlib.contextmanager
def frozen(broker):
    """It keeps its connections, and does not answer."""
    broker.process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        broker.process.send_signal(signal.SIGCONT)


def remake(java, topic: str, partitions: int) -> None:
    """An empty topic, whatever was there."""
    try:
        java("delete", topic=topic)
    except RuntimeError as failed:
        assert "UnknownTopic" in str(failed)
    wait_for(lambda: is_made(java, topic, partitions))


def is_made(java, topic: str, partitions: int) -> bool:
    """False while the broker still deletes the topic that had this name."""
    try:
        java("create", topic=topic, partitions=partitions)
    except RuntimeError as failed:
        assert "TopicExists" in str(failed)
        return False
    return True
