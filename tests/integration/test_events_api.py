"""POST and GET /events/{topic}: what is accepted is kept, once, in order, byte for byte; what is refused is not."""
import asyncio
import json
import os
import re
import signal
import shutil
import subprocess
import threading
import time

import pytest

from support.archiver import Archiver
from support.asking import wait_for
from support.events import JSON, LINES, EventService, failing_disk, held_disk, keep_posting, slow_disk  # noqa: F401 (fixtures)
from support.process_memory import peak_of
from support.serving import hear_all

MEBIBYTE = 1 << 20


@pytest.fixture
def journal(tmp_path):
    return tmp_path / "journal"


def test_objects_arrays_and_lines_are_kept_byte_for_byte(binary, journal):
    with EventService(binary, journal) as service:
        one = service.post("/events/t", body=b' {"a": 1.0,\n "b":"\\u00e4"} ', **JSON)
        assert (one.status, one.json) == (201, {"accepted": 1, "first": 0, "last": 0})
        many = service.post("/events/t", body=b'[{"x":[1,{"y":"],["}]}, "text" ,3]', **JSON)
        assert (many.status, many.json) == (201, {"accepted": 3, "first": 1, "last": 3})
        lines = service.post("/events/t", body=b'{"n": 1}\r\n\n  \n[2]', Content_Type="application/x-ndjson; charset=utf-8")
        assert (lines.status, lines.json) == (201, {"accepted": 2, "first": 4, "last": 5})
        read = service.get("/events/t")
        assert (read.status, read.headers["content-type"]) == (200, "application/x-ndjson")
        raw = [line.split(b'"value":', 1)[1] for line in read.body.splitlines()]
        assert raw == [b'{"a": 1.0,  "b":"\\u00e4"}}', b'{"x":[1,{"y":"],["}]}}', b'"text"}', b"3}", b'{"n": 1}}', b"[2]}"]
        first = json.loads(read.body.splitlines()[0])
        assert list(first) == ["position", "time", "key", "headers", "value"]
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", first["time"]) and first["key"] is None and first["headers"] == {}
        assert service.get("/events/t?from=2&limit=2").text.count("\n") == 2
        assert json.loads(service.get("/events/t?from=5").text)["value"] == [2]
        assert service.get("/events/t?from=6").body == b"", "the end for now"
        assert service.ask("HEAD", "/events/t").status == 200


def test_what_is_refused_says_why_and_is_not_kept(binary, journal):
    with EventService(binary, journal) as service:
        assert service.send("t", {"kept": True}).status == 201
        for body, form, status, words in [
            (b'{"a":1}\n{"b":}\n', LINES, 400, "line 2, byte 6: it is not JSON"),
            (b'{"a":1}\n1],[2\n', LINES, 400, "line 2, byte 2: it is not JSON"),
            (b'{"a":1} {"b":2}', JSON, 400, "line 1, byte 9: it is not JSON"),
            (b'{"a":1}\n{"b":2}', JSON, 400, "line 2, byte 1: it is not JSON"),
            (b'[{"a":1},\n{"b":tru}]', JSON, 400, "line 2, byte 6"),
            (b'{"a":"\xff"}', JSON, 400, "line 1, byte 7: it is not JSON"),
            (b"[" * 2000 + b"]" * 2000, JSON, 400, "nested more than 1000 levels deep"),
            (b"5", JSON, 400, "give an object, or an array"),
            (b"[]", JSON, 400, "no events"),
            (b"", JSON, 400, "there is no event"),
            (b"\n \n", LINES, 400, "there is no event"),
            (b'{"a":1}', {"Content_Type": "text/plain"}, 415, "application/json"),
            (b'{"a":1}', {}, 415, "application/json"),
            (b'{"a":1}', {**JSON, "Content_Encoding": "gzip"}, 415, "application/json"),
            (b'{"a":1}', {**JSON, "Idempotency_Key": "a b"}, 400, "Idempotency-Key"),
        ]:
            answer = service.post("/events/t", body=body, **form)
            assert answer.status == status and words in answer.json["detail"], (body, answer)
            place = re.match(r"line (\d+), byte (\d+)", answer.json["detail"])
            assert not place or (answer.json["line"], answer.json["byte"]) == (int(place[1]), int(place[2]))
        assert service.post("/events/plain", body=b"{}", **JSON, Content_Encoding="Identity").status == 201
        assert service.post("/events/a%20b", body=b"{}", **JSON).status == 400
        assert service.get("/events/nothing").status == 404, "and it is not made"
        for query, status in [("from=x", 400), ("limit=-1", 400), ("from=2", 416), ("partition=1", 404)]:
            assert service.get(f"/events/t?{query}").status == status, query
        assert service.get("/events/t?from=2").json == {"detail": "no event has this position yet: the next one will be at `end`", "begin": 0, "end": 1}
        assert service.values("t") == [{"kept": True}]
    assert sorted(os.listdir(journal)) == ["plain", "t"]


