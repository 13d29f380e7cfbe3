"""`send`: the lines of a file in their order, to our server and to the one before it; once each, whatever is killed."""
import json
import os
import re
import subprocess
import time

import pytest

from support.archiver import Archiver
from support.event_receivers import LiveEventServer
from support.event_serving import EventService
from support.terminal import bars_of

EVENTS = [{"userId": f"user{number % 3}", "name": "add_revenue", "value": number} for number in range(1_000)]


def write(path, events) -> None:
    path.write_text("".join(json.dumps(each) + "\n" for each in events))


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "events.jsonl"
    write(path, EVENTS)
    return path


@pytest.fixture
def sender(binary):
    return Archiver(binary)


@pytest.fixture
def service(binary, tmp_path):
    with EventService(binary, tmp_path / "journal") as running:
        yield running


def mark_of(file):
    return file.with_name(file.name + ".sending")


def test_lines_reach_the_journal_in_their_order(sender, service, file):
    outcome = sender.run("send", str(file), "--to", service.url, "--batch", "64", expect=0)
    assert outcome.stdout == f"sent 1,000 events of '{file}'\n" or outcome.stdout == f"sent 1000 events of '{file}'\n"
    assert service.values() == EVENTS
    summary = outcome.summary
    assert (summary["events"], summary["lines_left_out"], summary["passes"], summary["retries"]) == (1_000, 0, 1, 0)
    assert summary["requests"] == 17  # 16 of lines, and one that asks what the server takes
    assert not mark_of(file).exists()
    # Sent once more as it is, nothing is added.
    sender.run("send", str(file), "--to", service.url, "--batch", "64", expect=0)
    assert len(service.values()) == 1_000


def test_each_line_with_a_time_has_its_process_id(sender, service, tmp_path):
    (tmp_path / "odd.jsonl").write_text("no event\n{}\nnone either\n")
    process = sender.start("send", str(tmp_path / "odd.jsonl"), "--to", service.url, settings={"LOG_FORMAT": "text"})
    lines = [line for line in process.wait().stderr.splitlines() if re.match(r"\d\d:\d\d:\d\dZ ", line)]
    assert len(lines) > 1 and all(f"  pid={process.pid}" in line for line in lines), lines


def test_what_is_no_event_is_named_and_left_out(sender, service, tmp_path):
    file = tmp_path / "odd.jsonl"
    lines = ['{"n":1}', "", "  \t", "not json", "5", '[{"n":2}]', '{"n":3} {"n":4}', '{"n":5', '{"n":6}\r', '{"pad":"' + "x" * 1_048_576 + '"}', '{"pad":"' + "y" * 1_048_000 + '"}', '{"n":7}']
    file.write_text("\n".join(lines))  # without a newline at its end
    outcome = sender.run("send", str(file), "--to", service.url, expect=0)
    assert [line["line"] for line in outcome.events("send.line_left_out")] == [4, 5, 6, 7, 8, 10]
    assert outcome.summary["lines_left_out"] == 6
    values = service.values()
    assert [each.get("n") for each in values] == [1, 6, None, 7]
    assert "x" * 20 not in outcome.stderr and "not json" not in outcome.stderr


def test_requests_stay_below_what_a_server_takes_at_once(sender, service, tmp_path):
    file = tmp_path / "large.jsonl"
    write(file, [{"n": number, "pad": "x" * 900_000} for number in range(30)])
    outcome = sender.run("send", str(file), "--to", service.url, expect=0)
    assert [each["n"] for each in service.values()] == list(range(30))
    assert 4 <= outcome.summary["requests"] <= 6
    assert outcome.peak_bytes < 120 << 20


def test_the_server_before_ours_gets_one_event_a_request(sender, file):
    write(file, EVENTS[:20])
    with LiveEventServer() as server:
        outcome = sender.run("send", str(file), "--to", server.url, expect=0)
        assert server.events == EVENTS[:20] and len(server.posted) == 20
        for each in server.posted:
            assert each.path == "/liveEvent" and each.headers["content-type"] == "application/json"
            assert each.headers["authorization"] == "secret"
        assert len({each.headers["idempotency-key"] for each in server.posted}) == 20
        assert outcome.summary["events"] == 20
        # Its client was given the whole path.
        sender.run("send", str(file), "--to", server.url + "/liveEvent", expect=0)
        assert len(server.posted) == 40


