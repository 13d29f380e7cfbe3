"""The timestamp service over a real broker: in one process and in three, and its disaster recovery exactly as documented."""
import http.client
import json
import re
import signal
import time
import uuid

import pytest

from support import broker as brokers
from support.asking import wait_for
from support.kafka_services import CORRELATION, KafkaServices, produce

pytestmark = pytest.mark.skipif(bool(brokers.missing()), reason=brokers.missing())

TABLE = "SELECT count(*) FROM timestamp_records"


@pytest.fixture
def timestamps(archiver, broker, database, topic):
    it = KafkaServices(archiver, broker, database)
    it.archiver = it.archiver.with_settings({"KAFKA_PUBLISH_TOPIC": topic, "KAFKA_GROUP_ID": "timestamp-consumer-service-1"})
    it.topic = topic
    return it


@pytest.fixture
def three(timestamps):
    """Command, consumer and query, each a process."""
    consumer = timestamps.archiver.start("project", "timestamps", settings={"LOG_LEVEL": "info", "PROJECT_HEALTH_PORT": "0"})
    command = timestamps.serve("timestamps", "--project", "none", PG_CONNECTION_STRING=None)
    query = timestamps.serve("timestamps", JOURNAL="none", KAFKA_PUBLISH_TOPIC=None, KAFKA_GROUP_ID=None)
    with command, query:
        yield command, consumer, query
    consumer.send(signal.SIGTERM)
    assert consumer.wait(60).code == 143


def port_of(consumer) -> int:
    listening = rb'"event":"serve\.listening".*?"port":(\d+)'
    return int(wait_for(lambda: re.search(listening, consumer.output["stderr"]))[1])


def health_of(port: int) -> tuple:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/health")
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())["status"]


def submitted(command, path: str = "/app") -> str:
    answer = command.post(path, **CORRELATION)
    assert answer.status == 200, answer
    return answer.json["id"]


def found(query, ticket: str) -> dict:
    """With up to ten tries a quarter of a second apart, as its integration tests have it."""
    for _ in range(10):
        answer = query.get(f"/api/v1/timestamp/{ticket}", **CORRELATION)
        if answer.status == 200:
            return answer.json
        assert (answer.status, answer.body) == (404, b"")
        time.sleep(0.25)
    raise AssertionError(f"{ticket} is not there")


def test_a_command_is_found_by_its_ticket_in_three_processes(three, timestamps, java):
    command, consumer, query = three
    for port in (command.port, port_of(consumer), query.port):  # one that answers queries is up once its tables are there
        wait_for(lambda: health_of(port) == (200, "UP"))
    # The first one waits for the table as well.
    first = submitted(command)
    timestamps.wait_for(f"{TABLE} WHERE id = '{first}'", 1)
    ticket = submitted(command, "/api/v1/timestamp/2006-01-02T15:04:05Z")
    record = found(query, ticket)
    assert set(record) == {"id", "command_id", "event_timestamp", "created_at"} and all(isinstance(value, str) for value in record.values())
    assert record["id"] == record["command_id"] == ticket and record["event_timestamp"] == "2006-01-02T15:04:05Z"
    sent = java("consume", topic=timestamps.topic, partition=0, **{"from": 0})[-1]
    assert json.loads(sent["value"]) == {"event_timestamp": "2006-01-02T15:04:05Z", "command_id": ticket}
    assert sent["headers"] == CORRELATION and sent["key"] != ticket
    # From the request to the record, and to the consumer's log.
    (identifier,) = CORRELATION.values()
    logged = lambda: [line for line in map(json.loads, consumer.output["stderr"].decode().splitlines()) if line["event"] == "projection.applied"]
    wait_for(lambda: len(logged()) >= 2)
    assert {line["correlation_id"] for line in logged()} == {identifier}
    assert identifier in [line.get("correlation_id") for line in command.events("http.request")]


WRITTEN = "SELECT ctid, xmin, id FROM timestamp_records UNION ALL SELECT ctid, xmin, NULL FROM event_archiver.position ORDER BY 3"


def test_the_command_service_writes_no_database(timestamps, java):
    """Although it has one, with every right, and answers queries: rows and positions are the consumer's."""
    with timestamps.serve("timestamps", "--project", "none") as command:
        tickets = [submitted(command) for _ in range(3)]
        sent = java("consume", topic=timestamps.topic, partition=0, **{"from": 0})
        assert [json.loads(each["value"])["command_id"] for each in sent] == tickets
        timestamps.wait_for(TABLE, 0)
        assert timestamps.rows(WRITTEN) == []
        timestamps.archiver.run("project", "timestamps", "--once", expect=0)
        before = timestamps.rows(WRITTEN)
        more = submitted(command)
        wait_for(lambda: len(java("consume", topic=timestamps.topic, partition=0, **{"from": 0})) == 4)
        assert found(command, tickets[2])["id"] == tickets[2]
        assert timestamps.rows(WRITTEN) == before and more not in str(before)


def test_an_id_that_is_there_is_left_as_it_is(three, timestamps, java):
    _, _, query = three
    ticket = str(uuid.uuid4())
    for moment in ("2006-01-02T15:04:05Z", "2007-01-02T15:04:05+02:00"):
        produce(java, timestamps.topic, {"command_id": ticket, "event_timestamp": moment})
    timestamps.wait_for("SELECT next FROM event_archiver.position", 2)
    assert found(query, ticket)["event_timestamp"] == "2006-01-02T15:04:05Z"


def test_a_message_that_cannot_be_processed_blocks_and_nothing_is_passed_over(three, timestamps, java):
    produce(java, timestamps.topic, {"command_id": str(uuid.uuid4()), "event_timestamp": "2006-01-02T15:04:05Z"}, {"command_id": "no uuid"})
    produce(java, timestamps.topic, {"command_id": str(uuid.uuid4()), "event_timestamp": "2006-01-02T15:04:05Z"})
    timestamps.wait_for("SELECT state FROM event_archiver.position", "failed")
    assert timestamps.value(TABLE) == 1 and timestamps.value("SELECT next FROM event_archiver.position") == 1


def test_disaster_recovery_byte_for_byte(timestamps):
    """1,001 records; TRUNCATE; a new KAFKA_GROUP_ID; all are back. Twice."""
    with timestamps.serve("timestamps") as service:
        tickets = [submitted(service) for _ in range(1001)]
        timestamps.wait_for(TABLE, 1001)
        noted = found(service, tickets[500])
    remembered = timestamps.rows("SELECT id, event_timestamp FROM timestamp_records ORDER BY 1")
    assert sorted(tickets) == sorted(str(row[0]) for row in remembered)
    for number in (2, 3):
        timestamps.rows("TRUNCATE TIMESTAMP_RECORDS")
        with timestamps.serve("timestamps", KAFKA_GROUP_ID=f"timestamp-consumer-service-{number}") as service:
            timestamps.wait_for(TABLE, 1001)
            again = found(service, tickets[500])
        assert timestamps.rows("SELECT id, event_timestamp FROM timestamp_records ORDER BY 1") == remembered
        assert {**again, "created_at": None} == {**noted, "created_at": None} and again["created_at"] > noted["created_at"]
    # A restart of every part keeps all rows.
    with timestamps.serve("timestamps", KAFKA_GROUP_ID="timestamp-consumer-service-3"):
        time.sleep(1)
    assert timestamps.rows("SELECT id, event_timestamp FROM timestamp_records ORDER BY 1") == remembered
