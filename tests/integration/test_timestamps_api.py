"""The command half of the timestamp service, as its clients know it."""
import json
import re
import uuid
from datetime import datetime, timedelta, timezone

import pytest

from support.events import EventService, failing_disk  # noqa: F401 (a fixture)

CORRELATION = {"correlationId": "6ba7b810-9dad-11d1-80b4-00c04fd430c8"}  # of version 1
TOPIC = "timestamp.command.v1"
HINT = "invalid timestamp passed, please use 2006-01-02T15:04:05Z07:00"


@pytest.fixture
def service(binary, tmp_path):
    with EventService(binary, tmp_path / "journal", apis="timestamps,events") as running:
        yield running


def ticket_of(answer) -> str:
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json"), answer
    assert list(answer.json) == ["id"] and answer.headers["access-control-allow-origin"] == "*"
    assert uuid.UUID(answer.json["id"]).version == 4
    return answer.json["id"]


def test_a_timestamp_becomes_a_command(service):
    times = ["2006-01-02T15:04:05Z", "2020-02-29T23:59:59.123456+02:00", "1999-12-31T00:00:00-11:30"]
    tickets = [ticket_of(service.post(f"/api/v1/timestamp/{time}", **CORRELATION)) for time in times]
    read = service.read(TOPIC)
    assert [line["value"] for line in read] == [{"event_timestamp": time, "command_id": ticket} for time, ticket in zip(times, tickets)]
    raw = service.get(f"/events/{TOPIC}").body.splitlines()[0].split(b'"value":')[1]
    assert raw == json.dumps(read[0]["value"], separators=(",", ":")).encode() + b"}"
    keys = [line["key"] for line in read]
    assert len({*keys, *tickets}) == 6 and all(uuid.UUID(key).version == 4 for key in keys)
    assert all(line["headers"] == CORRELATION for line in read)
    posted = [line for line in service.events("http.request") if line["method"] == "POST"]
    assert [line["correlation_id"] for line in posted] == [CORRELATION["correlationId"]] * 3


def test_the_current_time_is_submitted(service):
    ticket_of(service.post("/app", **CORRELATION))
    ticket_of(service.post("/api/v1/timestamp/%20", **CORRELATION))
    for value in service.values(TOPIC):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", value["event_timestamp"])
        assert abs(datetime.fromisoformat(value["event_timestamp"][:-1] + "+00:00") - datetime.now(timezone.utc)) < timedelta(minutes=1)


def test_mistakes_are_told_in_the_words_of_the_original(service):
    blank, no_uuid = "correlationId header: cannot be blank", "correlationId header: must be a valid UUID"
    for path in ("/app", "/api/v1/timestamp/2006-01-02T15:04:05Z"):
        assert [(answer.status, answer.json) for answer in (service.post(path), service.post(path, correlationId="x"))] == [
            (400, {"Error": blank}),
            (400, {"Error": no_uuid}),
        ]
    for time, error in [
        ("yesterday", 'parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006"'),
        ("2006-01-02", 'parsing time "2006-01-02" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "T"'),
        ("2006-01-02T15:04:05", 'parsing time "2006-01-02T15:04:05" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "Z07:00"'),
        ("2006-13-02T15:04:05Z", 'parsing time "2006-13-02T15:04:05Z": month out of range'),
        ("2005-02-29T15:04:05Z", 'parsing time "2005-02-29T15:04:05Z": day out of range'),
        ("2006-01-02T24:04:05Z", 'parsing time "2006-01-02T24:04:05Z": hour out of range'),
        ("2006-01-02T15:04:05Zx", 'parsing time "2006-01-02T15:04:05Zx": extra text: "x"'),
    ]:
        answer = service.post(f"/api/v1/timestamp/{time}", **CORRELATION)
        assert (answer.status, answer.json) == (400, {"Error": error, "Message": HINT})
        assert answer.headers["access-control-allow-origin"] == "*"
    assert service.get(f"/events/{TOPIC}").body == b""
    assert service.get("/app").status == 405


