"""What `serve` answered 2xx is in the journal, once and in order, on a disk that fails, is full, or is cut off."""
import json
import signal
import struct
import subprocess
import threading
import time
import zlib

import pytest

from support.asking import wait_for
from support.event_serving import EventService, failing_disk, on_failing_disk
from support.events import held_disk  # noqa: F401 (a fixture)


@pytest.fixture(scope="session")
def shim(place):
    return failing_disk(place)


@pytest.fixture
def journal(tmp_path):
    return tmp_path / "journal"


def values(count: int, begin: int = 0) -> list:
    return [{"n": number} for number in range(begin, begin + count)]


def segments(journal, topic="live") -> list:
    return sorted((journal / topic).glob("*.log"))


@pytest.mark.parametrize("disk, kept", [
    ("fdatasync#3=lost", 2), ("fdatasync#3=EIO", 3), ("pwrite#4=EIO", 2), ("pwrite#4=half", 2),
])
def test_a_disk_that_refuses_is_believed_no_more(fault_binary, journal, shim, disk, kept):
    """The first write is of the segment's header. What was refused may be there (the sync was of a page cache that has it) or not."""
    service = EventService(fault_binary, journal, on_failing_disk(shim, disk, ".log"))
    service.expected = (5, 0)
    with service:
        for value in values(2):
            assert service.send_events([value]).status == 201
        refused = service.send_events([{"n": 2}])
        assert refused.status == 503, refused
        # It ends by itself: only a restart can say what is on the disk.
        assert service.process.wait_end(30)
        outcome = service.stop_awaited()
    assert outcome.code == 5 and outcome.events("journal.broken"), str(outcome)
    with service.again() as restarted:
        assert restarted.values() == values(kept)
        assert restarted.send_events([{"n": kept}]).status == 201
        assert restarted.values() == values(kept + 1)


def test_a_sync_that_fails_behind_the_answers_is_told_at_the_end(fault_binary, journal, shim):
    """With JOURNAL_SYNC the answers come first; the last sync is that of the end."""
    service = EventService(fault_binary, journal, {**on_failing_disk(shim, "fdatasync#1=lost", ".log"), "JOURNAL_SYNC": "9s"})
    service.expected = (5,)
    with service:
        assert service.send_events(values(5)).status == 201
    assert service.outcome.code == 5 and service.outcome.events("journal.sync_failed"), str(service.outcome)


def test_no_event_comes_behind_a_segment_that_found_no_room_and_cannot_be_taken_away(fault_binary, journal, shim):
    """A restart would find it last, and hide what went on into the segment before it."""
    large = {"JOURNAL_MAX_BYTES": "524288"}  # a segment has an eighth of that
    service = EventService(fault_binary, journal, {**on_failing_disk(shim, "pwrite#3=ENOSPC,unlink#1=EIO", ".log"), **large})
    service.expected = (5, 0)
    with service:
        assert service.send_events([{"n": 0, "pad": "x" * 70_000}]).status == 201
        for number in (1, 2):
            assert service.send_events([{"n": number}]).status == 503
            if service.process.wait_end(10):
                break
        outcome = service.stop_awaited()
    assert outcome.code == 5 and outcome.events("journal.broken"), str(outcome)
    with service.again() as restarted:
        assert [each["n"] for each in restarted.values()] == [0]
        assert restarted.send_events([{"n": 3}]).status == 201
    with restarted.again() as once_more:
        assert [each["n"] for each in once_more.values()] == [0, 3]


def test_nothing_is_kept_of_what_found_no_room(fault_binary, journal, shim):
    with EventService(fault_binary, journal, on_failing_disk(shim, "pwrite#4=ENOSPC,pwrite#5=ENOSPC", ".log")) as service:
        for value in values(2):
            assert service.send_events([value]).status == 201
        for _ in range(2):
            refused = service.send_events([{"n": 2}, {"lost": True}])
            assert refused.status == 503 and refused.headers["retry-after"] == "1"
        assert service.values() == values(2)
        assert service.send_events([{"n": 2}]).status == 201
        assert service.values() == values(3)
        service.kill()
        with service.again() as restarted:
            assert restarted.values() == values(3)


def test_a_torn_tail_is_cut_off_and_nothing_of_it_comes_back(fault_binary, journal):
    with EventService(fault_binary, journal, {"EVENT_ARCHIVER_FAULT": "group-written#3=kill"}) as service:
        for value in values(2):
            assert service.send_events([value]).status == 201
        with pytest.raises(OSError):
            service.send_events([{"n": 2, "pad": "x" * 3_000}])
        service.process.wait_end(30)
        service.stop_awaited()
        # The power was cut: its last page never arrived.
        path = segments(journal)[-1]
        content = path.read_bytes()
        path.write_bytes(content[:-100])
        with service.again() as restarted:
            assert restarted.events("journal.tail_cut")
            assert path.stat().st_size < len(content) - 3_000
            assert restarted.values() == values(2)
            assert restarted.send_events([{"n": 2}]).status == 201
            restarted.kill()
        with service.again() as once_more:
            assert not once_more.events("journal.tail_cut")
            assert once_more.values() == values(3)
            assert once_more.command("journal", "verify", expect=0)


def test_an_index_is_believed_no_further_than_its_segment_bears_it_out(fault_binary, journal):
    """A closed segment needs 64 MiB."""
    pad = "x" * 1_000_000
    with EventService(fault_binary, journal) as service:
        for begin in range(0, 72, 8):
            assert service.send_events([{"n": begin + number, "pad": pad} for number in range(8)]).status == 201
        first = segments(journal)[0]
        assert len(segments(journal)) == 2
        index = first.with_suffix(".idx")
        head = index.read_bytes()[:16]
        for wrong in ([(0, 64 + 13)], [(0, first.stat().st_size - 10)]):  # no frame begins there
            body = head + b"".join(struct.pack("<qQ", *entry) for entry in wrong)
            index.write_bytes(body + struct.pack("<Q", zlib.crc32(body)))
            for at in (1, 9):
                answer = service.get(f"/events/live?from={at}&limit=2")
                assert answer.status == 200, answer
                assert [json.loads(line)["value"]["n"] for line in answer.body.splitlines()] == [at, at + 1]


