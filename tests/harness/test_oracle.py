"""The judge itself: it must see every way in which an archive can be wrong."""
import io

import pytest

DAY = "2024-01-01"


@pytest.fixture
def archived(table, oracle, lake, container):
    """A table half archived by hand, correctly; the file's content."""
    table.fill(60, 2, DAY)
    oracle.remember()
    content = io.BytesIO()
    with oracle.connection.cursor() as cursor:
        cursor.copy_expert(
            f"COPY (SELECT * FROM \"Event\" WHERE created_at::date = '{DAY}') TO STDOUT (FORMAT csv, HEADER)", content
        )
    table.execute(f"DELETE FROM \"Event\" WHERE created_at::date = '{DAY}'")
    lake.create_container(container)
    lake.put_blob(container, f"events_{DAY}.csv", content.getvalue())
    return content.getvalue()


def test_a_good_archive_has_no_problems(archived, oracle):
    found = oracle.check()
    assert (found.files, found.archived, found.left) == ({DAY: 30}, 30, 30)


def _problem(oracle) -> str:
    return "\n".join(oracle.look().problems)


def test_a_lost_row_is_seen(archived, oracle, table):
    table.execute('DELETE FROM "Event" WHERE id = (SELECT min(id) FROM "Event")')
    assert "1 rows missing" in _problem(oracle)


def test_a_row_in_both_places_is_seen(archived, oracle, table):
    table.execute('INSERT INTO "Event" SELECT * FROM oracle.original WHERE id = 1')
    assert "1 rows too many" in _problem(oracle)


def test_a_doubled_tail_is_seen(archived, oracle, lake, container):
    lake.put_blob(container, f"events_{DAY}.csv", archived + archived.partition(b"\n")[2])
    assert "30 rows too many" in _problem(oracle)


def test_a_changed_number_format_is_seen(archived, oracle, table):
    table.execute("""UPDATE "Event" SET payload = '{"n": 1.000}' WHERE id = 2""")
    assert "1 rows missing or changed" in _problem(oracle)


def test_a_second_header_is_seen(archived, oracle, lake, container):
    lake.put_blob(container, f"events_{DAY}.csv", archived + archived.partition(b"\n")[0] + b"\n")
    assert "cannot be read back" in _problem(oracle)


def test_a_missing_last_line_end_is_seen(archived, oracle, lake, container):
    lake.put_blob(container, f"events_{DAY}.csv", archived[:-1])
    assert "has no end" in _problem(oracle)


def test_a_pending_mark_is_seen(archived, oracle, lake, container):
    lake.set_metadata(container, f"events_{DAY}.csv", {"archiverpending": "x"})
    assert "still marked pending" in _problem(oracle)


def test_a_row_of_another_day_is_seen(archived, oracle, lake, container):
    lake.put_blob(container, "events_2024-01-07.csv", archived)
    assert "30 rows of other days" in _problem(oracle)


def test_a_foreign_name_is_seen(archived, oracle, lake, container):
    lake.put_blob(container, "events.csv", archived)
    assert "not the name of a day's file" in _problem(oracle)
