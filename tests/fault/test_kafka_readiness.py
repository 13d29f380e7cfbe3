"""Whether `serve` says that it can work, over brokers that come and go."""
import json
import socket
import threading

import pytest

from support import broker as brokers
from support.asking import wait_for, wait_until_ready
from support.kafka_serving import post
from support.servers import free_port
from support.shop import Shop

pytestmark = pytest.mark.skipif(bool(brokers.missing()), reason=brokers.missing())


def pass_on(source: socket.socket, target: socket.socket) -> None:
    try:
        while part := source.recv(65_536):
            target.sendall(part)
    except OSError:
        pass
    for each in (source, target):
        each.close()


class Door:
    """A port that leads to a broker once it is opened."""

    def __init__(self, broker):
        self.broker = broker
        self.port = free_port()
        self.listener = None

    def open(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._let_in, daemon=True).start()

    def close(self) -> None:
        if self.listener:
            self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()

    def _let_in(self) -> None:
        host, port = self.broker.address.rsplit(":", 1)
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection((host, int(port)))
            for pair in ((client, server), (server, client)):
                threading.Thread(target=pass_on, args=pair, daemon=True).start()


def test_it_is_ready_while_a_broker_answers(serve_kafka, broker, topic):
    door = Door(broker)
    try:
        with serve_kafka(f"127.0.0.1:{door.port}", SERVE_TOKEN="token-of-readers") as service:
            mine = {"Authorization": "Bearer token-of-readers"}
            refused = service.get("/readyz", **mine)
            assert refused.status == 503
            assert refused.json["checks"] == {"journal": "Kafka cannot be reached, or does not answer"}
            assert service.get("/readyz").json["checks"] == {"journal": "see the log"}
            assert service.get("/health").json == {"status": "DOWN", "Status": "DOWN"}
            assert service.get("/livez").status == 200
            assert len(service.events("journal.kafka_unreachable")) == 1
            read = service.get(f"/events/{topic}", **mine)
            assert (read.status, read.headers["retry-after"]) == (503, "1")
            assert read.json == {"detail": "Kafka cannot be reached, or does not answer"}
            door.open()
            wait_until_ready(service)
            assert service.get("/health").json == {"status": "UP", "Status": "UP"}
            assert post(service, topic, [{"n": 1}], **mine).status == 201
    finally:
        door.close()


def test_it_is_not_ready_once_the_last_broker_is_killed(serve_kafka, place, certificate):
    with brokers.Broker(place / "kafka-that-dies", certificate) as own, serve_kafka(own.address) as service:
        assert post(service, "short.lived", [{"n": 1}]).status == 201
        wait_until_ready(service)
        own.kill()
        wait_for(lambda: service.get("/readyz").status == 503 and service.get("/health").status == 503)
        own.restart()
        wait_until_ready(service, timeout=60)


def test_check_says_that_no_broker_answers(binary, database, tmp_path):
    """One failed line, of the journal. The database is not what failed."""
    checked = Shop(binary, database, tmp_path).program.run(
        "check", "--for", "project", "-o", "json", settings={"JOURNAL": f"kafka://127.0.0.1:{free_port()}"}
    )
    lines = {each["name"]: each for each in json.loads(checked.stdout)["checks"]}
    assert checked.code == 5, str(checked)
    assert [name for name, each in lines.items() if each["status"] == "failed"] == ["journal"]
    assert "broker" in lines["journal"]["detail"] or "Kafka" in lines["journal"]["detail"]
    assert lines["journal"]["remedy"] and lines["database"]["status"] == "ok"
