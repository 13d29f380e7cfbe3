"""`serve` with a journal and no database, and what is built to make its disk fail."""
import json
import os
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

from support.archiver import Archiver
from support.servers import ROOT
from support.serving import Service

JOURNAL_SETTINGS = {"PROJECT": "none", "JOURNAL": "journal", "SERVE_APIS": "events,live"}


class EventService(Service):
    """A running `serve` that takes events; `again` starts it again on the same journal and port."""

    def __init__(self, binary: Path, journal: Path, settings: dict | None = None):
        self.own_binary = binary
        archiver = Archiver(binary, {**JOURNAL_SETTINGS, "JOURNAL": str(journal)})
        super().__init__(SimpleNamespace(archiver=archiver), settings={"LOG_LEVEL": "info", **(settings or {})})
        self.journal = journal
        self.expected = (0,)

    def __exit__(self, kind, *_) -> None:
        if self.outcome is None:
            self.process.send(15)
            outcome = self.stop_awaited()
            assert kind is not None or outcome.code in self.expected, str(outcome)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def kill(self) -> None:
        self.process.kill()
        self.process.wait_end(30)
        self.stop_awaited()

    def again(self, **settings) -> "EventService":
        """One more on the same journal, which listens where this one did."""
        return EventService(self.own_binary, self.journal, {**self.settings, "EVENT_ARCHIVER_FAULT": None, "LD_PRELOAD": None, "SERVE_PORT": str(self.port), **settings})

    def send_events(self, values: list, topic: str = "live", **headers):
        body = "".join(json.dumps(value) + "\n" for value in values).encode()
        return self.post(f"/events/{topic}", body=body, Content_Type="application/x-ndjson", **headers)

    def command(self, *arguments: str, **how):
        return Archiver(self.own_binary, self.exports.archiver.settings).run(*arguments, **how)

    def cat(self, topic: str = "live", *arguments: str) -> list:
        said = self.command("journal", "cat", topic, *arguments, expect=0).stdout
        return [json.loads(line) for line in said.splitlines()]

    def values(self, topic: str = "live") -> list:
        read = self.cat(topic)
        assert [each["position"] for each in read] == list(range(len(read)))
        return [each["value"] for each in read]


def failing_disk(directory: Path) -> Path:
    """tests/support/failing_disk.cpp, built: what LD_PRELOAD loads."""
    library = directory / "failing_disk.so"
    if not library.exists():
        compiler = shutil.which("c++") or "g++"
        part = directory / f"failing_disk.{os.getpid()}.so"
        subprocess.run([compiler, "-std=c++20", "-O1", "-shared", "-fPIC", "-o", part, ROOT / "tests/support/failing_disk.cpp", "-ldl"], check=True)
        part.rename(library)
    return library


def on_failing_disk(library: Path, what: str, under: str) -> dict:
    """Settings of a `serve` whose disk does `what`: see tests/support/failing_disk.cpp."""
    return {"LD_PRELOAD": str(library), "FAILING_DISK": what, "FAILING_DISK_PATH": under, "ASAN_OPTIONS": "verify_asan_link_order=0"}
