"""Rows that others wrote into a day's file, or that have lost their mark, while the table still has them: each is in the file once,
or the run says which row needs a person."""
import csv
import gzip
import io
import re

import pytest

from support.scene import YOUNG, Kind

NAME = "events_2024-01-01.csv"
INDEX = pytest.mark.parametrize("index", [True, False], ids=["by day", "one scan"])
OLD = "created_at < '2025-01-01'"
FIRST_DAY = "created_at < '2024-01-02'"


def file_of(compression: str) -> str:
    return NAME + (".gz" if compression == "gzip" else "")


def other_than(compression: str) -> str:
    return "none" if compression == "gzip" else "gzip"


def text_of(scene, name: str = NAME) -> bytes:
    content = scene.lake.get(scene.container, name)
    return gzip.decompress(content) if name.endswith(".gz") else content


def contents(scene) -> dict:
    return {blob.name: scene.lake.get(scene.container, blob.name) for blob in scene.lake.list(scene.container)}


def rows_of(scene, condition: str) -> bytes:
    """Rows of the table as CSV."""
    out = io.StringIO()
    with scene.database.connection.cursor() as cursor:
        cursor.copy_expert(f'COPY (SELECT * FROM public."Event" WHERE {condition} ORDER BY id) TO STDOUT (FORMAT csv)', out)
    return out.getvalue().encode()


def in_files(scene) -> list:
    """All rows of all files of days."""
    texts = [text_of(scene, name).decode() for name in contents(scene) if name.startswith("events_")]
    return [tuple(row) for text in texts for row in list(csv.reader(io.StringIO(text, newline="")))[1:]]


def must_hold_once(scene, rows: int) -> None:
    found = in_files(scene)
    assert len(found) == rows and len(set(row[0] for row in found)) == rows
    assert scene.table.count() == YOUNG
    scene.plain.run("verify", expect=0)


def forget_mark(scene, name: str) -> None:
    scene.lake.put_blob(scene.container, name, scene.lake.get(scene.container, name))


def write_behind(scene, name: str, rows: bytes, how: str = "one blob") -> None:
    """Somebody adds rows to a file of ours and keeps its metadata."""
    blob = scene.lake.head(scene.container, name)
    content = scene.lake.get(scene.container, name)
    content += gzip.compress(rows) if name.endswith(".gz") else rows
    if how != "a block":
        scene.lake.put_blob(scene.container, name, content, blob.metadata)
        return
    ids = [block for block, _ in scene.lake.block_list(scene.container, name)]
    more = ids[0][::-1] if ids[0] != ids[0][::-1] else ids[0].swapcase()
    scene.lake.put_block(scene.container, name, more, content[blob.size:])
    scene.lake.put_block_list(scene.container, name, [*ids, more], blob.metadata)


def must_need_a_person(scene, outcome, row: int, name: str) -> None:
    assert outcome.code == 7, str(outcome)
    said = outcome.events("run.error")[0]
    assert f"row {row} is in '{name}'" in said["msg"] and "other content" in said["msg"], str(outcome)
    assert "then remove one" in said["error.hint"]


# --- Other content under a key ---


@INDEX
@pytest.mark.parametrize("how", ["dry run", "restored"])
@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_a_row_that_was_corrected_is_not_archived_beside_one_that_lost_its_mark(scene, index, how, compression):
    scene.begin(Kind(before=8 if how == "restored" else 0, rows=0 if how == "restored" else 8, days=2, index=index,
                     compression=compression, restored=how == "restored"))
    if how == "dry run":
        scene.plain.archive("--dry-run")
    for blob in scene.lake.list(scene.container):
        forget_mark(scene, blob.name)
    row = scene.table.value(f'UPDATE public."Event" SET event_type = \'corrected\' WHERE id = (SELECT min(id) FROM public."Event" WHERE {FIRST_DAY}) RETURNING id')
    before = contents(scene)
    outcome = scene.run("archive")
    if how == "restored" and index:  # the ledger knows what the mark no longer says, before a row is read
        assert outcome.code == 7 and "were restored into the table" in outcome.stderr, str(outcome)
    else:
        must_need_a_person(scene, outcome, row, file_of(compression))
    assert contents(scene) == before and scene.table.count() == 8 + YOUNG
    # Either answer helps: here the file's row counts.
    scene.table.execute('DELETE FROM public."Event" WHERE id = %s', (row,))
    if how == "restored":
        for blob in scene.lake.list(scene.container):
            scene.plain.run("recover", "--keep", blob.name, expect=0)
    scene.plain.archive()
    assert contents(scene) == before
    must_hold_once(scene, 8)


