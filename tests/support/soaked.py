"""One service under a mixed load, and what it has promised: each event that was answered is there, once, and is applied once."""
import http.client
import json
import threading
import time
import uuid
from types import SimpleNamespace

from support.builds import build, message
from support.serving import Service

CORRELATION = {"correlationId": "6ba7b810-9dad-11d1-80b4-00c04fd430c8"}
LIVE = {"Authorization": "secret", "Content_Type": "application/json"}
LINES = {"Content_Type": "application/x-ndjson"}
COMMANDS = "timestamp.command.v1"


class Soaked:
    """A `serve` on a port that stays, and the threads that ask it. `rest`: seconds between two requests of a client."""

    def __init__(self, archiver, apis: str, port: int, rest: float, **settings):
        self.archiver, self.rest = archiver, rest
        self.settings = {"SERVE_APIS": apis, "SERVE_PORT": str(port), "LOG_LEVEL": "warn", "SERVE_GRACE": "2s", **settings}
        self.service: Service | None = None
        self.stopping = threading.Event()  # after what is being asked
        self.given_up = threading.Event()  # at once
        self.failed: list = []
        self.threads: list = []
        self.revenue: dict = {}
        self.batches: dict = {}
        self.tickets: list = []
        self.keys = 0  # Idempotency-Keys that were accepted
        self.builds: set = set()

    # The process.

    def start(self) -> None:
        """Again where it does not come up: its database or its broker may be away."""
        deadline = time.monotonic() + 120
        while True:
            service = Service(SimpleNamespace(archiver=self.archiver), settings={**self.settings, "LOG_LEVEL": "info"})
            try:
                self.service = service.__enter__()
                return
            except AssertionError:
                service.process.kill()
                service.process.wait_end(30)
                assert time.monotonic() < deadline, service.process.output["stderr"].decode()[-4000:]
                time.sleep(0.5)

    def kill(self) -> None:
        self.service.process.kill()
        self.service.stop_awaited()
        self.start()

    def end(self) -> None:
        self.stopping.set()
        for each in self.threads:
            each.join()
        if self.service is not None and self.service.process.running:
            self.service.process.send(15)
            self.service.stop_awaited()

    # What clients ask.

    def client(self, work, name) -> None:
        def run() -> None:
            try:
                number = 0
                while not self.stopping.is_set():
                    work(name, number)
                    number += 1
                    time.sleep(self.rest)
            except BaseException as why:  # noqa: BLE001 (the test tells it)
                self.failed.append(repr(why))

        self.threads.append(threading.Thread(target=run, daemon=True))
        self.threads[-1].start()

    def until(self, status: int, method: str, path: str, **how):
        """The answer, asked for again as long as the service cannot give it."""
        deadline = time.monotonic() + 300
        while True:
            try:
                answer = self.service.ask(method, path, **how)
            except (OSError, http.client.HTTPException) as away:
                answer = away
            else:
                if answer.status == status:
                    return answer
                assert answer.status in (404, 409, 500, 503), answer
            assert time.monotonic() < deadline and not self.given_up.is_set(), answer
            time.sleep(0.05)

    def post_live(self, name: str, number: int) -> None:
        event = {"userId": name, "name": "add_revenue", "value": number % 100}
        self.until(201, "POST", "/liveEvent", body=json.dumps(event).encode(), Idempotency_Key=f"{name}-{number}", **LIVE)
        self.keys += 1
        self.revenue[name] = self.revenue.get(name, 0) + number % 100
        if number % 20 == 0:
            self.until(200, "GET", f"/userEvents/{name}")

    def post_batch(self, name: str, number: int) -> None:
        lines = "".join(json.dumps({"client": name, "n": number * 50 + each}) + "\n" for each in range(50))
        self.until(201, "POST", "/events/soak", body=lines.encode(), Idempotency_Key=f"batch-{name}-{number}", **LINES)
        self.keys += 1
        self.batches[name] = (number + 1) * 50

    def submit(self, _name: str, number: int) -> None:
        ticket = self.until(200, "POST", "/app", **CORRELATION).json["id"]
        self.tickets.append(ticket)
        if number % 20 == 0:
            self.until(200, "GET", f"/api/v1/timestamp/{ticket}")

    def producing(self, java, topic: str):
        def produce(_name: str, _number: int) -> None:
            wanted = str(uuid.uuid4())
            value = json.dumps(message(build(id=wanted, diskSpace={"realBytes": 1, "virtualBytes": 2})))
            while wanted not in self.builds:
                try:
                    java("produce", topic=topic, events=[{"key": wanted, "value": value}])
                    self.builds.add(wanted)
                except RuntimeError:  # the broker is away; a build that comes twice is the same build
                    time.sleep(0.5)
            self.until(200, "GET", f"/build/{wanted}")

        return produce

    # What must be so at the end.

    def read_all(self, topic: str) -> list:
        found: list = []
        while page := self.until(200, "GET", f"/events/{topic}?from={len(found)}&limit=10000").body.splitlines():
            found += [json.loads(line) for line in page]
        assert [each["position"] for each in found] == list(range(len(found)))
        return [each["value"] for each in found]

    def check_journal(self) -> None:
        kept = self.read_all("soak")
        for name, count in self.batches.items():
            assert [each["n"] for each in kept if each["client"] == name] == list(range(count)), name
        commands = [each["command_id"] for each in self.read_all(COMMANDS)]
        assert len(set(commands)) == len(commands) and set(self.tickets) <= set(commands)

    def wait_for_tables(self, ask, seconds: float = 300) -> None:
        commands = len(self.read_all(COMMANDS))
        deadline = time.monotonic() + seconds
        while True:
            revenue = dict(ask("SELECT user_id, revenue FROM users_revenue"))
            rows = {row[0] for row in ask("SELECT id::text FROM timestamp_records")}
            if revenue == self.revenue and len(rows) == commands and set(self.tickets) <= rows:
                return
            assert time.monotonic() < deadline, (revenue, self.revenue, len(rows), commands)
            time.sleep(0.5)
