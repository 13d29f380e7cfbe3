"""A journal with as many topics as clients may make."""
import json
from http.client import HTTPConnection

import pytest

from support.event_serving import EventService

TOPICS_MAX = 1_000


@pytest.mark.slow
def test_topics_that_are_there_are_served_whatever_their_number(binary, tmp_path):
    """The next one is refused to a client, and no start of the server depends on it, with more APIs neither."""
    journal = tmp_path / "journal"
    with EventService(binary, journal, {"SERVE_APIS": "events"}) as service:
        connection = HTTPConnection("127.0.0.1", service.port, timeout=60)

        def post(topic: str) -> tuple:
            connection.request("POST", f"/events/{topic}", body=b"{}", headers={"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())

        for number in range(TOPICS_MAX):
            assert post(f"t{number}")[0] == 201
        status, said = post("one-more")
        assert status == 400 and "1000 topics already" in said["detail"], said
        assert post("t7")[0] == 201
    with service.again(SERVE_APIS="events,live,timestamps") as later:
        assert later.send_events([{"n": 1}], topic="live").status == 201
        assert later.send_events([{"n": 2}], topic="t7").status == 201
        assert later.send_events([{"n": 3}], topic="one-more").status == 400
        assert later.get("/events/t999?from=0").status == 200
        assert later.get("/readyz").status == 200