def test_keys_are_of_the_file_and_its_lines(sender, file):
    write(file, EVENTS[:10])
    with LiveEventServer(offers_batches=True) as server:
        keys = []
        for change in (None, None, "touch", "write"):
            server.posted.clear()
            if change == "touch":
                os.utime(file, (1_000_000_000, 1_000_000_000))
            elif change == "write":
                write(file, EVENTS[10:20])
            sender.run("send", str(file), "--to", server.url, "--batch", "4", expect=0)
            keys.append([each.headers["idempotency-key"] for each in server.posted])
        assert all(len(set(each)) == 3 for each in keys)
        assert keys[0] == keys[1] and not set(keys[0]) & set(keys[2]) and not set(keys[2]) & set(keys[3])


def test_secrets_are_shown_to_whom_they_are_for(sender, file, binary, tmp_path):
    write(file, EVENTS[:3])
    with LiveEventServer(secret="another one's".replace(" ", "-")) as server:
        outcome = sender.run("send", str(file), "--to", server.url, expect=4)
        assert "LIVE_SECRET" in outcome.stderr and f"sending '{file}': line 1: the server answered 401" in outcome.stderr
        sender.run("send", str(file), "--to", server.url, settings={"LIVE_SECRET": server.secret}, expect=0)
    with EventService(binary, tmp_path / "journal", {"SERVE_TOKEN": "token-of-the-test"}) as service:
        assert "SERVE_TOKEN" in sender.run("send", str(file), "--to", service.url, expect=4).stderr
        outcome = sender.run("send", str(file), "--to", service.url, settings={"SERVE_TOKEN": "token-of-the-test"}, expect=0)
        assert "token-of-the-test" not in outcome.stdout + outcome.stderr
        assert service.values() == EVENTS[:3]


def test_what_may_be_repeated_is_repeated_after_the_pause_that_was_asked_for(sender, file):
    write(file, EVENTS[:8])
    with LiveEventServer(offers_batches=True) as server:
        server.script = [None, (503, {"Retry-After": "2"}, b"{}"), "cut", (409, {}, b"{}"), (429, {"Retry-After": "0"}, b"")]
        outcome = sender.run("send", str(file), "--to", server.url, "--batch", "4", expect=0)
        assert [each.body for each in server.posted[1:]] == [server.posted[1].body] * 5
        assert len({each.headers["idempotency-key"] for each in server.posted[1:]}) == 1
        assert server.posted[2].at - server.posted[1].at >= 2
        assert 3 <= outcome.summary["retries"] <= 4  # a connection that was cut while idle is no try


@pytest.mark.parametrize("answer, code, clause", [
    ((400, {"Content-Type": "application/json"}, b'{"detail":"line 2, byte 3: it is not JSON"}'), 3, "lines 5 to 8: the server answered 400 to POST /events/live: line 2, byte 3"),
    ((422, {}, b"{}"), 3, "another --batch"),
    ((413, {}, b""), 3, "lines 5 to 8: the server answered 413"),
    ((201, {}, b'{"accepted":3}'), 7, "does not say that it has all 4 events"),
    ((201, {}, b'{"accepted":-4}'), 7, "does not say that it has all 4 events"),
    ((201, {}, b'{"accepted":4.5}'), 7, "does not say that it has all 4 events"),
    ((201, {}, b'{"accepted":1e300}'), 7, "does not say that it has all 4 events"),
    ((201, {}, b'{"accepted":"4"}'), 7, "does not say that it has all 4 events"),
    ((200, {"Content-Type": "text/html"}, b"<html>Please sign in</html>"), 7, "answered 200 and does not say"),
    ((500, {}, b"<html>secret stack</html>"), 5, "answered 500"),
])
def test_a_refusal_names_file_and_lines_and_the_next_run_goes_on_there(sender, file, answer, code, clause):
    write(file, EVENTS[:12])
    with LiveEventServer(offers_batches=True) as server:
        server.script = [None, answer]
        outcome = sender.run("send", str(file), "--to", server.url, "--batch", "4", "--retries", "0", expect=code)
        assert clause in outcome.stderr and str(file) in outcome.stderr and "stack" not in outcome.stderr
        assert mark_of(file).read_text().endswith(f" {4:020}\n")
        server.posted.clear()
        sender.run("send", str(file), "--to", server.url, "--batch", "4", expect=0)
        assert server.events == EVENTS[4:12] and not mark_of(file).exists()