@INDEX
@pytest.mark.parametrize("preferred", ["none", "gzip"])
def test_a_row_of_the_file_of_the_other_kind_that_was_corrected(scene, index, preferred):
    scene.begin(Kind(rows=8, days=1, index=index, compression=other_than(preferred)))
    scene.plain.archive("--dry-run")
    name = file_of(other_than(preferred))
    forget_mark(scene, name)
    own = {"ARCHIVE_COMPRESSION": preferred}
    header = text_of(scene, name).split(b"\n")[0] + b"\n"
    scene.lake.put_blob(scene.container, file_of(preferred), gzip.compress(header) if preferred == "gzip" else header)
    row = scene.table.value(f'UPDATE public."Event" SET payload = \'{{"new": 1}}\' WHERE id = (SELECT max(id) FROM public."Event" WHERE {OLD}) RETURNING id')
    before = contents(scene)
    must_need_a_person(scene, scene.run("archive", settings=own), row, name)
    assert contents(scene) == before and scene.table.count() == 8 + YOUNG


@INDEX
def test_the_file_that_allows_no_second_row_decides(scene, index):
    """A key of a file of ours may be used again; the other kind's file, of others, has it as well."""
    scene.begin(Kind(before=8, days=2, rows=0, index=index))
    header = text_of(scene).split(b"\n")[0] + b"\n"
    (row,) = scene.table.execute(f"""INSERT INTO public."Event" SELECT * FROM oracle.original WHERE {OLD} ORDER BY id LIMIT 1 RETURNING id""")[0]
    scene.table.execute('UPDATE public."Event" SET event_type = %s WHERE id = %s', ("theirs", row))
    scene.lake.put_blob(scene.container, NAME + ".gz", gzip.compress(header + rows_of(scene, f"id = {row}")))
    scene.table.execute('UPDATE public."Event" SET event_type = %s WHERE id = %s', ("again", row))
    before = contents(scene)
    must_need_a_person(scene, scene.run("archive"), row, NAME + ".gz")
    assert contents(scene) == before


# --- Behind the bytes that a mark knows ---


@pytest.mark.parametrize("checksum", ["of the CSV", "of the bytes"])
@pytest.mark.parametrize("late", [True, False], ids=["late rows", "new rows"])
def test_a_compressed_file_of_ours_that_others_wrote_again_needs_a_person(scene, late, checksum):
    """Its mark knows other rows. An earlier version's knows other bytes: whether our rows are still in it cannot be told, only counted. Late rows are looked for in the file besides."""
    scene.begin(Kind(before=8, days=2, rows=4, compression="gzip"))
    name = NAME + ".gz"
    if not late:
        before_of_mark(scene, name, "2024-01-01T00:00:00")
    mark = scene.lake.head(scene.container, name).metadata
    if checksum == "of the bytes":
        mark = mark | {"archiverlast": re.sub(",csvcrc=[0-9a-f]+", "", mark["archiverlast"])}
    text = text_of(scene, name).replace(b"2024-01-01 0", b"2024-01-01 1", 1) + b"5001,e,t,2024-01-01 23:30:00,,{}\n"
    scene.lake.put_blob(scene.container, name, gzip.compress(text, 1), mark)
    before = contents(scene)
    outcome = scene.run("archive")
    assert outcome.code == 7 and f"'{name}' was changed by somebody else" in outcome.stderr, str(outcome)
    assert contents(scene) == before and scene.table.count() == 4 + YOUNG


