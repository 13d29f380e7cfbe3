"""What `/metrics` says of the journal: exact counts of what was accepted, and what waits for the disk at this moment."""
import json
import re
import threading

from support.asking import wait_for
from support.events import EventService, held_disk  # noqa: F401 (a fixture)
from test_events_api import journal  # noqa: F401


def figure(service, name: str, labels: str = "") -> float:
    text = service.get("/metrics").text
    return float(re.search(f"^event_archiver_journal_{name}{re.escape(labels)} (.*)$", text, re.MULTILINE)[1])


def test_what_is_accepted_is_counted_exactly(binary, journal):  # noqa: F811
    """A batch once, each of its events, and the bytes of their values; nothing of what is refused."""
    batches = {"t": [["a"], [{"n": each} for each in range(10)], ["x" * 5000, None]], "u": [[1, 2]]}
    with EventService(binary, journal) as service:
        for topic, them in batches.items():
            for batch in them:
                assert service.send(topic, *batch).status == 201
        assert service.post("/events/t", body=b"[1, 2", Content_Type="application/json").status == 400
        for topic, them in batches.items():
            values = [json.dumps(value) for batch in them for value in batch]
            labels = f'{{topic="{topic}"}}'
            assert figure(service, "appends_total", labels) == len(them)
            assert figure(service, "events_total", labels) == len(values)
            assert figure(service, "bytes_total", labels) == sum(map(len, values))
            assert figure(service, "end_position", labels) == len(values)
            assert figure(service, "append_seconds_total", labels) > 0


def test_what_waits_for_the_disk_is_seen(binary, journal, held_disk):  # noqa: F811
    """Three clients wait for a sync. Their batches are pending until it has ended, and age."""
    with EventService(binary, journal, settings=held_disk.settings) as service:
        assert service.send("t", "first").status == 201
        statuses = []
        clients = [threading.Thread(target=lambda: statuses.append(service.send("t", "x" * 5000).status)) for _ in range(3)]
        with held_disk:
            for each in clients:
                each.start()
            wait_for(lambda: figure(service, "pending") == 3)
            assert figure(service, "pending_bytes") >= 3 * 5000
            age = wait_for(lambda: figure(service, "oldest_pending_seconds"))
            wait_for(lambda: figure(service, "oldest_pending_seconds") > age + 0.2)
            assert figure(service, "appends_total", '{topic="t"}') == 1 and not statuses, "they are not accepted yet"
            waited = figure(service, "append_seconds_total", '{topic="t"}')
        for each in clients:
            each.join()
        assert statuses == [201, 201, 201]
        wait_for(lambda: [figure(service, name) for name in ("pending", "pending_bytes", "oldest_pending_seconds")] == [0, 0, 0])
        assert figure(service, "appends_total", '{topic="t"}') == 4
        assert figure(service, "append_seconds_total", '{topic="t"}') > waited + 3 * 0.2
