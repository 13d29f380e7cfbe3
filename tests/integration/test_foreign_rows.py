"""Rows of a file that others wrote, or changed: each must be one that COPY reads as a row of the table and of the day, or no
row of ours goes behind it. What is refused is what `verify` calls wrong."""
import gzip
import json

import pytest

from support.scene import with_crlf

HEADER = b"id,event_id,event_type,created_at,processed_at,payload\n"
NAME = "events_2024-01-01.csv"
FIRST = b"900001,one,kind,2024-01-01 10:00:00,,{}\n"
LAST = b"900009,last,kind,2024-01-01 11:00:00,,{}\n"
MARK = b"\xef\xbb\xbf"
PLACE = f"in row 3, at byte {len(HEADER + FIRST)}"

# What stands between two good rows, and what must be said of it.
BAD = {
    "too few fields": (b"900002,two,kind,2024-01-01 10:00:00,{}\n", f"a row of 5 fields where the header has 6, {PLACE}"),
    "too many fields": (b"900002,two,kind,2024-01-01 10:00:00,,{},\n", f"a row of 7 fields where the header has 6, {PLACE}"),
    "a time of another day": (b"900002,two,kind,2024-01-02 00:00:00,,{}\n", f"its time is not of this day, {PLACE}"),
    "a time of Excel": (b"900002,two,kind,45292.5,,{}\n", f"its time is not as PostgreSQL writes it (YYYY-MM-DD HH:MM:SS), {PLACE}"),
    "a time in another spelling": (b"900002,two,kind,01/01/2024 10:00,,{}\n", "its time is not as PostgreSQL writes it"),
    "a time with zeros": (b"900002,two,kind,2024-01-01 10:00:00.000,,{}\n", "its time is not as PostgreSQL writes it"),
    "no time": (b"900002,two,kind,,,{}\n", "its time is not as PostgreSQL writes it"),
    "a key that is no number": (b"two,two,kind,2024-01-01 10:00:00,,{}\n", f"its key 'id' is not of type integer as PostgreSQL writes it, {PLACE}"),
    "a key beyond its type": (b"2147483648,two,kind,2024-01-01 10:00:00,,{}\n", "its key 'id' is not of type integer"),
    "no key": (b",two,kind,2024-01-01 10:00:00,,{}\n", f"its key 'id' is NULL, {PLACE}"),
    "an empty key": (b'"",two,kind,2024-01-01 10:00:00,,{}\n', "its key 'id' is not of type integer"),
    "a blank line": (b"\n", f"a row of 1 fields where the header has 6, {PLACE}"),
    "a second header": (HEADER, f"its key 'id' is not of type integer as PostgreSQL writes it, {PLACE}"),
    "a second byte order mark": (MARK + HEADER, "its key 'id' is not of type integer"),
    "the end of COPY": (b"\\.\n", "a row of 1 fields where the header has 6"),
    "semicolons": (b"900002;two;kind;2024-01-01 10:00:00;;{}\n", "a row of 1 fields where the header has 6"),
    "Latin-1": (b"900002,caf\xe9,kind,2024-01-01 10:00:00,,{}\n", f"a byte that is not UTF-8, in row 3, at byte {len(HEADER + FIRST) + 10}"),
    "a zero byte": (b"900002,tw\0o,kind,2024-01-01 10:00:00,,{}\n", f"a zero byte, in row 3, at byte {len(HEADER + FIRST) + 9}"),
    "a stray quote": (b'900002,tw"o,kind,2024-01-01 10:00:00,,{}\n', "a quote inside an unquoted field, in row 3"),
}


def verified(archiver, expect: int) -> set:
    report = json.loads(archiver.run("verify", "-o", "json", expect=expect).stdout)
    return {(one["kind"], one["row"]) for day in report["days"] for one in day["differences"]}


def put(lake, container, how: str, content: bytes) -> str:
    """The file's name."""
    lake.create_container(container)
    if how == "append blob":
        lake.append_blob(container, NAME, content)
    elif how == "gzip":
        lake.put_blob(container, NAME + ".gz", gzip.compress(content))
        return NAME + ".gz"
    else:
        lake.put_blob(container, NAME, with_crlf(content) if how == "crlf" else content)
    return NAME


def must_be_refused(archiver, lake, container, name: str, sentence: str, rows: int, table) -> None:
    before = lake.get(container, name), lake.head(container, name)
    for arguments in ((), ("--dry-run",)):
        outcome = archiver.archive(*arguments, expect=3)
        assert f"'{name}' cannot be appended to: it is not well-formed CSV: " in outcome.stderr, outcome.stderr
        assert sentence in outcome.stderr and "Fix the file, or move it away" in outcome.stderr, outcome.stderr
    assert (lake.get(container, name), lake.head(container, name)) == before
    assert [blob.name for blob in lake.list(container)] == [name]
    assert table.count() == rows


@pytest.mark.sampled
@pytest.mark.parametrize("what", BAD)
def test_a_row_that_does_not_belong_is_refused_by_its_place(archiver, table, lake, container, what):
    table.fill(6, 2)
    row, sentence = BAD[what]
    name = put(lake, container, "put blob", HEADER + FIRST + row + LAST)
    must_be_refused(archiver, lake, container, name, sentence, 6, table)
    assert 3 in {at for _, at in verified(archiver, 7)}


