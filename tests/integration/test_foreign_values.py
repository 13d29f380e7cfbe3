"""Rows that others wrote are such as `restore` can bring back, or no row of ours goes behind them: a restore brings back the
rows of a file together."""
import base64
import gzip

import pytest

HEADER = b"id,event_id,event_type,created_at,processed_at,payload\n"
NAME = "events_2024-01-01.csv"
FIRST = b"900001,one,kind,2024-01-01 10:00:00,,{}\n"
LAST = b"900009,last,kind,2024-01-01 11:00:00,,{}\n"
AT = f"in row 3, at byte {len(HEADER + FIRST)}"
NOT_WRITTEN = "its value of column '{}' is not as type {} writes it"
BAD = {
    "a row twice": (FIRST, "a row has the same 'id' as row 2, and public."),
    "a key twice": (b"900001,two,kind,2024-01-01 10:00:01,,{}\n", "a row has the same 'id' as row 2"),
    "a time with a zone": (b"900002,two,kind,2024-01-01 10:00:00+00,,{}\n",
                           NOT_WRITTEN.format("created_at", "timestamp(3) without time zone")),
    "a time with more digits": (b"900002,two,kind,2024-01-01 10:00:00.1234,,{}\n",
                                NOT_WRITTEN.format("created_at", "timestamp(3) without time zone")),
    "another time with more digits": (b"900002,two,kind,2024-01-01 10:00:00,2024-01-01 10:00:00.12345,{}\n",
                                      NOT_WRITTEN.format("processed_at", "timestamp(3) without time zone")),
    "JSON in another spelling": (b'900002,two,kind,2024-01-01 10:00:00,,"{""a"":1}"\n', NOT_WRITTEN.format("payload", "jsonb")),
    "no JSON": (b"900002,two,kind,2024-01-01 10:00:00,,{\n", "its value of column 'payload' is not one of type jsonb"),
    "NULL where there is none": (b"900002,,kind,2024-01-01 10:00:00,,{}\n", NOT_WRITTEN.format("event_id", "text")),
}


def put(lake, container, how: str, content: bytes) -> str:
    """The file's name."""
    lake.create_container(container)
    if how == "append blob":
        lake.append_blob(container, NAME, content)
    elif how == "gzip":
        lake.put_blob(container, NAME + ".gz", gzip.compress(content))
        return NAME + ".gz"
    elif how == "block list":
        block = base64.b64encode(b"0123456789" * 3).decode()
        lake.put_block(container, NAME, block, content)
        lake.put_block_list(container, NAME, [block])
    else:
        lake.put_blob(container, NAME, content)
    return NAME


def must_be_refused(archiver, lake, container, name: str, sentence: str, table) -> None:
    before = lake.get(container, name), lake.head(container, name)
    rows = table.count()
    for arguments in ((), ("--dry-run",)):
        outcome = archiver.archive(*arguments, expect=3)
        assert f"'{name}' cannot be appended to: `restore` could not bring its rows back: {sentence}" in outcome.stderr, outcome.stderr
        assert AT in outcome.stderr and "Correct it, or move the file away" in outcome.stderr, outcome.stderr
    assert (lake.get(container, name), lake.head(container, name)) == before
    assert [blob.name for blob in lake.list(container)] == [name]
    assert table.count() == rows


@pytest.mark.parametrize("index", [True, False], ids=["by day", "one scan"])
@pytest.mark.parametrize("what", BAD)
def test_a_row_that_restore_would_refuse_is_refused_by_its_place(archiver, table, lake, container, what, index):
    table.fill(6, 2)
    if not index:
        table.execute("DROP INDEX public.\"Event_created_at\"")
    row, sentence = BAD[what]
    name = put(lake, container, "put blob", HEADER + FIRST + row + LAST)
    must_be_refused(archiver, lake, container, name, sentence, table)


@pytest.mark.parametrize("what", ["a row twice", "a time with a zone", "no JSON"])
@pytest.mark.parametrize("how", ["append blob", "gzip", "block list"])
def test_it_is_refused_in_whatever_blob_it_stands(archiver, table, lake, container, how, what):
    table.fill(6, 2)
    row, sentence = BAD[what]
    name = put(lake, container, how, HEADER + FIRST + row + LAST)
    must_be_refused(archiver, lake, container, name, sentence, table)


def test_it_is_refused_in_the_file_of_the_other_kind(archiver, table, lake, container):
    """Nothing is added to that file, but a restore of the day takes its rows as well."""
    archiver = archiver.with_settings({"ARCHIVE_COMPRESSION": "gzip"})
    table.fill(6, 2)
    archiver.archive()
    lake.put_blob(container, NAME, HEADER + FIRST + BAD["a key twice"][0])
    table.insert("2024-01-01 12:00:00")
    outcome = archiver.archive(expect=3)
    assert f"'{NAME}' cannot be appended to: `restore` could not bring its rows back: a row has the same 'id'" in outcome.stderr
    assert table.count() == 1


def test_rows_that_others_added_to_a_file_of_ours_are_judged(archiver, table, lake, container):
    table.fill(6, 2)
    archiver.archive()
    content = lake.get(container, NAME)
    lake.put_blob(container, NAME, content + b"900001,one,kind,2024-01-01 10:00:00.1234,,{}\n", lake.head(container, NAME).metadata)
    table.insert("2024-01-01 12:00:00")
    outcome = archiver.archive(expect=3)
    assert "its value of column 'created_at' is not as type" in outcome.stderr
    lake.put_blob(container, NAME, content + FIRST, lake.head(container, NAME).metadata)
    archiver.archive()
    archiver.run("restore", "--day=2024-01-01", expect=0)