def post_until_it_ends(service, accepted: list, name: int) -> None:
    number = 0
    while True:
        batch = [{"client": name, "n": number + each} for each in range(1 + number % 4)]
        try:
            answer = service.send_events(batch)
        except OSError:
            return
        if answer.status != 201:
            return
        accepted.append((answer.json["first"], batch))
        number += len(batch)


@pytest.mark.parametrize("sync", ["group", "20ms"])
def test_killed_under_load_what_was_accepted_is_there_once_and_in_order(fault_binary, journal, sync):
    accepted: list = []
    service = EventService(fault_binary, journal, {"JOURNAL_SYNC": sync})
    for turn in range(4):
        with service:
            clients = [threading.Thread(target=post_until_it_ends, args=(service, accepted, 10 * turn + name)) for name in range(6)]
            for client in clients:
                client.start()
            time.sleep(0.15 + 0.2 * turn)
            service.kill()
            for client in clients:
                client.join()
        service = service.again(JOURNAL_SYNC=sync)
    with service:
        found = service.values()
        for first, batch in accepted:
            assert found[first : first + len(batch)] == batch
        assert accepted
        for name in {each["client"] for each in found}:
            numbers = [each["n"] for each in found if each["client"] == name]
            # At the end there may be one batch more, whose answer did not come.
            assert numbers == list(range(len(numbers)))
            told = sum(len(batch) for _, batch in accepted if batch[0]["client"] == name)
            assert told <= len(numbers) <= told + 4
        assert service.command("journal", "verify", expect=0)


def test_with_a_time_for_syncs_one_that_fails_is_told_to_those_who_come_later(fault_binary, journal, shim):
    settings = {"JOURNAL_SYNC": "400ms", **on_failing_disk(shim, "fdatasync#2=lost", ".log")}
    service = EventService(fault_binary, journal, settings)
    service.expected = (5, 0)
    with service:
        assert service.events("journal.synced_later")
        assert service.send_events(values(20)).status == 201
        wait_for(lambda: len(service.values()) == 20)
        # The second sync fails: nobody can be told but the log, and who comes after it.
        assert service.send_events([{"n": 20}]).status == 201
        service.process.wait_for_output("journal.sync_failed")
        assert service.send_events([{"n": 21}]).status == 503
        assert service.process.wait_end(30)
        outcome = service.stop_awaited()
        assert outcome.code == 5, str(outcome)
    with service.again() as restarted:
        assert restarted.values() == values(20)


def test_with_a_time_for_syncs_events_are_answered_and_not_read_while_the_disk_syncs(fault_binary, journal, held_disk):  # noqa: F811
    """As long as the disk is held no event is durable: each is answered, and no reader sees it, in this process or another."""
    with EventService(fault_binary, journal, {"JOURNAL_SYNC": "20ms", **held_disk.settings, "ASAN_OPTIONS": "verify_asan_link_order=0"}) as service:
        assert service.send_events(values(1)).status == 201
        wait_for(lambda: service.values() == values(1))
        with held_disk:
            assert service.send_events(values(1, 1)).status == 201
            assert service.send_events(values(1, 2)).status == 201
            assert service.values() == values(1)
            assert len(service.get("/events/live?from=0").body.splitlines()) == 1
        wait_for(lambda: service.values() == values(3))


def test_two_servers_do_not_write_to_one_journal(fault_binary, journal):
    with EventService(fault_binary, journal) as service:
        assert service.send_events(values(1)).status == 201
        second = service.again(SERVE_PORT="0").exports.archiver.run("serve", settings={"SERVE_PORT": "0"}, expect=10)
        assert "another process writes to" in second.stderr
        assert service.send_events(values(1, 1)).status == 201
        assert service.values() == values(2)


def test_a_journal_that_ends_before_what_was_durable_is_refused(fault_binary, journal):
    with EventService(fault_binary, journal) as service:
        for value in values(3):
            assert service.send_events([value]).status == 201
    path = segments(journal)[-1]
    path.write_bytes(path.read_bytes()[:-20])
    outcome = service.exports.archiver.run("serve", settings={"SERVE_PORT": "0"}, expect=7)
    assert "durable up to 3" in outcome.stderr
    assert "up to position 2" in outcome.stderr
    assert path.read_bytes()  # nothing was cut off


def test_a_reader_sees_no_more_than_is_durable(fault_binary, journal):
    """`serve` is stopped between writing a group and syncing it."""
    with EventService(fault_binary, journal, {"EVENT_ARCHIVER_FAULT": "group-written#3=stop"}) as service:
        for value in values(2):
            assert service.send_events([value]).status == 201
        posting = subprocess.Popen(["curl", "-s", "-X", "POST", "-H", "Content-Type: application/json", "-d", '{"n": 2}', f"{service.url}/events/live"], stdout=subprocess.PIPE)
        path = segments(journal)[-1]
        while b'"n": 2' not in path.read_bytes():
            assert posting.poll() is None
        assert service.values() == values(2)
        verified = json.loads(service.command("journal", "verify", "-o", "json", expect=0).stdout)
        assert [each["events"] for each in verified["topics"]] == [2]
        service.process.send(signal.SIGCONT)
        assert json.loads(posting.communicate(timeout=30)[0])["accepted"] == 1
        assert service.values() == values(3)
