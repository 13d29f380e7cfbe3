"""`cat --where` and `erase`, where a column has got another type since a day was archived: the text of a file
is judged as a value of today's type only if that type writes the same text."""
import json

import pytest

DAY = "2024-01-01"
FILE = f"events_{DAY}.csv"

# Type and values when archived, ALTER, a condition, and whether an answer can be given.
CHANGES = {
    "two numbers become one float": ("numeric", ["9007199254740992", "9007199254740993"], "float8", "more = 9007199254740992"),
    "a float loses digits": ("float8", ["0.30000000000000004"], "real", "more = 0.30000000000000004"),
    "a name is cut": ("text", ["n" * 70], "name", f"more = '{'n' * 70}'"),
    "a moment becomes a day": ("timestamp", ["2024-01-01 00:00:00.4"], "date", "more = '2024-01-01'"),
    "a moment loses its zone": ("timestamptz", ["2024-01-01 00:00:00+00"], "timestamp", "more = '2024-01-01'"),
    "a moment gets a zone": ("timestamp", ["2024-01-01 00:00:00"], "timestamptz", "more > '2024-01-01'"),
    "decimals are dropped": ("numeric(10,2)", ["1.50"], "float8", "more = 1.5"),
    "padding stays": ("character(5)", ["ab"], "text", "more = 'ab'"),
    "padding begins to count": ("character(5)", ["ab"], "varchar(9)", "more <> 'ab'"),
    "space stops to count": ("text", ["ab "], "character(5)", "more = 'ab'"),
    "true is written t": ("boolean", ["true"], "text", "more = 'true'"),
    "json is written otherwise": ("json", ['{"a":1,"a":2}'], "jsonb", "more->>'a' = '1'"),
    "bits become bytes": ("text", ["abc"], "bytea USING convert_to(more, 'UTF8')", "more = 'abc'"),
    "an address is written shorter": ("inet", ["10.0.0.1"], "text", "more = '10.0.0.1/32'"),
}
EXACT = {
    "an integer grows": ("integer", ["7", "8"], "bigint", "more = 7"),
    "a number loses its decimals": ("numeric", ["7", "99.999"], "numeric(10,2)", "more = 7"),
    "a text grows": ("varchar(10)", ["7 ", "t"], "text", "more = '7 '"),
}


def archived(archiver, table, column, values, new_type=None):
    table.execute(f'ALTER TABLE "Event" ADD more {column}')
    for value in values:
        table.execute(f"INSERT INTO \"Event\" (event_id, event_type, created_at, payload, more) VALUES ('e', 't', '{DAY} 10:00', '{{}}', '{value}')")
    archiver.archive()
    if new_type:
        table.execute(f'ALTER TABLE "Event" ALTER more TYPE {new_type}')


def must_refuse(archiver, lake, container, condition):
    before = {blob.name: lake.get(container, blob.name) for blob in lake.list(container)}
    for words in (("cat", "--day", DAY, "--where", condition), ("erase", "--where", condition), ("erase", "--where", condition, "--yes")):
        outcome = archiver.run(*words, expect=3)
        assert FILE in outcome.stderr and "'more'" in outcome.stderr and outcome.stdout == "", str(outcome)
    assert {blob.name: lake.get(container, blob.name) for blob in lake.list(container)} == before
    return outcome.stderr


@pytest.mark.parametrize("change", CHANGES)
def test_a_file_that_today_s_type_would_read_otherwise_is_refused(archiver, table, lake, container, change):
    column, values, new_type, condition = CHANGES[change]
    archived(archiver, table, column, values, new_type)
    said = must_refuse(archiver, lake, container, condition)
    assert table.value("SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = '\"Event\"'::regclass AND attname = 'more'") in said
    assert all(value not in said for value in values if len(value) > 5)
    # A condition that does not read the column is answered.
    assert json.loads(archiver.run("erase", "--where", "id > 0", "-o", "json", expect=0).stdout)["rows_of_files"] == len(values)


def test_both_types_are_named(archiver, table, lake, container):
    archived(archiver, table, "numeric(12,2)", ["1.50"], "double precision")
    said = must_refuse(archiver, lake, container, "more = 1.5")
    assert "was of type numeric(12,2)" in said and "is of type double precision" in said


