"""POST /liveEvent as clients of the live ETL know it, and where it differs on purpose."""
import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.events import EventService

SECRET = {"Authorization": "secret", "Content_Type": "application/json"}
EVENT = b'{"userId":"user1","name":"add_revenue","value":1}'


@pytest.fixture
def service(binary, tmp_path):
    with EventService(binary, tmp_path / "journal", apis="live,events") as running:
        yield running


def test_an_event_is_received_and_kept_under_its_user(service):
    answer = service.post("/liveEvent", body=EVENT, **SECRET)
    assert (answer.status, answer.headers["content-type"], answer.body) == (
        201,
        "application/json; charset=utf-8",
        b'{"message":"Event received"}',
    )
    for body in (b'{"userId":7}', b'{"name":"x"}', b'{"userId":"a","userId":"b\\n"}', b'{"x":{"userId":"inner"},"userId":null}'):
        assert service.post("/liveEvent", body=body, **SECRET).status == 201
    read = service.read("live")
    assert [line["key"] for line in read] == ["user1", "7", None, "b\n", None]
    assert read[0]["value"] == json.loads(EVENT)


@pytest.mark.parametrize(
    "body, headers, status, content",
    [
        (EVENT, {"Content_Type": "application/json"}, 401, b"Unauthorized"),
        (EVENT, {**SECRET, "Authorization": "Bearer secret"}, 401, b"Unauthorized"),
        (EVENT, {**SECRET, "Authorization": "secret2"}, 401, b"Unauthorized"),
        (b'{"userId":', {"Content_Type": "application/json"}, 400, b'{"error":'),  # looked at before the secret
        (b"", SECRET, 400, b'{"error":'),
        (b"5", SECRET, 400, b'{"error":'),
        (b'"x"', SECRET, 400, b'{"error":'),
        (b"[1]", SECRET, 400, b'{"error":'),
        (b'{"a":1}{"b":2}', SECRET, 400, b'{"error":'),
        (EVENT, {**SECRET, "Content_Type": "text/plain"}, 415, b'{"error":'),
        (EVENT, {"Authorization": "secret"}, 415, b'{"error":'),
        (EVENT, {"Content_Type": "text/plain"}, 401, b"Unauthorized"),
        (b'{"x":"' + b"x" * (1 << 20) + b'"}', SECRET, 413, b'{"error":'),
    ],
)
def test_what_is_refused_is_not_kept(service, body, headers, status, content):
    answer = service.post("/liveEvent", body=body, **headers)
    assert answer.status == status and answer.body.startswith(content), answer
    assert answer.headers["content-type"] == ("text/html; charset=utf-8" if status == 401 else "application/json; charset=utf-8")
    assert service.get("/events/live").body == b""


def test_a_body_that_proves_too_large_while_it_comes_is_refused_in_the_same_words(service):
    pieces = iter([b'{"x":"', b"x" * (1 << 20), b'"}'])  # in chunks, so that its length is not known before
    answer = service.post("/liveEvent", body=pieces, **SECRET)
    assert (answer.status, answer.headers["content-type"]) == (413, "application/json; charset=utf-8")
    assert list(json.loads(answer.body)) == ["error"]


def test_a_number_of_any_exponent_is_an_event_of_its_user(service):
    assert service.post("/liveEvent", body=b'{"userId":2e99999999999,"name":"x"}', **SECRET).status == 201
    [line] = service.get("/events/live").body.splitlines()
    assert b'"key":"2e99999999999"' in line and b'"value":{"userId":2e99999999999,' in line


def test_options_are_answered_as_before_where_it_is_served_alone(binary, tmp_path):
    with EventService(binary, tmp_path / "journal", apis="live") as service:
        answer = service.ask("OPTIONS", "/liveEvent")
        assert (answer.status, answer.headers["allow"], answer.body) == (200, "POST", b"POST")
        assert service.ask("OPTIONS", "/elsewhere").status == 404


def test_the_secret_can_be_another_and_stands_beside_the_token(binary, tmp_path):
    settings = {"LIVE_SECRET": "other", "SERVE_TOKEN": "long-enough"}
    with EventService(binary, tmp_path / "journal", apis="live", settings=settings) as service:
        assert service.post("/liveEvent", body=EVENT, **SECRET).status == 401
        assert service.post("/liveEvent", body=EVENT, **{**SECRET, "Authorization": "other"}).status == 201
        assert not service.events("serve.default_secret")


def test_the_secret_that_everybody_knows_draws_a_warning_where_others_can_listen(binary, tmp_path):
    with EventService(binary, tmp_path / "journal", apis="live", settings={"SERVE_ADDRESS": "0.0.0.0"}) as service:
        assert service.events("serve.default_secret")


def test_many_clients_in_order(service):
    """At the same time. Each sends the next event once the one before is answered."""
    clients, count = 12, 40

    def post(user: str) -> list:
        return [service.post("/liveEvent", body=json.dumps({"userId": user, "value": n}).encode(), **SECRET).status for n in range(count)]

    users = [f"u{each}" for each in range(clients)]
    with ThreadPoolExecutor(clients) as pool:
        assert set(sum(pool.map(post, users), [])) == {201}
    found = service.read("live")
    assert len(found) == clients * count
    for user in users:
        assert [each["value"]["value"] for each in found if each["key"] == user] == list(range(count))
    assert [each["key"] for each in found[: 2 * count]] != [users[0]] * count + [users[1]] * count, "they came one after the other"


def test_a_line_that_was_sent_as_an_event_is_known_again_among_lines(service):
    """What `send` repeats under the same key, where the server takes lines by now."""
    key = {"Idempotency_Key": '"file-1"'}
    assert service.post("/liveEvent", body=EVENT, **SECRET, **key).status == 201
    again = service.post("/events/live", body=EVENT + b"\n", content_type="application/x-ndjson", **key)
    assert (again.status, again.json["accepted"]) == (201, 1), again
    other = service.post("/events/live", body=EVENT.replace(b"1}", b"2}") + b"\n", content_type="application/x-ndjson", **key)
    assert other.status == 422
    assert len(service.read("live")) == 1


def test_those_without_the_secret_take_no_room_of_others(service):
    """They announce bodies that never come; what is short is read, as before, and what is long is refused at once."""
    waiting = [service.connect() for _ in range(40)]
    try:
        for each, client in enumerate(waiting):
            length = 1_048_576 if each < 20 else 60_000
            client.sendall(f"POST /liveEvent HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: wrong\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n".encode())
        for client in waiting[:20]:
            assert client.recv(65_536).startswith(b"HTTP/1.1 401 ")
        big = json.dumps({"userId": "a", "text": "x" * 900_000}).encode()
        assert service.post("/liveEvent", body=big, **SECRET).status == 201
        assert service.send("other", {"text": "x" * 900_000}).status == 201
    finally:
        for client in waiting:
            client.close()
    wrong = {**SECRET, "Authorization": "wrong"}
    assert service.post("/liveEvent", body=b'{"userId":', **wrong).status == 400
    assert service.post("/liveEvent", body=EVENT, **wrong).status == 401
    assert len(service.read("live")) == 1
