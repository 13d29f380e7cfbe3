"""Metrics of projections while they run, and of positions that nobody moves."""
import signal

import pytest

from support.shop import Shop
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