@pytest.mark.parametrize("change", EXACT)
def test_a_type_that_writes_the_same_is_judged(archiver, table, lake, container, change):
    column, values, new_type, condition = EXACT[change]
    archived(archiver, table, column, values, new_type)
    assert archiver.run("cat", "--day", DAY, "--where", condition, expect=0).stdout.count("\n") == 2
    receipt = json.loads(archiver.run("erase", "--where", condition, "--yes", expect=0).stdout)
    assert receipt["rows_of_files"] == 1 and receipt["verified"]
    assert lake.get(container, FILE).count(b"\n") == len(values)


@pytest.mark.parametrize("spelled", ["MORE = 0.1", '"more" = 0.1', 'U&"\\006dore" = 0.1', "(more) = 0.1", "id = 1 AND more = 0.1"])
def test_the_column_is_found_however_it_is_spelled(archiver, table, lake, container, spelled):
    archived(archiver, table, "numeric", ["0.10"], "float8")
    must_refuse(archiver, lake, container, spelled)


def test_two_columns_of_other_types(archiver, table, lake, container):
    """No single change explains the checksum: what strings could be is looked at."""
    table.execute('ALTER TABLE "Event" ADD other integer')
    archived(archiver, table, "boolean", ["true"], "text")
    table.execute('ALTER TABLE "Event" ALTER other TYPE bigint')
    must_refuse(archiver, lake, container, "more = 'true'")
    assert archiver.run("cat", "--day", DAY, "--where", "event_id = 'e'", expect=0).stdout.count("\n") == 2


def test_a_file_of_others_is_read_as_it_is_written(archiver, table, lake, container):
    archived(archiver, table, "float8", ["0.5"])
    mine = lake.get(container, FILE)
    lake.put_blob(container, FILE.replace("01.csv", "02.csv"), mine.replace(DAY.encode(), b"2024-01-02").replace(b"0.5", b"5e-1"))
    outcome = archiver.run("cat", "--day", "2024-01-02", "--where", "more = 0.5")
    assert outcome.code == 3 and "'more'" in outcome.stderr and "5e-1" not in outcome.stderr, str(outcome)
    assert archiver.run("cat", "--day", DAY, "--where", "more = 0.5", expect=0).stdout.count("\n") == 2


def test_rows_appended_with_the_second_type_are_compared_too(archiver, table, lake, container):
    """The mark's checksum is that of the first rows, and of today."""
    archived(archiver, table, "float8", ["0.1"], "numeric")
    table.execute(f"INSERT INTO \"Event\" (event_id, event_type, created_at, payload, more) VALUES ('e', 't', '{DAY} 11:00', '{{}}', 0.20)")
    archiver.archive()
    table.execute('ALTER TABLE "Event" ALTER more TYPE float8')
    must_refuse(archiver, lake, container, "more = 0.2")


# What is made, the column's type, two values, what is changed, and a condition.
MEANINGS = {
    "labels were exchanged": ("CREATE TYPE st AS ENUM ('keep', 'go')", "st", ["keep", "go"],
                              "ALTER TYPE st RENAME VALUE 'keep' TO 'x'; ALTER TYPE st RENAME VALUE 'go' TO 'keep'; ALTER TYPE st RENAME VALUE 'x' TO 'go'", "more = 'go'"),
    "a label was used again": ("CREATE TYPE st AS ENUM ('keep', 'go')", "st", ["keep", "go"], ["ALTER TYPE st RENAME VALUE 'go' TO 'gone'", "ALTER TYPE st ADD VALUE 'go'"], "more = 'go'"),
    "labels in an array": ("CREATE TYPE st AS ENUM ('keep', 'go')", "st[]", ["{keep}", "{go}"],
                           "ALTER TYPE st RENAME VALUE 'keep' TO 'x'; ALTER TYPE st RENAME VALUE 'go' TO 'keep'; ALTER TYPE st RENAME VALUE 'x' TO 'go'", "'go' = ANY (more)"),
    "labels under a domain in a composite": ("CREATE TYPE st AS ENUM ('keep', 'go'); CREATE DOMAIN one AS st; CREATE TYPE pair AS (a one, b int)", "pair", ["(keep,1)", "(go,2)"],
                                             "ALTER TYPE st RENAME VALUE 'keep' TO 'x'; ALTER TYPE st RENAME VALUE 'go' TO 'keep'; ALTER TYPE st RENAME VALUE 'x' TO 'go'", "(more).a::text = 'go'"),
    "attributes were exchanged": ("CREATE TYPE pt AS (x int, y int)", "pt", ["(1,2)", "(2,1)"],
                                  "ALTER TYPE pt RENAME ATTRIBUTE x TO t; ALTER TYPE pt RENAME ATTRIBUTE y TO x; ALTER TYPE pt RENAME ATTRIBUTE t TO y", "(more).x = 1"),
    "a text became labels": ("CREATE TYPE st AS ENUM ('keep', 'go')", "text", ["keep", "go"], 'ALTER TABLE "Event" ALTER more TYPE st USING more::st', "more = 'go'"),
}


