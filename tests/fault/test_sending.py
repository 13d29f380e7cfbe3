"""`send` and the server it sends to, killed at named points: every line of the file is in the journal, once and in order."""
import json
import os

import pytest

from support.archiver import Archiver
from support.event_serving import EventService

EVENTS = [{"userId": f"user{number % 3}", "name": "add_revenue", "value": number} for number in range(1_000)]


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_text("".join(json.dumps(each) + "\n" for each in EVENTS))
    return path


@pytest.fixture
def service(binary, tmp_path):
    with EventService(binary, tmp_path / "journal") as running:
        yield running


@pytest.mark.parametrize("point", ["send-accepted", "send-noted"])
def test_killed_and_run_again_every_line_is_there_once(fault_binary, service, file, point):
    sender = Archiver(fault_binary)
    for nth in (1, 7, 3):
        killed = sender.run("send", str(file), "--to", service.url, "--batch", "50", settings={"EVENT_ARCHIVER_FAULT": f"{point}#{nth}=kill"})
        assert killed.code == 137
    outcome = sender.run("send", str(file), "--to", service.url, "--batch", "50", expect=0)
    assert service.values() == EVENTS
    assert outcome.summary["events"] < 1_000  # it went on where it had been


@pytest.mark.parametrize("point", ["send-accepted", "send-noted"])
def test_a_file_in_place_of_an_interrupted_one_is_sent_whole(fault_binary, service, file, point):
    """Of the same size, and with the time of the first: what a copy that keeps times makes."""
    sender = Archiver(fault_binary)
    assert sender.run("send", str(file), "--to", service.url, "--batch", "50", settings={"EVENT_ARCHIVER_FAULT": f"{point}#3=kill"}).code == 137
    other = [{**each, "userId": each["userId"].replace("user", "else")} for each in EVENTS]
    times = file.stat()
    fresh = file.with_name("fresh")
    fresh.write_text("".join(json.dumps(each) + "\n" for each in other))
    os.utime(fresh, ns=(times.st_atime_ns, times.st_mtime_ns))
    fresh.rename(file)
    assert file.stat().st_size == times.st_size
    sender.run("send", str(file), "--to", service.url, "--batch", "50", expect=0)
    assert service.values() == EVENTS[:150] + other


def test_another_batch_in_between_is_refused_rather_than_doubled(fault_binary, service, file):
    sender = Archiver(fault_binary)
    assert sender.run("send", str(file), "--to", service.url, "--batch", "50", settings={"EVENT_ARCHIVER_FAULT": "send-accepted#1=kill"}).code == 137
    assert "another --batch" in sender.run("send", str(file), "--to", service.url, "--batch", "70", expect=3).stderr
    sender.run("send", str(file), "--to", service.url, "--batch", "50", expect=0)
    assert service.values() == EVENTS


@pytest.mark.parametrize("point", ["group-written#9", "group-synced#9"])
def test_a_server_that_is_killed_meanwhile_has_every_line_once(fault_binary, tmp_path, file, point):
    with EventService(fault_binary, tmp_path / "journal", {"EVENT_ARCHIVER_FAULT": f"{point}=kill"}) as service:
        process = Archiver(fault_binary).start("send", str(file), "--to", service.url, "--batch", "50")
        assert service.process.wait_end(60)
        service.stop_awaited()
        with service.again() as restarted:
            assert process.wait().code == 0
            assert restarted.values() == EVENTS
