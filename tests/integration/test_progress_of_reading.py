"""Progress of what reads the lake, and of `export`: a bar on a terminal, and percent and time left on request."""
import re
import signal

import pytest

from support.asking import wait_for
from support.exports import COMMON_KNOWLEDGE, DirectoryPlace, Exports
from support.gate import LakeGate, delay
from support.terminal import bars_of, left_on_screen, on_terminal

DAYS = 6
ALL_DAYS = ("--from", "2024-01-01", "--to", f"2024-01-0{DAYS}")
COMMANDS = {
    "verify": (("verify",), "verifying"),
    "restore": (("restore", *ALL_DAYS), "restoring"),
    "erase": (("erase", "--where", "id % 7 = 0", "--yes"), "rewriting"),
}


@pytest.fixture
def slow_lake(archiver, table, azurite):
    """Called with seconds: an archive each of whose files takes that long to arrive."""
    table.fill(600, DAYS)
    archiver.archive()
    with LakeGate(azurite.port) as gate:

        def slow(seconds: float):
            gate.on(delay(seconds), times=None, method="GET", contains=".csv")
            return archiver.with_settings({"AZURE_STORAGE_CONNECTION_STRING": azurite.connection_string(gate.endpoint), "ARCHIVE_PARALLEL": "1"})

        slow.gate = gate
        yield slow


def shares_of(bars: list) -> list:
    return [int(found[1]) for bar in bars if (found := re.search(r"\] +(\d+)%", bar))]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_bar_of_what_reads_the_lake(slow_lake, command):
    arguments, phase = COMMANDS[command]
    text = on_terminal(slow_lake(0.3), {}, *arguments[1:], command=command, columns=100)
    drawn = bars_of(text)
    bars = [bar for bar in drawn if bar.startswith(phase)]
    assert len(bars) > 3 and all(len(bar) < 100 for bar in drawn), text
    shares = shares_of(bars)
    assert shares == sorted(shares) and shares[0] < 50 <= shares[-1], shares
    assert any("left" in bar for bar in bars) and any("rows" in bar for bar in bars), bars
    assert not [line for line in left_on_screen(text) if line.startswith(phase)], "the bar is erased at the end"


def test_the_bar_of_an_erase_counts_each_phase_by_itself(slow_lake):
    """A file counts once it has been read, and its rows are those of the phase at hand: the files are read to find rows, to rewrite them, and to see that none is left."""
    arguments, _ = COMMANDS["erase"]
    bars = bars_of(on_terminal(slow_lake(0.4), {}, *arguments[1:], command="erase", columns=100))
    rows = [int(found[1]) for bar in bars if (found := re.search(r"(\d+) rows", bar))]
    assert rows and max(rows) <= 600, bars
    for phase in ("verifying", "rewriting"):
        counts = [found[1] for bar in bars if bar.startswith(phase) and (found := re.search(r"files (\d+)/6", bar))]
        assert {"0", "5"} <= set(counts), bars


def poked_until(process, said: bytes):
    while said not in process.output["stderr"] and not process.wait_end(0.2):
        process.send(signal.SIGUSR1)
    return process.wait()


@pytest.mark.parametrize("command", [each for each in COMMANDS if each != "erase"] + ["cat"])
def test_percent_and_time_left_on_request(slow_lake, command):
    arguments, phase = COMMANDS.get(command, (("cat", *ALL_DAYS), "verifying"))
    process = slow_lake(0.5).start(*arguments)
    wait_for(lambda: slow_lake.gate.requests("GET", ".csv"))
    outcome = poked_until(process, b'"seconds_left"')
    lines = [line for line in outcome.events("progress") if line["phase"] == phase]
    assert outcome.code == 0 and lines, str(outcome)
    percents = [line["percent"] for line in lines]
    assert percents == sorted(percents) and [each for each in percents if 0 < each < 100], percents
    assert [line for line in lines if line.get("seconds_left", 0) > 0 and line["percent"] < 100], lines


@pytest.fixture
def slow_export(archiver, database, tmp_path):
    made = Exports(archiver, database.connection, tmp_path, DirectoryPlace(tmp_path / "out"))
    made.add(COMMON_KNOWLEDGE[0])
    made.execute("""TRUNCATE agency; INSERT INTO agency (id, base_id, updated_at, name)
                    SELECT gen_random_uuid(), gen_random_uuid(), timestamptz '2020-01-01', repeat('x', 200) FROM generate_series(1, 1500)""")
    made.execute("""CREATE FUNCTION slowly(text) RETURNS text LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.002); RETURN $1; END'""")
    made.write("agency", "COPY (SELECT * FROM agency WHERE updated_at < %(export_boundary)s AND slowly(name) = name) TO STDOUT WITH CSV HEADER",
               "DELETE FROM agency WHERE updated_at < %(export_boundary)s")
    return made


def test_a_bar_of_an_export(slow_export):
    """It cannot know how many rows are to come: it shows what it has, at which pace."""
    text = on_terminal(slow_export.archiver, {}, "agency", command="export", columns=100)
    bars = bars_of(text)
    assert len(bars) > 3 and all(bar.startswith("exporting") and len(bar) < 100 for bar in bars), text
    assert any("rows" in bar and "kB/s" in bar and "agency" in bar for bar in bars), bars
    assert not [line for line in left_on_screen(text) if line.startswith("exporting ")]


def test_an_export_tells_on_request_how_far_it_is(slow_export):
    process = slow_export.archiver.start("export", "agency")
    wait_for(lambda: slow_export.execute("SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'COPY (%slowly%' AND pid <> pg_backend_pid()"))
    outcome = poked_until(process, b'"bytes_per_second"')
    assert outcome.code == 0
    lines = [line for line in outcome.events("progress") if line.get("bytes_per_second")]
    assert lines and all(line["task"] == "agency" and 0 < line["rows"] <= 1500 for line in lines), str(outcome)