def test_events_and_batches_have_a_size(binary, journal):
    def event(size: int) -> bytes:
        return b'"' + b"x" * (size - 2) + b'"'

    with EventService(binary, journal) as service:
        assert service.post("/events/t", body=event(MEBIBYTE), **LINES).status == 201
        assert service.post("/events/t", body=event(MEBIBYTE + 1), **LINES).status == 413
        assert service.post("/events/t", body=b'[{"a":1},' + event(MEBIBYTE + 1) + b"]", **JSON).status == 413
        full = (event(MEBIBYTE - 1) + b"\n") * 8
        assert service.post("/events/t", body=full, **LINES).json == {"accepted": 8, "first": 1, "last": 8}
        refused = service.post("/events/t", body=full + b"\n", **LINES)
        assert refused.status == 413 and refused.headers["connection"] == "close"
        pieces = iter([full, b"\n"])  # in chunks, so that its length is not known before
        assert service.post("/events/t", body=pieces, **LINES).status == 413
        assert service.post("/events/t", body=b"1\n" * 200_001, **LINES).status == 413
        assert len(service.read("t")) == 9


def test_a_server_that_cannot_listen_says_what_would_be_right_and_makes_no_journal(binary, journal):
    outcome = Archiver(binary, {"JOURNAL": journal, "SERVE_PORT": "0"}).run("serve", "--apis", "events", "--listen", "203.0.113.9", expect=3)
    assert "This machine has no address 203.0.113.9: give one of its own" in outcome.stderr, str(outcome)
    assert not journal.exists()


def test_the_same_batch_again_is_answered_the_same_and_kept_once(binary, journal):
    with EventService(binary, journal) as service:
        first = service.send("t", {"n": 1}, {"n": 2}, Idempotency_Key='"8e03978e-40d5-43dd-bc93-6894a57f9324"')
        again = service.send("t", {"n": 1}, {"n": 2}, Idempotency_Key="8e03978e-40d5-43dd-bc93-6894a57f9324")
        assert (first.status, first.body) == (again.status, again.body) == (201, b'{"accepted":2,"first":0,"last":1}')
        assert service.send("t", {"n": 3}, Idempotency_Key="8e03978e-40d5-43dd-bc93-6894a57f9324").status == 422
        assert service.send("other", {"n": 3}, Idempotency_Key="8e03978e-40d5-43dd-bc93-6894a57f9324").status == 201
        assert service.send("t", {"n": 4}).status == 201
        service.crash()
    with EventService(binary, journal) as service:
        again = service.send("t", {"n": 1}, {"n": 2}, Idempotency_Key="8e03978e-40d5-43dd-bc93-6894a57f9324")
        assert (again.status, again.body) == (201, first.body), "a restart still knows it"
        assert service.send("t", {"n": 3}, Idempotency_Key="8e03978e-40d5-43dd-bc93-6894a57f9324").status == 422
        assert service.values("t") == [{"n": 1}, {"n": 2}, {"n": 4}]
        assert service.read("t")[0]["headers"]["idempotency-key"] == "8e03978e-40d5-43dd-bc93-6894a57f9324"
        assert service.read("t")[1]["headers"] == {}


