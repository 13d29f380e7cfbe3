"""A journal's directory that is put back to an earlier state, moved or removed while it is read or written: nobody goes on as if nothing had
happened. Events have equal sizes, so that every frame stands where another stood."""
import json
import os
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
    settings = {"PG_CONNECTION_STRING": database.uri, "JOURNAL_MAX_BYTES": "1MiB", "JOURNAL_UNREAD_TOPICS": "other"}
    lines = [{"userId": "a", "name": "add_revenue", "value": 1, "pad": "x" * 1_000} for _ in range(1_500)]
    with EventService(binary, tmp_path / "journal", "live,events", settings) as service:
        assert service.send("live", *lines).status == 201
        archiver = service.exports.archiver.with_settings({**service.settings, "JOURNAL": str(tmp_path / "journal")})
        assert archiver.run("migrate").code == 0
        with database.connection.cursor() as cursor:  # another projection has applied them all
            journal = (tmp_path / "journal/live/id").read_text().strip()
            cursor.execute("INSERT INTO event_archiver.position (projection, topic, partition, journal, next) VALUES ('another', 'live', 0, %s, %s)",
                           (journal, len(lines)))
        assert service.send("other", *lines).status == 201
        # Nothing needs `other`: when its events are gone, those of `live` have been looked at.
        wait_for(lambda: not (tmp_path / f"journal/other/{0:020}.log").exists())
        assert archiver.run("project", "revenue", "--once").code == 0
    with database.connection.cursor() as cursor:
        cursor.execute("SELECT sum(revenue) FROM users_revenue")
        assert cursor.fetchone()[0] == len(lines)


def test_a_projection_that_stands_by_takes_over_no_other_journal(shop):
    """It is frozen while another process applies, and the journal is put back to what it has read itself."""
    post_each(shop, 0, 20)
    project = shop.program.start("project", "total")
    shop.wait_for(lambda: shop.value("SELECT to_regclass('event_archiver.position')") and shop.value("SELECT next FROM event_archiver.position") == 20)
    shutil.copytree(shop.journal, shop.directory / "backup")
    project.send(signal.SIGSTOP)
    wait_for(lambda: process_state(project.pid) == "T")
    other = shop.program.start("project", "total")
    post_each(shop, 20, 15)
    shop.wait_for(lambda: shop.value("SELECT next FROM event_archiver.position") == 35)
    other.kill()
    before = shop.total()
    put_back(shop, 20)
    post_each(shop, 500, 25)
    project.send(signal.SIGCONT)
    outcome = project.wait(30)
    assert outcome.code == 7 and "another event stands before it" in outcome.stderr, str(outcome)
    assert shop.total() == before and shop.value("SELECT next FROM event_archiver.position") == 35


def test_a_second_server_is_refused_although_the_lock_file_was_removed(binary, tmp_path):
    journal = tmp_path / "journal"
    with EventService(binary, journal) as service:
        assert service.send("t", {"n": 1}).status == 201
        (journal / "t" / "lock").unlink()
        second = service.exports.archiver.run("serve", settings={**service.settings, "JOURNAL": str(journal), "SERVE_PORT": "0"})
        assert second.code == 10 and "another process writes to" in second.stderr, str(second)
        assert json.loads(service.send("t", {"n": 2}).body)["first"] == 1


@pytest.mark.parametrize("sync", ["group", "1s"])
def test_a_segment_that_is_cut_while_it_is_written_takes_no_more(binary, tmp_path, sync):
    """As `truncate` and copytruncate of logrotate do. With a sync of its own, or one that comes later."""
    journal = tmp_path / "journal"
    with EventService(binary, journal, settings={"JOURNAL_SYNC": sync}) as service:
        assert service.send("t", {"n": 1}, {"n": 2}).status == 201
        (segment,) = (journal / "t").glob("*.log")
        os.truncate(segment, 0)
        refused = service.send("t", {"n": 3})
        assert refused.status == 503 and "retry-after" not in refused.headers
        outcome = service.stop_awaited()
        assert outcome.code == 5 and "another program has cut it" in outcome.stderr, str(outcome)


def served(binary, journal) -> dict:
    """A journal of three events, and the settings of who looks at it."""
    with EventService(binary, journal) as service:
        assert service.send("live", {"u": "a", "v": 1}, {"u": "a", "v": 2}, {"u": "a", "v": 3}).status == 201
    return {"JOURNAL": str(journal)}


@pytest.mark.parametrize("left", [None, ""])
def test_a_journal_that_does_not_say_what_is_durable_is_not_taken_for_an_empty_one(shop, binary, left):
    """The file is never synced, so a power cut may leave it empty."""
    shutil.rmtree(shop.journal)
    served(binary, shop.journal)
    durable = shop.journal / "live" / "durable"
    durable.unlink()
    if left is not None:
        durable.write_text(left)
    for command in (["journal", "verify"], ["journal", "cat", "live"], ["project", "total", "--once"]):
        outcome = shop.run(*command, expect=7)
        assert "does not say which of them are durable" in outcome.stderr + outcome.stdout, str(outcome)
    with EventService(binary, shop.journal):
        pass
    assert "3" in shop.run("journal", "verify").stdout
    shop.once()
    assert shop.total() == 6


def test_a_writer_makes_the_file_durable_again(binary, tmp_path):
    journal = tmp_path / "journal"
    with EventService(binary, journal) as service:
        assert service.send("t", {"n": 1}).status == 201
        (journal / "t" / "durable").unlink()
        assert service.send("t", {"n": 2}).status == 201
        assert int((journal / "t" / "durable").read_text()) == 2


def test_a_topic_whose_id_is_gone_is_not_passed_over(shop, binary):
    shutil.rmtree(shop.journal)
    served(binary, shop.journal)
    (shop.journal / "live" / "id").unlink()
    for command in (["journal", "verify"], ["journal"], ["project", "total", "--once"]):
        outcome = shop.run(*command, expect=7)
        assert "has segments and no file 'id'" in outcome.stderr + outcome.stdout, str(outcome)
