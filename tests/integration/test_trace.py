"""`--trace FILE`: what the run did when, as trace events."""
import json
import subprocess
from xml.etree import ElementTree

import pytest

from support.servers import ROOT


def events_of(path) -> list:
    return [event for event in json.loads(path.read_text())["traceEvents"] if event["ph"] == "X"]


def test_a_timeline_shows_each_reader_statement_block_and_request(archiver, table, tmp_path):
    table.fill(400, 8)
    path = tmp_path / "run.json"
    archiver.archive("--trace", str(path))
    events = events_of(path)
    names = [event["name"] for event in events]
    assert sum(name.startswith("copy 2024-01-0") for name in names) == 8
    assert sum(name.startswith("PUT block /") for name in names) == 8
    assert sum(name.startswith("PUT blocklist /") for name in names) == 8
    assert {"plan", "stage", "delete", "publish", "commit", "finish"} <= set(names)
    assert any(name.startswith("DELETE FROM") for name in names)
    # Within a row of the picture nothing overlaps, or viewers draw nonsense.
    rows = {}
    for event in events:
        rows.setdefault(event["tid"], []).append((event["ts"], event["ts"] + event["dur"]))
    for stretches in rows.values():
        stretches.sort()
        assert all(first[1] <= second[0] + 1 for first, second in zip(stretches, stretches[1:]))


def test_a_timeline_on_a_full_disk_ends_no_run(archiver, table):
    table.fill(400, 8)
    archiver.archive("--trace", "/dev/full")
    assert table.count() == 0


def test_a_failed_run_leaves_a_timeline_that_can_be_read(archiver, table, tmp_path):
    table.fill(40, 2)
    table.execute('CREATE TABLE other (id bigint REFERENCES "Event"); INSERT INTO other SELECT min(id) FROM "Event"')
    path = tmp_path / "run.json"
    outcome = archiver.run("archive", "--trace", str(path))
    assert outcome.code != 0
    assert events_of(path)


@pytest.mark.parametrize("path", ["/nonexistent/run.json", "/"])
def test_a_timeline_that_cannot_be_written_is_refused_before_anything_moves(archiver, table, path):
    table.fill(40, 2)
    outcome = archiver.run("archive", "--trace", path)
    assert outcome.code == 2 and path in outcome.stderr
    assert table.count() == 40


def test_a_timeline_can_be_drawn(archiver, table, tmp_path):
    table.fill(400, 8)
    path = tmp_path / "run.json"
    archiver.archive("--trace", str(path))
    drawn = subprocess.run([ROOT / "scripts/draw-trace", path], capture_output=True, text=True, check=True).stdout
    titles = [element.text for element in ElementTree.fromstring(drawn).iter("{http://www.w3.org/2000/svg}title")]
    assert len(titles) == len(events_of(path))
    assert sum(title.startswith("copy 2024-01-0") for title in titles) == 8


def test_a_file_that_is_not_a_timeline_is_refused(tmp_path):
    path = tmp_path / "run.json"
    path.write_text("{}")
    drawn = subprocess.run([ROOT / "scripts/draw-trace", path], capture_output=True, text=True)
    assert drawn.returncode == 1 and drawn.stdout == ""
    assert drawn.stderr.startswith(f"draw-trace: '{path}' is not a file that --trace wrote")
