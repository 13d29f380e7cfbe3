"""Window files when the server is killed: each event is in them once, and the sum of the offsets is never more than was committed."""
import json
import random

import pytest

from support.asking import serving
from support.archiver import Archiver
from support.windows import Windows

POINTS = ["window-lines-written", "window-lines-written#3", "window-state-written#2", "window-offsets-written#2"]


@pytest.fixture
def windows(tmp_path):
    return Windows(tmp_path / "windows")


@pytest.fixture
def live(fault_binary, database, tmp_path, windows):
    settings = {"PG_CONNECTION_STRING": database.uri, "JOURNAL": str(tmp_path / "journal"), "LIVE_WINDOW_FILES": str(windows.directory)}

    def start(**more):
        return serving(Archiver(fault_binary, {}), "live,events", **{**settings, **more})

    return start


def post(service, first: int, count: int) -> list:
    """What was accepted of events with these numbers."""
    values = [{"userId": f"u{each % 3}", "name": "add_revenue", "value": each} for each in range(first, first + count)]
    body = "".join(json.dumps(each) + "\n" for each in values).encode()
    try:
        answer = service.post("/events/live", body=body, Content_Type="application/x-ndjson")
    except OSError:
        return []
    return values if answer.status == 201 else []


def processed(database) -> int:
    with database.connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('event_archiver.position') IS NOT NULL")
        if not cursor.fetchone()[0]:
            return 0  # killed before the first migration
        cursor.execute("SELECT coalesce(sum(next), 0) FROM event_archiver.position WHERE projection = 'revenue'")
        return int(cursor.fetchone()[0])


def journal_of(service) -> list:
    answer = service.get("/events/live?from=0&limit=100000")
    return [json.loads(line)["value"] for line in answer.body.decode().splitlines()]


@pytest.mark.parametrize("point", POINTS)
def test_killed_at(live, windows, database, point):
    with live(EVENT_ARCHIVER_FAULT=f"{point}=kill") as service:
        for batch in range(40):
            if not post(service, batch * 50, 50):
                break
        outcome = service.process.wait(60)
        service.outcome = outcome
        assert outcome.code == 137, f"{point} was not reached"
    assert windows.total() <= processed(database), "more than was committed"
    with live() as service:
        there = journal_of(service)
        windows.wait_until(len(there))
        windows.check(there)


@pytest.mark.parametrize("point", ["window-state-written", "window-offsets-written"])
def test_killed_before_the_first_request(live, windows, database, point):
    service = live()
    told = {**service.settings, "EVENT_ARCHIVER_FAULT": f"{point}=kill"}
    assert service.exports.archiver.run("serve", settings=told).code == 137
    with live() as service:
        assert post(service, 0, 10)
        windows.wait_until(10)


def test_killed_again_and_again(live, windows, database):
    chance = random.Random(7)
    sent = 0
    for _ in range(6):
        with live() as service:
            for _ in range(chance.randrange(1, 12)):
                sent += len(post(service, sent, chance.randrange(1, 400)))
            service.process.kill()
            service.process.wait_end(30)
            service.stop_awaited()
        assert windows.total() <= processed(database)
    with live() as service:
        there = journal_of(service)
        assert len(there) >= sent
        windows.wait_until(len(there))
        windows.check(there)
