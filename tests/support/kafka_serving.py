"""`serve` with its journal in Kafka, as clients that post events and read them back see it."""
import json
import subprocess

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
