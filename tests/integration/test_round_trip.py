"""The main job: every row comes out of its day's file as it went in, and the young ones stay."""
import io

import pytest

from support.table import days_ago

DAYS = 40
ROWS = 4000

ZONES = {
    "everything in UTC": ("UTC", None, None),
    "server 14 hours ahead": ("Pacific/Kiritimati", None, None),
    "client 12 hours behind": ("UTC", "Etc/GMT+12", None),
    "process in a zone with summer time": ("UTC", None, "Europe/Berlin"),
    "three zones": ("Pacific/Kiritimati", "Europe/Berlin", "Etc/GMT+12"),
}


@pytest.mark.parametrize("server, client, process", ZONES.values(), ids=ZONES.keys())
def test_every_row_comes_back_whatever_the_time_zones(archiver, table, oracle, database, server, client, process):
    table.execute(f"ALTER DATABASE {database.name} SET timezone = '{server}'")
    table.execute(f"ALTER DATABASE {database.name} SET datestyle = 'SQL, DMY'")
    table.fill(ROWS, DAYS)
    table.fill_young(100)
    oracle.remember()

    outcome = archiver.archive(settings={"PGTZ": client, "TZ": process})

    found = oracle.check()
    assert found.left == 100
    assert len(found.files) == DAYS
    assert found.archived == ROWS == outcome.summary["rows"]


def test_a_file_is_the_header_and_what_copy_writes(archiver, table, lake, container):
    table.fill(300, 1)
    expected = io.BytesIO()
    with table.connection.cursor() as cursor:
        cursor.copy_expert('COPY (SELECT * FROM "Event" ORDER BY id) TO STDOUT (FORMAT csv)', expected)
    archiver.archive()
    header = b"id,event_id,event_type,created_at,processed_at,payload\n"
    content = lake.get(container, "events_2024-01-01.csv")
    assert content.startswith(header)
    assert len(content) == len(header) + len(expected.getvalue())
    assert sorted(content[len(header) :]) == sorted(expected.getvalue())


def test_hostile_defaults_of_the_database_change_nothing(archiver, table, oracle, database):
    for name, value in {
        "search_path": "nowhere",
        "standard_conforming_strings": "off",
        "extra_float_digits": "-15",
        "default_transaction_isolation": "serializable",
        "default_transaction_deferrable": "on",
        "client_encoding": "LATIN1",
        "intervalstyle": "sql_standard",
        "idle_in_transaction_session_timeout": "1s",
        "max_parallel_workers_per_gather": "4",
        "enable_indexscan": "off",
    }.items():
        table.execute(f"ALTER DATABASE {database.name} SET {name} = '{value}'")
    table.fill(1000, 10)
    oracle.remember()
    archiver.archive()
    assert oracle.check().archived == 1000


def test_a_second_run_appends_under_the_one_header(archiver, table, oracle, lake, container):
    table.fill(1000, 10)
    oracle.remember()
    archiver.archive()
    sizes = {blob.name: blob.size for blob in lake.list(container)}
    table.fill(700, 12, seed="b")
    oracle.remember_new()

    archiver.archive()

    found = oracle.check()
    assert found.archived == 1700 and len(found.files) == 12
    grown = [blob.name for blob in lake.list(container) if blob.size > sizes.get(blob.name, 0)]
    assert len([name for name in grown if name.endswith(".csv")]) == 12
    for name in oracle.file_names():
        assert lake.get(container, name).count(b"\nid,event_id,event_type,created_at,processed_at,payload\n") == 0


def test_many_small_runs_on_one_day_are_exact(archiver, table, oracle):
    oracle.remember()
    for turn in range(6):
        table.fill(7, 1, seed=str(turn))
        oracle.remember_new()
        archiver.archive()
    assert oracle.check().files == {"2024-01-01": 42}


def test_two_dry_runs_and_a_real_one_archive_each_row_once(archiver, table, oracle):
    table.fill(600, 6)
    oracle.remember()
    for _ in range(2):
        dry = archiver.archive(settings={"DRY_RUN": "true"})
        assert dry.summary["rows"] == 600
        assert table.count() == 600
        assert len(oracle.file_names()) == 6, "a dry run uploads"
    archiver.archive()
    assert oracle.check().archived == 600


def test_dry_runs_over_existing_files_leave_them_exact(archiver, table, oracle):
    table.fill(300, 3)
    oracle.remember()
    archiver.archive()
    table.fill(300, 6, seed="b")
    oracle.remember_new()
    archiver.archive("--dry-run")
    assert table.count() == 300
    archiver.archive("--dry-run")
    archiver.archive()
    assert oracle.check().archived == 600


def test_what_a_dry_run_published_is_kept_where_it_has_become_the_only_copy(archiver, table, oracle):
    """A person decides: the file may be all there is of the rows, or they were deleted on purpose."""
    table.fill(300, 3)
    oracle.remember()
    archiver.archive("--dry-run")
    table.execute("DELETE FROM \"Event\" WHERE created_at::date = '2024-01-02'")
    assert "'events_2024-01-02.csv' has 100 rows" in archiver.archive(expect=7).stderr
    archiver.run("recover", "--keep", "events_2024-01-02.csv", expect=0)
    archiver.archive()
    assert set(oracle.check().files) == {"2024-01-01", "2024-01-02", "2024-01-03"}


@pytest.mark.parametrize("how", ["flag", "variable"])
def test_whole_days_leave_the_day_of_the_cutoff_alone(archiver, table, oracle, how):
    whole = table.insert(f"{days_ago(2)} 23:59:59.999")
    table.insert(f"{days_ago(1)} 00:00:00")
    oracle.remember()
    if how == "flag":
        archiver.archive("--whole-days", settings={"EVENT_RETENTION_PERIOD": "1 day"})
    else:
        archiver.archive(settings={"EVENT_RETENTION_PERIOD": "1 day", "ARCHIVE_WHOLE_DAYS": "true"})
    assert oracle.check().files == {days_ago(2): 1}
    assert table.value('SELECT count(*) FROM "Event" WHERE id = %s', (whole,)) == 0
    archiver.archive(settings={"EVENT_RETENTION_PERIOD": "1 day"})
    assert oracle.check().files == {days_ago(2): 1, days_ago(1): 1}


@pytest.mark.parametrize("rows", ["none at all", "young ones only"])
def test_with_nothing_to_do_it_succeeds(archiver, table, oracle, rows):
    if rows != "none at all":
        table.fill_young(20)
    oracle.remember()
    for _ in range(2):
        outcome = archiver.archive()
        assert outcome.summary["rows"] == 0 and outcome.summary["days"] == 0
    assert oracle.check().files == {}


def test_a_third_run_finds_nothing_and_touches_no_file(archiver, table, oracle, lake, container):
    table.fill(100, 5)
    oracle.remember()
    archiver.archive()
    before = {blob.name: (blob.etag, blob.size) for blob in lake.list(container)}
    archiver.archive()
    assert {blob.name: (blob.etag, blob.size) for blob in lake.list(container)} == before
    oracle.check()


def test_a_file_says_what_it_is(archiver, table, lake, container):
    table.fill(10, 1)
    archiver.archive()
    blob = lake.head(container, "events_2024-01-01.csv")
    assert blob.kind == "BlockBlob"
    assert blob.content_type.startswith("text/csv")
    names = set(blob.metadata)
    assert names and all(name.startswith("archiver") and name.isalpha() and name.islower() for name in names)
    assert "archiverpending" not in names
