"""What a measurement needs: PostgreSQL and the sink, tables that are made once and copied, and the cost of a process."""
import json
import os
import re
import shutil
import signal
import subprocess
import threading
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pod_limits import PodLimits
from support.servers import ACCOUNT, ACCOUNT_KEY, PG_BIN, ROOT, Certificate, PostgreSQL, Server, clean_environment



@dataclass
class Cost:
    """What one process took."""

    wall: float  # seconds
    cpu: float  # seconds, user and system
    peak: int  # bytes of resident memory
    summary: dict = field(default_factory=dict)  # the program's own last line
    throttled: float = 0.0  # seconds in which its CPU quota held it back


class Sink(Server):
    def __init__(self, directory: Path, binary: Path, latency_ms: int = 0, keep: bool = False, certificate: Certificate | None = None):
        super().__init__(directory)
        self.binary, self.latency_ms, self.keep, self.tls = binary, latency_ms, keep, certificate

    def launch(self) -> None:
        tls = ["--certificate", self.tls.certificate, "--key", self.tls.key] if self.tls else []
        keep = ["--keep"] if self.keep else []
        self.spawn([self.binary, "--latency", self.latency_ms, *keep, *tls])

        def ready():
            found = re.search(r"listening on (\d+)", self.last_words())
            self.port = int(found[1]) if found else 0
            return self.port

        self.wait_until(ready)

    @property
    def endpoint(self) -> str:
        return f"https://localhost:{self.port}" if self.tls else f"http://127.0.0.1:{self.port}"

    def settings(self) -> dict:
        kind = self.endpoint.partition(":")[0]
        made = {
            "AZURE_STORAGE_CONNECTION_STRING": f"DefaultEndpointsProtocol={kind};AccountName={ACCOUNT};"
            f"AccountKey={ACCOUNT_KEY};BlobEndpoint={self.endpoint}/{ACCOUNT};"
        }
        return {**made, "SSL_CERT_FILE": str(self.tls.authority)} if self.tls else made

    def _ask(self, path: str, method: str) -> bytes:
        if self.tls:  # not worth a client with certificates: this is the one endpoint without secrets
            secure = ["--cacert", str(self.tls.authority)]
            return subprocess.check_output(["curl", "-sf", "-X", method, *secure, self.endpoint + path])
        with urllib.request.urlopen(urllib.request.Request(self.endpoint + path, method=method)) as answer:
            return answer.read()

    def stats(self) -> dict:
        return json.loads(self._ask("/_stats", "GET"))

    def reset(self) -> None:
        self._ask("/_reset", "POST")


def run(command: list, environment: dict, limits: PodLimits | None = None, timeout: float = 900) -> Cost:
    """Runs a process to its end; anything but exit 0 is an error, with the end of what it said."""
    throttled_before = limits.throttled_seconds() if limits else 0.0
    began = time.monotonic()
    process = subprocess.Popen(
        [str(word) for word in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**clean_environment(), **environment},
        start_new_session=True,
        preexec_fn=limits.enter if limits else None,
    )
    said = []
    reader = threading.Thread(target=lambda: said.append(process.stderr.read().decode(errors="replace")))
    reader.start()
    alarm = threading.Timer(timeout, process.kill)
    alarm.start()
    peak = 0
    status_file = Path(f"/proc/{process.pid}/status")
    # VmHWM and not wait4's ru_maxrss, which remembers the process that forked.
    while True:
        found = re.search(r"VmHWM:\s+(\d+)", status_file.read_text())
        peak = max(peak, int(found[1]) * 1024 if found else 0)
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            break
        time.sleep(0.002 if time.monotonic() - began < 0.2 else 0.02)
    wall = time.monotonic() - began
    alarm.cancel()
    reader.join()
    process.stderr.close()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"{command[0]} ended with {process.returncode}:\n{said[0][-3000:]}")
    last = said[0].rstrip().rpartition("\n")[2]
    summary = json.loads(last) if '"run.summary"' in last else {}
    held_back = limits.throttled_seconds() - throttled_before if limits else 0.0
    return Cost(wall, usage.ru_utime + usage.ru_stime, summary.get("peak_memory_bytes", peak), summary, held_back)