TYPES = {
    "varchar": ("character varying(5)", b"abcdef", "is not as type character varying(5) writes it"),
    "numeric": ("numeric(5,2)", b"1.234", "is not as type numeric(5,2) writes it"),
    "numeric without zeros": ("numeric(5,2)", b"1.2", "is not as type numeric(5,2) writes it"),
    "numeric beyond its digits": ("numeric(5,2)", b"12345.00", "is not one of type numeric(5,2)"),
    "character": ("character(3)", b"ab", "is not as type character(3) writes it"),
    "boolean": ("boolean", b"true", "is not as type boolean writes it"),
    "date": ("date", b"2024-1-1", "is not as type date writes it"),
    "timestamptz": ("timestamptz(0)", b"2024-01-01 10:00:00.4+00", "is not as type timestamp(0) with time zone writes it"),
    "array": ("integer[]", b'"{1, 2}"', "is not as type integer[] writes it"),
    "enum": ("public.mood", b"sad", "is not one of type public.mood"),
    "domain": ("public.positive", b"-1", "is not one of type public.positive"),
    "interval": ("interval", b"90 min", "is not as type interval writes it"),
    "check": ("integer CHECK (\"note\" < 10)", b"11", "it violates the constraint 't_note_check' of public.t"),
    "unique": ("integer UNIQUE", b"5", "a row has the same 'note' as row 2, and public.t may have it once"),
    "name": ("regclass", b"no_such_table", "is not one of type regclass"),
}


@pytest.mark.parametrize("what", TYPES)
def test_values_of_other_types(archiver, database, lake, container, what):
    kind, bad, sentence = TYPES[what]
    with database.connection.cursor() as cursor:
        cursor.execute("CREATE TYPE public.mood AS ENUM ('fine'); CREATE DOMAIN public.positive AS integer CHECK (VALUE > 0)")
        cursor.execute(f"CREATE TABLE public.t (id integer PRIMARY KEY, created_at timestamp NOT NULL, note {kind})")
        cursor.execute("INSERT INTO public.t VALUES (1, '2024-01-01 12:00:00', NULL)")
    archiver = archiver.with_settings({"ARCHIVE_TABLE": "public.t"})
    first = b"5" if what == "unique" else b""
    good = b"id,created_at,note\n7,2024-01-01 10:00:00," + first + b"\n"
    put(lake, container, "put blob", good + b"8,2024-01-01 10:00:00," + bad + b"\n")
    outcome = archiver.archive(expect=3)
    assert sentence in outcome.stderr and f"in row 3, at byte {len(good)}" in outcome.stderr, outcome.stderr
    assert bad.decode() + "'" not in outcome.stderr
    lake.put_blob(container, NAME, good)
    archiver.archive()
    archiver.run("restore", "--day=2024-01-01", expect=0)


def test_two_nulls_of_an_index_that_takes_one(archiver, database, lake, container):
    with database.connection.cursor() as cursor:
        cursor.execute("""CREATE TABLE public.t (id integer PRIMARY KEY, created_at timestamp NOT NULL, note text, UNIQUE NULLS NOT DISTINCT (note));
                          INSERT INTO public.t VALUES (1, '2024-01-01 12:00:00', 'mine')""")
    archiver = archiver.with_settings({"ARCHIVE_TABLE": "public.t"})
    good = b'id,created_at,note\n7,2024-01-01 10:00:00,\n8,2024-01-01 10:00:00,""\n'
    put(lake, container, "put blob", good + b"9,2024-01-01 10:00:00,\n")
    assert "a row has the same 'note' as row 2, and public.t may have it once" in archiver.archive(expect=3).stderr
    lake.put_blob(container, NAME, good)
    archiver.archive()
    archiver.run("restore", "--day=2024-01-01", expect=0)


@pytest.mark.parametrize("name", ["event_archiver_n", "event_archiver_why", "event_archiver_0", "event_archiver_texts"])
def test_a_name_that_the_program_uses_too_is_no_failure(archiver, database, lake, container, name):
    with database.connection.cursor() as cursor:
        cursor.execute(f'CREATE TABLE public.{name} (id integer PRIMARY KEY, created_at timestamp NOT NULL, {name} integer CHECK ({name} < 10))')
        cursor.execute(f"INSERT INTO public.{name} VALUES (1, '2024-01-01 12:00:00', 1)")
    archiver = archiver.with_settings({"ARCHIVE_TABLE": f"public.{name}"})
    good = f"id,created_at,{name}\n7,2024-01-01 10:00:00,5\n".encode()
    put(lake, container, "put blob", good + b"8,2024-01-01 10:00:00,11\n")
    assert "it violates the constraint" in archiver.archive(expect=3).stderr
    lake.put_blob(container, NAME, good)
    archiver.archive()


def test_keys_beyond_the_memory_are_compared_in_passes(archiver, table, lake, container):
    """In a file of others with more keys than fit, two that are far apart."""
    table.insert("2024-01-01 01:00:00")
    rows = [b"%d,e,k,2024-01-01 10:00:00,,{}\n" % (900_000 + n) for n in range(200_000)]
    put(lake, container, "put blob", HEADER + b"".join(rows) + rows[7])
    outcome = archiver.archive(settings={"ARCHIVE_MEMORY": "8MiB"}, expect=3)
    assert "a row has the same 'id' as row 9, and public." in outcome.stderr and f"may have it once, in row {len(rows) + 2}, " in outcome.stderr
    lake.put_blob(container, NAME, HEADER + b"".join(rows))
    archiver.archive(settings={"ARCHIVE_MEMORY": "32MiB"})
    assert table.count() == 0
