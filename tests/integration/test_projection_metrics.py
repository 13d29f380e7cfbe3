"""Metrics of projections while they run, and of positions that nobody moves."""
import re
import signal

import pytest

from support.shop import TOTAL, Shop
from test_served_projections import served, values  # noqa: F401


@pytest.fixture
def shop(binary, database, tmp_path):
    return Shop(binary, database, tmp_path)


def test_project_tells_while_it_runs_and_keeps_the_last_success(shop, tmp_path):
    file = tmp_path / "project.prom"
    settings = {"ARCHIVE_METRICS_FILE": file}
    shop.post(20)
    shop.once(**settings)
    success = next(line for line in file.read_text().splitlines() if line.startswith("event_archiver_last_success_timestamp_seconds{"))
    file.write_text(success + "\n")
    process = shop.program.start("project", "total", settings=settings)
    shop.wait_for(lambda: "event_archiver_projection_position{" in file.read_text())
    assert process.running
    text = file.read_text()
    assert success in text and "event_archiver_exit_code" not in text
    process.send(signal.SIGTERM)
    assert process.wait().code == 143
    text = file.read_text()
    assert success in text and "event_archiver_exit_code{" in text


def figures(served) -> dict:  # noqa: F811
    """Of the projection `total`, by name."""
    found = re.findall(r'^event_archiver_projection_(\w+)\{projection="total",topic="live",partition="0"\} (.*)$', served.get("/metrics"), re.MULTILINE)
    return {name: float(value) for name, value in found}


def test_what_is_applied_and_what_is_refused_is_counted_exactly(served):  # noqa: F811
    """The plugin refuses two events and SQL one, which the plugin never sees."""
    served.write("total/projection.conf", "topic = live\nbatch = 1000\n")
    served.write("total/plugins/a/migrations/001.sql", "CREATE TABLE seen (v int)")
    served.write("total/plugins/a/apply.sql", "INSERT INTO seen SELECT 1 / (v % 10) FROM json_to_recordset($1) AS e(v int)")
    served.serve("--apis", "events", "--project", "total")
    served.send(values(8))
    served.wait_for(lambda: figures(served).get("position") == 8)
    assert figures(served) == {
        "position": 8, "lag": 0, "lag_seconds": 0, "stalled_seconds": 0, "failed": 0, "paused": 0,
        "events_total": 8, "batches_total": 1, "dead_letters_total": 0, "plugin_failures_total": 0,
    }  # fmt: skip
    served.send([{"u": "a", "v": 20}, {"u": "a", "v": "many"}, {"u": "a", "v": 30}, {"u": "a", "v": 1}])
    served.wait_for(lambda: figures(served)["position"] == 12)
    told = figures(served)
    assert [told[f"{name}_total"] for name in ("batches", "dead_letters", "plugin_failures")] == [2, 1, 2]
    assert served.status()["dead_letters"] == 1 and served.value("SELECT count(*) FROM seen") == 9


def test_it_is_shown_while_a_projection_is_paused_and_while_an_error_stops_it(served):  # noqa: F811
    served.serve("--apis", "events", "--project", "total")
    served.send(values(1))
    served.wait_for(lambda: figures(served).get("position") == 1)
    served.run("projections", "pause", "total")
    served.wait_for(lambda: figures(served)["paused"] == 1)
    served.send(values(1))
    served.wait_for(lambda: figures(served)["lag"] == 1)
    told = figures(served)
    assert (told["failed"], told["stalled_seconds"]) == (0, 0), "what is paused stands still because a person said so"
    served.write("total/apply.sql", "INSERT INTO nowhere SELECT $1")
    served.run("projections", "resume", "total")
    served.wait_for(lambda: (figures(served)["failed"], figures(served)["paused"]) == (1, 0))
    served.wait_for(lambda: figures(served)["stalled_seconds"] > 0)
    served.write("total/apply.sql", TOTAL)
    served.run("projections", "resume", "total")
    served.wait_for(lambda: figures(served)["position"] == 2)
    told = figures(served)
    assert [told[name] for name in ("failed", "paused", "lag", "stalled_seconds", "dead_letters_total")] == [0, 0, 0, 0, 0]
    assert served.total() == 2


def test_a_position_of_a_group_that_is_used_no_more_is_shown(served):  # noqa: F811
    process = served.serve("--apis", "events", "--project", "total")
    served.send(values(10))
    served.wait_for(lambda: served.value("SELECT to_regclass('total')") and served.total() == 55)
    served.execute(
        "INSERT INTO event_archiver.position (projection, topic, partition, journal, next, at)"
        " SELECT 'total@old', topic, partition, journal, 4, now() - interval '2 days' FROM event_archiver.position"
    )
    process.send(signal.SIGTERM)
    assert process.wait().code == 0
    again = served.serve("--apis", "events", "--project", "total")
    labels = '{projection="total@old",topic="live",partition="0"}'
    served.wait_for(lambda: f"event_archiver_projection_lag{labels} 6" in served.get("/metrics"))
    stalled = next(line for line in served.get("/metrics").splitlines() if line.startswith(f"event_archiver_projection_stalled_seconds{labels}"))
    assert float(stalled.rpartition(" ")[2]) > 172_000
    again.wait_for_output('"projection.unused"')
    again.send(signal.SIGTERM)
    outcome = again.wait()
    assert outcome.code == 0 and outcome.events("projection.unused")[0]["behind"] == 6
    assert served.run("projections", "forget", "total@old").stdout == "total@old: forgotten\n"
