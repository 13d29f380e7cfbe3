"""Rows at the edges of days, of calendars and of sizes."""
import pytest

from support.table import EventTable


def test_the_first_and_last_millisecond_of_a_day(archiver, table, oracle):
    for moment in (
        "2023-12-31 23:59:59.999",
        "2024-01-01 00:00:00",
        "2024-01-01 00:00:00.001",
        "2024-01-01 23:59:59.999",
        "2024-01-02 00:00:00",
    ):
        table.insert(moment)
    oracle.remember()
    archiver.archive()
    assert oracle.check().files == {"2023-12-31": 1, "2024-01-01": 3, "2024-01-02": 1}


def test_leap_days_and_the_ends_of_months(archiver, table, oracle):
    days = [
        "2000-02-29",
        "2023-02-28",
        "2023-03-01",
        "2024-02-28",
        "2024-02-29",
        "2024-03-01",
        "1900-02-28",
        "1900-03-01",
        "2024-12-31",
        "2025-01-01",
    ]
    for day in days:
        table.insert(f"{day} 12:00:00")
    oracle.remember()
    archiver.archive()
    assert sorted(oracle.check().files) == sorted(days)


def test_the_first_and_the_last_year_with_four_digits(archiver, table, oracle):
    table.insert("0001-01-01 00:00:00")
    table.insert("0001-12-31 23:59:59.999")
    table.insert("9999-12-31 23:59:59.999")
    oracle.remember()
    archiver.archive()
    found = oracle.check()
    assert found.files == {"0001-01-01": 1, "0001-12-31": 1}
    assert found.left == 1, "the year 9999 is young"


@pytest.mark.parametrize("index", [True, False], ids=["by index", "by ctid"])
def test_a_row_without_a_day_stays_and_the_log_says_so(archiver, database, oracle, index):
    table = EventTable(database.connection).create(index=index)
    table.insert("-infinity")
    table.insert("infinity")
    table.insert("2024-01-01")
    oracle.remember()
    outcome = archiver.archive()
    found = oracle.check()
    assert found.files == {"2024-01-01": 1} and found.left == 2
    told = [line for line in outcome.log if line["level"] in ("warn", "warning") and "infinity" in str(line)]
    assert told, outcome.stderr


def test_before_christ_is_exact_too(archiver, table, oracle):
    """There is no contract for the name of such a file: what counts is that no row is lost."""
    table.insert("0044-03-15 12:00:00 BC")
    table.insert("2024-01-01")
    oracle.remember()
    outcome = archiver.run("archive")
    if outcome.code == 0:
        assert table.count() == 1 and [line for line in outcome.log if line["level"] == "warn"], outcome.stderr
        table.execute("DELETE FROM \"Event\" WHERE created_at < '0001-01-01'")
        table.execute("DELETE FROM oracle.original WHERE created_at < '0001-01-01'")
    oracle.check()


def test_a_day_with_one_row_and_ten_thousand_bytes_in_every_text(archiver, table, oracle):
    table.execute(
        """INSERT INTO "Event" (event_id, event_type, created_at, payload)
                     VALUES (repeat(E'"\r\n,', 2500), repeat(E'\\\\.\n', 3000), '2024-01-01', to_jsonb(repeat('"', 10000)))"""
    )
    oracle.remember()
    archiver.archive()
    assert oracle.check().files == {"2024-01-01": 1}


def test_rows_larger_than_a_block_buffer(archiver, table, oracle):
    for _ in range(3):
        table.execute(
            """INSERT INTO "Event" (event_id, event_type, created_at, payload)
                         SELECT repeat(md5('a') || E'"\n', 200000), 'large', '2024-01-01 12:00'::timestamp + make_interval(hours => i * 12), '{}'
                         FROM generate_series(0, 2) AS i"""
        )
    oracle.remember()
    archiver.archive(settings={"ARCHIVE_MEMORY": "8MiB", "ARCHIVE_PARALLEL": "2"})
    assert oracle.check().archived == 9


def test_memory_stays_bounded_while_much_goes_through(archiver, table, oracle):
    table.execute(
        """INSERT INTO "Event" (event_id, event_type, created_at, payload)
                     SELECT repeat(md5(i::text), 60), 'bulk', '2024-01-01'::timestamp + make_interval(secs => i), '{}'
                     FROM generate_series(0, 79999) AS i"""
    )
    oracle.remember()
    outcome = archiver.archive(settings={"ARCHIVE_MEMORY": "16MiB"})
    assert oracle.check().archived == 80000
    assert outcome.summary["bytes"] > 150_000_000
    assert outcome.peak_bytes < 64 * 2**20, f"{outcome.peak_bytes / 2**20:.0f} MiB"


def test_many_days_with_few_rows(archiver, table, oracle):
    table.fill(1200, 400, first_day="2022-01-01")
    oracle.remember()
    archiver.archive()
    found = oracle.check()
    assert len(found.files) == 400 and found.left == 0


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_row_of_100_megabytes(archiver, table, oracle):
    table.execute(
        """INSERT INTO "Event" (event_id, event_type, created_at, payload)
                     VALUES ('small', 'before', '2024-01-01 10:00', '{}'),
                            ('large', 'row', '2024-01-01 11:00', to_jsonb(repeat(md5('x') || '"é', 3000000))),
                            ('small', 'after', '2024-01-01 12:00', '{}')"""
    )
    oracle.remember()
    outcome = archiver.archive(timeout=600)
    assert oracle.check().files == {"2024-01-01": 3}
    assert outcome.peak_bytes < 6 * 108 * 10**6
