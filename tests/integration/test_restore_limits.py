"""Rows that are archived and could not be brought back: check and plan say so before, and --into takes what it can."""
import json

import pytest

NOTE = 'ALTER TABLE public."Event" ADD CONSTRAINT "has note" CHECK (event_type <> \'old\') NOT VALID'


def told(archiver, *arguments) -> list:
    found = json.loads(archiver.run("check", *arguments, "-o", "json").stdout)["checks"]
    return [line for line in found if line["name"] == "restore"]


def planned(archiver) -> list:
    return json.loads(archiver.run("plan", "-o", "json", expect=0).stdout)["restore_limits"]


def test_a_table_whose_rows_can_come_back(archiver, table):
    table.insert("2024-01-01 01:00:00")
    assert [line["status"] for line in told(archiver)] == ["ok"] and planned(archiver) == []
    assert "may not come back" not in archiver.run("plan", expect=0).stdout


def test_a_constraint_that_old_rows_may_violate(archiver, table, database):
    row = table.insert("2024-01-01 01:00:00")
    table.insert("2024-01-01 02:00:00")
    table.execute('UPDATE public."Event" SET event_type = \'old\' WHERE id = %s', (row,))
    table.execute(NOTE)
    for arguments in ((), ("--for", "restore")):
        (line,) = told(archiver, *arguments)
        assert line["status"] == "warning" and 'constraint "has note" is NOT VALID' in line["detail"], line
        assert 'ALTER TABLE public."Event" VALIDATE CONSTRAINT "has note"' in line["remedy"] and "--into" in line["remedy"]
    (sentence,) = planned(archiver)
    assert '"has note" is NOT VALID' in sentence and sentence in archiver.run("plan", expect=0).stdout
    archiver.archive()
    outcome = archiver.run("restore", "--day=2024-01-01", expect=3)
    assert "has note" in outcome.stderr and "--into" in outcome.stderr
    archiver.run("restore", "--day=2024-01-01", '--into=public."Back"', expect=0)
    assert table.execute('SELECT event_type FROM public."Back" ORDER BY id') == [("old",), ("single",)]
    assert table.value("""SELECT count(*) FROM pg_constraint WHERE conrelid = 'public."Back"'::regclass AND contype = 'p'""") == 1


def test_constraints_that_hold_stay_in_the_new_table(archiver, table):
    table.insert("2024-01-01 01:00:00")
    table.execute(NOTE)
    table.execute('ALTER TABLE public."Event" ADD CONSTRAINT positive CHECK (id > 0), VALIDATE CONSTRAINT "has note"')
    assert [line["status"] for line in told(archiver)] == ["ok"]
    archiver.archive()
    archiver.run("restore", "--day=2024-01-01", '--into=public."Back"', expect=0)
    found = table.execute("""SELECT conname FROM pg_constraint WHERE conrelid = 'public."Back"'::regclass AND contype = 'c' ORDER BY 1""")
    assert found == [("has note",), ("positive",)]


def test_a_foreign_key_that_old_rows_may_violate(archiver, table):
    table.insert("2024-01-01 01:00:00")
    table.execute("CREATE TABLE kinds (name text PRIMARY KEY)")
    table.execute('ALTER TABLE public."Event" ADD CONSTRAINT kind FOREIGN KEY (event_type) REFERENCES kinds NOT VALID')
    (line,) = told(archiver)
    assert line["status"] == "warning" and "constraint kind is NOT VALID" in line["detail"]
    archiver.archive()
    archiver.run("restore", "--day=2024-01-01", '--into=public."Back"', expect=0)


@pytest.mark.parametrize("columns, kind, words", [
    (1598, "integer", "the table has 1600 columns"),
    (1015, "bigint NOT NULL DEFAULT 0", "columns of fixed size have 8136 bytes"),
], ids=["columns", "bytes"])
def test_a_row_that_leaves_no_room_for_its_number(archiver, database, columns, kind, words):
    with database.connection.cursor() as cursor:
        cursor.execute("CREATE TABLE public.wide (id bigint PRIMARY KEY, created_at timestamp NOT NULL, "
                       + ", ".join(f"c{n} {kind}" for n in range(columns)) + ")")
        cursor.execute("INSERT INTO public.wide (id, created_at) VALUES (1, '2024-01-01')")
    archiver = archiver.with_settings({"ARCHIVE_TABLE": "public.wide"})
    (line,) = told(archiver)
    assert line["status"] == "warning" and words in line["detail"] and "FORMAT csv" in line["remedy"], line
    assert words in planned(archiver)[0]


def test_a_row_that_leaves_just_enough_room(archiver, database):
    with database.connection.cursor() as cursor:
        cursor.execute("CREATE TABLE public.wide (id bigint PRIMARY KEY, created_at timestamp NOT NULL, "
                       + ", ".join(f"c{n} bigint NOT NULL DEFAULT 0" for n in range(1014)) + ")")
        cursor.execute("INSERT INTO public.wide (id, created_at) VALUES (1, '2024-01-01')")
    archiver = archiver.with_settings({"ARCHIVE_TABLE": "public.wide"})
    assert [line["status"] for line in told(archiver)] == ["ok"]
    archiver.archive()
    archiver.run("restore", "--day=2024-01-01", expect=0)


@pytest.mark.parametrize("names", [["event_archiver_row"], ["event_archiver_row", "event_archiver_row_"]], ids=len)
def test_a_column_may_have_the_name_of_one_of_ours(archiver, database, lake, container, names):
    with database.connection.cursor() as cursor:
        cursor.execute("CREATE TABLE public.odd (id bigint PRIMARY KEY, created_at timestamp NOT NULL, " + ", ".join(f"{name} int" for name in names) + ")")
        cursor.execute("INSERT INTO public.odd SELECT n, '2024-01-01', " + ", ".join("n" for _ in names) + " FROM generate_series(1, 3) n")
        archiver = archiver.with_settings({"ARCHIVE_TABLE": "public.odd"})
        archiver.archive()
        assert archiver.run("cat", "--day=2024-01-01", "--where", "event_archiver_row = 2", expect=0).stdout.count("\n") == 2
        archiver.run("restore", "--day=2024-01-01", "--hold", "none", expect=0)
        cursor.execute("SELECT count(*) FROM public.odd WHERE id = event_archiver_row")
        assert cursor.fetchone() == (3,)
        archiver.run("restore", "--day=2024-01-01", "--into", "public.back", expect=0)
        archiver.archive()
        archiver.run("erase", "--where", "event_archiver_row = 2", "--yes", expect=0)
        archiver.run("verify", expect=0)
