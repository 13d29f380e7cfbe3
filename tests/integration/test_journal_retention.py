"""What retention removes: nothing that a projection may still need, whichever process writes the topic or applies it. And a server accepts
nothing that no projection can apply later: into a journal that is not the one in the database, or without the files of its projection."""
import json
import shutil

import pytest

from support.archiver import Archiver
from support.asking import wait_for
from support.events import EventService

TIMESTAMPS = "timestamp.command.v1"
EVENT = {"userId": "u", "name": "add_revenue", "value": 1}
FIRST = f"{0:020}.log"
FULL = {"JOURNAL_MAX_BYTES": "1MiB", "LOG_FORMAT": "json"}


def fill(service, topic: str) -> int:
    """Posts until the journal is full; how many were accepted."""
    accepted = 0
    while service.send(topic, *[{**EVENT, "pad": "x" * 2_000}] * 100).status == 201:
        accepted += 100
        assert accepted < 5_000, "the journal is never full"
    return accepted


def kept(service) -> list:
    lines = service.process.output["stderr"].decode().splitlines()
    return [json.loads(line) for line in lines if '"journal.kept"' in line]


def rows_of(database, sql: str):
    with database.connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]


def segments(directory) -> list:
    return sorted(each.name for each in directory.glob("*.log"))


def test_a_topic_stays_whole_until_a_projection_has_begun_with_it(binary, database, tmp_path):
    """`project` runs elsewhere, and later: the server knows only that there is no position."""
    journal = tmp_path / "journal"
    settings = {"PG_CONNECTION_STRING": database.uri, "PROJECT": None, "JOURNAL_UNREAD_TOPICS": "unread", **FULL}
    with EventService(binary, journal, "events", settings) as service:
        accepted = fill(service, "live")
        fill(service, "unread")
        wait_for(lambda: kept(service), 60)
        wait_for(lambda: FIRST not in segments(journal / "unread"), 60)
        assert [each["topic"] for each in kept(service)] == ["live"] and "JOURNAL_UNREAD_TOPICS" in kept(service)[0]["hint"]
        assert service.get("/events/live?from=0&limit=1").status == 200
        archiver = Archiver(binary, {"PG_CONNECTION_STRING": database.uri, "JOURNAL": journal})
        archiver.run("project", "revenue", "--once", expect=0)
        assert rows_of(database, "SELECT sum(revenue) FROM users_revenue") == accepted
        # Projection `events` reads the topic too, and nothing says that it will not be run.
        wait_for(lambda: "projection 'events', which reads the topic, has not begun" in service.send("live", EVENT).text, 60)
        assert FIRST in segments(journal / "live")
        archiver.run("project", "events", "--once", expect=0)
        wait_for(lambda: FIRST not in segments(journal / "live"), 60)  # all have been applied
        wait_for(lambda: service.send("live", EVENT).status == 201, 60)


def test_a_server_leaves_alone_what_another_server_writes_to(binary, database, tmp_path):
    journal = tmp_path / "journal"
    with EventService(binary, journal, "events", FULL) as other:
        fill(other, TIMESTAMPS)
    before = segments(journal / TIMESTAMPS)
    settings = {"PG_CONNECTION_STRING": database.uri, "JOURNAL_UNREAD_TOPICS": TIMESTAMPS, **FULL}
    with EventService(binary, journal, "live", settings) as live:
        large = json.dumps({**EVENT, "pad": "x" * 100_000}).encode()
        wait_for(lambda: live.post("/liveEvent", body=large, Content_Type="application/json", Authorization="secret").status == 503)
        assert live.get("/ui/status").json["journal"]["problem"] is None
        wait_for(lambda: kept(live), 60)  # its own topic has been looked at twice
        assert [each["topic"] for each in kept(live)] == ["live"]
        assert segments(journal / TIMESTAMPS) == before
        with EventService(binary, journal, "timestamps", FULL) as again:
            assert again.get("/readyz").status == 200
            assert live.get("/ui/status").json["journal"]["problem"] is None


def test_a_topic_that_another_server_writes_to_can_be_read(binary, tmp_path):
    journal = tmp_path / "journal"
    with EventService(binary, journal, "events") as service, EventService(binary, journal, "live") as live:
        assert live.post("/liveEvent", body=json.dumps(EVENT).encode(), Content_Type="application/json", Authorization="secret").status == 201
        wait_for(lambda: service.values("live") == [EVENT])
        assert service.send("live", EVENT).status == 503