@pytest.mark.parametrize("answer", [
    (200, {"Content-Type": "text/html"}, b"<html>Please sign in</html>"),
    (200, {"Content-Type": "application/json"}, b'{"message":"Event received"}'),
    (201, {"Content-Type": "text/html"}, b"<html>Created</html>"),
    (202, {}, b"queued"),
    (204, {}, b""),
], ids=["sign-in page", "another status", "another body", "queue", "nothing"])
def test_a_success_that_is_not_the_old_servers_is_a_failure(sender, file, answer):
    """A portal or a queue in front of the server answers 2xx to anything, and keeps nothing."""
    write(file, EVENTS[:3])
    with LiveEventServer() as server:
        server.document_script = [answer]
        server.script = [None, answer]
        outcome = sender.run("send", str(file), "--to", server.url, expect=7)
        assert f"line 2: the server answered {answer[0]} to POST /liveEvent, and not 201" in outcome.stderr
        assert outcome.summary["events"] == 1 and "sign in" not in outcome.stderr
        sender.run("send", str(file), "--to", server.url, expect=0)
        assert server.events == [EVENTS[0], EVENTS[1], EVENTS[1], EVENTS[2]]


@pytest.mark.parametrize("status", [408, 425, 429, 503])
def test_a_server_that_is_busy_is_asked_again_what_it_takes(sender, file, status):
    write(file, EVENTS[:9])
    with LiveEventServer(offers_batches=True) as server:
        server.document_script = [(status, {"Retry-After": "0"}, b"")]
        sender.run("send", str(file), "--to", server.url, expect=0)
        assert [each.path for each in server.posted] == ["/events/live"]
        server.document_script = [(status, {}, b"")]
        assert f"answered {status} to GET /openapi.json" in sender.run("send", str(file), "--to", server.url, "--retries", "0", expect=5).stderr


def test_a_byte_order_mark_is_no_part_of_an_event(sender, service, tmp_path):
    file = tmp_path / "marked.jsonl"
    file.write_bytes("\ufeff{\"n\":0}\r\n{\"n\":1}\n\ufeff{\"n\":2}\n".encode())  # the third is of a file that was appended
    assert "left out" not in sender.run("send", str(file), "--to", service.url, expect=0).stdout
    assert service.values() == [{"n": 0}, {"n": 1}, {"n": 2}]


@pytest.mark.parametrize("content, clause", [
    ('{"n":0}\r{"n":1}\r'.encode(), "it has no event in its 1 line"),
    ('{"n":0}\n{"n":1}\n'.encode("utf-16-le"), "it has no event in its"),
    ('{"n":0}\n{"n":1}\n'.encode("utf-16"), "is text in UTF-16"),
    ("\ufeff{\"n\":0}\n".encode("utf-16-be"), "is text in UTF-16"),
    (b"a,b\n1,2\n", "it has no event in its 2 lines"),
], ids=["CR", "UTF-16 without a mark", "UTF-16", "UTF-16 of the other order", "CSV"])
def test_a_file_without_an_event_is_a_failure(sender, service, tmp_path, content, clause):
    file = tmp_path / "other.jsonl"
    file.write_bytes(content)
    outcome = sender.run("send", str(file), "--to", service.url, expect=3)
    assert clause in outcome.stderr and "UTF-8" in outcome.stderr and str(file) in outcome.stderr


def test_a_file_without_a_line_is_sent_at_once(sender, service, tmp_path):
    for content in (b"", b"\n \n", b"\xef\xbb\xbf"):
        (tmp_path / "empty.jsonl").write_bytes(content)
        sender.run("send", str(tmp_path / "empty.jsonl"), "--to", service.url, expect=0)


def test_lines_that_are_left_out_behind_those_a_run_before_sent(sender, tmp_path):
    """It is not a file without an event."""
    file = tmp_path / "odd.jsonl"
    file.write_text('{"n":0}\n{"n":1}\nno event\n')
    with LiveEventServer() as server:
        server.script = [None, (400, {}, b"")]
        sender.run("send", str(file), "--to", server.url, expect=3)
        mark = mark_of(file)
        mark.write_text(mark.read_text().replace(f"{1:020}", f"{2:020}"))
        assert "left out 1 line" in sender.run("send", str(file), "--to", server.url, expect=0).stdout


def test_a_server_or_a_file_that_is_not_there(sender, file, tmp_path):
    with LiveEventServer() as gone:
        pass
    assert "Connection refused" in sender.run("send", str(file), "--to", gone.url, "--retries", "1", expect=5).stderr
    outcome = sender.run("send", str(tmp_path / "nothing"), "--to", gone.url, expect=3)
    assert "cannot be read" in outcome.stderr and "--watch" in outcome.stderr
    assert "not a regular file" in sender.run("send", str(tmp_path), "--to", gone.url, expect=3).stderr
    for wrong in ("localhost:8000", "ftp://x", "http://u:p@host"):
        assert "--to" in sender.run("send", str(file), "--to", wrong, expect=2).stderr
    assert "--batch is '0'" in sender.run("send", str(file), "--batch", "0", expect=2).stderr


