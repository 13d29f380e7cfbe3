"""The journal in Kafka, over a real broker: what was answered 2xx is in the topic, whatever happens to the broker."""
import json
import signal
import threading
import time
from pathlib import Path

import pytest

from support import broker as brokers
from support.asking import wait_for
from support.kafka_serving import kcat, post, read_back, remake
from support.serving import Service

pytestmark = pytest.mark.skipif(bool(brokers.missing()), reason=brokers.missing())


def test_kcat_and_javas_client_read_what_we_wrote_and_we_what_they_wrote(serve_kafka, broker, java, topic):
    with serve_kafka(broker.address) as service:
        answer = post(service, topic, [{"n": 1}, {"n": "zwei ä"}])
        assert (answer.status, answer.json) == (201, {"accepted": 2, "first": 0, "last": 1})
        by_kcat = kcat(broker, "-C", "-t", topic, "-o", "beginning", "-e", "-f", "%o %s\n").splitlines()
        assert [json.loads(line.split(" ", 1)[1]) for line in by_kcat] == [{"n": 1}, {"n": "zwei ä"}]
        by_java = java("consume", topic=topic, partition=0, **{"from": 0})
        assert [json.loads(each["value"]) for each in by_java] == [{"n": 1}, {"n": "zwei ä"}]
        kcat(broker, "-P", "-t", topic, "-k", "of kcat", "-H", "from=kcat", given='{"n":3}\n')
        java("produce", topic=topic, events=[{"key": "of java", "value": '{"n":4}', "headers": {"correlation-id": "c"}}])
        found = read_back(service, topic, 2)
        assert [(each["position"], each["key"], each["headers"], each["value"]) for each in found] == [
            (2, "of kcat", {"from": "kcat"}, {"n": 3}),
            (3, "of java", {"correlation-id": "c"}, {"n": 4}),
        ]


def test_what_a_transaction_took_back_is_not_read_and_its_markers_are_no_events(serve_kafka, broker, java, topic):
    java("produce", topic=topic, events=[{"value": "1"}], commit=True)
    java("produce", topic=topic, events=[{"value": "2"}, {"value": "3"}], commit=False)
    java("produce", topic=topic, events=[{"value": "4"}], commit=True)
    with serve_kafka(broker.address) as service:
        assert [each["value"] for each in read_back(service, topic)] == [1, 4]
        assert post(service, topic, [{"n": 5}]).status == 201
        assert [each["value"] for each in read_back(service, topic, 4)] == [4, {"n": 5}]


def test_a_topic_of_six_partitions_takes_turns_without_keys(serve_kafka, broker, java):
    java("create", topic="six", partitions=6)
    with serve_kafka(broker.address) as service:
        for number in range(60):
            assert post(service, "six", [{"n": number}]).status == 201
        found = [read_back(service, "six", partition=each) for each in range(6)]
        assert sorted(event["value"]["n"] for part in found for event in part) == list(range(60))
        assert all(part for part in found), "one of the partitions has nothing"
        assert service.get("/events/six?from=0&partition=6").status == 404


@pytest.fixture
def live_topic(java):
    """For the others it is as it was."""
    remake(java, "live", 6)
    yield
    remake(java, "live", 1)


def live_events(service, count: int) -> list:
    """Of each partition."""
    return [read_back(service, "live", partition=each) for each in range(count)]


def send_of_users(service, numbers) -> None:
    for number in numbers:
        body = json.dumps({"userId": f"user{number % 20}", "n": number}).encode()
        assert service.post("/liveEvent", body=body, authorization="secret", content_type="application/json").status == 201