@pytest.mark.parametrize("apis, project", [("events", "events"), ("live", "events"), ("events", "none"), ("live", "none")])
def test_events_stay_for_a_shipped_projection_that_begins_later(binary, database, tmp_path, apis, project):
    """Two are shipped for topic `live`, this server runs `events` at most, and `revenue` begins elsewhere when the journal is full."""
    journal = tmp_path / "journal"
    settings = {"PG_CONNECTION_STRING": database.uri, "PROJECT": project, **FULL}
    program = Archiver(binary, {"PG_CONNECTION_STRING": database.uri, "JOURNAL": journal})
    with EventService(binary, journal, apis, settings) as service:
        accepted = fill(service, "live") if apis == "events" else fill_live(service)
        if project == "none":
            program.run("project", "events", "--once", expect=0)
        told = wait_for(lambda: next((each for each in kept(service) if each["projection"] == "revenue"), None), 60)
        assert told["topic"] == "live" and "event-archiver project revenue`" in told["hint"]
        assert rows_of(database, 'SELECT count(*) FROM "Event"') == accepted
        program.run("project", "revenue", "--once", expect=0)
        assert rows_of(database, "SELECT sum(revenue) FROM users_revenue") == accepted
        wait_for(lambda: FIRST not in segments(journal / "live"), 60)


@pytest.mark.parametrize("apis, project", [("events", "events"), ("live", "events"), ("events", None)])
def test_the_operator_says_that_a_projection_does_not_read_a_topic(binary, database, tmp_path, apis, project):
    journal = tmp_path / "journal"
    settings = {"PG_CONNECTION_STRING": database.uri, "PROJECT": project, "JOURNAL_UNREAD_TOPICS": "live", **FULL}
    with EventService(binary, journal, apis, settings) as service:
        fill(service, "live") if apis == "events" else fill_live(service)
        wait_for(lambda: FIRST not in segments(journal / "live"), 90)
        assert not kept(service) and not service.events("journal.not_awaited")


def fill_live(service) -> int:
    body = json.dumps({**EVENT, "pad": "x" * 100_000}).encode()
    accepted = 0
    while service.post("/liveEvent", body=body, Content_Type="application/json", Authorization="secret").status == 201:
        accepted += 1
        assert accepted < 100, "the journal is never full"
    return accepted


def test_a_topic_that_cannot_be_cut_keeps_no_events_of_others(binary, database, tmp_path):
    journal = tmp_path / "journal"
    own = tmp_path / "own/both"
    own.mkdir(parents=True)
    (own / "projection.conf").write_text("topic = a, b\n")
    (own / "apply.sql").write_text("SELECT count(*) FROM json_array_elements($1)")
    settings = {"PG_CONNECTION_STRING": database.uri, "PROJECTIONS_PATH": own.parent, "PROJECT": "none", **FULL}
    with EventService(binary, journal, "events", settings) as service:
        fill(service, "a")
        fill(service, "b")
    Archiver(binary, {"PG_CONNECTION_STRING": database.uri, "JOURNAL": journal, "PROJECTIONS_PATH": own.parent}).run("project", "both", "--once", expect=0)
    wrong = journal / "a" / segments(journal / "a")[1]
    wrong.unlink()
    wrong.mkdir()
    settings = {**settings, "PROJECT": "both", "JOURNAL_RETENTION": "1s"}
    with EventService(binary, journal, "events", settings) as service:
        wait_for(lambda: FIRST not in segments(journal / "b"), 60)
        wait_for(lambda: service.events("journal.nothing_removed"))


def test_a_projection_that_has_not_begun_is_named_when_the_others_let_events_go(binary, database, tmp_path):
    """The projections of the APIs run here, and `events` reads their topic only if another process runs it."""
    settings = {"PG_CONNECTION_STRING": database.uri, "PROJECT": None, **FULL}
    with EventService(binary, tmp_path / "journal", "live,events", settings) as service:
        fill(service, "live")
        wait_for(lambda: FIRST not in segments(tmp_path / "journal/live"), 90)
        [told] = wait_for(lambda: service.events("journal.not_awaited"), 60)
        assert (told["topic"], told["projection"], told["level"]) == ("live", "events", "warn") and told["events"] > 0
    others = {**settings, "PROJECT": "revenue", "KAFKA_GROUP_ID": "other"}
    with EventService(binary, tmp_path / "other", "live", others) as service:
        fill_live(service)
        wait_for(lambda: FIRST not in segments(tmp_path / "other/live"), 90)
        assert not service.events("journal.not_awaited")


def test_the_newest_keys_outlast_what_the_size_of_the_journal_removes(binary, tmp_path):
    """What goes is the oldest part of the journal, and not all that was applied."""
    journal = tmp_path / "journal"
    with EventService(binary, journal, "events", FULL) as service:
        fill(service, "t")
        wait_for(lambda: FIRST not in segments(journal / "t"), 60)
        first = wait_for(lambda: (answer := service.send("t", EVENT, Idempotency_Key="once")).status == 201 and answer, 60)
        fill(service, "t")
        begin = segments(journal / "t")[0]
        wait_for(lambda: segments(journal / "t")[0] != begin, 60)
        service.crash()
    with EventService(binary, journal, "events", FULL) as service:
        again = service.send("t", EVENT, Idempotency_Key="once")
        assert (again.status, again.body) == (201, first.body)


