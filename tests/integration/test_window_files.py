"""The live ETL's files: server_events_*.jsonl and processor_offset.json, as its README's scripts find them."""
import json
import re
import shutil
import subprocess
import time

import pytest

from support.archiver import Archiver
from support.asking import serving, wait_for
from support.windows import SECRET, Windows, generate_events

NAME = re.compile(r"server_events_\d{10}(0\d|1[01])\.jsonl")


def event(user: str, value: int, name: str = "add_revenue") -> dict:
    return {"userId": user, "name": name, "value": value}


@pytest.fixture
def windows(tmp_path):
    return Windows(tmp_path / "windows")


@pytest.fixture
def live(archiver, database, tmp_path, windows):
    def start(*arguments: str, **settings):
        told = {"PG_CONNECTION_STRING": database.uri, "JOURNAL": str(tmp_path / "journal"), "LIVE_WINDOW_FILES": str(windows.directory), **settings}
        return serving(archiver.with_settings({"AZURE_STORAGE_CONNECTION_STRING": None}), "live,events", *arguments, **told)

    return start


def post(service, *values) -> None:
    body = "".join(json.dumps(each) + "\n" for each in values).encode()
    assert service.post("/events/live", body=body, Content_Type="application/x-ndjson").status == 201


def test_an_event_is_a_line_of_its_five_seconds(live, windows):
    with live(TZ="Asia/Tokyo") as service:
        before = time.time()
        answer = service.post("/liveEvent", body=b'{ "userId": "u 1",\n "name": "add_revenue", "value": 1.50 }', **SECRET)
        assert answer.status == 201
        windows.wait_until(1)
    (path,) = windows.files()
    assert path.read_bytes() == b'{"userId":"u 1","name":"add_revenue","value":1.50}\n'
    assert NAME.fullmatch(path.name)
    windows_of_it = {time.strftime("%y%m%d%H%M", moment) + f"{moment.tm_sec // 5:02}" for second in range(int(before), int(time.time()) + 1) for moment in [time.gmtime(second + 9 * 3600)]}
    assert path.name[14:26] in windows_of_it, "its time, in the time zone of TZ"
    assert windows.offsets() == {path.name: 1}


def test_the_readmes_scripts_find_what_was_processed(live, windows, database):
    """Five events many times over; the sum of the offsets; the number of files."""
    five = [event("user1", 98), event("user1", 72, "subtract_revenue"), event("user2", 70), event("user1", 1), event("user2", 12, "subtract_revenue")]
    with live() as service:
        for _ in range(4):
            post(service, *five * 100)
            time.sleep(1.5)
        windows.wait_until(2000)
        assert windows.total_by_node() == 2000
        counted = subprocess.run("echo $(( $(find server_events* -type f | wc -l) * 5 ))", shell=True, cwd=windows.directory, capture_output=True, text=True)
        assert 5 <= int(counted.stdout) <= 20
        assert json.loads(service.get("/userEvents/user1").body) == [{"user_id": "user1", "revenue": 27 * 400}]
    windows.check(five * 400)


def test_the_readmes_events_are_sent_each_time_they_are_generated(live, windows, database, binary, tmp_path):
    """generateEvents(N) writes its file over the one that is watched, without a newline at its end, and twice the same bytes."""
    times = 400
    with live() as service:
        sending = Archiver(binary).start("send", str(tmp_path / "events.jsonl"), "--watch", "--to", f"http://127.0.0.1:{service.port}/liveEvent")
        sending.wait_for_output("waiting for the file")
        for passes in (1, 2):
            if passes == 2:
                sending.wait_for_output("waiting for a change")
            file = generate_events(tmp_path, times)
            assert file.stat().st_size == 264 * times - 1, "400,000 times are 105,599,999 bytes"
            windows.wait_until(passes * 5 * times)
            assert windows.total_by_node() == passes * 5 * times
            for user, each in (("user1", 27), ("user2", 58)):
                assert json.loads(service.get(f"/userEvents/{user}").body) == [{"user_id": user, "revenue": each * times * passes}]
        sending.send(15)
        assert sending.wait().summary["passes"] >= 2
    windows.check([json.loads(line) for line in file.read_text().splitlines()] * 2)


def test_offsets_count_what_is_committed_and_no_more(live, windows, database):
    """A row that somebody holds keeps the processor waiting, and the sum where it is."""
    with live() as service:
        post(service, event("u", 1))
        windows.wait_until(1)
        with database.connection.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT 1 FROM users_revenue FOR UPDATE")
            post(service, event("u", 2), event("u", 3))
            wait_for(lambda: len(windows.lines()) == 3)
            time.sleep(1)
            assert windows.total() == 1
            cursor.execute("COMMIT")
        windows.wait_until(3)


