"""What the fault tests share."""
import os
import subprocess
import uuid
from pathlib import Path
from types import SimpleNamespace

import pytest

from support import broker as brokers
from support.archiver import Archiver
from support.asking import wait_for
from support.built_program import built_program
from support.scene import Scene
from support.servers import PG_BIN, PostgreSQL, clean_environment, unprivileged
from support.serving import Service


@pytest.fixture(scope="session")
def fault_binary() -> Path:
    """The build that has the named points at which it can be stopped. `./test` has it only when the integration tests are over."""
    return built_program("EVENT_ARCHIVER_FAULT_BINARY", "build/asan/event-archiver", "build/debug/event-archiver")


@pytest.fixture
def scene(archiver, database, azurite, lake):
    """Cases one after the other, with the program as it is shipped."""
    it = Scene(archiver, database, azurite, lake)
    yield it
    it.close()


@pytest.fixture
def points(fault_binary, archiver, database, azurite, lake):
    """The same with the build that has named points."""
    it = Scene(Archiver(fault_binary, archiver.settings), database, azurite, lake)
    yield it
    it.close()


@pytest.fixture
def copy_of(place):
    """A physical copy that knows nothing of being one: a snapshot, a base backup without standby.signal. Or a hot standby."""
    copies = []

    def make(server, standby=False):
        copy = PostgreSQL(place / f"copy-{uuid.uuid4().hex[:8]}")
        copy.directory.mkdir(parents=True)
        if os.geteuid() == 0:
            subprocess.run(["chown", "postgres", copy.directory], check=True)
        subprocess.run([PG_BIN / "pg_basebackup", "-X", "stream", "-c", "fast", "-D", copy.data, "-d", server.uri()], cwd="/",
                       env=clean_environment(), check=True, capture_output=True, **unprivileged())
        if standby:
            (copy.data / "standby.signal").touch()
        copies.append(copy)
        return copy.start()

    yield make
    for copy in copies:
        copy.stop()


@pytest.fixture(scope="session")
def broker(place, certificate):
    with brokers.Broker(place / "kafka", certificate) as server:
        yield server


@pytest.fixture(scope="session")
def java(broker):
    with brokers.JavaClient(broker.address) as client:
        yield client


@pytest.fixture
def topic(java, request):
    """A topic of one partition, of this test's own."""
    name = f"t{abs(hash(request.node.name)) % 10**12}"
    wait_for(lambda: is_made(java, name), 60)
    return name


def is_made(java, name: str) -> bool:
    """False while the broker, which the controller has not heard of for some seconds on a busy machine, is fenced."""
    try:
        java("create", topic=name, partitions=1)
    except RuntimeError as refused:
        if "fenced" not in str(refused):
            raise
        return False
    return True


@pytest.fixture
def serve_kafka(archiver, tmp_path):
    """`serve` with the generic API alone over Kafka at an address, with properties of librdkafka."""

    def start(address: str, *properties: str, **settings) -> Service:
        settings = {
            "SERVE_APIS": "events",
            "PROJECT": "none",
            "JOURNAL": f"kafka://{address}",
            "AZURE_STORAGE_CONNECTION_STRING": None,
            "PG_CONNECTION_STRING": None,
            **settings,
        }
        if properties:
            (tmp_path / "kafka.conf").write_text("\n".join(properties) + "\n")
            settings["KAFKA_CONFIG"] = str(tmp_path / "kafka.conf")
        return Service(SimpleNamespace(archiver=archiver.with_settings(settings)))

    return start