@INDEX
@pytest.mark.parametrize("how", ["one blob", "a block"])
@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_rows_that_others_wrote_behind_ours_and_the_table_still_has(scene, index, how, compression):
    scene.begin(Kind(before=8, days=2, rows=0, index=index, compression=compression))
    scene.table.fill(6, 1, seed="evening")
    scene.table.execute(f"UPDATE public.\"Event\" SET created_at = timestamp '2024-01-01 23:30' + (id % 60) * interval '1 second' WHERE {OLD}")
    before_of_mark(scene, file_of(compression), "2024-01-01T22:00:00")
    write_behind(scene, file_of(compression), rows_of(scene, OLD), how)
    outcome = scene.plain.archive()
    assert outcome.summary["rows_recognised"] == 6 and outcome.summary["rows"] == 0, str(outcome)
    must_hold_once(scene, 14)


def before_of_mark(scene, name: str, time: str) -> None:
    """As if the file's rows had been archived when the day was not over."""
    metadata = dict(scene.lake.head(scene.container, name).metadata)
    fields = [f"before={time}" if field.startswith("before=") else field for field in metadata["archiverlast"].split(",")]
    scene.lake.set_metadata(scene.container, name, {**metadata, "archiverlast": ",".join(fields)})


@INDEX
def test_some_of_the_rows_that_others_wrote_are_not_due_yet(scene, index):
    """First none of them is due, then some, then all: none is ever in the file twice."""
    scene.begin(Kind(rows=0, index=index))
    day = scene.table.value("SELECT (now() AT TIME ZONE 'UTC')::date - 40")
    scene.table.execute("""INSERT INTO public."Event" SELECT 1000 + i, 'e' || i, 't', %s::timestamp + make_interval(hours => i), NULL, '{}'
                           FROM generate_series(1, 20) AS i""", (day,))
    archive_until(scene, day, 4)
    name = f"events_{day}.csv"
    write_behind(scene, name, rows_of(scene, f"created_at >= timestamp '{day} 10:30' AND created_at < '{day} 20:30'"))
    for hour in (8, 13, 24):
        archive_until(scene, day, hour)
    found = in_files(scene)
    assert len(found) == len(set(found)) == 20 and scene.table.count() == YOUNG
    scene.plain.run("verify", expect=0)


def archive_until(scene, day, hour: int) -> None:
    since = scene.table.value("SELECT extract(epoch FROM now() AT TIME ZONE 'UTC' - (%s::timestamp + make_interval(hours => %s) + interval '30 minutes'))::bigint",
                              (day, hour))
    scene.plain.archive(settings={"EVENT_RETENTION_PERIOD": f"{since} seconds"})


@INDEX
@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_rows_behind_ours_in_the_file_of_the_other_kind(scene, index, compression):
    scene.begin(Kind(before=8, days=2, rows=0, index=index, compression=compression))
    name = file_of(compression)
    preferred = {"ARCHIVE_COMPRESSION": other_than(compression)}
    header = text_of(scene, name).split(b"\n")[0] + b"\n"
    scene.lake.put_blob(scene.container, file_of(preferred["ARCHIVE_COMPRESSION"]),
                        header if compression == "gzip" else gzip.compress(header))
    scene.table.execute("""INSERT INTO public."Event" SELECT 5000 + i, 'e' || i, 't', timestamp '2024-01-01 23:30' + make_interval(secs => i), NULL, '{}'
                           FROM generate_series(1, 6) AS i""")
    before_of_mark(scene, name, "2024-01-01T22:00:00")
    write_behind(scene, name, rows_of(scene, f"{OLD} AND id <= 5004"))
    outcome = scene.plain.archive(settings=preferred)
    assert outcome.summary["rows_recognised"] == 4 and outcome.summary["rows"] == 2, str(outcome)
    must_hold_once(scene, 14)