@pytest.mark.parametrize("what", ["too few fields", "a time of another day", "no key", "Latin-1"])
@pytest.mark.parametrize("how", ["append blob", "gzip"])
def test_it_is_refused_in_whatever_blob_it_stands(archiver, table, lake, container, how, what):
    table.fill(6, 2)
    row, sentence = BAD[what]
    name = put(lake, container, how, HEADER + FIRST + row + LAST)
    must_be_refused(archiver, lake, container, name, sentence, 6, table)


def test_it_is_refused_where_lines_end_in_crlf(archiver, table, lake, container):
    table.fill(6, 2)
    name = put(lake, container, "crlf", HEADER + FIRST + b"900002,two,kind\n" + LAST)
    must_be_refused(archiver, lake, container, name, "a row of 3 fields where the header has 6, in row 3, at byte "
                    f"{len(with_crlf(HEADER + FIRST))}", 6, table)


def test_it_is_refused_as_the_last_row_without_its_newline(archiver, table, lake, container):
    table.fill(6, 2)
    name = put(lake, container, "put blob", HEADER + FIRST + b"900002,two,kind,2024-01-01 10:0")
    must_be_refused(archiver, lake, container, name, "a row of 4 fields", 6, table)


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_a_file_of_ours_that_somebody_edited_is_judged_again(archiver, table, lake, container, compression):
    """The mark is still there, as a tool that keeps metadata leaves it: it speaks of other bytes."""
    archiver = archiver.with_settings({"ARCHIVE_COMPRESSION": compression})
    table.fill(6, 2)
    archiver.archive()
    name = NAME + (".gz" if compression == "gzip" else "")
    content = lake.get(container, name)
    if compression == "gzip":
        content = gzip.decompress(content)
    edited = content + b"900002,two,kind,45292.5,,{}\n"
    lake.put_blob(container, name, gzip.compress(edited) if compression == "gzip" else edited, lake.head(container, name).metadata)
    table.fill(6, 2, seed="b")
    before = lake.get(container, name)
    outcome = archiver.archive(expect=3)
    assert f"'{name}' cannot be appended to: it is not well-formed CSV: its time is not as PostgreSQL writes it" in outcome.stderr
    assert lake.get(container, name) == before and table.count() == 6


@pytest.mark.parametrize("name, ddl, good, bad", [
    ("uuid", "id uuid PRIMARY KEY, created_at timestamptz NOT NULL, note text",
     b"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11,2024-01-01 10:00:00.5+00,x\n", b"A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A12,2024-01-01 10:00:00+00,x\n"),
    ("text", "note text, created_at timestamp NOT NULL, id text PRIMARY KEY",
     b'x,2024-01-01 10:00:00,""\nx,2024-01-01 10:00:00,"a ""b"", c"\n', b"x,2024-01-01 10:00:00,\n"),
    ("smallint", "id smallint PRIMARY KEY, created_at timestamp NOT NULL, note text",
     b"-7,2024-01-01 10:00:00,x\n", b"007,2024-01-01 10:00:00,x\n"),
])
def test_keys_of_other_types(archiver, database, lake, container, name, ddl, good, bad):
    with database.connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE public.t ({ddl})")
        value = {"uuid": "gen_random_uuid()", "text": "'k'", "smallint": "1"}[name]
        cursor.execute(f"INSERT INTO public.t (id, created_at, note) VALUES ({value}, '2024-01-01 12:00:00', 'ours')")
    archiver = archiver.with_settings({"ARCHIVE_TABLE": "public.t", "ARCHIVE_KEY_COLUMN": "id"})
    header = b"note,created_at,id\n" if name == "text" else b"id,created_at,note\n"
    put(lake, container, "put blob", header + good + bad)
    outcome = archiver.archive(expect=3)
    assert "its key 'id' is " in outcome.stderr and f"in row {good.count(10) + 2}, at byte {len(header + good)}" in outcome.stderr
    lake.put_blob(container, NAME, header + good)
    archiver.archive()
    archiver.run("verify", expect=0)
    assert lake.get(container, NAME).startswith(header + good)


def test_what_copy_reads_all_the_same_is_adopted(archiver, table, lake, container):
    """A byte order mark, quotes that nobody needs, mixed line ends inside them, no newline at the end."""
    table.fill(6, 2)
    content = (MARK + HEADER + FIRST + b'"900002","a\r\nb\nc\rd","kind","2024-01-01 10:00:00","","{}"\n'.replace(b',"",', b",,")
               + LAST[:-1])
    put(lake, container, "put blob", content)
    archiver.archive()
    assert lake.get(container, NAME).startswith(content + b"\n")
    archiver.run("verify", expect=0)
    archiver.run("restore", "--day=2024-01-01", '--into=public."Back"', expect=0)
    archiver.run("restore", "--day=2024-01-01", expect=0)
    assert table.execute('SELECT event_id FROM public."Back" WHERE id = 900002') == [("a\r\nb\nc\rd",)]