def test_the_events_of_a_user_stay_together_in_order_and_new_partitions_are_used(serve_kafka, broker, java, live_topic):
    """Each user is in the partition where Java's client puts the key, before and after the topic grows."""
    with serve_kafka(broker.address, SERVE_APIS="live,events") as service:
        send_of_users(service, range(100))
        before = live_events(service, 6)
        assert sorted(each["value"]["n"] for part in before for each in part) == list(range(100))
        for part in before:
            for user in {each["key"] for each in part}:
                numbers = [each["value"]["n"] for each in part if each["key"] == user]
                assert len(numbers) == 5 and numbers == sorted(numbers)
    java("add_partitions", topic="live", partitions=8)
    wait_for(lambda: "partition 7," in kcat(broker, "-L", "-t", "live"))
    java("produce", topic="live", events=[{"key": f"user{each}", "value": '{"n":200}'} for each in range(20)])
    with serve_kafka(broker.address, SERVE_APIS="live,events") as service:
        send_of_users(service, range(100, 200))
        after = live_events(service, 8)
        assert sorted(each["value"]["n"] for part in after for each in part) == [*range(200), *[200] * 20]
        assert after[6] + after[7], "nothing is in the new partitions"
        for part in after:
            ours = [each["key"] for each in part if 100 <= each["value"]["n"] < 200]
            javas = {each["key"] for each in part if each["value"]["n"] == 200}
            assert set(ours) == javas and len(ours) == 5 * len(javas)


def test_a_broker_that_is_killed_and_comes_back_loses_nothing_that_was_accepted(serve_kafka, broker, java, topic):
    accepted, doubtful, stop = [], [], threading.Event()

    def client(service: Service, name: int) -> None:
        number = 0
        while not stop.is_set():
            events = [{"client": name, "n": number + each} for each in range(3)]
            answer = post(service, topic, events, timeout=120)
            (accepted if answer.status == 201 else doubtful).extend(events)
            number += 3

    with serve_kafka(broker.address) as service:
        threads = [threading.Thread(target=client, args=(service, name)) for name in range(4)]
        for each in threads:
            each.start()
        time.sleep(1)
        broker.kill()
        time.sleep(1)
        broker.restart()
        time.sleep(2)
        stop.set()
        for each in threads:
            each.join()
        found = [each["value"] for each in read_back(service, topic)]
        seen = [json.dumps(each) for each in found]
        assert accepted and len(set(seen)) == len(seen), "an event is there twice"
        missing = {json.dumps(each) for each in accepted} - set(seen)
        assert not missing, f"accepted and not there: {len(missing)}"
        # In the order in which each client sent them.
        for name in range(4):
            numbers = [each["n"] for each in found if each["client"] == name]
            assert numbers == sorted(numbers)
        assert not service.events("journal.kafka_producer_replaced") or doubtful


def test_a_missing_answer_is_a_failure(serve_kafka, broker, java, topic):
    short = ("message.timeout.ms=3000", "socket.timeout.ms=1000", "request.timeout.ms=900")
    with serve_kafka(broker.address, *short) as service:
        assert post(service, topic, [{"n": 0}]).status == 201
        broker.process.send_signal(signal.SIGSTOP)
        try:
            answer = post(service, topic, [{"n": 1}, {"n": 2}])
        finally:
            broker.process.send_signal(signal.SIGCONT)
        assert answer.status == 503 and "not known" in answer.text, answer
        # Whatever became of it, it is there once at most, and who comes next is served.
        assert post(service, topic, [{"n": 3}], timeout=120).status == 201
        found = [each["value"]["n"] for each in read_back(service, topic)]
        assert sorted(set(found)) == sorted(found) and {0, 3} <= set(found)


def test_an_unknown_topic_is_made_or_refused_as_the_file_says(serve_kafka, broker, java):
    with serve_kafka(broker.address) as service:
        assert post(service, "made.here", [{"n": 1}]).status == 201
    with serve_kafka(broker.address, "allow.auto.create.topics=false") as service:
        answer = post(service, "not.made", [{"n": 1}])
        assert answer.status == 404 and "not.made" in answer.text, answer
        assert service.get("/events/not.made").status == 404
        assert post(service, "made.here", [{"n": 2}]).status == 201
    with pytest.raises(RuntimeError, match="not.made|UnknownTopic|TimeoutException"):
        java("delete", topic="not.made")


def test_a_topic_that_is_made_again_with_fewer_partitions_takes_batches_with_a_key(serve_kafka, broker, java):
    java("create", topic="shrinks", partitions=2)
    with serve_kafka(broker.address) as service:
        for each in range(2):
            assert post(service, "shrinks", [{"n": each}]).status == 201
        assert service.get("/events/shrinks?partition=1").status == 200
        java("delete", topic="shrinks")
        wait_for(lambda: service.get("/events/shrinks").status == 404, 60)
        java("create", topic="shrinks", partitions=1)
        wait_for(lambda: post(service, "shrinks", [{"n": 2}]).status == 201, 120)
        wait_for(lambda: post(service, "shrinks", [{"n": 3}], Idempotency_Key="one").status == 201, 120)
        assert service.get("/events/shrinks?partition=1").status == 404
        assert [each["value"]["n"] for each in read_back(service, "shrinks")] == [2, 3]