def test_a_key_that_is_empty_or_given_twice_is_a_mistake(binary, journal):
    head = b"POST /events/t HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 7\r\n"
    with EventService(binary, journal) as service:
        for keys in (b"Idempotency-Key:\r\n", b"Idempotency-Key: \r\n", b"Idempotency-Key: a\r\nIdempotency-Key: b\r\n"):
            assert service.say(head + keys + b'\r\n{"n":1}').startswith(b"HTTP/1.1 400 "), keys
        assert service.say(head + b'\r\n{"n":1}').startswith(b"HTTP/1.1 201 ")
        assert len(service.read("t")) == 1


def test_a_number_may_have_any_exponent(binary, journal):
    """RFC 8259 has no limit; what cannot be a number of PostgreSQL's is for SQL to refuse."""
    bodies = [b'{"v":1e99999999999}', b'{"v":-0.5E-99999999999,"w":"1e99999999999"}', b'{"v":[0e99999999999,1e5]}']
    with EventService(binary, journal) as service:
        for body in bodies:
            assert service.post("/events/t", body=body, **JSON).status == 201, body
        for body in (b'{"v":1e99999999999', b'{"v":1e99999999999.5}', b'{"v":1e+}', b'{"v":1e99999999999,}'):
            assert service.post("/events/t", body=body, **JSON).status == 400, body
        read = service.get("/events/t").body
        assert all(body in read for body in bodies)


def test_one_body_as_json_and_as_lines_is_two_batches_of_one_key(binary, journal):
    """An array is as many events as it has elements, or one event in one line."""
    with EventService(binary, journal) as service:
        for key, body in (("k", b'[{"n":1},{"n":2}]'), ("l", b'[{"n":3}]')):
            first = service.post("/events/t", body=body, Idempotency_Key=key, **JSON)
            assert first.status == 201
            assert service.post("/events/t", body=body, Idempotency_Key=key, **LINES).status == 422
        service.crash()
    with EventService(binary, journal) as service:
        assert service.post("/events/t", body=b'[{"n":3}]', Idempotency_Key="l", **LINES).status == 422
        assert service.post("/events/t", body=b'[{"n":3}]', Idempotency_Key="l", **JSON).body == first.body
        # One object is the same event either way.
        one = service.post("/events/t", body=b'{"n":4}', Idempotency_Key="m", **JSON)
        assert service.post("/events/t", body=b'{"n":4}', Idempotency_Key="m", **LINES).body == one.body
        assert service.values("t") == [{"n": 1}, {"n": 2}, {"n": 3}, {"n": 4}]


def test_a_key_outlives_its_events_until_the_server_ends(binary, journal):
    """What docs/journal.md promises once retention has removed a batch."""
    settings = {"JOURNAL_MAX_BYTES": "1MiB"}
    with EventService(binary, journal, settings=settings) as service:
        first = service.send("t", {"n": 1}, Idempotency_Key="old")
        segment = min((journal / "t").glob("*.log"))
        assert service.send("t", *({"pad": "x" * 100_000} for _ in range(30))).status == 201
        # An answer that is under way when its segment is removed would be cut off.
        wait_for(lambda: not segment.exists())
        wait_for(lambda: service.get("/events/t?from=0").status == 410)
        again = service.send("t", {"n": 1}, Idempotency_Key="old")
        assert (again.status, again.body) == (201, first.body), "it is known as long as the server runs"
        assert service.send("t", {"n": 2}, Idempotency_Key="old").status == 422
        kept = service.send("t", {"n": 3}, Idempotency_Key="new").json
    with EventService(binary, journal, settings=settings) as service:
        assert service.send("t", {"n": 3}, Idempotency_Key="new").json == kept
        again = service.send("t", {"n": 1}, Idempotency_Key="old")
        assert again.status == 201 and again.json["first"] == kept["last"] + 1


