"""`project` as probes see it: PROJECT_HEALTH_PORT."""
import re
from types import SimpleNamespace

import pytest

from support.asking import wait_for, wait_until_ready
from support.serving import Service
from support.shop import Shop


class Consumer(Service):
    """A running `project` that listens."""

    def __enter__(self) -> "Consumer":
        self.process = self.exports.archiver.start("project", "total", *self.arguments, settings=self.settings)
        self.process.wait_for_output('"event":"serve.listening"')
        self.port = int(re.search(rb'"serve.listening".*?"port":(\d+)', self.process.output["stderr"])[1])
        return self

    def __exit__(self, kind, *_) -> None:
        self.process.send(15)
        outcome = self.stop_awaited()
        assert kind is not None or outcome.code == 143, str(outcome)


@pytest.fixture
def shop(binary, database, tmp_path):
    return Shop(binary, database, tmp_path)


def consumer(shop, **settings) -> Consumer:
    return Consumer(SimpleNamespace(archiver=shop.program), settings={"PROJECT_HEALTH_PORT": "0", **settings})


def test_it_answers_as_serve_does(shop):
    shop.post(120)
    with consumer(shop) as service:
        wait_until_ready(service)
        assert service.get("/readyz").json == {"status": "ok", "checks": {"database": "ok", "projections": "ok"}}
        assert service.get("/livez").json == {"status": "ok"}
        assert service.get("/health").json == {"status": "UP", "Status": "UP"}
        wait_for(lambda: 'event_archiver_projection_position{projection="total",topic="live",partition="0"} 120' in service.get("/metrics").text)
        assert shop.total() == shop.posted
        assert "/readyz" in service.get("/openapi.json").json["paths"]
        assert service.get("/nope").status == 404


def test_a_projection_that_has_stopped_is_not_ready_and_lives(shop):
    shop.write("total/projection.conf", "topic = live\non_error = block\n")
    shop.topic.append({"u": "a", "v": 1}, {"u": None, "v": 1})
    with consumer(shop) as service:
        told = wait_for(lambda: (answer := service.get("/readyz")).status == 503 and "projection" in answer.json["detail"] and answer.json)
        assert told["checks"]["database"] == "ok"
        assert "has stopped at position 1 of topic 'live': the event at position 1 of topic 'live'" in told["detail"]
        assert service.get("/health").status == 503 and service.get("/livez").status == 200


def test_without_a_database_it_lives_and_is_not_ready(shop):
    with consumer(shop, PG_CONNECTION_STRING="postgresql://127.0.0.1:1/none?connect_timeout=2") as service:
        assert service.get("/livez").status == 200
        answer = service.get("/readyz")
        assert answer.status == 503 and answer.json["checks"]["database"] != "ok"


def test_a_token_keeps_its_figures_and_not_its_probes(shop):
    with consumer(shop, SERVE_TOKEN="long-enough") as service:
        wait_until_ready(service)
        assert service.get("/livez").status == 200 and service.get("/metrics").status == 401
        assert service.get("/metrics", Authorization="Bearer long-enough").status == 200


def test_a_taken_or_invalid_port_is_a_mistake(shop):
    shop.post(1)
    with consumer(shop) as service:
        taken = shop.run("project", "total", "--health-port", str(service.port), expect=3)
        assert str(service.port) in taken.stderr
    assert "--health-port" in shop.run("project", "--health-port", "http", expect=2).stderr
    shop.run("project", "total", "--once", "--health-port", "0")  # it ends by itself: nobody asks it
