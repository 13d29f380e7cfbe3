"""`serve` with the faces of the journal, as clients that post events see it."""
import http.client
import json
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from support.archiver import Archiver
from support.servers import ROOT
from support.serving import Answer, Service

JSON = {"Content_Type": "application/json"}
LINES = {"Content_Type": "application/x-ndjson"}


class EventService(Service):
    """A running `serve --apis …` on a journal in a directory; no database."""

    def __init__(self, binary: Path, journal: Path, apis: str = "events", settings: dict | None = None):
        given = {"JOURNAL": journal, "SERVE_APIS": apis, "PROJECT": "none", **(settings or {})}
        super().__init__(SimpleNamespace(archiver=Archiver(binary)), settings=given)

    def send(self, topic: str, *values, **headers: str) -> Answer:
        """As NDJSON."""
        body = "".join(json.dumps(value) + "\n" for value in values).encode()
        return self.post(f"/events/{topic}", body=body, **{**LINES, **headers})

    def read(self, topic: str) -> list:
        """All of it, page by page, as the positions say."""
        found: list = []
        while True:
            begin = found[-1]["position"] + 1 if found else 0
            answer = self.get(f"/events/{topic}?from={begin}&limit=1000")
            assert answer.status == 200, answer
            page = [json.loads(line) for line in answer.body.splitlines()]
            if not page:
                return found
            assert [line["position"] for line in page] == list(range(begin, begin + len(page)))
            found += page

    def values(self, topic: str) -> list:
        return [line["value"] for line in self.read(topic)]

    def crash(self) -> None:
        self.process.kill()
        self.stop_awaited()


def keep_posting(port: int, topic: str, values: list, accepted: list) -> None:
    """Posts one event after the other on a connection until the server is gone; adds those that were accepted, with their
    positions, to `accepted`."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        for value in values:
            connection.request("POST", f"/events/{topic}", json.dumps(value), {"Content-Type": "application/json"})
            answer = connection.getresponse()
            told = json.loads(answer.read())
            if answer.status == 201:
                accepted.append((told["first"], value))
    except (OSError, http.client.HTTPException):
        pass
    finally:
        connection.close()


def loadable(directory: Path, name: str) -> Path:
    """A file of tests/support, to be loaded into a server."""
    library = directory / f"{name}.so"
    subprocess.run(["c++", "-std=c++20", "-shared", "-fPIC", "-O1", ROOT / f"tests/support/{name}.cpp", "-o", library, "-ldl"], check=True)
    return library


@pytest.fixture(scope="session")
def failing_disk(tmp_path_factory) -> Path:
    return loadable(tmp_path_factory.mktemp("failing-disk"), "failing_disk")


@pytest.fixture
def held_disk(tmp_path) -> "HeldDisk":
    return HeldDisk(loadable(tmp_path, "held_disk"), tmp_path / "held")


class HeldDisk:
    """A disk whose syncs wait while it is held."""

    def __init__(self, library: Path, hold: Path):
        self.hold = hold
        self.settings = {"LD_PRELOAD": library, "HELD_DISK_PATH": ".log", "HELD_DISK": hold}

    def __enter__(self) -> "HeldDisk":
        self.hold.touch()
        return self

    def __exit__(self, *_) -> None:
        self.hold.unlink()


def slow_disk(library: Path, milliseconds: int) -> dict:
    """Settings with which each sync of a topic takes that much longer."""
    return {"LD_PRELOAD": library, "FAILING_DISK_PATH": ".log", "FAILING_DISK": f"fdatasync={milliseconds}ms"}