def test_pages_of_other_sites_may_ask(service):
    allowed = service.ask("OPTIONS", "/app", Origin="http://elsewhere.example")
    assert (allowed.status, allowed.body) == (200, b"")
    assert allowed.headers["access-control-allow-origin"] == "*"
    assert allowed.headers["access-control-allow-methods"] == "POST, GET, OPTIONS, PUT, DELETE"
    assert "Authorization" in allowed.headers["access-control-allow-headers"]
    ticket_of(service.post("/app", Origin="http://elsewhere.example", **CORRELATION))
    assert service.ask("OPTIONS", "/events/t", Origin="http://elsewhere.example").status == 403, "these alone"


def test_a_thousand_and_one_in_sequence(service):
    tickets = [ticket_of(service.post("/app", **CORRELATION)) for _ in range(1001)]
    assert [value["command_id"] for value in service.values(TOPIC)] == tickets


def test_the_topic_can_be_another(binary, tmp_path):
    with EventService(binary, tmp_path / "journal", apis="timestamps,events", settings={"KAFKA_PUBLISH_TOPIC": "times"}) as service:
        ticket = ticket_of(service.post("/app", **CORRELATION))
        assert service.values("times")[0]["command_id"] == ticket


def test_what_is_not_published_is_an_error(binary, tmp_path, failing_disk):  # noqa: F811
    settings = {"LD_PRELOAD": failing_disk, "FAILING_DISK_PATH": f"/{TOPIC}/0000", "FAILING_DISK": "fdatasync#3=EIO"}
    with EventService(binary, tmp_path / "journal", apis="timestamps", settings=settings) as service:
        for _ in range(5):
            answer = service.post("/app", **CORRELATION)
            if answer.status != 200:
                break
        assert answer.status == 503 and answer.json["Message"] == "failed to publish message" and answer.json["Error"]
        assert service.stop_awaited().code == 5


def test_what_is_not_there_is_told_as_go_tells_it_where_this_api_stands_alone(binary, tmp_path):
    with EventService(binary, tmp_path / "journal", apis="timestamps") as service:
        gone = service.get("/nope")
        assert (gone.status, gone.headers["content-type"], gone.body) == (404, "text/plain; charset=utf-8", b"404 page not found\n")
        wrong = service.get("/app")
        assert (wrong.status, wrong.headers["allow"], wrong.body) == (405, "OPTIONS, POST", b"")
        options = service.ask("OPTIONS", "/nope")
        assert (options.status, options.body) == (200, b"") and "POST" in options.headers["access-control-allow-methods"]
        health = service.get("/health")
        assert {answer.headers["access-control-allow-origin"] for answer in (gone, wrong, options, health)} == {"*"}
        assert service.say(b"POST /app HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").count(b"Access-Control-Allow-Origin") == 1


def keyed(service, path: str, key: str = "k", **headers):
    return service.post(path, Idempotency_Key=key, **CORRELATION, **headers)


@pytest.mark.parametrize("path", ["/app", "/api/v1/timestamp/%20", "/api/v1/timestamp/2006-01-02T15:04:05Z"])
def test_a_request_that_is_sent_again_has_the_same_id_and_is_kept_once(binary, tmp_path, path):
    with EventService(binary, tmp_path / "journal", apis="timestamps,events") as service:
        first = keyed(service, path)
        assert first.status == 200 and keyed(service, path).json == first.json
        assert keyed(service, path, "other").json != first.json
        kept = service.values(TOPIC)
    assert [value["command_id"] for value in kept][0] == first.json["id"] and len(kept) == 2
    with EventService(binary, tmp_path / "journal", apis="timestamps,events") as service:
        assert keyed(service, path).json == first.json and service.values(TOPIC) == kept


def test_a_key_is_of_one_timestamp_and_of_a_topic_whichever_api_it_comes_by(service):
    path = "/api/v1/timestamp/2006-01-02T15:04:05Z"
    assert keyed(service, path).status == 200
    for other in ("/api/v1/timestamp/2006-01-02T15:04:06Z", "/app"):
        answer = keyed(service, other)
        assert (answer.status, answer.json) == (422, {"Error": "this Idempotency-Key came with another timestamp before"})
        assert answer.headers["access-control-allow-origin"] == "*"
    assert service.send(TOPIC, {"command_id": str(uuid.uuid4())}, Idempotency_Key="k").status == 422
    for wrong in ("", "a b", "x" * 256):
        assert keyed(service, path, wrong).status == 400
    assert len(service.values(TOPIC)) == 1
