"""A bar on a terminal, lines elsewhere, and one at once for who asks."""
import signal
import time

import pytest

from support.asking import wait_for
from support.events import EventService
from support.shop import TOTAL, Shop
from support.terminal import bars_of, left_on_screen, on_terminal

# Slow enough for a bar to be seen: 600 kB in about two seconds.
SLOWLY = ("--rate-limit", "300kB", "--parallel", "2")


@pytest.fixture
def rows(table):
    table.execute(
        """INSERT INTO "Event" (id, event_id, event_type, created_at, payload)
           SELECT n, gen_random_uuid(), 'a', timestamp '2024-01-01' + n * interval '10 minutes', jsonb_build_object('t', repeat('x', 200))
           FROM generate_series(1, 2000) n"""
    )
    return table


@pytest.mark.parametrize("columns", [30, 80, 200])
def test_a_bar_fits_the_terminal_and_goes_away(archiver, rows, columns):
    text = on_terminal(archiver, {}, *SLOWLY, columns=columns)
    bars = bars_of(text)
    reading = [bar for bar in bars if bar.startswith("staging")]
    assert len(reading) >= 3, text
    assert all(len(bar) < columns for bar in bars), bars
    if columns >= 80:
        bar = reading[-1]
        shares = [int(bar.partition("]")[2].split("%")[0]) for bar in reading if "[" in bar]
        assert shares == sorted(shares), bars
        assert all(word in bar for word in ("kB", "/s", "days")) and any("left" in bar for bar in reading), bar
    screen = left_on_screen(text)
    assert not [line for line in screen if line.startswith("staging")], "the bar is erased at the end"
    assert len([line for line in screen if line.startswith("2024-01-")]) == rows_days()
    if columns >= 80:
        assert all(len(line) < columns for line in screen), screen
        assert any("archived 2,000 rows of 14 days" in line for line in screen), screen


def test_with_a_transaction_a_day_the_bar_is_of_the_whole_run(archiver, rows):
    text = on_terminal(archiver, {}, *SLOWLY, "--commit", "day", columns=120)
    shares = [int(bar.partition("]")[2].split("%")[0]) for bar in bars_of(text) if "[" in bar]
    assert shares == sorted(shares) and shares[0] < 50 < shares[-1], shares
    assert all("/14" in bar for bar in bars_of(text) if "days " in bar), bars_of(text)
    planned = [line for line in left_on_screen(text) if line.startswith("plan: ")]
    assert len(planned) == 1 and planned[0].startswith("plan: 14 days, 2,000 rows") and "a transaction a day" in planned[0]


def rows_days() -> int:
    return 14  # 2,000 times ten minutes


def test_colour_is_used_where_it_is_wanted(archiver, rows):
    text = on_terminal(archiver, {"NO_COLOR": "1"}, *SLOWLY)
    assert bars_of(text) and "m" not in {part.lstrip("0123456789;")[:1] for part in text.split("\x1b[")[1:]}


def test_a_terminal_that_cannot_go_back_gets_lines(archiver, rows):
    text = on_terminal(archiver, {"TERM": "dumb"}, *SLOWLY)
    assert "\x1b" not in text and "\r" not in text.replace("\r\n", "")


def test_a_line_on_request_leaves_the_bar_whole(archiver, rows):
    text = on_terminal(archiver, {}, *SLOWLY, poke_after=1.2)
    (line,) = [line for line in left_on_screen(text) if "staging: " in line]
    assert "% " not in line and "%, " in line and " of 2,000 rows" in line


def test_a_line_on_request_elsewhere(archiver, rows):
    process = archiver.start("archive", *SLOWLY)
    wait_for(lambda: b'"plan"' in process.output["stderr"])
    while not process.wait_end(0.3):
        process.send(signal.SIGUSR1)
    outcome = process.wait()
    lines = [line for line in outcome.events("progress") if line["phase"] == "staging" and 0 < line["percent"] < 100]
    assert lines and all(0 < line["rows"] <= line["rows_planned"] == 2000 and line["days_planned"] == rows_days() for line in lines), str(outcome)
    assert any(line["bytes_per_second"] > 0 for line in lines)
    assert "\r" not in outcome.stderr and "\x1b" not in outcome.stderr