def test_killed_at_random_every_line_is_there_once(sender, service, tmp_path):
    file = tmp_path / "many.jsonl"
    many = [{"n": number} for number in range(30_000)]
    write(file, many)
    for pause in (0.02, 0.15, 0.3, 0.08):
        process = sender.start("send", str(file), "--to", service.url, "--batch", "40")
        time.sleep(pause)
        process.kill()
        process.wait_end(30)
    sender.run("send", str(file), "--to", service.url, "--batch", "40", expect=0)
    assert service.values() == [{"n": number} for number in range(30_000)]


def test_it_waits_for_its_file_and_sends_all_again_when_it_changes(sender, file):
    write(file, EVENTS[:5])
    file.rename(file.with_suffix(".kept"))
    with LiveEventServer() as server:
        process = sender.start("send", str(file), "--to", server.url, "--watch")
        process.wait_for_output("waiting for the file")
        assert not server.posted
        file.with_suffix(".kept").rename(file)

        def wait_for(count):
            deadline = time.monotonic() + 20
            while len(server.posted) < count:
                assert time.monotonic() < deadline and process.running, server.posted
                time.sleep(0.02)

        wait_for(5)
        process.wait_for_output("waiting for a change")
        for count in range(6, 9):  # changes that follow each other count once
            write(file, EVENTS[:count])
            time.sleep(0.05)
        wait_for(13)
        time.sleep(1.5)
        assert server.events == EVENTS[:5] + EVENTS[:8]
        file.chmod(0o600)  # touched, and the same
        time.sleep(1.5)
        assert len(server.posted) == 13
        file.unlink()
        time.sleep(0.7)
        write(file, EVENTS[:2])
        wait_for(15)
        process.send(15)
        outcome = process.wait()
        assert outcome.code == 143 and outcome.summary["passes"] >= 2, str(outcome)
        assert "the next run goes on behind what was accepted" in outcome.events("run.stopped")[0]["msg"]
        assert server.events == EVENTS[:5] + EVENTS[:8] + EVENTS[:2]


def test_a_watch_sees_another_content_of_the_same_size_and_time(sender, file):
    """As rsync --inplace -t leaves it, or a second write within one step of the file system's clock."""
    file.write_text('{"userId":"a","v":1}\n')
    with LiveEventServer() as server:
        process = sender.start("send", str(file), "--to", server.url, "--watch")
        process.wait_for_output("waiting for a change")
        before = file.stat()
        with file.open("r+") as opened:
            opened.write('{"userId":"a","v":2}\n')
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
        deadline = time.monotonic() + 20
        while len(server.posted) < 2:
            assert time.monotonic() < deadline and process.running
            time.sleep(0.05)
        process.send(2)
        assert process.wait().code == 130
        assert [each["v"] for each in server.events] == [1, 2]


def test_a_watch_outlasts_a_server_that_is_away(sender, file):
    write(file, EVENTS[:6])
    with LiveEventServer() as server:
        port = server.server.server_port
        server.script = [None, None, lambda _: "cut"]
    process = sender.start("send", str(file), "--to", f"http://127.0.0.1:{port}", "--watch", "--retries", "0")
    process.wait_for_output("send.failed")
    with LiveEventServer(port=port) as server:
        deadline = time.monotonic() + 20
        while len(server.posted) < 6:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send(2)
        assert process.wait().code == 130
        assert server.events == EVENTS[:6]


def test_a_terminal_shows_how_far_it_is(binary, service, tmp_path):
    import pty
    import subprocess

    file = tmp_path / "many.jsonl"
    write(file, EVENTS * 5)
    control, terminal = pty.openpty()
    process = subprocess.Popen([binary, "send", file, "--to", service.url, "--batch", "2"], stdin=terminal, stdout=terminal, stderr=terminal, env={"TERM": "xterm"}, close_fds=True)
    os.close(terminal)
    text = b""
    try:
        while chunk := os.read(control, 65536):
            text += chunk
    except OSError:
        pass
    assert process.wait(60) == 0, text
    bars = bars_of(text.decode())
    assert bars and all("events" in bar and "%" in bar for bar in bars) and any("/s" in bar for bar in bars), text
    shares = [int(bar.partition("]")[2].split("%")[0]) for bar in bars]
    assert shares == sorted(shares) and shares[0] < 100, bars
    assert text.count(b"sent ") == 1, "once, in the last line of the log"


def test_the_mark_of_another_file_or_server_is_ignored(sender, file):
    write(file, EVENTS[:4])
    with LiveEventServer() as one, LiveEventServer() as other:
        one.script = [None, None, (400, {}, b"")]
        sender.run("send", str(file), "--to", one.url, expect=3)
        assert mark_of(file).exists()
        sender.run("send", str(file), "--to", other.url, expect=0)
        assert other.events == EVENTS[:4]


