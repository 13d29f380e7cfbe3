"""A restored day whose file does not say so any more: its rows would be archived as if they were in the table alone. The ledger knows better."""
import json

import pytest

from support.archiver import Archiver
from support.gate import LakeGate, answer

DAY, NAME = "2024-01-01", "events_2024-01-01.csv"
LOST = pytest.mark.parametrize("lost", ["the version before", "the pending version", "no mark"])


def lines(lake, container) -> list:
    found = []
    for blob in lake.list(container, bookkeeping=True):
        if "/ledger-" in blob.name:
            found += [json.loads(line) for line in lake.get(container, blob.name).decode().splitlines()]
    return found


def archived(archiver, table, lake, container) -> dict:
    """Three rows of a day are in its file. Returns its metadata."""
    for hour in (1, 2, 3):
        table.insert(f"2024-01-01 0{hour}:00:00")
    archiver.run("archive", expect=0)
    return lake.head(container, NAME).metadata


def lose_the_mark(lake, container, lost: str, before: dict) -> None:
    if lost == "the pending version":
        xid = next(part[4:] for part in before["archiverlast"].split(",") if part.startswith("xid="))
        before = before | {"archiverpending": xid, "archiverbase": "none"}
    lake.put_blob(container, NAME, lake.get(container, NAME), metadata={} if lost == "no mark" else before)


def is_marked(lake, container) -> bool:
    return "archiverrestored" in lake.head(container, NAME).metadata


def refused(archiver, *arguments) -> None:
    outcome = archiver.run(*arguments, expect=7)
    assert NAME in outcome.stdout + outcome.stderr and "were restored into the table" in outcome.stdout + outcome.stderr, str(outcome)


@pytest.mark.parametrize("index", [True, False], ids=["by day", "one scan"])
@LOST
def test_no_run_forgets_that_a_day_was_restored(archiver, table, lake, container, lost, index):
    if not index:
        table.execute('DROP INDEX IF EXISTS "Event_created_at"')
    before = archived(archiver, table, lake, container)
    archiver.run("restore", "--day", DAY, "--hold", "30 days", expect=0)
    archiver.run("verify", expect=0)
    marked = lake.get(container, NAME), lake.head(container, NAME).metadata
    lose_the_mark(lake, container, lost, before)
    # One row is moved to another day, where no file has it.
    table.execute('UPDATE public."Event" SET created_at = created_at + interval \'5 days\' WHERE id = 1')
    refused(archiver, "archive")
    refused(archiver, "archive", "--dry-run")
    archiver.run("verify", expect=7)
    archiver.run("list", expect=0)
    if lost != "the pending version":  # which is settled first, and that is refused
        refused(archiver, "restore", "--day", DAY)
        refused(archiver, "erase", "--where", "id = 3", "--yes")
        outcome = archiver.run("recover", "--discard", NAME, expect=3)
        assert "--keep" in outcome.stderr, str(outcome)
    assert lake.get(container, NAME) == marked[0] and table.value('SELECT count(*) FROM public."Event"') == 3
    assert len(lake.list(container)) == 1
    # The version that is marked comes back: the day is on hold again, and the row that was moved needs a person.
    lake.put_blob(container, NAME, marked[0], metadata=marked[1])
    archiver.run("verify", expect=0)
    assert "which was restored" in archiver.run("archive", expect=7).stderr
    table.execute('UPDATE public."Event" SET created_at = created_at - interval \'5 days\' WHERE id = 1')
    assert archiver.run("archive", expect=0).summary["rows_deleted"] == 0


@LOST
@pytest.mark.parametrize("rows", ["are there", "are gone"])
def test_a_person_says_that_the_file_counts_as_it_is(archiver, table, lake, container, lost, rows):
    before = archived(archiver, table, lake, container)
    archiver.run("restore", "--day", DAY, "--hold", "none", expect=0)
    lose_the_mark(lake, container, lost, before)
    if rows == "are gone":
        table.execute('DELETE FROM public."Event"')
    table.insert("2024-01-02 10:00:00")
    refused(archiver, "archive")
    archiver.run("recover", "--keep", NAME, expect=0)
    assert is_marked(lake, container) == (rows == "are there")
    archiver.run("verify", expect=0)
    outcome = archiver.run("archive", expect=0)
    assert outcome.summary["rows_recognised"] == (3 if rows == "are there" else 0), str(outcome)
    assert not is_marked(lake, container) and table.value('SELECT count(*) FROM public."Event"') == 0
    archiver.run("verify", expect=0)
    assert lake.get(container, NAME).count(b"\n") == 4