@pytest.mark.slow
def test_a_line_every_half_minute_elsewhere(archiver, rows):
    outcome = archiver.archive("--rate-limit", "10kB", timeout=200)
    times = [line["time"][17:19] for line in outcome.events("progress")]
    assert len(times) == int(outcome.seconds // 30), times


# Events: `project`, a rebuild, `serve`.

SLOW = "SELECT pg_sleep(0.03); " + TOTAL


@pytest.fixture
def shop(binary, database, tmp_path):
    """A projection that takes some seconds for what waits for it."""
    it = Shop(binary, database, tmp_path)
    it.write("total/apply.sql", SLOW)
    it.write("total/projection.conf", "topic = live\nbatch = 10\ntables = public.total\n")
    it.post(1000)
    return it


def must_be_of_the_backlog(line: dict) -> None:
    assert (line["projection"], line["topic"]) == ("total", "live")
    assert 0 < line["behind"] < 1000 and 0 < line["percent"] < 100 and line["events_per_second"] > 0 and line["seconds_left"] > 0
    assert 0 < line["events"] <= line["position"] == 1000 - line["behind"]


def poked(process, ready) -> None:
    wait_for(ready)
    time.sleep(2.5)  # a pace has to be measured
    process.send(signal.SIGUSR1)


def test_a_projection_tells_how_far_it_is(shop):
    process = shop.program.start("project", "total", "--once")
    poked(process, lambda: shop.value("SELECT to_regclass('total')") and shop.total() > 0)
    outcome = process.wait()
    assert outcome.code == 0 and shop.total() == shop.posted
    (line,) = outcome.events("progress")
    must_be_of_the_backlog(line)


def test_a_rebuild_tells_how_far_it_is(shop):
    shop.write("total/apply.sql", TOTAL)
    shop.once()
    shop.write("total/apply.sql", SLOW)
    process = shop.program.start("projections", "rebuild", "total")
    poked(process, lambda: shop.value("SELECT next FROM event_archiver.position WHERE projection <> 'total'"))
    outcome = process.wait()
    assert outcome.code == 0 and shop.total() == shop.posted
    (line,) = outcome.events("progress")
    must_be_of_the_backlog(line)


def test_serve_tells_how_far_its_projections_are(shop, tmp_path):
    settings = {"JOURNAL": tmp_path / "served", "PROJECT": "total", "SERVE_APIS": "events", **{key: str(shop.program.settings[key]) for key in ("PG_CONNECTION_STRING", "PROJECTIONS_PATH")}}
    with EventService(shop.program.binary, tmp_path / "served", settings=settings) as service:
        assert service.send("live", *({"u": "a", "v": each} for each in range(1, 1001))).status == 201
        poked(service.process, lambda: shop.value("SELECT to_regclass('total')") and shop.total() > 0)
        wait_for(lambda: shop.total() == shop.posted)
        service.process.send(signal.SIGUSR1)
        lines = wait_for(lambda: len(found := [line for line in service.events("progress") if "projection" in line]) == 2 and found)
    must_be_of_the_backlog(lines[0])
    assert lines[1]["behind"] == 0 and "percent" not in lines[1]


def test_the_list_of_projections_has_the_rate_and_the_time_that_is_left(shop):
    process = shop.program.start("project", "total")
    try:
        wait_for(lambda: shop.value("SELECT to_regclass('total')") and shop.total() > 0)
        seen = wait_for(lambda: (found := shop.status())["rate"] and found)
        assert 0 < seen["rate"] <= 1000 and (seen["behind"] == 0 or seen["seconds_left"] > 0), seen
        shop.run("projections", "pause", "total")
        paused = shop.status()
        assert (paused["state"], paused["rate"], paused["seconds_left"]) == ("paused", None, None)
        shop.run("projections", "resume", "total")
        wait_for(lambda: shop.total() == shop.posted)
        assert shop.status()["rate"] is None, "nothing is behind"
    finally:
        process.send(signal.SIGTERM)
        process.wait()


def test_a_projection_that_nothing_applies_has_no_time_that_is_left(shop):
    shop.once()
    shop.post(3)
    behind = shop.status()
    assert (behind["state"], behind["behind"], behind["rate"], behind["seconds_left"]) == ("running", 3, 0, None)
    assert "running: 0 a second" in shop.run("projections").stdout


@pytest.mark.parametrize("command", [("project", "total", "--once"), ("projections", "rebuild", "total")], ids=["project", "rebuild"])
def test_a_bar_while_there_is_a_backlog(shop, command):
    if command[0] == "projections":
        shop.write("total/apply.sql", TOTAL)
        shop.once()
        shop.write("total/apply.sql", SLOW)
    text = on_terminal(shop.program, {}, *command[1:], command=command[0])
    bars = bars_of(text)
    assert len(bars) > 3 and all(bar.startswith("applying   [" if command[0] == "project" else "rebuilding [") for bar in bars), bars
    assert all(word in bars[-1] for word in ("events", "/s", "total", "left")), bars
    shares = [int(bar.partition("]")[2].split("%")[0]) for bar in bars]
    assert shares == sorted(shares), bars


@pytest.mark.slow
def test_a_projection_says_every_half_minute_how_far_it_is(shop):
    shop.write("total/apply.sql", "SELECT pg_sleep(0.65); " + TOTAL)
    outcome = shop.once()
    assert len(outcome.events("progress")) == int(outcome.seconds // 30), outcome


def test_a_request_at_the_very_end_ends_no_run(archiver, table):
    """SIGUSR1 has a default action: it would end the process where nobody waits for it."""
    archiver.archive()
    for _ in range(10):
        process = archiver.start("plan")
        process.wait_for_output('"run.start"')
        while not process.wait_end(0.0005):
            process.send(signal.SIGUSR1)
        assert process.wait().code == 0
