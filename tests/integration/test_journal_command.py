"""`journal`: what there is, its events, and whether all of them can be read; beside a running `serve`."""
import json
import os
import re
import shutil
import signal
import subprocess

import pytest

from support.archiver import Archiver
from support.event_serving import EventService

VALUES = [{"n": number, "pad": "x" * (number % 50)} for number in range(40)]


@pytest.fixture
def place(tmp_path):
    return tmp_path / "journal"


@pytest.fixture
def service(binary, place):
    with EventService(binary, place) as running:
        yield running


@pytest.fixture
def kept(binary, place):
    """A journal of two topics that nobody writes to any more."""
    with EventService(binary, place) as running:
        for begin in range(0, 40, 4):
            assert running.send_events(VALUES[begin : begin + 4]).status == 201
        assert running.send_events([{"other": 1}], topic="other").status == 201
    return running


def segment(place, topic="live"):
    return next((place / topic).glob("*.log"))


def test_names_that_begin_with_a_hyphen_stand_behind_two(service, tmp_path):
    (tmp_path / "-lines").write_text('{"n":1}\n')
    assert service.send_events(VALUES[:2], topic="-x").status == 201
    assert len(service.command("journal", "cat", "--values", "--", "-x", expect=0).stdout.splitlines()) == 2
    assert "goes behind '--'" in service.command("journal", "cat", "-x", expect=2).stderr
    sent = subprocess.run([service.own_binary, "send", "--to", service.url, "--", "-lines"], cwd=tmp_path, env={}, capture_output=True, text=True, timeout=60)
    assert sent.returncode == 0, sent.stderr


def test_it_lists_topics_positions_size_and_age(service, place):
    assert service.send_events(VALUES).status == 201
    assert service.send_events([{"other": 1}], topic="other").status == 201
    told = json.loads(service.command("journal", "-o", "json", expect=0).stdout)
    assert told["schema"] == "event-archiver/journal/v1" and told["journal"] == str(place)
    by_name = {each["topic"]: each for each in told["topics"]}
    live = by_name["live"]
    assert (live["partition"], live["begin"], live["end"], live["events"]) == (0, 0, 40, 40)
    assert live["bytes"] == segment(place).stat().st_size and 0 <= live["age_seconds"] < 60
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", live["oldest"])
    assert live["id"] == (place / "live/id").read_text().strip()
    assert by_name["other"]["events"] == 1
    text = service.command("journal", expect=0).stdout
    assert re.search(r"^live +0 +40 +40 ", text, re.MULTILINE) and text.startswith("TOPIC")


def test_a_topic_without_events_has_no_age(service):
    told = json.loads(service.command("journal", "-o", "json", expect=0).stdout)
    for each in told["topics"]:
        assert (each["end"], each["oldest"], each["age_seconds"]) == (0, None, None)


def test_cat_prints_events_as_they_were_accepted(service):
    assert service.send_events(VALUES, traceparent="00-abc-def-01").status == 201
    pretty = b'{\n  "text": "line\\nbreak",\r\n  "n": 1.50\n}'
    assert service.post("/events/live", body=pretty, Content_Type="application/json").status == 201
    read = service.cat()
    assert [each["value"] for each in read[:40]] == VALUES
    assert list(read[0]) == ["position", "time", "key", "headers", "value"]
    assert read[0]["key"] is None and isinstance(read[0]["headers"], dict)
    assert read[40]["value"] == {"text": "line\nbreak", "n": 1.5}
    assert '"n": 1.50' in service.command("journal", "cat", "live", "--from", "40").stdout  # digits stay
    assert [each["position"] for each in service.cat("live", "--from", "38")] == [38, 39, 40]
    assert service.cat("live", "--from", "41") == []
    # What GET gives is the same, line for line.
    assert service.get("/events/live?from=0&limit=1000").body.decode() == service.command("journal", "cat", "live").stdout


def test_values_can_be_posted_again_as_they_are(service):
    """No digit is rounded, no member is left out: docs/journal.md saves the events of a damaged topic so."""
    values = [b'{"id": 12345678901234567890, "p": 1.10, "e": 1e400, "a": 1, "a": 2}', b'"text\\nwith a break"', b"-0.0", b"null"]
    assert service.post("/events/live", body=b"\n".join(values) + b"\n", Content_Type="application/x-ndjson").status == 201
    lines = service.command("journal", "cat", "live", "--values", expect=0).stdout
    assert lines.encode().splitlines() == values
    assert service.command("journal", "cat", "live", "--from", "2", "--values", expect=0).stdout == "-0.0\nnull\n"
    assert service.post("/events/again", body=lines.encode(), Content_Type="application/x-ndjson").status == 201
    assert service.command("journal", "cat", "again", "--values", expect=0).stdout == lines