def test_the_mark_ends_with_the_line_of_the_ledger(archiver, table, lake, container, fault_binary):
    archived(archiver, table, lake, container)
    archiver.run("restore", "--day", DAY, "--hold", "none", expect=0)
    marked = lake.head(container, NAME).metadata
    assert [line["what"] for line in lines(lake, container) if "restored" in line] == ["restored"]
    table.execute('DELETE FROM public."Event"')
    died = Archiver(fault_binary, archiver.settings | {"EVENT_ARCHIVER_FAULT": "restore-ended=kill"}).run("archive")
    assert died.code == 137 and is_marked(lake, container), str(died)
    archiver.run("verify", expect=0)
    archiver.run("archive", expect=0)
    assert not is_marked(lake, container)
    archiver.run("verify", expect=0)
    assert [line["what"] for line in lines(lake, container)] == ["archived", "restored", "archived"]
    assert ["restored" in line for line in lines(lake, container)] == [False, True, False]
    lake.put_blob(container, NAME, lake.get(container, NAME), metadata=marked)  # without need, it does no harm
    table.insert("2024-01-01 10:00:00")
    archiver.run("archive", expect=0)
    archiver.run("verify", expect=0)
    assert lake.get(container, NAME).count(b"\n") == 5


@pytest.mark.parametrize("index", [True, False], ids=["by day", "one scan"])
def test_rows_whose_key_has_another_name_are_not_taken_for_gone(archiver, table, lake, container, index):
    """They may have been moved, and nothing tells which rows they are."""
    if not index:
        table.execute('DROP INDEX IF EXISTS "Event_created_at"')
    archived(archiver, table, lake, container)
    archiver.run("restore", "--day", DAY, "--hold", "none", expect=0)
    table.execute('ALTER TABLE public."Event" RENAME id TO number; UPDATE public."Event" SET created_at = created_at + interval \'5 days\'')
    outcome = archiver.run("archive", expect=7)
    assert "cannot be compared" in outcome.stderr, str(outcome)
    assert is_marked(lake, container) and len(lake.list(container)) == 1
    table.execute('ALTER TABLE public."Event" RENAME number TO id')
    assert "which was restored" in archiver.run("archive", expect=7).stderr
    table.execute('UPDATE public."Event" SET created_at = created_at - interval \'5 days\'')
    archiver.run("archive", expect=0)
    archiver.run("verify", expect=0)


def make_time_part_of_the_key(table) -> None:
    name = table.value("SELECT conname FROM pg_constraint WHERE conrelid = 'public.\"Event\"'::regclass AND contype = 'p'")
    table.execute(f'ALTER TABLE public."Event" DROP CONSTRAINT "{name}", ADD PRIMARY KEY (id, created_at)')


@pytest.mark.parametrize("index", [True, False], ids=["by day", "one scan"])
@pytest.mark.parametrize("hold", ["none", "30 days"])
@pytest.mark.parametrize("distance", ["5 days", "1 minute"])
def test_a_row_that_was_moved_is_known_where_the_time_is_part_of_its_key(archiver, table, lake, container, index, hold, distance):
    """As in each table that is partitioned by it. The row has another key by then."""
    make_time_part_of_the_key(table)
    if not index:
        table.execute('DROP INDEX IF EXISTS "Event_created_at"')
    archived(archiver, table, lake, container)
    archiver.run("restore", "--day", DAY, "--hold", hold, expect=0)
    table.execute(f"UPDATE public.\"Event\" SET created_at = created_at + interval '{distance}' WHERE id = 1")
    if hold != "none" and distance == "1 minute":  # on its day, which is on hold
        table.insert("2024-01-03 10:00:00")
        archiver.run("archive", expect=0)
        assert is_marked(lake, container)
        return
    assert "which was restored" in archiver.run("archive", expect=7).stderr
    assert len(lake.list(container)) == 1 and table.value('SELECT count(*) FROM public."Event"') == 3
    table.execute(f"UPDATE public.\"Event\" SET created_at = created_at - interval '{distance}' WHERE id = 1")
    archiver.run("archive", expect=0)
    archiver.run("verify", expect=0)


def test_rows_that_share_all_but_the_time_are_not_taken_for_moved(archiver, table, lake, container):
    """Measurements of one device: one is deleted while its day is back, and others are like it."""
    make_time_part_of_the_key(table)
    for day in (1, 9):
        for hour in (1, 2, 3):
            table.next_id = 1
            table.insert(f"2024-01-0{day} 0{hour}:00:00")
        if day == 1:
            archiver.run("archive", expect=0)
    archiver.run("restore", "--day", DAY, "--hold", "none", expect=0)
    table.execute("DELETE FROM public.\"Event\" WHERE created_at = '2024-01-01 02:00:00'")
    archiver.run("archive", expect=0)
    archiver.run("verify", expect=0)
    assert lake.get(container, NAME).count(b"\n") == 4


