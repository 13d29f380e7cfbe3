"""The faces of the journal over a real broker: what their clients post is in the topics, as another client reads it there."""
import json
import re
import uuid

import pytest

from support import broker as brokers
from support.asking import wait_for
from support.kafka_serving import kcat, post, read_back, remake

pytestmark = pytest.mark.skipif(bool(brokers.missing()), reason=brokers.missing())

CORRELATION = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_events_are_read_back_from_a_position_on(serve_kafka, broker, java, topic):
    with serve_kafka(broker.address) as service:
        assert post(service, topic, [{"n": number} for number in range(10)]).json == {"accepted": 10, "first": 0, "last": 9}
        page = read_back(service, topic, 4, limit=3)
        assert [(each["position"], each["value"]) for each in page] == [(4, {"n": 4}), (5, {"n": 5}), (6, {"n": 6})]
        assert list(page[0]) == ["position", "time", "key", "headers", "value"]
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", page[0]["time"])
        by_java = java("consume", topic=topic, partition=0, **{"from": 4})
        assert [each["value"] for each in by_java] == ['{"n": %d}' % number for number in range(4, 10)]
        nothing = service.get(f"/events/{topic}?from=10")
        assert (nothing.status, nothing.headers["content-type"], nothing.body) == (200, "application/x-ndjson", b"")
        assert service.get(f"/events/{topic}?from=11").json["end"] == 10
        # What comes while the client waits between two requests is there for the next.
        assert post(service, topic, [{"n": 10}]).status == 201
        assert [each["value"] for each in read_back(service, topic, 10)] == [{"n": 10}]


def test_the_page_shows_the_topics_that_the_service_uses(serve_kafka, broker, java, topic):
    java("create", topic=topic + "-of-others", partitions=1)
    with serve_kafka(broker.address) as service:
        assert post(service, topic, [{"n": number} for number in range(10)]).status == 201

        def shown() -> dict:
            journal = service.get("/ui/status").json["journal"]
            assert journal["engine"] == "kafka" and journal["place"] == f"kafka://{broker.address}"
            return {each["topic"]: (each["begin"], each["end"], each["bytes"]) for each in journal["topics"]}

        wait_for(lambda: shown().get(topic) == (0, 10, None))
        assert topic + "-of-others" not in shown()


def test_an_array_and_a_key_of_a_batch_count_as_on_a_disk(serve_kafka, broker, java, topic):
    with serve_kafka(broker.address) as service:
        batch = {"body": b'[{"n":1},{"n":2}]', "content_type": "application/json", "idempotency_key": "k"}
        first = service.post(f"/events/{topic}", **batch)
        assert (first.status, first.json["accepted"]) == (201, 2)
        assert service.post(f"/events/{topic}", **batch).json == first.json
        assert service.post(f"/events/{topic}", **{**batch, "body": b'{"n":3}'}).status == 422
    with serve_kafka(broker.address) as service:  # which reads the topic for its keys
        assert service.post(f"/events/{topic}", **batch).json == first.json
        assert [each["value"]["n"] for each in read_back(service, topic)] == [1, 2]


def test_correlation_ids_are_in_the_headers_of_the_record(serve_kafka, broker, java, topic):
    with serve_kafka(broker.address) as service:
        assert post(service, topic, [{"n": 1}, {"n": 2}], x_correlation_id="order-7", traceparent=TRACE).status == 201
        by_java = java("consume", topic=topic, partition=0, **{"from": 0})
        assert [each["headers"] for each in by_java] == [{"x-correlation-id": "order-7", "traceparent": TRACE}] * 2
        by_kcat = kcat(broker, "-C", "-t", topic, "-o", "beginning", "-e", "-f", "%h\n").splitlines()
        assert by_kcat == [f"x-correlation-id=order-7,traceparent={TRACE}"] * 2
        posted = [line for line in service.events("http.request") if line["method"] == "POST"]
        assert [line["correlation_id"] for line in posted] == ["order-7"]


def test_timestamps_become_commands_as_the_original_published_them(serve_kafka, broker, java, topic):
    with serve_kafka(broker.address, SERVE_APIS="timestamps", KAFKA_PUBLISH_TOPIC=topic) as service:
        time = "2020-02-29T23:59:59.123456+02:00"
        given = service.post(f"/api/v1/timestamp/{time}", correlationId=CORRELATION)
        now = service.post("/app", correlationId=CORRELATION)
        assert (given.status, now.status) == (200, 200)
        first, second = java("consume", topic=topic, partition=0, **{"from": 0})
        assert first["value"] == '{"event_timestamp":"%s","command_id":"%s"}' % (time, given.json["id"])
        command = json.loads(second["value"])
        assert command["command_id"] == now.json["id"] and re.fullmatch(r"[-0-9]{10}T[:0-9]{8}Z", command["event_timestamp"])
        for each, answer in ((first, given), (second, now)):
            assert uuid.UUID(each["key"]).version == 4 and each["key"] != answer.json["id"]
            assert each["headers"] == {"correlationId": CORRELATION}
        assert service.post("/app").status == 400
        assert len(java("consume", topic=topic, partition=0, **{"from": 0})) == 2


def test_a_command_that_the_topic_does_not_take_is_an_error(serve_kafka, broker, java, topic):
    with serve_kafka(broker.address, SERVE_APIS="timestamps", KAFKA_PUBLISH_TOPIC=topic) as service:
        java("configure", topic=topic, config={"max.message.bytes": 100})
        for path in ("/app", "/api/v1/timestamp/2006-01-02T15:04:05Z"):
            answer = service.post(path, correlationId=CORRELATION)
            assert (answer.status, list(answer.json)) == (500, ["Error", "Message"]), answer
            assert answer.json["Error"] and answer.json["Message"] == "failed to publish message"
        assert java("consume", topic=topic, partition=0, **{"from": 0}) == []


def test_a_live_event_is_kept_under_its_user(serve_kafka, broker, java):
    remake(java, "live", 1)
    with serve_kafka(broker.address, SERVE_APIS="live,events") as service:
        event = b'{"userId":"user1","name":"add_revenue","value":17}'
        answer = service.post("/liveEvent", body=event, content_type="application/json", authorization="secret", traceparent=TRACE)
        assert (answer.status, json.loads(answer.body)) == (201, {"message": "Event received"})
        (kept,) = java("consume", topic="live", partition=0, **{"from": 0})
        assert (kept["key"], kept["value"], kept["headers"]) == ("user1", event.decode(), {"traceparent": TRACE})
        metrics = service.get("/metrics").text
        assert 'event_archiver_journal_events_total{topic="live"} 1' in metrics
        assert "event_archiver_journal_producers_replaced_total 0" in metrics