def test_an_event_that_the_topic_does_not_take_is_413_and_nothing_of_it_is_kept(serve_kafka, broker, java, topic):
    java("configure", topic=topic, config={"max.message.bytes": 2_000})
    with serve_kafka(broker.address) as service:
        answer = post(service, topic, [{"pad": "x" * 5_000}])
        assert answer.status == 413, answer
        assert post(service, topic, [{"n": 1}]).json["first"] == 0


def test_retention_that_overtook_a_reader_is_an_error_with_both_bounds(serve_kafka, broker, java, topic):
    with serve_kafka(broker.address) as service:
        assert post(service, topic, [{"n": number} for number in range(10)]).status == 201
        assert len(read_back(service, topic)) == 10
        java("delete_records", topic=topic, partition=0, before=7)
        answer = service.get(f"/events/{topic}?from=3")
        assert (answer.status, answer.json["begin"], answer.json["end"]) == (410, 7, 10)
        assert [each["position"] for each in read_back(service, topic, 7)] == [7, 8, 9]
        beyond = service.get(f"/events/{topic}?from=11")
        assert (beyond.status, beyond.json["end"]) == (416, 10)


@pytest.mark.parametrize(
    "line, said",
    [
        ("acks=1", "KAFKA_CONFIG: 'acks' in line 1"),
        ("group.id=x", "set KAFKA_GROUP_ID"),
        ("linger.mss=1", "librdkafka has no property 'linger.mss'"),
        ("what", "line 1 of"),
    ],
)
def test_a_property_that_cannot_be_is_a_usage_error(serve_kafka, line, said):
    service = serve_kafka("127.0.0.1:9", line)
    outcome = service.exports.archiver.run("serve", settings={"SERVE_PORT": "0"})
    assert outcome.code == 2 and said in outcome.stderr, str(outcome)


def test_a_key_is_known_after_a_restart_although_a_transaction_hides_its_batch(serve_kafka, broker, java, topic):
    """Readers see nothing behind an open transaction of another producer: until it has ended, no key is judged."""
    named = {"Idempotency_Key": "once"}
    java("produce", topic=topic, events=[{"value": "1"}])
    with serve_kafka(broker.address) as service:
        assert post(service, topic, [{"n": 2}], Idempotency_Key="before").status == 201
        java("open", topic=topic, value="of the transaction")
        assert json.loads(post(service, topic, [{"n": 3}], **named).body)["first"] == 3
    with serve_kafka(broker.address) as service:
        refused = post(service, topic, [{"n": 3}], **named)
        assert refused.status == 503 and "transaction" in refused.body.decode(), refused
        assert post(service, topic, [{"n": 4}]).status == 201
        java("abort")
        wait_for(lambda: post(service, topic, [{"n": 3}], **named).status == 201)
        assert json.loads(post(service, topic, [{"n": 3}], **named).body)["first"] == 3
        assert [each["value"] for each in read_back(service, topic)] == [1, {"n": 2}, {"n": 3}, {"n": 4}]


def test_a_producer_that_cannot_be_made_costs_no_process(serve_kafka, broker, topic, certificate, tmp_path):
    """A file that KAFKA_CONFIG names is away for a while. The producer comes with the first event."""
    authority = tmp_path / "authority.pem"
    authority.write_bytes(Path(certificate.authority).read_bytes())
    with serve_kafka(broker.secured("TLS"), "security.protocol=SSL", f"ssl.ca.location={authority}") as service:
        authority.unlink()
        for _ in range(3):
            refused = post(service, topic, [{"n": 1}])
            assert refused.status == 503 and "producer cannot be made" in refused.body.decode(), refused
        assert service.get("/livez").status == 200
        (logged,) = service.events("journal.kafka_producer")  # once, and its reason is not for clients
        assert logged["reason"] not in refused.body.decode()
        assert service.get("/readyz").status == 503
        authority.write_bytes(Path(certificate.authority).read_bytes())
        wait_for(lambda: service.get("/readyz").status == 200)
        assert post(service, topic, [{"n": 1}]).status == 201
