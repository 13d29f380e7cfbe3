"""How much memory `serve` takes for events: JOURNAL_MEMORY and 32 MiB, whatever is posted, however much there is to read."""
import json

import pytest

from support.archiver import Archiver
from support.events import LINES, EventService
from support.process_memory import MIB, at_once, peak_of

ALLOWED = 32 * MIB
# Each event of the request keeps them.
CORRELATION = {"X-Correlation-Id": "0f8fad5b-d9cb-469f-a165-70867728950e", "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}


def body_of(bytes_of_event: int, bytes_in_all: int, name: str) -> bytes:
    text = "x" * (bytes_of_event - 40)
    return b"".join(json.dumps({"of": name, "n": n, "text": text}).encode() + b"\n" for n in range(bytes_in_all // bytes_of_event))


def post_until_accepted(service, body: bytes, accepted: list, headers: dict) -> None:
    while True:
        answer = service.post("/events/t", body=body, Content_Type="application/x-ndjson", timeout=120, **headers)
        if answer.status == 201:
            accepted.append(answer.json["accepted"])
            return
        assert answer.status == 503 and answer.headers["retry-after"] == "1", answer


@pytest.mark.parametrize("memory, event, headers", [
    ("4MiB", 200, {}), ("16MiB", 200, {}), ("16MiB", 100_000, {}), ("16MiB", 60, {}), ("16MiB", 400, CORRELATION),
])
def test_it_is_bounded_whatever_the_load_and_the_backlog(binary, tmp_path, memory, event, headers):
    given = int(memory.removesuffix("MiB")) * MIB
    allowed = given + ALLOWED
    with EventService(binary, tmp_path / "journal", settings={"JOURNAL_MEMORY": memory}) as service:
        accepted: list = []

        def post(client: int) -> None:
            body = body_of(event, given // 4 - 1000, str(client))
            for _ in range(32 * MIB // given):
                post_until_accepted(service, body, accepted, headers)

        at_once(post, 6)
        assert peak_of(service) < allowed, "taking them in"
        counts: list = []

        def read(client: int) -> None:
            answer = service.get(f"/events/t?from={sum(accepted) // 8 * client}", timeout=120)
            assert answer.status == 200, answer
            counts.append(answer.body.count(b"\n"))

        at_once(read, 8)
        assert sorted(counts)[-1] == sum(accepted)
        assert peak_of(service) < allowed, "reading them back"


def test_readers_that_stop_reading_take_no_more(binary, tmp_path):
    with EventService(binary, tmp_path / "journal", settings={"JOURNAL_MEMORY": "8MiB"}) as service:
        for _ in range(8):
            post_until_accepted(service, body_of(50_000, 7 * MIB, "a"), [], {})
        idle = [service.connect() for _ in range(16)]
        for each in idle:
            each.sendall(b"GET /events/t HTTP/1.1\r\nHost: localhost\r\n\r\n")
        for each in idle:
            assert each.recv(1000).startswith(b"HTTP/1.1 200 ")
        assert service.get("/events/t").status == 503
        assert peak_of(service) < 8 * MIB + ALLOWED
        for each in idle:
            each.close()


TINY = b"1\n" * 200_000  # of which each takes a hundred times its value in memory


def test_events_of_one_byte_take_no_more_for_readers_and_keys(binary, tmp_path):
    with EventService(binary, tmp_path / "journal") as service:
        for _ in range(6):
            assert service.post("/events/t", body=TINY, timeout=120, **LINES).status == 201
    with EventService(binary, tmp_path / "journal") as service:
        assert service.send("t", 1, Idempotency_Key="k").status == 201  # the keys of all of them are read first

        def read(client: int) -> None:
            answer = service.get(f"/events/t?from={100_000 * client}&limit=5000", timeout=120)
            assert answer.body.count(b"\n") == 5_000

        at_once(read, 8)
        assert peak_of(service) < 16 * MIB + ALLOWED


def test_a_backlog_of_events_of_one_byte_is_applied_within_it(binary, database, tmp_path):
    with EventService(binary, tmp_path / "journal") as service:
        for _ in range(5):
            assert service.post("/events/t", body=TINY, timeout=120, **LINES).status == 201
    (tmp_path / "own/tally/migrations").mkdir(parents=True)
    (tmp_path / "own/tally/projection.conf").write_text("topic = t\ntables = public.tally\n")
    (tmp_path / "own/tally/migrations/001.sql").write_text("CREATE TABLE tally (n bigint NOT NULL)")
    (tmp_path / "own/tally/apply.sql").write_text("INSERT INTO tally SELECT json_array_length($1)")
    program = Archiver(binary, {"PG_CONNECTION_STRING": database.uri, "JOURNAL": tmp_path / "journal", "PROJECTIONS_PATH": tmp_path / "own"})
    outcome = program.run("project", "tally", "--once", expect=0)
    with database.connection.cursor() as cursor:
        cursor.execute("SELECT sum(n) FROM tally")
        assert cursor.fetchone()[0] == 1_000_000
    assert outcome.peak_bytes < 16 * MIB + ALLOWED