@pytest.mark.parametrize("index", [True, False], ids=["by day", "one scan"])
@pytest.mark.parametrize("change", ["moved", "corrected"])
def test_a_restore_that_died_behind_its_commit_is_not_forgotten_for_rows_that_were_changed(archiver, table, lake, container, fault_binary, index, change):
    """None of its rows is in the table as the file has it, and all of them are there."""
    if not index:
        table.execute('DROP INDEX IF EXISTS "Event_created_at"')
    archived(archiver, table, lake, container)
    died = Archiver(fault_binary, archiver.settings | {"EVENT_ARCHIVER_FAULT": "before-restore-mark=kill"}).run("restore", "--day", DAY, "--hold", "30 days")
    assert died.code == 137 and not is_marked(lake, container), str(died)
    table.execute('UPDATE public."Event" SET ' + ("created_at = created_at + interval '5 days'" if change == "moved" else "event_type = 'corrected'"))
    if change == "moved":
        assert "which was restored" in archiver.run("archive", expect=7).stderr
    else:
        assert archiver.run("archive", expect=0).events("day.held")
    assert is_marked(lake, container) and len(lake.list(container)) == 1 and table.value('SELECT count(*) FROM public."Event"') == 3


def test_what_a_person_keeps_ends_the_mark_with_a_line(archiver, table, lake, container):
    archived(archiver, table, lake, container)
    archiver.run("restore", "--day", DAY, expect=0)
    table.execute('DELETE FROM public."Event"')
    archiver.run("recover", "--keep", NAME, expect=0)
    assert not is_marked(lake, container)
    archiver.run("verify", expect=0)
    table.insert("2024-01-01 10:00:00")
    archiver.run("archive", expect=0)


def test_a_mark_stays_where_the_ledger_cannot_be_written(archiver, table, lake, container, azurite):
    archived(archiver, table, lake, container)
    archiver.run("restore", "--day", DAY, "--hold", "none", expect=0)
    table.execute('DELETE FROM public."Event"')
    with LakeGate(azurite.port) as gate:
        gate.on(answer(409, "FeatureNotSupported"), times=None, method="PUT", contains="comp=appendblock")
        through = archiver.with_settings({"AZURE_STORAGE_CONNECTION_STRING": azurite.connection_string(gate.endpoint)})
        outcome = through.run("archive", expect=0)
    assert outcome.events("ledger.failed") and is_marked(lake, container), str(outcome)
    archiver.run("verify", expect=0)
    archiver.run("archive", expect=0)
    assert not is_marked(lake, container)
    archiver.run("verify", expect=0)


def rewrite_ledger(lake, container, month: str, change) -> None:
    text = "".join(json.dumps(change(line), separators=(",", ":")) + "\n" for line in lines(lake, container))
    for blob in lake.list(container, bookkeeping=True):
        if "/ledger-" in blob.name:
            lake.delete(container, blob.name)
    lake.append_blob(container, f".event-archiver/ledger-{month}.jsonl", text.encode())


def test_lines_of_earlier_versions_expect_no_mark(archiver, table, lake, container):
    """They had no line at the end of a restore: each day that ever was restored would be refused."""
    before = archived(archiver, table, lake, container)
    archiver.run("restore", "--day", DAY, "--hold", "none", expect=0)
    rewrite_ledger(lake, container, "2024-02", lambda line: {name: value for name, value in line.items() if name != "restored"})
    table.execute('DELETE FROM public."Event"')
    lose_the_mark(lake, container, "the version before", before)
    archiver.run("verify", expect=0)
    table.insert("2024-01-01 10:00:00")
    archiver.run("archive", expect=0)
    archiver.run("verify", expect=0)


def test_a_restore_long_ago_is_not_forgotten(archiver, table, lake, container):
    """A run reads what is due from the first due day's month on, and of restored days all there is."""
    before = archived(archiver, table, lake, container)
    archiver.run("restore", "--day", DAY, "--hold", "3000 days", expect=0)
    rewrite_ledger(lake, container, "2024-02", lambda line: line)
    archiver.run("verify", expect=0)
    lose_the_mark(lake, container, "the version before", before)
    table.execute('UPDATE public."Event" SET created_at = created_at + interval \'5 months\' WHERE id = 1')
    table.execute('UPDATE public."Event" SET created_at = now() WHERE id <> 1')
    refused(archiver, "archive")


