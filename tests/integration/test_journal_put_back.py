"""A journal's directory that is put back to an earlier state, moved or removed while it is read or written: nobody goes on as if nothing had
happened. Events have equal sizes, so that every frame stands where another stood."""
import shutil
import signal

import pytest

from support.asking import wait_for
from support.events import EventService
from support.shop import Shop, process_state


@pytest.fixture
def shop(binary, database, tmp_path):
    return Shop(binary, database, tmp_path)


def post_each(shop, first: int, count: int) -> None:
    for each in range(first, first + count):
        shop.topic.append({"u": "a", "v": 1000 + each})


def put_back(shop, to: int) -> None:
    shutil.rmtree(shop.journal)
    shutil.copytree(shop.directory / "backup", shop.journal)
    shop.topic.end = to


@pytest.fixture
def project(shop):
    """It has applied 30 events; the backup has 20 of them."""
    post_each(shop, 0, 20)
    running = shop.program.start("project", "total")
    shop.wait_for(lambda: shop.value("SELECT to_regclass('event_archiver.position')") and shop.value("SELECT next FROM event_archiver.position") == 20)
    shutil.copytree(shop.journal, shop.directory / "backup")
    post_each(shop, 20, 10)
    shop.wait_for(lambda: shop.value("SELECT next FROM event_archiver.position") == 30)
    yield running
    running.kill()


@pytest.mark.parametrize("then", [0, 5, 10, 15])
def test_a_projection_at_work_ends_when_its_journal_is_put_back(shop, project, then):
    """It may look before others have come, or after: they may be fewer than those that are missing, as many, or more."""
    before = shop.total()
    project.send(signal.SIGSTOP)
    wait_for(lambda: process_state(project.pid) == "T")
    put_back(shop, 20)
    post_each(shop, 500, then)
    if then == 10:
        post_each(shop, 900, 1)  # there is something to read
    project.send(signal.SIGCONT)
    outcome = project.wait(30)
    assert outcome.code == 7, str(outcome)
    assert shop.total() == before and shop.value("SELECT next FROM event_archiver.position") == 30
    shop.once(expect=7)


def test_a_topic_that_is_removed_while_it_is_written_takes_no_more(binary, tmp_path):
    journal = tmp_path / "journal"
    with EventService(binary, journal) as service:
        assert service.send("t", {"n": 1}).status == 201
        shutil.rmtree(journal / "t")
        refused = service.send("t", {"n": 2})
        assert refused.status == 503 and "retry-after" not in refused.headers
        outcome = service.stop_awaited()
        assert outcome.code == 5 and outcome.events("journal.broken"), str(outcome)


def test_a_topic_that_is_moved_while_it_is_written_takes_no_more(binary, tmp_path):
    journal = tmp_path / "journal"
    with EventService(binary, journal) as service:
        assert service.send("t", {"n": 1}).status == 201
        (journal / "t").rename(tmp_path / "elsewhere")
        assert service.send("t", {"n": 2}).status == 503
        assert service.stop_awaited().code == 5


def test_events_stay_for_projections_that_another_process_runs_and_has_not_begun(binary, database, tmp_path):
    settings = {"PG_CONNECTION_STRING": database.uri, "JOURNAL_MAX_BYTES": "1MiB"}
    lines = [{"userId": "a", "name": "add_revenue", "value": 1, "pad": "x" * 1_000} for _ in range(1_500)]
    with EventService(binary, tmp_path / "journal", "live,events", settings) as service:
        assert service.send("live", *lines).status == 201
        assert service.send("other", *lines).status == 201
        # Nothing needs `other`: when its events are gone, those of `live` have been looked at.
        wait_for(lambda: service.get("/events/other?from=0&limit=1").status == 410)
        assert service.exports.archiver.run("project", "revenue", "--once", settings={**service.settings, "JOURNAL": str(tmp_path / "journal")}).code == 0
    with database.connection.cursor() as cursor:
        cursor.execute("SELECT sum(revenue) FROM users_revenue")
        assert cursor.fetchone()[0] == len(lines)
