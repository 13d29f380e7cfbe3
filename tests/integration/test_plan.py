"""plan: what archive would do, and that it does exactly that; looking changes nothing."""
import json

import pytest

from support.table import days_ago


def planned(program, *arguments, **how) -> dict:
    return json.loads(program.run("plan", "-o", "json", *arguments, expect=0, **how).stdout)


@pytest.mark.parametrize("index", [True, False])
def test_what_is_planned_is_what_is_done(archiver, database, lake, container, index):
    from support.table import EventTable

    table = EventTable(database.connection).create(index=index)
    table.fill(300, 10)
    table.fill_young(5)
    before = planned(archiver)
    assert [(day["day"], day["rows"], day["file"]) for day in before["days"]] == [
        (f"2024-01-{n:02}", 30, "new") for n in range(1, 11)
    ]
    assert before["reading"] == ("by_day" if index else "by_page_range")
    assert not before["container_exists"] and not lake.has_container(container)
    outcome = archiver.archive()
    assert outcome.summary["rows"] == before["totals"]["rows"]
    assert outcome.summary["days"] == before["totals"]["days"]
    stored = sum(blob.size for blob in lake.list(container))
    assert stored == pytest.approx(before["totals"]["bytes"], rel=0.1)
    assert planned(archiver)["days"] == []


def test_an_estimate_says_how_far_it_may_be_off(archiver, table, lake, container):
    table.fill(20_000, 40)
    table.analyze()
    found = planned(archiver)
    estimate = found["estimate"]
    assert 0 < estimate["error"] < 0.8 and 100 <= estimate["rows_sampled"] < 1000
    archiver.archive()
    stored = sum(blob.size for blob in lake.list(container))
    assert abs(stored - found["totals"]["bytes"]) < 2 * estimate["error"] * stored


@pytest.mark.parametrize(
    "arguments",
    [
        ["--max-days", "3"],
        ["--max-rows", "70"],
        ["--shard", "1/3"],
        ["--max-days", "4", "--commit", "day"],
        ["--retention", "100 years"],
    ],
)
def test_limits_hold_for_both(archiver, table, arguments):
    table.fill(200, 10)
    found = planned(archiver, *arguments)
    outcome = archiver.archive(*arguments)
    assert (outcome.summary["days"], outcome.summary["rows"]) == (found["totals"]["days"], found["totals"]["rows"])
    assert table.count() == (200 - found["totals"]["rows"])


def test_what_is_left_for_the_next_run(archiver, table):
    table.fill(200, 10)
    found = planned(archiver, "--max-days", "3")
    assert found["left"] == {"days": 7, "rows": 140}
    assert "140 rows of 7 days stay for the next run" in archiver.run("plan", "--max-days", "3", expect=0).stdout


def test_what_becomes_of_each_file(archiver, table, lake, container):
    table.fill(20, 2)
    archiver.archive()
    table.fill(10, 1, seed="b")
    archiver.archive("--dry-run")
    table.fill(40, 4, seed="c")
    header = b"id,event_id,event_type,created_at,processed_at,payload\n"
    lake.put_blob(container, "events_2024-01-03.csv", header)
    lake.append_blob(container, "events_2024-01-04.csv", header)
    found = planned(archiver)
    assert [(day["day"][-2:], day["file"]) for day in found["days"]] == [
        ("01", "pending"),
        ("02", "append"),
        ("03", "adopt"),
        ("04", "convert"),
    ]
    assert found["files_pending"] == 1


def test_whole_days(archiver, table):
    table.insert(days_ago(10) + " 00:00:00")
    assert planned(archiver, "--retention", "10 days", "--whole-days")["days"] == []
    table.insert(days_ago(11) + " 23:59:59")
    found = planned(archiver, "--retention", "10 days", "--whole-days")
    assert [day["day"] for day in found["days"]] == [days_ago(11)] and found["cutoff"].endswith("00:00:00")


def test_nothing_is_changed(archiver, table, database, lake, container):
    table.fill(100, 5)
    archiver.archive("--max-days", "2", "--dry-run")
    blobs = [(blob.name, blob.etag) for blob in lake.list(container)]
    written = table.value("SELECT xact_commit IS NOT NULL AND pg_current_wal_insert_lsn() IS NOT NULL FROM pg_stat_database LIMIT 1")
    xid = table.value("SELECT pg_snapshot_xmax(pg_current_snapshot())::text")
    archiver.run("plan", expect=0)
    assert written and table.value("SELECT pg_snapshot_xmax(pg_current_snapshot())::text") == xid
    assert [(blob.name, blob.etag) for blob in lake.list(container)] == blobs and table.count() == 100


def test_beside_a_run_that_holds_the_lock(archiver, table, database):
    table.fill(30, 3)
    oid = table.value("""SELECT '"Event"'::regclass::oid::text""")
    table.execute("SELECT pg_advisory_lock(hashtextextended('event-archiver/' || %s, 0))", (oid,))
    assert planned(archiver)["totals"]["rows"] == 30


def test_text_names_cutoff_reading_and_error(archiver, table):
    table.fill(3000, 3)
    text = archiver.run("plan", expect=0).stdout
    for word in ("DAY", "events_2024-01-02.csv", "1,000", "with the index", "%", "the container is not there yet"):
        assert word in text
    table.execute('TRUNCATE "Event"')
    assert "nothing is due" in archiver.run("plan", expect=0).stdout


def test_no_table(archiver, database):
    outcome = archiver.run("plan", expect=3)
    assert "Event" in outcome.stderr