def test_many_at_once_with_one_key_are_kept_once(binary, journal):
    """Also where the topic's end has to be read for keys first, and where others send another batch with the key."""
    with EventService(binary, journal) as service:
        assert service.send("t", *({"n": each} for each in range(1000)), Idempotency_Key="first").status == 201
        service.crash()
    with EventService(binary, journal) as service:
        answers = []

        def ask(n: int) -> None:
            answers.append((n, service.send("t", {"batch": n}, Idempotency_Key="k")))

        threads = [threading.Thread(target=ask, args=(each % 2,)) for each in range(40)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        accepted = {(n, answer.body) for n, answer in answers if answer.status == 201}
        assert len(accepted) == 1 and {answer.status for _, answer in answers} <= {201, 409, 422}
        (winner, _), = accepted
        assert all(answer.status in (409, 422) for n, answer in answers if n != winner)
        assert [each for each in service.values("t") if "batch" in each] == [{"batch": winner}]


def test_a_batch_on_its_way_is_a_conflict(binary, journal, failing_disk):  # noqa: F811
    with EventService(binary, journal, settings=slow_disk(failing_disk, 500)) as service:
        answers = []
        ask = lambda: answers.append(service.send("t", {"n": 1}, Idempotency_Key="k").status)  # noqa: E731
        assert service.send("t", {"n": 0}).status == 201
        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(answers) == [201, 409, 409, 409]
        assert service.send("t", {"n": 1}, Idempotency_Key="k").json == {"accepted": 1, "first": 1, "last": 1}
        assert service.values("t") == [{"n": 0}, {"n": 1}]


@pytest.mark.parametrize("run", range(3))
def test_whatever_was_accepted_is_there_once_and_in_order_after_kill_9(binary, journal, run):
    clients = 8
    kept: dict = {}
    for life in range(3):
        with EventService(binary, journal) as service:
            accepted: list = [[] for _ in range(clients)]

            def post(client: int) -> None:
                values = [{"life": life, "client": client, "n": n} for n in range(100_000)]
                keep_posting(service.port, "t", values, accepted[client])

            threads = [threading.Thread(target=post, args=(client,)) for client in range(clients)]
            for thread in threads:
                thread.start()
            while not all(accepted):  # all of them are at it
                time.sleep(0.01)
            time.sleep(0.2 * run)
            service.crash()
            for thread in threads:
                thread.join()
        for client in range(clients):
            for position, value in accepted[client]:
                assert position not in kept, "two were told the same position"
                kept[position] = value
    with EventService(binary, journal) as service:
        there = service.values("t")
    for position, value in kept.items():
        assert there[position] == value
    texts = [json.dumps(value) for value in there]
    assert len(set(texts)) == len(texts), "none is there twice"
    for life in range(3):
        for client in range(clients):
            numbers = [value["n"] for value in there if (value["life"], value["client"]) == (life, client)]
            assert numbers == list(range(len(numbers))), "in the order of its client"


async def post_once(port: int, body: bytes) -> tuple:
    """The status and whether it says when to try again."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"POST /events/t HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    began = time.monotonic()
    writer.write(head.encode() + body)
    answer = await reader.readuntil(b"\r\n\r\n")
    writer.close()
    return int(answer.split()[1]), b"Retry-After: 1" in answer, time.monotonic() - began


def test_a_thousand_clients_on_a_slow_disk_meet_refusals_and_memory_stays_flat(binary, journal, failing_disk):  # noqa: F811
    settings = {**slow_disk(failing_disk, 200), "JOURNAL_MEMORY": "1MiB", "SERVE_CONNECTIONS": "2000"}
    with EventService(binary, journal, settings=settings) as service:
        assert service.send("t", "first").status == 201
        before = service.resident_bytes

        async def crowd() -> list:
            bodies = [json.dumps({"n": n, "text": "x" * 10_000}).encode() for n in range(1000)]
            return await asyncio.gather(*(post_once(service.port, body) for body in bodies))

        answers = asyncio.run(asyncio.wait_for(crowd(), 120)) + asyncio.run(asyncio.wait_for(crowd(), 120))
        statuses = [status for status, _, _ in answers]
        assert set(statuses) == {201, 503}, "some were kept, some refused"
        assert all(again for status, again, _ in answers if status == 503)
        assert service.resident_bytes < before + (24 << 20), "memory is flat"
        assert len(service.read("t")) == 1 + statuses.count(201)
        metrics = service.get("/metrics").text
        assert f'event_archiver_journal_events_total{{topic="t"}} {1 + statuses.count(201)}' in metrics
        assert f'event_archiver_journal_refused_total{{reason="overloaded"}} {statuses.count(503)}' in metrics
        syncs, seconds = (float(re.search(f"^event_archiver_journal_{name}_total (.*)$", metrics, re.MULTILINE)[1]) for name in ("syncs", "sync_seconds"))
        assert 2 <= syncs < statuses.count(201) and seconds >= 0.2 * (syncs - 1), "each took 200 ms"
        assert len(service.events("journal.overloaded")) == 1, "the log does not grow with them"
        assert service.send("t", "later").status == 201


def test_what_finds_no_room_is_refused_while_the_disk_still_syncs(binary, journal, held_disk):  # noqa: F811
    """At once: each refusal is there before any sync that was asked for has ended."""
    settings = {**held_disk.settings, "JOURNAL_MEMORY": "1MiB", "SERVE_CONNECTIONS": "2000"}
    with EventService(binary, journal, settings=settings) as service:
        assert service.send("t", "first").status == 201

        async def crowd() -> tuple:
            with held_disk:
                bodies = [json.dumps({"n": n, "text": "x" * 10_000}).encode() for n in range(400)]
                asked = [asyncio.ensure_future(post_once(service.port, body)) for body in bodies]
                while sum(each.done() for each in asked) < 400 - (1 << 20) // 10_000:
                    await asyncio.sleep(0.01)
                early = [each.result()[:2] for each in asked if each.done()]
            return early, [each[:2] for each in await asyncio.gather(*asked)]

        early, answers = asyncio.run(asyncio.wait_for(crowd(), 120))
        assert set(early) == {(503, True)}, "none is accepted before its sync has ended"
        kept = [status for status, _ in answers].count(201)
        assert kept > 0 and {status for status, _ in answers} == {201, 503}
        assert len(service.read("t")) == 1 + kept


def test_clients_that_send_slowly_do_not_take_the_memory_of_all(binary, journal):
    """A body counts before it is read, so that what is promised and never comes is bounded as well."""
    with EventService(binary, journal, settings={"JOURNAL_MEMORY": "8MiB", "SERVE_CLIENT_TIMEOUT": "1s"}) as service:
        head = b"POST /events/t HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 8000000\r\n\r\n{"
        with service.connect() as idle:
            idle.sendall(head)
            time.sleep(0.3)
            refused = service.post("/events/t", body=b'"' + b"x" * 900_000 + b'"', **LINES)
            assert (refused.status, refused.headers["retry-after"]) == (503, "1")
            assert b" 408 " in idle.recv(1000)
        assert service.post("/events/t", body=b'"' + b"x" * 900_000 + b'"', **LINES).status == 201


@pytest.fixture
def small_disk(tmp_path):
    directory = tmp_path / "small"
    directory.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "none", directory], capture_output=True, check=False).returncode != 0:
        pytest.skip("a small file system cannot be mounted here")
    yield directory
    subprocess.run(["umount", directory], check=True)


def test_a_full_disk_refuses_and_keeps_what_it_has(binary, small_disk):
    text = "x" * 500_000
    with EventService(binary, small_disk / "journal") as service:
        count = 0
        while (answer := service.send("t", {"n": count, "text": text})).status == 201:
            count += 1
            assert count < 100
        assert (answer.status, answer.headers["retry-after"]) == (503, "1") and count > 5
        ready = service.get("/readyz")
        assert ready.status == 503 and ready.json["checks"]["journal"] != "ok"
        assert "/" not in answer.json["detail"] + ready.text.replace("event-archiver/", ""), "a path is for the log"
        assert service.get("/health").json == {"status": "DOWN", "Status": "DOWN"}
        assert service.get("/livez").status == 200
        assert [value["n"] for value in service.values("t")] == list(range(count)), "it can be read"
        assert service.events("journal.refused")[0]["reason"] == "full"
    with EventService(binary, small_disk / "journal") as service:
        assert [value["n"] for value in service.values("t")] == list(range(count))


def test_a_full_disk_takes_events_again_once_old_ones_may_go(binary, small_disk):
    """The disk has no room for another piece of a segment: the old events go before that is asked for."""
    with EventService(binary, small_disk / "journal", settings={"JOURNAL_MAX_BYTES": "3MiB"}) as service:
        batch = [{"n": n, "text": "x" * 100_000} for n in range(40)]
        assert service.send("t", *batch).status == 201
        (small_disk / "filled").write_bytes(b"")
        with open(small_disk / "filled", "wb") as file:  # what is left, but for a little
            left = shutil.disk_usage(small_disk).free - 300_000
            file.write(b"x" * max(left, 0))
        wait_for(lambda: service.send("t", {"n": "later"}).status == 201)
        assert service.get("/events/t?from=0").status == 410


def test_a_topic_that_found_no_room_leaves_nothing(binary, small_disk):
    with EventService(binary, small_disk / "journal") as service:
        assert service.send("kept", {"n": 1}).status == 201
        with open(small_disk / "filled", "wb") as file:
            file.write(b"x" * (shutil.disk_usage(small_disk).free - 30_000))
        refused = service.send("another", {"n": 1})
        assert refused.status == 503, refused
        assert [each.name for each in (small_disk / "journal").iterdir()] == ["kept"]
    with EventService(binary, small_disk / "journal") as service:
        assert service.values("kept") == [{"n": 1}]


def test_a_disk_that_refuses_a_sync_ends_the_server(binary, journal, failing_disk):  # noqa: F811
    settings = {"LD_PRELOAD": failing_disk, "FAILING_DISK_PATH": "/t/0000", "FAILING_DISK": "fdatasync#4=EIO"}
    with EventService(binary, journal, settings=settings) as service:
        count = 0
        while (answer := service.send("t", {"n": count})).status == 201:
            count += 1
            assert count < 10
        assert answer.status == 503 and "retry-after" not in answer.headers
        outcome = service.stop_awaited()
        assert outcome.code == 5 and outcome.events("journal.broken")
    with EventService(binary, journal) as service:
        assert [value["n"] for value in service.values("t")][:count] == list(range(count))


def test_correlation_ids_are_in_the_record_and_in_each_line_of_the_log(binary, journal):
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    with EventService(binary, journal) as service:
        assert service.send("t", {"n": 1}, X_Correlation_Id="order-7", traceparent=trace).status == 201
        assert service.send("t", {"n": 2}, traceparent=trace).status == 201
        assert service.send("t", {"n": 3}, X_Correlation_Id="no good").status == 201
        assert [line["headers"] for line in service.read("t")] == [{"traceparent": trace, "x-correlation-id": "order-7"}, {"traceparent": trace}, {}]
        posted = [line for line in service.events("http.request") if line["method"] == "POST"]
        assert [line.get("correlation_id") for line in posted] == ["order-7", trace, None]


def test_a_token_guards_events_before_their_bodies_are_read(binary, journal):
    with EventService(binary, journal, settings={"SERVE_TOKEN": "long-enough"}) as service:
        assert service.send("t", {"n": 1}).status == 401
        assert service.get("/events/t").status == 401
        with service.connect() as client:  # which says a length, and never sends it
            client.sendall(b"POST /events/t HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 8000000\r\n\r\n")
            assert client.recv(4096).startswith(b"HTTP/1.1 401 ")
        assert service.send("t", {"n": 1}, Authorization="Bearer long-enough").status == 201
        assert service.get("/health").status == 200 and service.get("/readyz").status == 200
    with EventService(binary, journal) as service:
        assert service.send("t", {"n": 1}, Host="evil.example").status == 403
        assert service.send("t", {"n": 1}, Origin="http://evil.example").status == 403


def test_at_its_end_it_answers_what_it_has_accepted(binary, journal, failing_disk):  # noqa: F811
    with EventService(binary, journal, settings=slow_disk(failing_disk, 1000)) as service:
        answers = []
        posting = threading.Thread(target=lambda: answers.append(service.send("t", {"n": 1})))
        posting.start()
        time.sleep(0.5)
        service.process.send(signal.SIGTERM)
        posting.join()
        outcome = service.stop_awaited()
        assert answers[0].status == 201 and answers[0].headers["connection"] == "close"
        assert outcome.code == 0 and outcome.summary["events_accepted"] == 1
        with pytest.raises(OSError):
            service.send("t", {"n": 2})
    with EventService(binary, journal) as service:
        assert service.values("t") == [{"n": 1}]


def begun_post(service, body: bytes, sent: int):
    """A connection that has sent the head of a POST, and this many bytes of its body."""
    client = service.connect()
    head = f"POST /events/t HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n"
    client.sendall(head.encode())
    assert client.recv(100).startswith(b"HTTP/1.1 100")
    client.sendall(body[:sent])
    return client


def test_at_its_end_it_takes_what_comes_at_once_and_refuses_what_does_not(binary, journal):
    """Neither a client that sends a byte a second nor one that keeps its connection holds the server up."""
    body = json.dumps({"n": 1}).encode()
    with EventService(binary, journal) as service:
        quick, slow = begun_post(service, body, 3), begun_post(service, body, 3)
        kept = service.connect()
        kept.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert kept.recv(1000).startswith(b"HTTP/1.1 200")
        service.process.send(signal.SIGTERM)
        wait_for(lambda: service.events("run.stopping"))
        quick.sendall(body[3:])
        assert hear_all(quick).startswith(b"HTTP/1.1 201")
        said = hear_all(slow)
        assert said.startswith(b"HTTP/1.1 503") and b"Retry-After: 1" in said and b"about to end" in said
        assert hear_all(kept) == b""
        outcome = service.stop_awaited(timeout=15)
        assert outcome.code == 0 and outcome.summary["events_accepted"] == 1
    with EventService(binary, journal) as service:
        assert service.values("t") == [{"n": 1}]


def large_download(service):
    """A client that reads nothing yet of more than the sockets hold, and would keep its connection."""
    for _ in range(20):
        assert service.send("t", {"pad": "x" * 1_000_000}).status == 201
    client = service.connect()
    client.sendall(b"GET /events/t HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert client.recv(10).startswith(b"HTTP/1.1 2")
    service.process.send(signal.SIGTERM)
    wait_for(lambda: service.events("run.stopping"))
    return client


def test_at_its_end_a_download_goes_on_and_then_its_connection_is_closed(binary, journal):
    with EventService(binary, journal) as service:
        answer = large_download(service).makefile("rb").read()  # to the end of the connection
        assert len(answer) > 20_000_000 and answer.endswith(b"\r\n0\r\n\r\n")
        assert service.stop_awaited(timeout=15).code == 0


def test_a_download_that_nobody_reads_is_cut_after_the_grace(binary, journal):
    with EventService(binary, journal, settings={"SERVE_GRACE": "300ms"}) as service:
        client = large_download(service)
        outcome = service.stop_awaited(timeout=8)  # no export has to be rolled back
        assert outcome.code == 143 and outcome.events("http.cut") and not outcome.events("run.abandoned")
        assert hear_all(client).endswith(b"(reset)")


def test_a_journal_has_one_server_and_a_damaged_one_has_none(binary, journal):
    with EventService(binary, journal) as service:
        assert service.send("t", {"n": 1}).status == 201
        second = Archiver(binary).run("serve", "--apis", "events", settings={"JOURNAL": journal, "SERVE_PORT": "0"}, expect=10)
        assert "another process writes" in second.stderr
        for n in range(5):
            assert service.send("t", {"n": n}).status == 201
    segment = journal / "t" / "00000000000000000000.log"
    content = bytearray(segment.read_bytes())
    content[120] ^= 1
    segment.write_bytes(content)
    damaged = Archiver(binary).run("serve", "--apis", "events", settings={"JOURNAL": journal, "SERVE_PORT": "0"}, expect=7)
    assert re.search(r"the event at position \d cannot be read", damaged.stderr)


def test_two_servers_share_a_directory_and_no_topic(binary, journal):
    with EventService(binary, journal) as generic:
        assert generic.send("t", {"n": 1}).status == 201
        with EventService(binary, journal, apis="live") as live:
            event = {"userId": "u", "name": "add_revenue", "value": 1}
            assert live.post("/liveEvent", body=json.dumps(event).encode(), Authorization="secret", **JSON).status == 201
            refused = generic.send("live", event)
            assert (refused.status, refused.json["detail"]) == (503, "another process writes to the topic")
            assert generic.send("t", {"n": 2}).status == 201
        assert generic.send("live", event).status == 201
        assert (len(generic.values("live")), len(generic.values("t"))) == (2, 2)


def test_headers_do_not_make_a_batch_larger_than_memory(binary, journal):
    headers = {"X-Correlation-Id": "c" * 64, "correlationId": "d" * 64, "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}
    body = b"{}\n" * 200_000
    with EventService(binary, journal) as service:
        refused = service.post("/events/t", body=body, Content_Type="application/x-ndjson", timeout=120, **headers)
        assert refused.status == 413 and "200000 events take" in refused.json["detail"] and "send fewer" in refused.json["detail"], refused
        assert peak_of(service) < 48 * MEBIBYTE
        assert service.post("/events/t", body=body, Content_Type="application/x-ndjson", timeout=120).status == 201
        assert peak_of(service) < 48 * MEBIBYTE


def test_only_what_is_offered_is_there(binary, journal):
    with EventService(binary, journal, apis="events,live") as service:
        document = service.get("/openapi.json").json
        assert set(document["paths"]) == {"/events/{topic}", "/liveEvent", "/health", "/livez", "/readyz", "/metrics", "/openapi.json", "/ui", "/ui/status"}
        assert service.get("/exports").status == 404 and service.post("/app").status == 404
        assert service.get("/health").json == {"status": "UP", "Status": "UP"}
        assert service.get("/readyz").json["checks"]["journal"] == "ok"


def test_a_journal_that_cannot_be_made_is_said_before_anything_begins(binary, tmp_path):
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file", tmp_path / "file" / "journal", "/proc/journal"):
        outcome = Archiver(binary).run("serve", settings={"SERVE_APIS": "events", "JOURNAL": place, "SERVE_PORT": "0"}, expect=3)
        assert "the journal's directory" in outcome.stderr


def test_a_wrong_setting_is_said_before_anything_begins(binary, tmp_path):
    for settings, words in [
        ({"SERVE_APIS": "event"}, "SERVE_APIS is 'event': give one or more of exports, live, timestamps, builds, events"),
        ({"SERVE_APIS": "events", "JOURNAL_SYNC": "never"}, "JOURNAL_SYNC is 'never'"),
        ({"SERVE_APIS": "live"}, "PG_CONNECTION_STRING is not set"),
    ]:
        assert words in Archiver(binary).run("serve", settings={"JOURNAL": tmp_path / "j", **settings}, expect=2).stderr