def test_a_folder_with_restored_files_is_not_handed_over_to_another_name(archiver, table, lake, container):
    """Rows of files of another table are not looked for: one that was moved would be archived twice."""
    archived(archiver, table, lake, container)
    archiver.run("restore", "--day", DAY, "--hold", "30 days", expect=0)
    table.execute('ALTER TABLE public."Event" RENAME TO event2')
    renamed = archiver.with_settings({"ARCHIVE_TABLE": "public.event2"})
    refused = renamed.run("recover", "--adopt", expect=3)
    assert NAME in refused.stderr and "restored into table public.Event" in refused.stderr, str(refused)
    renamed.run("archive", expect=3)  # the folder is not its own
    table.execute('ALTER TABLE event2 RENAME TO "Event"; DELETE FROM public."Event"')
    archiver.run("recover", "--keep", NAME, expect=0)
    table.execute('ALTER TABLE public."Event" RENAME TO event2')
    renamed.run("recover", "--adopt", expect=0)


@pytest.mark.parametrize("lost", ["missing", "older"])
def test_a_row_that_was_moved_waits_for_the_file_of_its_day(archiver, table, lake, container, lost):
    """Once the file is back it has the row, too."""
    before = archived(archiver, table, lake, container)
    older = lake.get(container, NAME)
    table.insert("2024-01-01 04:00:00")
    archiver.run("archive", expect=0)
    archiver.run("restore", "--day", DAY, "--hold", "30 days", expect=0)
    table.execute('UPDATE public."Event" SET created_at = created_at + interval \'5 days\' WHERE id = 1')
    table.execute('DELETE FROM public."Event" WHERE id <> 1')
    lake.delete(container, NAME)
    if lost == "older":
        lake.put_blob(container, NAME, older, metadata=before)
    outcome = archiver.run("archive", expect=7)
    assert NAME in outcome.stderr and "the ledger knows 4 rows" in outcome.stderr, str(outcome)
    assert table.value('SELECT count(*) FROM public."Event"') == 1


@pytest.mark.parametrize("hold", ["none", "30 days"])
@pytest.mark.parametrize("index", [True, False], ids=["by day", "one scan"])
def test_each_shard_sees_the_restored_days_of_the_others(archiver, table, lake, container, index, hold):
    """A day is restored: the other shards go on with theirs. Its mark is lost: none of them takes a row that may have been moved out of it."""
    if not index:
        table.execute('DROP INDEX IF EXISTS "Event_created_at"')
    before = archived(archiver, table, lake, container)
    archiver.run("restore", "--day", DAY, "--hold", hold, expect=0)
    marked = lake.get(container, NAME), lake.head(container, NAME).metadata
    days = [f"2024-01-{number:02}" for number in range(2, 8)]
    for day in days:
        table.insert(f"{day} 10:00:00")
    lose_the_mark(lake, container, "no mark", before)
    for index_of_shard in range(3):
        refused(archiver, "archive", "--shard", f"{index_of_shard}/3")
    assert len(lake.list(container)) == 1
    lake.put_blob(container, NAME, marked[0], metadata=marked[1])
    for index_of_shard in range(3):
        archiver.run("archive", "--shard", f"{index_of_shard}/3", expect=0)
    assert {f"events_{day}.csv" for day in days} < {blob.name for blob in lake.list(container)}
    archiver.run("verify", expect=0)


def test_a_shard_says_that_a_restored_file_of_another_is_gone(archiver, table, lake, container):
    archived(archiver, table, lake, container)
    archiver.run("restore", "--day", DAY, "--hold", "none", expect=0)
    table.insert("2024-01-02 10:00:00")
    table.insert("2024-01-03 10:00:00")
    lake.delete(container, NAME)
    for index_of_shard in range(2):
        outcome = archiver.run("archive", "--shard", f"{index_of_shard}/2", expect=7)
        assert "the file is not there" in outcome.stderr, str(outcome)
    assert lake.list(container) == []


def test_a_tail_that_is_kept_without_a_commit_leaves_the_day_restored(archiver, table, lake, container):
    """The transaction that was to end the restored day never committed: the day's rows are in the table."""
    archived(archiver, table, lake, container)
    archiver.run("restore", "--day", DAY, "--hold", "none", expect=0)
    table.insert("2024-01-01 04:00:00")
    archiver.run("archive", "--dry-run", expect=0)
    table.execute("DELETE FROM public.\"Event\" WHERE created_at = '2024-01-01 04:00'")
    assert "recover --keep" in archiver.run("archive", expect=7).stderr
    archiver.run("recover", "--keep", NAME, expect=0)
    assert is_marked(lake, container)
    assert [line for line in lines(lake, container) if line["file"].endswith(NAME)][-1].get("restored") == 1
    table.execute('UPDATE public."Event" SET created_at = created_at + interval \'4 days\' WHERE id = 1')
    outcome = archiver.run("archive")
    assert outcome.code == 7 and NAME in outcome.stderr, str(outcome)
    table.execute('UPDATE public."Event" SET created_at = created_at - interval \'4 days\' WHERE id = 1')
    archiver.run("archive", expect=0)
    assert not is_marked(lake, container)
