"""`serve` among many clients, bad clients, without descriptors, at its end, and after it was killed."""
import asyncio
import http.client
import os
import random
import re
import resource
import signal
import socket
import subprocess
import threading
import time

import psycopg2
import pytest

from support.asking import wait_for
from support.exports import COMMON_KNOWLEDGE, DirectoryPlace, Exports
from support.serving import Service, hear_all

AGENCY, SOURCE = COMMON_KNOWLEDGE[:2]


@pytest.fixture
def exports(archiver, database, tmp_path):
    """Files in a directory."""
    made = Exports(archiver, database.connection, tmp_path, DirectoryPlace(tmp_path / "out"))
    made.add(AGENCY)
    return made.remember()


@pytest.fixture
def locked(exports):
    """The table is locked by somebody, so that its export waits; `rollback` lets it go on."""
    connection = psycopg2.connect(exports.archiver.settings["DATABASE_URL"])
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE agency IN ACCESS EXCLUSIVE MODE")
    yield connection
    connection.close()


def start_export(service: Service) -> None:
    """Returns once it runs, waiting for the lock."""
    assert service.post("/exports/agency").status == 200
    while service.state_of("agency")["state"] != "running":
        pass
    while not service.exports.execute("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"):
        pass


async def ask_often(port: int, times: int, expected: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(times):
        writer.write(b"GET /exports HTTP/1.1\r\nHost: localhost\r\n\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 OK\r\n"), head
        body = await reader.readexactly(int(re.search(rb"Content-Length: (\d+)", head)[1]))
        assert body == expected
    writer.close()


@pytest.mark.parametrize("keys", [40_000, pytest.param(250_000, marks=pytest.mark.slow)])
def test_a_thousand_clients_while_a_large_table_is_exported(exports, keys):
    """Four of five versions of each key are exported: a million rows in the slow tier."""
    exports.execute("DROP TABLE agency")
    exports.shapes.clear()
    exports.add(AGENCY, keys=keys, versions=5)
    exports.remember()
    with Service(exports, settings={"LOG_LEVEL": "info"}) as service:
        expected = service.get("/exports").body

        async def crowd():
            await asyncio.gather(*(ask_often(service.port, 10, expected) for _ in range(1000)))

        asyncio.run(asyncio.wait_for(crowd(), 200))
        before = service.resident_bytes
        assert service.post("/exports/agency").status == 200
        asyncio.run(asyncio.wait_for(crowd(), 200))
        status = service.wait_until_idle("agency", timeout=600)
        assert status["last_run"]["outcome"] == "exported" and status["last_run"]["rows"] == exports.check()["agency"]
        asyncio.run(asyncio.wait_for(crowd(), 200))
        assert service.resident_bytes < before + (64 << 20), "memory is flat"
        deadline = time.monotonic() + 20
        while service.descriptors > 100:
            assert time.monotonic() < deadline, "and the connections are gone"
            time.sleep(0.05)
        assert 'status="200"} 3' in service.get("/metrics").text  # thirty thousand and some


def test_more_clients_than_places_are_served_in_turn(exports):
    with Service(exports, "--connections", "20") as service:
        expected = service.get("/exports").body

        async def crowd():
            await asyncio.gather(*(ask_often(service.port, 1, expected) for _ in range(300)))

        asyncio.run(asyncio.wait_for(crowd(), 100))
        assert service.descriptors < 60


def test_slow_and_silent_clients_keep_no_others_out(exports):
    with Service(exports, "--connections", "50", "--client-timeout", "1s") as service:
        idle = [service.connect() for _ in range(20)]
        half = [service.connect() for _ in range(20)]
        for client in half:
            client.sendall(b"POST /exports/agency HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf")
        assert service.get("/exports").status == 200
        for client in half:
            assert hear_all(client).startswith(b"HTTP/1.1 408 Request Timeout\r\n")
        assert service.state_of("agency")["last_run"] is None
        for client in (*idle, *half):
            client.close()


def test_garbage_is_answered_or_dropped(exports):
    numbers = random.Random(5)
    with Service(exports) as service:
        for status, text in [
            (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(600)),
            (400, b"nonsense\r\n\r\n"),
            (400, b"GET /exports HTTP/1.1\r\n\r\n"),
            (505, b"GET /exports HTTP/2.0\r\nHost: localhost\r\n\r\n"),
            (501, b"BREW /exports HTTP/1.1\r\nHost: localhost\r\n\r\n"),
            (414, b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n"),
            (431, b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"A: b\r\n" * 4000 + b"\r\n"),
            (413, b"POST /exports HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n"),
            (400, b"POST /exports HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        ]:
            answer = service.say(text)
            assert answer.startswith(b"HTTP/1.1 %d " % status) and b'\r\n\r\n{"detail":"' in answer, (text[:50], answer)
        for _ in range(200):
            with service.connect() as client:
                client.sendall(bytes(numbers.randrange(256) for _ in range(numbers.randrange(1, 400))))
                if numbers.random() < 0.5:
                    client.shutdown(1)
                    hear_all(client)
        assert not service.events("export.requested")
        assert service.get("/exports").status == 200


def test_without_descriptors_it_waits_and_goes_on(exports):
    with Service(exports) as service:
        pid = service.process.pid
        usual = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (service.descriptors, usual[1]))
        with service.connect() as client:
            client.sendall(b"GET /exports HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            service.process.wait_for_output('"event":"http.accept_failed"')
            resource.prlimit(pid, resource.RLIMIT_NOFILE, usual)
            assert hear_all(client).startswith(b"HTTP/1.1 200 OK\r\n")


def test_few_descriptors_mean_fewer_clients(exports, tmp_path):
    narrow = tmp_path / "narrow"
    narrow.write_text(f'#!/bin/sh\nulimit -n 200\nexec {exports.archiver.binary} "$@"\n')
    narrow.chmod(0o755)
    exports.archiver.binary = narrow
    with Service(exports) as service:
        assert service.events("serve.few_descriptors")[0]["connections"] == 100
        assert service.get("/exports").status == 200


# --- Its end ---


def must_refuse(service) -> None:
    """Soon after it has said that it stops, nobody can connect any more."""
    until = time.monotonic() + 5
    while time.monotonic() < until:
        try:
            service.connect().close()
        except ConnectionRefusedError:
            return
        time.sleep(0.01)
    pytest.fail("it still takes connections")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_running_export_may_end_within_its_grace(exports, locked, number):
    with Service(exports) as service:
        start_export(service)
        waiting = threading.Thread(target=lambda: answers.append(service.post("/exports/agency?wait=true")))
        answers = []
        waiting.start()
        while len(service.events("export.requested")) < 2:
            pass
        service.process.send(number)
        service.process.wait_for_output('"event":"run.stopping"')
        must_refuse(service)
        locked.rollback()
        waiting.join()
        assert answers[0].status == 200 and answers[0].headers["connection"] == "close"
        outcome = service.stop_awaited()
        assert outcome.code == 0 and outcome.summary["status"] == "succeeded" and outcome.summary["rows"] == exports.check()["agency"] > 0


def test_after_its_grace_an_export_is_rolled_back(exports, locked):
    with Service(exports, "--grace", "200ms") as service:
        start_export(service)
        answers = []
        waiting = threading.Thread(target=lambda: answers.append(service.post("/exports/agency?wait=true")))
        waiting.start()
        while len(service.events("export.requested")) < 2:
            pass
        began = time.monotonic()
        service.process.send(signal.SIGTERM)
        outcome = service.stop_awaited()
        waiting.join()
        assert outcome.code == 143 and time.monotonic() - began < 10, str(outcome)
        assert outcome.events("serve.rolling_back") and not outcome.events("run.abandoned")
        assert (answers[0].status, answers[0].json["detail"]) == (503, "the service is stopping")
        locked.rollback()
        assert exports.check()["agency"] == 0 and exports.place.leftovers() == []


def test_a_second_signal_ends_it_at_once(exports, locked):
    with Service(exports) as service:
        start_export(service)
        service.process.send(signal.SIGTERM)
        service.process.wait_for_output('"event":"run.stopping"')
        service.process.send(signal.SIGTERM)
        assert service.stop_awaited(timeout=5).code == 143


def test_idle_clients_do_not_keep_it(exports):
    with Service(exports) as service:
        clients = [service.connect() for _ in range(30)]
        for client in clients[:15]:
            client.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
            client.recv(1000)
        service.process.send(signal.SIGTERM)
        outcome = service.stop_awaited(timeout=5)
        assert outcome.code == 0
        for client in clients:
            assert client.recv(1000) in (b"",)
            client.close()


def test_a_service_that_was_killed_settles_when_it_starts_again(exports):
    """Killed at random moments of an export, over and over; each row stays in one place."""
    numbers = random.Random(11)
    exports.fill(AGENCY, 300, 6, seed="k")
    exports.remember()
    for _ in range(6):
        with Service(exports) as service:
            service.post("/exports/agency")
            time.sleep(numbers.random() * 0.08)
            service.process.kill()
            service.stop_awaited()
        known = exports.rows(AGENCY)
        exports.fill(AGENCY, 50, 4, seed=f"k{numbers.random()}")
        exports.before[AGENCY.task] += exports.rows(AGENCY) - known
    with Service(exports) as service:
        assert service.post("/exports/agency?wait=true").status == 200
        assert exports.place.leftovers() == []
        assert exports.check()["agency"] > 0
        for file in service.get("/exports/agency/files").json:
            assert file["pending"] is False


class UnreadService:
    """`serve` whose log goes into a pipe that nothing reads."""

    def __init__(self, binary, journal, closed: bool):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.reader, writer = os.pipe()
        settings = {"LOG_FORMAT": "json", "SERVE_APIS": "events", "SERVE_PORT": str(self.port), "JOURNAL": str(journal), "PATH": "/usr/bin:/bin"}
        if closed:
            os.close(self.reader)
        self.process = subprocess.Popen([binary, "serve"], env=settings, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=writer)
        os.close(writer)

    def status(self, method: str, path: str, body: bytes | None = None) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"})
            return connection.getresponse().status
        except OSError:
            return 0
        finally:
            connection.close()


@pytest.mark.parametrize("closed", [False, True])
def test_a_log_that_nothing_reads_holds_up_nothing(binary, tmp_path, closed):
    service = UnreadService(binary, tmp_path / "journal", closed)
    try:
        wait_for(lambda: service.status("GET", "/readyz") == 200)
        assert all(service.status("POST", "/events/t", b'{"n":1}') == 201 for _ in range(400))  # more lines than a pipe takes
        assert service.status("GET", "/livez") == 200
        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait(60) == 0
        if not closed:
            os.set_blocking(service.reader, False)
            assert b'"event":"serve.listening"' in os.read(service.reader, 1 << 20)
    finally:
        service.process.kill()
        service.process.wait()
        if not closed:
            os.close(service.reader)