@INDEX
@pytest.mark.parametrize("kind", ["the day's file", "the file of the other kind"])
def test_a_row_behind_ours_that_was_corrected(scene, index, kind):
    scene.begin(Kind(before=8, days=2, rows=0, index=index))
    settings = {}
    if kind != "the day's file":
        settings["ARCHIVE_COMPRESSION"] = "gzip"
        scene.lake.put_blob(scene.container, NAME + ".gz", gzip.compress(text_of(scene).split(b"\n")[0] + b"\n"))
    scene.table.execute("""INSERT INTO public."Event" VALUES (5001, 'e', 't', '2024-01-01 23:30:00', NULL, '{}')""")
    before_of_mark(scene, NAME, "2024-01-01T22:00:00")
    write_behind(scene, NAME, rows_of(scene, OLD))
    scene.table.execute("""UPDATE public."Event" SET processed_at = '2024-01-02 00:00:00' WHERE id = 5001""")
    before = contents(scene)
    must_need_a_person(scene, scene.run("archive", settings=settings), 5001, NAME)
    assert contents(scene) == before and scene.table.count() == 1 + YOUNG


# --- Many of them ---


def many(scene, rows: int) -> None:
    scene.table.execute("""INSERT INTO public."Event" SELECT 100000 + i, 'e', 't', timestamp '2024-01-01' + make_interval(secs => i / 4.0), NULL, '{}'
                           FROM generate_series(1, %s) AS i""", (rows,))


LITTLE = {"ARCHIVE_MEMORY": "4MiB"}
FITS = 40_000  # rows that take less than half of it, and more than a quarter


@INDEX
@pytest.mark.parametrize("where", ["the day's file", "the file of the other kind", "behind ours"])
def test_many_rows_of_others_are_compared(scene, index, where):
    scene.begin(Kind(rows=0, index=index))
    settings = dict(LITTLE)
    own = 0
    if where == "behind ours":
        own = 1
        scene.table.execute("""INSERT INTO public."Event" VALUES (5001, 'e', 't', '2024-01-01 00:00:00', NULL, '{}')""")
        scene.plain.archive()
        before_of_mark(scene, NAME, "2024-01-01T00:00:00.001")
        many(scene, FITS)
        write_behind(scene, NAME, rows_of(scene, OLD))
    else:
        many(scene, FITS)
        scene.plain.archive("--dry-run")
        forget_mark(scene, NAME)
        if where != "the day's file":
            settings["ARCHIVE_COMPRESSION"] = "gzip"
            scene.lake.put_blob(scene.container, NAME + ".gz", gzip.compress(text_of(scene).split(b"\n")[0] + b"\n"))
    scene.table.execute("""INSERT INTO public."Event" VALUES (5002, 'new', 't', '2024-01-01 23:00:00', NULL, '{}')""")
    outcome = scene.plain.archive(settings=settings)
    assert outcome.summary["rows_recognised"] == FITS and outcome.summary["rows"] == 1, str(outcome)
    assert outcome.peak_bytes < 64 << 20
    must_hold_once(scene, FITS + own + 1)


def test_more_rows_of_others_than_can_be_compared_end_the_run(scene):
    scene.begin(Kind(rows=0))
    many(scene, 2 * FITS)
    scene.plain.archive("--dry-run")
    forget_mark(scene, NAME)
    before = contents(scene)
    outcome = scene.run("archive", settings=LITTLE)
    assert outcome.code == 3 and NAME in outcome.stderr and "Raise ARCHIVE_MEMORY" in outcome.stderr, str(outcome)
    assert contents(scene) == before and scene.table.count() == 2 * FITS + YOUNG
    scene.plain.archive(settings={"ARCHIVE_MEMORY": "8MiB"})
    assert contents(scene) == before
    must_hold_once(scene, 2 * FITS)


@INDEX
def test_a_corrected_row_among_many_of_others(scene, index):
    scene.begin(Kind(rows=0, index=index))
    many(scene, FITS)
    scene.plain.archive("--dry-run")
    forget_mark(scene, NAME)
    scene.table.execute("UPDATE public.\"Event\" SET event_type = 'corrected' WHERE id = 130000")
    before = contents(scene)
    must_need_a_person(scene, scene.run("archive", settings=LITTLE), 130000, NAME)
    assert contents(scene) == before
