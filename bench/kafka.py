"""The journal in Kafka beside Kafka's own producer, over one broker: what is answered is acknowledged by it."""
import json
import re
import shutil
import subprocess
import tempfile
import urllib.request
from contextlib import contextmanager
from pathlib import Path

from journal import EVENT, LINES, loaded, middle, running, told
from rig import Rig, run
from scenarios import Result, Scale, spread
from support import broker as brokers
from support.servers import free_port

RECORDS = 1_000_000
TOOLS = "org.apache.kafka:kafka-tools:4.1.2"  # of the version in tests/kafka/pom.xml


@contextmanager
def serve(rig: Rig, address: str):
    port = free_port()
    settings = {"SERVE_APIS": "events", "PROJECT": "none", "JOURNAL": f"kafka://{address}", "SERVE_PORT": str(port), "LOG_FORMAT": "json", "LOG_LEVEL": "warn"}
    with running([rig.program, "serve"], port, env=settings) as server:
        yield server


def fetched(place: Path) -> bool:
    """kafka-producer-perf-test, if Maven can get it."""
    command = ["mvn", "-B", "-q", "dependency:copy", f"-Dartifact={TOOLS}", f"-DoutputDirectory={place}"]
    return shutil.which("mvn") is not None and subprocess.run(command, capture_output=True, timeout=120).returncode == 0


def produced(place: Path, address: str, size: int) -> dict:
    """Records a second as it says itself; CPU of all of it for a record in µs, the start of Java included."""
    said = place / "said"
    java = brokers.java("org.apache.kafka.tools.ProducerPerformance", "--topic", "rival", "--num-records", RECORDS, "--record-size", size, "--throughput", "-1",
                        "--producer-props", f"bootstrap.servers={address}", "acks=all", "enable.idempotence=true", heap="512m")
    java[java.index("-cp") + 1] += f":{place}/*"
    cost = run(["sh", "-c", 'out=$1; shift; exec "$@" >"$out"', "sh", said, *java], {})
    rate = re.findall(rf"{RECORDS} records sent, ([0-9.]+) records/sec", said.read_text())
    return {"events": float(rate[-1]), "cpu": cost.cpu / RECORDS * 1e6}


def read_back(server) -> int:
    """Events of the topic, read from its beginning."""
    count = 0
    while True:
        with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/events/bench?from={count}&limit=100000") as answer:
            lines = sum(part.count(b"\n") for part in iter(lambda: answer.read(1 << 20), b""))
        if lines == 0:
            return count
        count += lines


def kafka(rig: Rig, scale: Scale, _note) -> list:
    if scale.quick:  # a broker takes ten seconds to start
        return []
    if brokers.missing():
        return [Result("the journal in Kafka", "", f"not measured: {brokers.missing()}", None)]
    with tempfile.TemporaryDirectory(dir=rig.directory) as directory, brokers.Broker(rig.directory / "kafka", rig.certificate) as broker:
        place = Path(directory)
        one, lines = place / "one.json", place / "lines.ndjson"
        one.write_text(json.dumps(EVENT))
        line = json.dumps(EVENT, separators=(",", ":")) + "\n"
        lines.write_text(line * LINES)
        single, bulk, rival, peaks, read = [], [], [], [], []
        with_producer = fetched(place)
        with brokers.JavaClient(broker.address) as client:  # the producer waits for a minute for each record of a topic that is not there
            client("create", topic="rival", partitions=1)
        for _ in range(scale.rounds):
            with serve(rig, broker.address) as server:
                single.append(loaded(rig, server, "/events/bench", 64, 5, "application/json", one, 1))
            with serve(rig, broker.address) as server:
                bulk.append(loaded(rig, server, "/events/bench", 1, 5, "application/x-ndjson", lines, LINES))
            if with_producer:
                rival.append(produced(place, broker.address, len(line) - 1))
        with serve(rig, broker.address) as server:
            read.append(read_back(server))
            peaks.append(server.peak_mib)
    peak = max(*peaks, *(each["peak"] for each in single + bulk))
    results = [
        Result("Kafka, peak of memory, a backlog read back too", "≤ 48 MiB", f"{peak:.0f} MiB ({max(read):,} events)", peak <= 48),
        Result("Kafka, 64 clients, an event a POST", "", told(single), None),
        Result(f"Kafka, 1 client, NDJSON of {LINES} lines", "", told(bulk), None),
    ]
    if not rival:
        return [*results, Result("kafka-producer-perf-test", "", "not measured: Maven did not get it", None)]
    rate, cpu = ([each[name] for each in rival] for name in ("events", "cpu"))
    return [
        *results,
        Result(f"kafka-producer-perf-test, {RECORDS:,} records of {len(line) - 1} bytes", "", f"{spread(rate, '.0f')} a second, {spread(cpu, '.1f')} µs of CPU", None),
        Result("NDJSON, CPU for an event, of the producer's", "", f"{middle(bulk, 'cpu') / middle(rival, 'cpu'):.2f} ×", None),
    ]