def change(table, what) -> None:
    for each in [what] if isinstance(what, str) else what:
        table.execute(each)


@pytest.mark.parametrize("how", MEANINGS)
def test_a_value_whose_name_means_another_one_since_is_refused(archiver, table, lake, container, how):
    made, column, values, changed, condition = MEANINGS[how]
    table.execute(made)
    archived(archiver, table, column, values)
    change(table, changed)
    must_refuse(archiver, lake, container, condition)
    assert archiver.run("cat", "--day", DAY, "--where", "event_id = 'e'", expect=0).stdout.count("\n") == 3


# Labels came, or another column did: the labels there were mean the same.
ADDED = {
    "a label at the end": "ALTER TYPE st ADD VALUE 'new'",
    "labels at both ends": ["ALTER TYPE st ADD VALUE 'new'", "ALTER TYPE st ADD VALUE 'first' BEFORE 'keep'"],
    "a column with labels": "CREATE TYPE other AS ENUM ('a', 'b'); ALTER TABLE \"Event\" ADD another other",
    "another column of another type": 'ALTER TABLE "Event" ALTER event_id TYPE varchar(99)',
}


@pytest.mark.parametrize("what", ADDED)
def test_labels_that_mean_the_same_are_judged(archiver, table, lake, container, what):
    table.execute("CREATE TYPE st AS ENUM ('keep', 'go')")
    archived(archiver, table, "st", ["keep", "go"])
    change(table, ADDED[what])
    receipt = json.loads(archiver.run("erase", "--where", "more = 'go'", "--yes", expect=0).stdout)
    assert receipt["rows_of_files"] == 1 and receipt["verified"]
    assert lake.get(container, FILE).count(b"keep") == 1 and b"go" not in lake.get(container, FILE)


RENAMED = {
    "two were exchanged": ["RENAME more TO x", "RENAME other TO more", "RENAME x TO other"],
    "a new one has the name": ["RENAME more TO old", "ADD more text"],
    "the next one has the name": ["RENAME more TO old", "RENAME other TO more"],
    "dropped and made again": ["DROP more", "ADD more text"],
}


@pytest.mark.parametrize("how", RENAMED)
def test_a_name_that_another_column_has_since_is_refused(archiver, table, lake, container, how):
    archived(archiver, table, "text, ADD other text", ["go"])
    for each in RENAMED[how]:
        table.execute(f'ALTER TABLE "Event" {each}')
    must_refuse(archiver, lake, container, "more = 'go'")
    assert archiver.run("cat", "--day", DAY, "--where", "event_id = 'e'", expect=0).stdout.count("\n") == 2


@pytest.mark.parametrize("how", ["ADD another text", "DROP other", "RENAME other TO another", "RENAME event_type TO kind", "DROP processed_at"])
def test_a_column_that_is_the_same_is_judged_whatever_became_of_others(archiver, table, lake, container, how):
    archived(archiver, table, "text, ADD other text", ["keep", "go"])
    table.execute(f'ALTER TABLE "Event" {how}')
    assert archiver.run("cat", "--day", DAY, "--where", "more = 'go'", expect=0).stdout.count("\n") == 2
    assert json.loads(archiver.run("erase", "--where", "more = 'go'", "-o", "json", expect=0).stdout)["rows_of_files"] == 1
