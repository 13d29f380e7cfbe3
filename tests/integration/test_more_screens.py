"""What a person sees on a terminal of 80 columns of events, exports, repairs and help: no line is wider."""
import shutil
import tempfile
from pathlib import Path

import pytest

from support.exports import COMMON_KNOWLEDGE, DirectoryPlace, Exports
from support.event_serving import EventService
from support.shop import Shop
from support.terminal import joined, screen


@pytest.fixture
def short():
    """A directory whose name fits into a line."""
    directory = Path(tempfile.mkdtemp(prefix="ea", dir="/tmp"))
    yield directory
    shutil.rmtree(directory)


@pytest.fixture
def shop(binary, database, short):
    it = Shop(binary, database, short)
    it.post(20)
    it.topic.append({"u": "bad", "v": "many"})
    it.post(70)
    it.topic.append({"u": "worse", "v": "more"})
    return it


def test_projections(shop):
    program = shop.program
    assert "not started" in screen(program, "projections")
    assert "applied 92 events, 2 of them dead letters" in joined(screen(program, "project", "total", "--once"))
    assert "running" in screen(program, "projections")
    letters = screen(program, "dead-letters", "total")
    assert "20" in letters and "91" in letters
    assert "2 refused again" in screen(program, "dead-letters", "total", "--retry")
    screen(program, "dead-letters", "total", "--drop", "20")
    for command in ("pause", "resume", "rebuild", "replay"):
        screen(program, "projections", command, "total")
    screen(program, "project", "total", "--once")
    screen(program, "migrate")
    screen(program, "check", "--for", "project")
    screen(program, "projections", "forget", "nothing", expect=3)


def test_the_journal(shop):
    assert "live" in screen(shop.program, "journal")
    screen(shop.program, "journal", "verify")
    screen(shop.program, "journal", "cat", "nothing", expect=3)
    screen(shop.program.with_settings({"JOURNAL": shop.directory / "nowhere"}), "journal", expect=3)


def test_serve_and_send(shop, binary, short):
    served = screen(shop.program.with_settings({"JOURNAL": short / "served"}), "serve", "--apis", "events", "--port", "0", stop_at="serve.listening")
    assert "listening on" in served
    file = short / "events.jsonl"
    file.write_text('{"u":"a","v":1}\nno event\n' * 3)
    with EventService(binary, short / "other") as service:
        assert "sent 3 events" in screen(shop.program, "send", str(file), "--to", service.url)
    screen(shop.program, "send", str(file), "--to", service.url, "--retries", "0", expect=5)


def test_exports(archiver, database, short):
    made = Exports(archiver, database.connection, short, DirectoryPlace(short / "out"))
    for each in COMMON_KNOWLEDGE[:2]:
        made.add(each)
    screen(made.archiver, "export", "-n")
    screen(made.archiver, "export")
    screen(made.archiver, "export")
    screen(made.archiver, "check", "--for", "export")
    screen(made.archiver, "recover", "--exports")
    made.write("wrong", "COPY (SELECT nothing FROM agency) TO STDOUT CSV HEADER", "DELETE FROM agency")
    assert "failed" in screen(made.archiver, "export", expect=3)
    served = screen(made.archiver, "serve", "--port", "0", stop_at="serve.listening")
    assert "listening on" in served


def test_repairs_and_errors_of_cat(archiver, table):
    table.fill(40, 4)
    archiver.archive("--max-days", "2")
    archiver.archive("--dry-run")
    assert "recovered 2 files" in screen(archiver, "recover")
    assert "nothing to recover" in screen(archiver, "recover")
    screen(archiver, "recover", "--discard", "events_2024-01-09.csv", expect=3)
    screen(archiver, "cat", "--day", "2024-09-09", expect=3)
    screen(archiver, "cat", "--day", "2024-01-01", "--where", "nothing = 1", expect=2)
    screen(archiver, "cat", "--day", "2024-01-01", "--where", "payload =", expect=2)
    screen(archiver.with_settings({"PG_CONNECTION_STRING": "postgresql://nobody@127.0.0.1:1/x"}), "cat", "--day", "2024-01-01", "--where", "true", expect=5)


def test_help_and_version(archiver):
    assert "event-archiver" in screen(archiver, "version")
    commands = "archive plan list verify restore recover cat erase check export send journal serve project projections dead-letters migrate config completion version help"
    for command in commands.split():
        assert "Usage: " in screen(archiver, "help", command)
    for topic in ("environment", "exit-codes"):
        screen(archiver, "help", topic)