class Rig:
    """Servers in a directory of their own, ended when the `with` block is left."""

    def __init__(self, directory: Path, build: Path, durable: bool = True):
        self.directory = directory
        self.program = build / "event-archiver"
        self.sink_binary = build / "bench/sink"
        # `durable`: the DELETE that is measured waits for its log as a real one does.
        flag = "on" if durable else "off"
        self.database = PostgreSQL(
            directory / "postgresql",
            settings={"fsync": flag, "full_page_writes": flag, "shared_buffers": "1GB", "max_wal_size": "16GB"},
        )
        self.servers = [self.database]
        self.copies = 0

    def __enter__(self) -> "Rig":
        try:
            self.database.start()
            self.certificate = Certificate(self.directory / "certificate")
            self.plain = self.sink("sink")
            self.secure = self.sink("sink-tls", certificate=self.certificate)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_) -> None:
        for server in reversed(self.servers):
            server.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def sink(self, name: str, **how) -> Sink:
        made = Sink(self.directory / name, self.sink_binary, **how)
        self.servers.append(made)
        return made.start()

    def sql(self, text: str, database: str = "postgres") -> str:
        return self.database.psql("-At", "-d", self.database.uri(database), "-c", text).strip()

    def table(self, rows: int, days: int, index: bool = True) -> str:
        """The name of a database that holds such a table; made once, not to be changed."""
        name = f"rows_{rows}_days_{days}{'' if index else '_bare'}"
        if self.sql(f"SELECT count(*) FROM pg_database WHERE datname = '{name}'") == "1":
            return name
        self.sql(f"CREATE DATABASE {name}")
        target = ["-d", self.database.uri(name)]
        counts = ["-v", f"rows={rows}", "-v", f"days={days}"]
        self.database.psql(*target, *counts, "-f", str(ROOT / "bench/events.sql"))
        if index:
            self.sql('CREATE INDEX ON "Event" (created_at)', name)
        self.sql("CHECKPOINT")
        return name

    @contextmanager
    def copy_of(self, name: str):
        """A database like that one, for one run to empty."""
        self.copies += 1
        copy = f"copy_{self.copies}"
        self.sql(f"CREATE DATABASE {copy} TEMPLATE {name} STRATEGY file_copy")
        try:
            # Into the cache, as the table would be that is written all day.
            self.sql('SELECT count(*), sum(length(event_id)) FROM "Event"', copy)
            yield copy
        finally:
            self.sql(f"DROP DATABASE {copy} (FORCE)")

    def archive(self, database: str, sink: Sink, *arguments: str, limits: PodLimits | None = None, **settings) -> Cost:
        return self.event_archiver("archive", database, sink, *arguments, limits=limits, **settings)

    def event_archiver(self, command: str, database: str, sink: Sink, *arguments: str, limits: PodLimits | None = None, **settings) -> Cost:
        environment = {
            "PG_CONNECTION_STRING": self.database.uri(database),
            "LOG_FORMAT": "json",
            **sink.settings(),
            **settings,
        }
        return run([self.program, command, *arguments], environment, limits)

    def archive_copy(self, name: str, sink: Sink, *arguments: str, limits: PodLimits | None = None, **settings) -> Cost:
        """`archive` on a copy of that table and an empty lake."""
        with self.copy_of(name) as copy:
            sink.reset()
            cost = self.archive(copy, sink, *arguments, limits=limits, **settings)
            left = self.sql('SELECT count(*) FROM "Event"', copy)
            if left != "0":
                raise RuntimeError(f"{left} rows were left")
            return cost

    def copy_out(self, database: str, order: str = "") -> Cost:
        """psql, receiving the table and throwing it away."""
        statement = f'COPY (SELECT * FROM "Event" {order}) TO STDOUT (FORMAT csv)'
        return run([PG_BIN / "psql", "-X", "-q", "-d", self.database.uri(database), "-c", statement], {})
