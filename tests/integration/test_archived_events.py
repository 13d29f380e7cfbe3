"""Rows of the projection `events` that `archive` has moved into the lake do not come back with a replay or a rebuild."""
import json
import shutil
from datetime import datetime, timedelta, timezone

import pytest

from support.archiver import Archiver
from support.journal_files import TopicFile
from support.servers import ROOT
from support.shop import Shop

ROWS = "SELECT coalesce(json_agg(e::text ORDER BY e.id), '[]')::text FROM \"Event\" e"
NOW = datetime.now(timezone.utc)


def moment(days: float) -> str:
    return (NOW - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


class Store(Shop):
    """The journal, the table "Event", and the lake."""

    def __init__(self, binary, database, directory, lake_settings: dict):
        super().__init__(binary, database, directory)
        self.program = self.program.with_settings({"PROJECTIONS_PATH": None, **lake_settings})

    def events(self, *days: float) -> None:
        """One event for each of these ages in days."""
        self.topic.append(*({"name": "seen", "created_at": moment(each), "age": each} for each in days))

    def apply(self) -> None:
        self.run("project", "events", "--once")

    def ages(self) -> list:
        return json.loads(self.value("SELECT coalesce(json_agg((payload->>'age')::numeric ORDER BY id), '[]')::text FROM \"Event\""))

    def archive(self, retention: str = "30 days"):
        return self.run("archive", "--retention", retention)


@pytest.fixture
def store(binary, database, azurite, container, tmp_path):
    return Store(binary, database, tmp_path, {"AZURE_STORAGE_CONNECTION_STRING": azurite.connection_string(), "ARCHIVE_PATH": container})


@pytest.mark.parametrize("loss", ['TRUNCATE "Event"', 'DROP TABLE "Event"'])
def test_a_table_that_was_lost_comes_back_without_what_is_archived_and_restore_brings_the_rest(store, loss):
    store.events(50, 40, 40, 31, 30.01, 29, 29.99, 10, 0)
    store.apply()
    everything = store.value(ROWS)
    store.archive()
    young = store.value(ROWS)
    assert store.ages() == [29, 29.99, 10, 0]
    store.execute(loss)
    # The retention is not said here: what counts is what the archive did.
    outcome = store.run("projections", "rebuild", "events")
    assert outcome.events("projection.left_out")[0]["ranges"] >= 1
    assert store.value(ROWS) == young
    first, last = (moment(each)[:10] for each in (50, 30))
    store.run("restore", "--from", first, "--to", last)
    assert store.value(ROWS) == everything
    assert store.status("events")["behind"] == 0


def test_rows_that_nobody_has_archived_yet_come_back_whatever_their_age(store):
    store.events(50, 40, 10)
    store.apply()
    store.archive("45 days")
    store.execute('TRUNCATE "Event"')
    store.run("projections", "rebuild", "events", EVENT_RETENTION_PERIOD="1 day")
    assert store.ages() == [40, 10]


def test_rows_of_others_and_marks_on_rows_stay(store):
    store.events(50, 10, 0)
    store.apply()
    store.archive()
    store.execute("INSERT INTO \"Event\" (event_id, event_type, payload) VALUES ('other', 'other', '{\"age\": 99}'); UPDATE \"Event\" SET processed_at = now() WHERE id = 2")
    before = store.value(ROWS)
    store.execute('DELETE FROM "Event" WHERE id = 3; CREATE VIEW hangs AS SELECT * FROM "Event"')
    for action in ("rebuild", "replay"):
        store.run("projections", action, "events")
        store.apply()
        assert store.value(ROWS) == before
        store.execute('DELETE FROM "Event" WHERE id = 3')


def test_an_event_that_is_old_and_new_to_the_database_gets_its_row(store):
    store.events(50, 40)
    store.apply()
    store.archive()
    store.events(40, 50)  # late: the days of both are archived
    store.run("projections", "rebuild", "events")
    assert store.ages() == [40, 50]
    # Archived in their turn, they are left out too.
    store.archive()
    store.run("projections", "rebuild", "events")
    assert store.ages() == []
    # By hand, everything comes, and the archive recognises it.
    store.run("projections", "replay", "events", "--from", "0")
    store.apply()
    assert store.ages() == [50, 40, 40, 50]
    summary = store.archive().summary
    assert (summary["rows"], summary["rows_recognised"]) == (0, 4)
    assert store.ages() == []


@pytest.mark.parametrize("way_out", [("projections", "replay", "events"), ("project", "events", "--once")])
def test_new_events_of_a_journal_that_was_put_back_get_their_rows(store, way_out):
    """Their positions are those of events that the journal has lost, and that have rows."""
    store.events(5, 5)
    kept = shutil.copytree(store.journal, store.directory / "kept")
    store.events(4, 4, 4)
    store.apply()
    shutil.rmtree(store.journal)
    shutil.copytree(kept, store.journal)
    store.topic.end = 2
    store.events(4, 4, 1, 1)
    assert "another event" in store.run("project", "events", "--once", expect=7).summary["msg"]
    group = {"KAFKA_GROUP_ID": "after"} if way_out[0] == "project" else {}
    store.run(*way_out, **group)
    store.run("project", "events", "--once", **group)
    assert sorted(store.ages()) == [1, 1, 4, 4, 4, 4, 4, 5, 5]


def test_rows_of_two_topics_are_recognised_when_they_come_back(store):
    directory = shutil.copytree(ROOT / "projections", store.directory / "shipped")
    conf = directory / "events" / "projection.conf"
    conf.write_text(conf.read_text().replace("topic = live", "topic = live, other"))
    store.program = store.program.with_settings({"PROJECTIONS_PATH": str(directory)})
    store.events(50, 50, 50)
    TopicFile(store.journal, "other").append(*({"name": "seen", "created_at": moment(50), "age": 50} for _ in range(3)))
    store.apply()
    store.archive()
    store.run("projections", "replay", "events", "--from", "0")
    store.apply()
    assert store.ages() == [50] * 6
    summary = store.archive().summary
    assert (summary["rows"], summary["rows_recognised"]) == (0, 6)
    assert store.ages() == []


def test_a_late_row_of_a_lost_table_comes_back_by_a_restore_and_a_replay_of_everything(store):
    store.events(50, 50, 10)
    store.apply()
    store.archive()
    store.events(50)  # late: its day has a file, which does not have it
    store.apply()
    assert store.ages() == [10, 50]
    store.execute('TRUNCATE "Event"')
    store.run("projections", "rebuild", "events")
    assert store.ages() == [10], "the late one cannot be told from those that are archived"
    day = moment(50)[:10]
    store.run("restore", "--day", day, "--hold", "none")
    store.run("projections", "replay", "events", "--from", "0")
    store.apply()
    assert store.ages() == [50, 50, 10, 50]
    summary = store.archive().summary
    assert (summary["rows"], summary["rows_recognised"]) == (1, 2)
    assert store.ages() == [10]
    store.run("restore", "--day", day)
    assert store.ages() == [50, 50, 10, 50], "each once"


def test_a_dead_letter_is_not_lost_by_a_replay_that_leaves_its_day_out(store):
    store.events(50)
    store.topic.append({"name": "bad", "created_at": "no time"})
    store.apply()
    store.archive()
    store.run("projections", "replay", "events")
    store.apply()
    assert store.status("events")["dead_letters"] == 1 and store.ages() == []


def test_without_a_lake_the_cutoff_is_that_of_the_settings(store):
    store.events(400, 300, 0)
    store.apply()
    store.execute('TRUNCATE "Event"')
    lake = {"AZURE_STORAGE_CONNECTION_STRING": None, "ARCHIVE_PATH": None}
    outcome = store.run("projections", "rebuild", "events", **lake)
    assert store.ages() == [300, 0]
    assert outcome.events("projection.left_out")[0]["level"] == "warn"
    store.execute('TRUNCATE "Event"')
    store.run("projections", "rebuild", "events", "--retention", "100 days", **lake)
    assert store.ages() == [0]


def test_what_is_refused(store):
    store.events(50, 0)
    store.apply()
    store.run("archive", "--retention", "30 days", "--dry-run")
    assert "recover" in store.run("projections", "rebuild", "events", expect=3).log[-2]["error.hint"]
    store.run("recover")
    outcome = store.run("projections", "rebuild", "events", expect=3, ARCHIVE_TABLE="public.other")
    assert "says replay_from = archive, and none of its tables is" in outcome.summary["msg"]
    store.run("projections", "pause", "events")
    assert "is paused" in store.run("projections", "rebuild", "events", expect=3).summary["msg"]
    store.run("projections", "resume", "events")
    store.run("projections", "rebuild", "events", expect=2, AZURE_STORAGE_CONNECTION_STRING="AccountName=x")
    assert store.ages() == [50, 0]


def test_an_older_database_gets_the_table_of_replays(store):
    store.events(50, 0)
    store.apply()
    store.execute("DROP TABLE event_archiver.replay")
    store.events(1)
    store.apply()
    store.archive()
    store.run("projections", "rebuild", "events")
    assert store.ages() == [0, 1]