def test_without_a_processor_there_are_lines_and_no_offsets(live, windows):
    with live("--project", "none", PG_CONNECTION_STRING=None) as service:
        post(service, event("u", 1), event("u", 2))
        wait_for(lambda: len(windows.lines()) == 2)
        assert windows.offsets() == {}
    with live() as service:  # the processor comes later
        windows.wait_until(2)
        post(service, event("u", 3))
        windows.wait_until(3)
    windows.check([event("u", each) for each in (1, 2, 3)])


def test_files_of_another_server_are_left_alone(live, windows):
    windows.directory.mkdir()
    (windows.directory / "server_events_261120150306.jsonl").write_text("{}\n")
    service = live()
    outcome = service.exports.archiver.run("serve", settings=service.settings, expect=3)
    assert "window files of another server" in outcome.stderr
    assert (windows.directory / "server_events_261120150306.jsonl").read_text() == "{}\n"


def test_they_are_of_one_journal_and_of_one_process(live, windows, tmp_path):
    with live() as service:
        post(service, event("u", 1))
        windows.wait_until(1)
        # Without the database, whose positions belong to the first journal.
        second = live(JOURNAL=str(tmp_path / "other"), PROJECT="none", PG_CONNECTION_STRING=None)
        assert "another process" in second.exports.archiver.run("serve", settings=second.settings, expect=10).stderr
    # The first has ended.
    assert "are of the journal" in second.exports.archiver.run("serve", settings=second.settings, expect=3).stderr


def test_a_directory_that_cannot_be_written_keeps_no_event_from_being_accepted(live, windows):
    with live() as service:
        post(service, event("u", 1))
        windows.wait_until(1)
        shutil.rmtree(windows.directory)
        post(service, event("u", 2))
        service.process.wait_for_output('"window_files.failed"')
        assert service.get("/readyz").status == 200
        windows.directory.mkdir()
        post(service, event("u", 3))
        wait_for(lambda: event("u", 3) in windows.lines())


@pytest.mark.parametrize("damage", [b"", b"event-archiver window files 1\njour", b"event-archiver window files 9\nend\n", b"\0" * 500], ids=["empty", "cut", "another version", "zeros"])
def test_a_damaged_state_ends_no_intake(live, windows, damage):
    """The files are made again from the journal, each line once."""
    events = [event("u", number) for number in range(3)]
    with live() as service:
        for each in events:
            post(service, each)
        windows.wait_until(3)
    (windows.directory / ".window_files").write_bytes(damage)
    (windows.directory / "server_events_200101000000.jsonl").write_text("{}\n")  # of an older state
    (windows.directory / "notes.txt").write_text("theirs")
    with live() as service:
        service.process.wait_for_output('"window_files.begun_again"')
        post(service, event("u", 3))
        windows.wait_until(4)
        assert windows.lines() == [*events, event("u", 3)]
    assert (windows.directory / "notes.txt").read_text() == "theirs"


def test_the_view_has_a_bound(live, windows):
    """Of more than 150,000 files the oldest go, whatever their age, once their lines are processed."""
    with live() as service:
        post(service, event("u", 1))
        windows.wait_until(1)
    state = (windows.directory / ".window_files").read_text()
    first, journal, *_ = state.splitlines()
    many = 150_010
    names = [f"server_events_{number:012}.jsonl" for number in range(many)]
    lines = [first, journal, "next 0 1", *(f"window {name} 0:0-1" for name in names), "end", ""]
    (windows.directory / ".window_files").write_text("\n".join(lines))
    (windows.directory / names[0]).write_text("{}\n")  # new, and too many
    (windows.directory / names[-1]).write_text("{}\n")
    with live() as service:
        post(service, event("u", 2))
        wait_for(lambda: not (windows.directory / names[0]).exists())
        wait_for(lambda: (windows.directory / ".window_files").read_text().count("\nwindow ") <= 150_001)
    assert (windows.directory / names[-1]).exists()


@pytest.mark.slow
def test_what_retention_removes_while_the_directory_is_away_is_a_gap(live, windows):
    """Behind it the files go on, without a restart."""
    with live(JOURNAL_MAX_BYTES="1MiB") as service:
        post(service, event("u", 1))
        windows.wait_until(1)
        shutil.rmtree(windows.directory)
        post(service, event("u", 2))
        service.process.wait_for_output('"window_files.failed"')
        many = (json.dumps(event("other" + "x" * 200, 3)) + "\n").encode() * 500

        def is_removed() -> bool:
            service.post("/events/live", body=many, content_type="application/x-ndjson")  # 503 while it is full
            # Beyond the megabyte that the view may have read already.
            return service.get("/events/live?from=6000&limit=1").status == 410

        wait_for(is_removed, 240)
        windows.directory.mkdir()
        service.process.wait_for_output('"window_files.gap"')
        wait_for(lambda: service.post("/liveEvent", body=json.dumps(event("u", 4)).encode(), **SECRET).status == 201)
        wait_for(lambda: event("u", 4) in windows.lines())