@pytest.mark.parametrize("arguments, code, clause", [
    (["verify", "--values"], 2, "--values is for"),
    (["cat", "nothing"], 3, "no topic 'nothing'"),
    (["cat", "live", "--from", "99"], 3, "no event at position 99"),
    (["cat"], 2, "needs a topic"),
    (["cat", "a/b"], 2, "letters, digits"),
    (["cat", "live", "more"], 2, "not expected"),
    (["cat", "live", "--from", "soon"], 2, "--from is 'soon'"),
    (["look"], 2, "journal does not know 'look'"),
    (["verify", "live"], 2, "not expected"),
    (["--from", "3"], 2, "--from is for"),
])
def test_what_cannot_be_is_refused_by_name(kept, arguments, code, clause):
    outcome = kept.command("journal", *arguments, expect=code)
    assert clause in outcome.stderr and not outcome.stdout, str(outcome)


def test_cat_ends_quietly_where_its_reader_has_had_enough(binary, kept, place):
    with EventService(binary, place) as running:
        for _ in range(4):
            assert running.send_events([{"pad": "x" * 90_000}] * 20).status == 201
        environment = {"PATH": os.environ["PATH"], "JOURNAL": str(place)}
        done = subprocess.run(f"set -o pipefail; {binary} journal cat live | head -n 1", shell=True, executable="/bin/bash", capture_output=True, env=environment)
        assert done.returncode == 0 and b'"level":"error"' not in done.stderr, done.stderr
        assert json.loads(done.stdout)["position"] == 0


def test_a_missing_journal_is_refused(binary, tmp_path):
    asked = Archiver(binary, {"JOURNAL": str(tmp_path / "nowhere")})
    assert "there is no journal in" in asked.run("journal", expect=3).stderr
    assert "there is no journal in" in asked.run("journal", "cat", "live", expect=3).stderr
    assert "there is no journal in" in asked.run("journal", "verify", expect=7).stderr
    assert not (tmp_path / "nowhere").exists()


def verified(service, expect):
    told = json.loads(service.command("journal", "verify", "-o", "json", expect=expect).stdout)
    assert told["schema"] == "event-archiver/journal-verify/v1" and told["ok"] == (expect == 0)
    return {each["topic"]: each for each in told["topics"]}


def test_verify_reads_every_event(kept):
    by_name = verified(kept, 0)
    assert by_name["live"] == {"topic": "live", "partition": 0, "ok": True, "events": 40, "bytes": sum(len(json.dumps(each)) for each in VALUES), "position": None, "error": None}
    assert by_name["other"]["events"] == 1
    assert "all can be read" in kept.command("journal", "verify", expect=0).stdout


def test_verify_names_the_position_of_a_flipped_bit_and_reads_the_other_topics(kept, place):
    path = segment(place)
    content = bytearray(path.read_bytes())
    at = content.index(b'{"n": 17')
    content[at + 3] ^= 1
    path.write_bytes(content)
    by_name = verified(kept, 7)
    assert not by_name["live"]["ok"] and by_name["live"]["position"] == 16 and "position 16" in by_name["live"]["error"]
    assert by_name["other"]["ok"]
    assert "position 16" in kept.command("journal", "verify", expect=7).stdout
    # What comes before it can be read.
    outcome = kept.command("journal", "cat", "live", expect=7)
    assert "position 16" in outcome.stderr


def test_verify_misses_what_was_durable_and_is_gone(kept, place):
    path = segment(place)
    path.write_bytes(path.read_bytes()[:-30])
    assert "position 36" in verified(kept, 7)["live"]["error"]
    path.unlink()
    assert verified(kept, 7)["live"]["error"]


def test_verify_knows_a_segment_of_another_journal(kept, place, binary, tmp_path):
    with EventService(binary, tmp_path / "another") as other:
        assert other.send_events(VALUES).status == 201
    shutil.copy(segment(tmp_path / "another"), segment(place))
    assert "belongs to another journal" in verified(kept, 7)["live"]["error"]


def test_sigterm_ends_a_cat_whose_reader_sleeps(binary, place):
    with EventService(binary, place) as service:
        for _ in range(4):
            assert service.send_events([{"pad": "x" * 60_000}]).status == 201
        process = subprocess.Popen([binary, "journal", "cat", "live", "--journal", place], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={})
        assert process.stdout.read(10)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=15) == 143
        process.stdout.close()


def test_what_is_no_topic_beside_them_is_passed_over(binary, tmp_path):
    """A volume has lost+found, which nobody but root may look into; a link that leads to itself stands for it."""
    journal = tmp_path / "journal"
    journal.mkdir()
    (journal / "lost+found").symlink_to("lost+found")
    (journal / "a file").write_text("")
    with EventService(binary, journal) as service:
        assert service.send_events([{"n": 1}]).status == 201
    with EventService(binary, journal) as service:
        assert service.values("live") == [{"n": 1}]
    listed = Archiver(binary, {"JOURNAL": journal}).run("journal", "-o", "json", expect=0)
    assert [each["topic"] for each in json.loads(listed.stdout)["topics"]] == ["live"]


def test_a_topic_that_cannot_be_looked_at_is_not_taken_for_one_that_is_gone(binary, tmp_path):
    journal = tmp_path / "journal"
    with EventService(binary, journal) as service:
        assert service.send_events([{"n": 1}]).status == 201
    (journal / "live").rename(tmp_path / "live")
    (journal / "live").symlink_to("live")
    outcome = Archiver(binary, {"JOURNAL": journal}).run("journal", expect=3)
    assert f"looking at '{journal}/live/id'" in outcome.stderr