@pytest.mark.parametrize("place", ["link", "directory"])
def test_a_mark_that_cannot_be_written_is_warned_of(sender, file, service, place):
    """A link is not followed, whichever user sends."""
    mark = file.with_name(file.name + ".sending")
    mark.symlink_to("elsewhere") if place == "link" else mark.mkdir()
    outcome = sender.run("send", str(file), "--to", service.url, expect=0)
    assert outcome.events("send.no_mark") and not file.with_name("elsewhere").exists()


def test_an_output_that_cannot_be_written_is_reported(sender, file, service):
    environment = {"PATH": "/usr/bin:/bin", **{name: str(value) for name, value in sender.settings.items()}}
    with open("/dev/full", "w") as full:
        done = subprocess.run([sender.binary, "send", str(file), "--to", service.url], stdout=full, stderr=subprocess.PIPE, env=environment, text=True)
    assert done.returncode == 1 and "output.failed" in done.stderr and "standard output cannot be written: " in done.stderr, done


@pytest.mark.parametrize("first, second", [("/a", "/b"), ("/a", ""), ("", "/a")])
def test_the_mark_of_one_server_is_not_that_of_another_behind_the_same_proxy(sender, file, first, second):
    write(file, EVENTS[:30])
    with LiveEventServer(offers_batches=True) as server:
        server.script = [None, (400, {}, b"{}")]
        sender.run("send", str(file), "--to", server.url + first, "--batch", "10", expect=3)
        assert mark_of(file).exists()
        server.posted.clear()
        sender.run("send", str(file), "--to", server.url + second, "--batch", "10", expect=0)
        assert server.events == EVENTS[:30]


def test_a_file_that_becomes_shorter_meanwhile_is_a_failure(sender, tmp_path):
    file = tmp_path / "events.jsonl"
    write(file, [{"n": number, "pad": "x" * 400} for number in range(20_000)])
    with LiveEventServer(offers_batches=True) as server:
        process = sender.start("send", str(file), "--to", server.url, "--batch", "20")
        while len(server.posted) < 3:
            time.sleep(0.01)
        os.truncate(file, 4_000_000 - 7)
        outcome = process.wait()
    assert outcome.code == 3 and "became shorter while it was sent" in outcome.stderr, str(outcome)


def numbered(letter: str, count: int) -> list:
    return [{"n": f"{letter}{number:06}", "pad": "x" * 900} for number in range(count)]


def send_while_it_changes(sender, file, change, code):
    """`change` is called with the second request."""
    write(file, numbered("a", 4_000))
    with LiveEventServer(offers_batches=True) as server:
        server.script = [None, lambda _: change()]
        outcome = sender.run("send", str(file), "--to", server.url, "--batch", "500", expect=code)
        return outcome, [each["n"] for each in server.events]


@pytest.mark.parametrize("how", ["same size", "longer", "time set back"])
def test_a_file_that_is_rewritten_meanwhile_is_a_failure(sender, tmp_path, how):
    file = tmp_path / "events.jsonl"

    def rewrite():
        before = file.stat()
        write(file, numbered("b", 5_000 if how == "longer" else 4_000))
        if how == "time set back":
            os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))

    outcome, sent = send_while_it_changes(sender, file, rewrite, 3)
    assert "it was rewritten while it was sent" in outcome.stderr and f"sending '{file}'" in outcome.stderr
    assert {each[0] for each in sent} == {"a", "b"} and not mark_of(file).exists()
    with LiveEventServer(offers_batches=True) as server:
        os.utime(file)
        sender.run("send", str(file), "--to", server.url, expect=0)
        assert server.events == numbered("b", 5_000 if how == "longer" else 4_000)


@pytest.mark.parametrize("how", ["touched", "grown", "replaced"])
def test_a_file_whose_lines_stay_is_sent_whole(sender, tmp_path, how):
    file = tmp_path / "events.jsonl"

    def change():
        if how == "touched":
            os.utime(file)
        elif how == "grown":
            with file.open("a") as more:
                more.write("".join(json.dumps(each) + "\n" for each in numbered("c", 1)))
        else:
            write(tmp_path / "new", numbered("b", 10))
            (tmp_path / "new").rename(file)

    outcome, sent = send_while_it_changes(sender, file, change, 0)
    assert sent[:4_000] == [each["n"] for each in numbered("a", 4_000)]
    assert len(sent) == 4_001 if how == "grown" else len(sent) == 4_000
    assert outcome.events("send.file_changed")
