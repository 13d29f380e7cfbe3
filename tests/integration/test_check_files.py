"""check says beforehand which files, and which leases, the next archive would stop at, with the same exit code."""
import json

import pytest

from test_foreign_files import lease

FIRST = "events_2024-01-01.csv"
SHAPES = ["plain", "gzip", "no index"]


@pytest.fixture(params=SHAPES)
def archived(request, archiver, table):
    """Thirty rows of three days in their files, and the table as it is by then."""
    if request.param == "no index":
        table.execute('DROP INDEX "Event_created_at"')
    made = archiver.with_settings({"ARCHIVE_COMPRESSION": "gzip"} if request.param == "gzip" else {})
    table.fill(30, 3)
    made.archive()
    made.first = FIRST + (".gz" if request.param == "gzip" else "")
    return made


def failed(program, expect: int) -> str:
    """What `check` says is in the way; `archive` then ends with the same code, and says the same."""
    found = json.loads(program.run("check", "-o", "json", expect=expect).stdout)
    (line,) = [line for line in found["checks"] if line["status"] == "failed"]
    program.run("archive", expect=expect)
    return f"{line['name']}: {line['detail']} {line['remedy']}"


def test_a_file_under_a_lease_that_does_not_end(archived, table, lake, container):
    held = lease(lake, container, -1, archived.first)
    archived.run("check", expect=0)  # nothing is due for it
    archived.run("archive", expect=0)
    table.insert("2024-01-01 11:00:00")
    assert archived.first in failed(archived, 3)
    release_it = {"comp": "lease"}, {"x-ms-lease-action": "release", "x-ms-lease-id": held}
    lake.request("PUT", f"/{container}/{archived.first}", *release_it)
    archived.run("check", expect=0)
    archived.run("archive", expect=0)


def test_columns_that_have_changed(archived, table):
    table.execute('ALTER TABLE "Event" ADD COLUMN more text')
    archived.run("check", expect=0)
    table.insert("2024-01-02 11:00:00")
    said = failed(archived, 3)
    assert archived.first.replace("-01.csv", "-02.csv") in said and "columns have changed" in said and "recover --discard" in said


def test_a_restored_row_that_was_changed(archived, table):
    archived.run("restore", "--from", "2024-01-01", "--hold", "none", expect=0)
    archived.run("check", expect=0)
    key = table.value("""UPDATE "Event" SET event_type = 'changed' WHERE id = (SELECT min(id) FROM "Event") RETURNING id""")
    said = failed(archived, 7)
    assert said.startswith("restored: 1 rows of") and f"id {key} " in said and archived.first in said


def test_a_restored_row_that_was_changed_on_hold_keeps_nothing_from_running(archived, table):
    archived.run("restore", "--from", "2024-01-01", expect=0)
    table.execute("""UPDATE "Event" SET event_type = 'changed' WHERE id = (SELECT min(id) FROM "Event")""")
    archived.run("check", expect=0)
    archived.run("archive", expect=0)


def test_a_lock_under_a_lease_that_does_not_end(archived, lake, container):
    lock = ".event-archiver/lock"
    held = lease(lake, container, -1, lock)
    said = failed(archived.with_settings({"ARCHIVE_LOCK_WAIT": "1s"}), 10)
    assert "does not expire" in said and lock in said
    outcome = archived.run("archive", settings={"ARCHIVE_LOCK_WAIT": "1s"}, expect=10)
    message = outcome.events("run.error")[0]["msg"]
    assert "does not expire" in message and "signed" not in message, message
    lake.request("PUT", f"/{container}/{lock}", {"comp": "lease"}, {"x-ms-lease-action": "release", "x-ms-lease-id": held})
    archived.run("archive", expect=0)