def test_a_journal_that_is_full_names_what_needs_its_events(binary, database, tmp_path):
    journal = tmp_path / "journal"
    program = Archiver(binary, {"PG_CONNECTION_STRING": database.uri, "JOURNAL": journal})
    settings = {"PG_CONNECTION_STRING": database.uri, "JOURNAL_UNREAD_TOPICS": "live", **FULL}
    with EventService(binary, journal, "events", settings) as service:
        assert service.send("live", EVENT).status == 201
        program.run("project", "revenue", "--once", expect=0)
        program.run("projections", "pause", "revenue", expect=0)
        fill(service, "live")
        wait_for(lambda: "projection 'revenue' needs it from position 1 on" in service.send("live", EVENT).text, 60)
        program.run("projections", "resume", "revenue", expect=0)
        with database.connection.cursor() as cursor:  # as a rebuild leaves it that was killed
            cursor.execute("INSERT INTO event_archiver.position (projection, topic, partition, journal, next, at) SELECT 'revenue#rebuild', topic,"
                           " partition, journal, 0, now() - interval '1 hour' FROM event_archiver.position")
        program.run("project", "revenue", "--once", expect=0)
        wait_for(lambda: "projection 'revenue#rebuild' needs it from position 0 on" in service.send("live", EVENT).text, 60)
        shown = next(each for each in json.loads(program.run("projections", "-o", "json", expect=0).stdout)["projections"] if each["name"] == "revenue")
        assert shown["state"] == "rebuild_left" and "forget 'revenue#rebuild'" in shown["reason"]
        program.run("projections", "forget", "revenue#rebuild", expect=0)
        wait_for(lambda: service.send("live", EVENT).status == 201, 60)


@pytest.fixture
def applied(binary, database, tmp_path):
    """Events that were applied from a journal that is not there any more."""
    with EventService(binary, tmp_path / "journal", "timestamps,events", {"PG_CONNECTION_STRING": database.uri}) as service:
        assert service.send("live", EVENT, EVENT).status == 201
        for _ in range(2):
            assert service.post("/app", body=b"", correlationId="6ba7b810-9dad-11d1-80b4-00c04fd430c8").status == 200
    archiver = Archiver(binary, {"PG_CONNECTION_STRING": database.uri, "JOURNAL": tmp_path / "journal"})
    archiver.run("project", "revenue", "timestamps", "--once", expect=0)
    shutil.move(tmp_path / "journal", tmp_path / "kept")
    return archiver


@pytest.mark.parametrize("apis, project", [("live", "none"), ("timestamps", "none"), ("events", None)])
def test_a_server_without_projections_accepts_nothing_into_another_journal(applied, database, binary, tmp_path, apis, project):
    outcome = applied.run("serve", "--apis", apis, "--port", "0", settings={"PROJECT": project, "LOG_FORMAT": "json"})
    assert outcome.code == 7 and "at position 2 of topic" in outcome.summary["msg"], str(outcome)
    # A new group begins with the new journal.
    again = {"PG_CONNECTION_STRING": database.uri, "PROJECT": project, "KAFKA_GROUP_ID": "after-the-loss"}
    with EventService(binary, tmp_path / "journal", apis, again) as service:
        assert service.get("/readyz").status == 200


def test_a_server_whose_topic_goes_on_in_this_journal_passes_over_an_old_position(applied, database, binary, tmp_path):
    """A projection that nothing runs any more was never told of the new journal."""
    with database.connection.cursor() as cursor:
        cursor.execute("INSERT INTO event_archiver.position (projection, topic, partition, journal, next) "
                       "SELECT 'unused', topic, partition, 'another', 9 FROM event_archiver.position WHERE topic = 'live'")
    shutil.move(tmp_path / "kept", tmp_path / "journal")
    with EventService(binary, tmp_path / "journal", "live", {"PG_CONNECTION_STRING": database.uri}) as service:
        assert service.get("/readyz").status == 200


@pytest.fixture
def alone(binary, database, tmp_path):
    """The program without what is installed beside it."""
    (tmp_path / "only/bin").mkdir(parents=True)
    copied = shutil.copy(binary, tmp_path / "only/bin/event-archiver")
    return Archiver(copied, {"PG_CONNECTION_STRING": database.uri, "JOURNAL": tmp_path / "journal", "LOG_FORMAT": "json"})


def test_an_api_whose_projection_is_not_there_is_not_served(alone, tmp_path):
    outcome = alone.run("serve", "--apis", "live", "--port", "0", expect=3)
    assert "'revenue'" in outcome.summary["msg"] and "share/event-archiver/projections" in outcome.summary["msg"]
    (tmp_path / "journal").mkdir(exist_ok=True)
    found = json.loads(alone.run("check", "--for", "project", "-o", "json", expect=3).stdout)["checks"]
    assert "share/event-archiver/projections" in next(each["detail"] for each in found if each["name"] == "shipped projections")
    with EventService(alone.binary, tmp_path / "journal", "live", {"PROJECT": "none"}) as service:
        assert service.get("/readyz").status == 200
