"""list: what the folder holds, from its marks alone."""
import json

import pytest


@pytest.fixture
def lister(archiver):
    """The program with nothing but the lake."""
    return archiver.with_settings({"PG_CONNECTION_STRING": None, "LANG": "C.UTF-8"})


def listed(program, *arguments, **how) -> dict:
    return json.loads(program.run("list", "-o", "json", *arguments, expect=0, **how).stdout)


def test_needs_no_database(archiver, lister, table):
    table.fill(60, 3)
    archiver.archive()
    found = listed(lister)
    assert [(day["day"], day["blob"], day["rows"], day["state"]) for day in found["days"]] == [
        (f"2024-01-0{n}", f"events_2024-01-0{n}.csv", 20, "final") for n in (1, 2, 3)
    ]
    assert found["totals"]["rows"] == 60 and found["totals"]["days"] == 3 and found["gaps"] == []
    assert found["totals"]["bytes"] == sum(day["bytes"] for day in found["days"])
    assert all(day["ratio"] == 1 and day["changed"].endswith("Z") for day in found["days"])
    text = lister.run("list", expect=0).stdout
    assert "events_2024-01-02.csv" in text and "3 days, 60 rows" in text


def test_a_compressed_file_has_its_ratio(archiver, lister, table):
    table.fill(500, 1)
    archiver.archive(settings={"ARCHIVE_COMPRESSION": "gzip"})
    [day] = listed(lister)["days"]
    assert day["blob"].endswith(".csv.gz") and day["bytes"] < day["csv_bytes"]
    assert day["ratio"] == pytest.approx(day["bytes"] / day["csv_bytes"])


def test_gaps_are_marked(archiver, lister, table):
    for day in ("2024-01-01", "2024-01-05", "2024-01-06", "2024-03-01"):
        table.insert(day)
    archiver.archive()
    assert listed(lister)["gaps"] == [
        {"from": "2024-01-02", "to": "2024-01-04", "days": 3},
        {"from": "2024-01-07", "to": "2024-02-29", "days": 54},
    ]
    text = lister.run("list", expect=0).stdout
    assert "no file for 3 days" in text and "57 days in between without a file" in text


def test_only_the_days_asked_for(archiver, lister, table):
    table.fill(50, 5)
    archiver.archive()
    assert [day["day"] for day in listed(lister, "--from", "2024-01-02", "--to", "2024-01-03")["days"]] == [
        "2024-01-02",
        "2024-01-03",
    ]
    assert len(listed(lister, "--from", "2024-01-04")["days"]) == 2
    assert listed(lister, "--to", "2023-12-31")["days"] == []
    assert lister.run("list", "--to", "2023-12-31", expect=0).stdout.startswith("no archived day to 2023-12-31 in ")


def test_pending_and_foreign_files_are_told_apart(archiver, lister, table, lake, container):
    table.fill(20, 2)
    archiver.archive()
    table.fill(10, 1, seed="b")
    archiver.archive("--dry-run")
    lake.put_blob(container, "events_2024-01-05.csv", b"id\n1\n")
    lake.put_blob(container, "readme.txt", b"hello")
    found = listed(lister)
    assert [(day["state"], day["rows"], day["rows_pending"]) for day in found["days"]] == [
        ("pending", 20, 10),
        ("final", 10, 0),
        ("foreign", None, 0),
    ]
    assert found["totals"]["pending"] == 1


def test_no_container_is_said_and_not_created(lister, lake, container):
    outcome = lister.run("list", expect=3)
    assert container in outcome.stderr and not lake.has_container(container)


def test_a_folder_within_the_container(archiver, lister, table, container):
    table.fill(20, 2)
    there = {"ARCHIVE_PATH": f"{container}/some/folder"}
    archiver.archive(settings=there)
    assert [day["blob"] for day in listed(lister, settings=there)["days"]] == [
        f"some/folder/events_2024-01-0{n}.csv" for n in (1, 2)
    ]
    assert listed(lister)["days"] == []


def test_a_calendar_fits_a_screen(archiver, lister, table):
    table.fill(400, 366)
    table.execute("""DELETE FROM "Event" WHERE created_at::date = '2024-06-15'""")
    archiver.archive()
    lines = lister.run("list", "--calendar", expect=0).stdout.splitlines()
    assert len(lines) <= 24 and max(map(len, lines)) < 80
    assert lines[0].startswith("2024") and "--" in lines[6] and "█" in "".join(lines)
    assert "\x1b" not in "".join(lines)
    plain = lister.run("list", "--calendar", settings={"LANG": "C"}, expect=0).stdout
    assert plain.isascii() and "##" in plain
    lister.run("list", "--calendar", "-o", "json", expect=2)


def test_text_on_a_terminal_is_only_the_answer(archiver, lister, table):
    table.fill(10, 1)
    archiver.archive()
    outcome = lister.run("list", settings={"LOG_FORMAT": "text"}, expect=0)
    assert outcome.stderr == ""


def test_a_restored_day_is_held(archiver, lister, table):
    table.fill(30, 3)
    archiver.archive()
    archiver.run("restore", "--day", "2024-01-02", expect=0)
    assert [(day["state"], day["rows"]) for day in listed(lister)["days"]] == [("final", 10), ("restored", 10), ("final", 10)]
    planned = json.loads(archiver.run("plan", "-o", "json", expect=0).stdout)
    assert planned["held"] == ["2024-01-02"] and planned["days"] == []
    said = archiver.run("plan", expect=0).stdout
    assert "1 day is on hold after a restore" in said and "no row of" not in said
    archiver.run("verify", expect=0)
    archiver.run("restore", "--from", "2024-01-03", "--into", "copy", expect=0)
    archiver.run("verify", "--from", "2024-01-03", "--against", "copy", expect=0)


def test_what_it_does_not_use_is_not_in_its_log(archiver, table):
    table.fill(5, 1)
    archiver.archive()
    alone = archiver.with_settings({"PG_CONNECTION_STRING": None}).run("list", expect=0)
    (start,) = alone.events("run.start")
    assert "path" in start and not {"database", "table", "retention", "dry_run"} & set(start)
    assert "database_auth" not in alone.events("azure.identity")[0]
    (start,) = archiver.run("list", expect=0).events("run.start")
    assert "database" in start and "table" in start and "retention" not in start
