"""A reader holds a row whole: a row of others may take ARCHIVE_MEMORY and no more, one of ours what its mark says."""
import gzip
import zlib

import pytest

HEADER = b"id,event_id,event_type,created_at,processed_at,payload\n"
NAME = "events_2024-01-01.csv"
ROW = b"900001,one,kind,2024-01-01 10:00:00,,{}\n"
MEMORY = {"ARCHIVE_MEMORY": "8MiB"}
PEAK = 56 << 20
BOMB = 400 << 20


def packed(*parts) -> bytes:
    """gzip of parts, each bytes or (bytes, times)."""
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    made = b""
    for part in parts:
        content, times = part if isinstance(part, tuple) else (part, 1)
        for _ in range(times):
            made += packer.compress(content)
    return made + packer.flush()


MIB = 1 << 20
BOMBS = {
    "a field of one row": (NAME + ".gz", packed(HEADER + ROW + b'900002,"', (b"x" * MIB, BOMB // MIB), b'",kind,2024-01-01 10:00:00,,{}\n')),
    "a quote that is never closed": (NAME + ".gz", packed(HEADER + ROW + b'900002,"', (b"a,b,c\n" * (MIB // 6), BOMB // MIB))),
    "a row without its newline": (NAME + ".gz", packed(HEADER + ROW + b"900002,", (b"," * MIB, BOMB // MIB))),
    "several members": (NAME + ".gz", packed(HEADER + ROW) + packed(b'900002,"') + packed((b"x" * MIB, BOMB // MIB)) + packed(b'"\n')),
    "a plain file": (NAME, HEADER + ROW + b'900002,"' + b"x" * (60 * MIB) + b'",kind,2024-01-01 10:00:00,,{}\n'),
}


@pytest.mark.parametrize("what", BOMBS)
def test_a_row_beyond_the_memory_ends_the_run_by_its_place(archiver, table, lake, container, what):
    table.fill(6, 2)
    name, content = BOMBS[what]
    lake.create_container(container)
    lake.put_blob(container, name, content)
    before = lake.head(container, name)
    place = f"in row 3, at byte {len(HEADER + ROW)}"
    for command in (["archive"], ["archive", "--dry-run"], ["verify"], ["restore", "--day=2024-01-01"],
                    ["restore", "--day=2024-01-01", '--into=public."Back"']):
        outcome = archiver.run(*command, settings=MEMORY, expect=3)
        assert f"'{name}' cannot be read: a row of more than {8 * MIB} bytes, {place}" in outcome.stderr, outcome.stderr
        assert "Raise it if the row is correct" in outcome.stderr
        assert outcome.peak_bytes < PEAK, f"{command}: {outcome.peak_bytes >> 20} MiB"
    archiver.run("list", settings=MEMORY, expect=0)
    assert lake.head(container, name) == before and [blob.name for blob in lake.list(container)] == [name]
    assert table.count() == 6


def test_a_first_line_without_end_is_not_a_header(archiver, table, lake, container):
    table.fill(6, 2)
    lake.create_container(container)
    lake.put_blob(container, NAME + ".gz", packed((b"," * MIB, BOMB // MIB)))
    for command in ("archive", "verify"):
        outcome = archiver.run(command, settings=MEMORY, expect=3)
        assert f"a row of more than {8 * MIB} bytes, in row 1, at byte 0" in outcome.stderr
        assert outcome.peak_bytes < PEAK, f"{outcome.peak_bytes >> 20} MiB"
    # Within the limit it is a header of very many columns.
    lake.put_blob(container, NAME + ".gz", packed((b"," * MIB, 7)))
    outcome = archiver.archive(settings=MEMORY, expect=3)
    assert "it is longer than the names of all columns" in outcome.stderr
    assert outcome.peak_bytes < PEAK, f"{outcome.peak_bytes >> 20} MiB"


def test_an_append_blob_with_such_a_row_is_not_converted(archiver, table, lake, container):
    table.fill(6, 2)
    lake.create_container(container)
    lake.append_blob(container, NAME + ".gz", BOMBS["a field of one row"][1])
    outcome = archiver.archive(settings=MEMORY, expect=3)
    assert "cannot be read: a row of more than" in outcome.stderr and outcome.peak_bytes < PEAK
    assert lake.head(container, NAME + ".gz").kind == "AppendBlob"
    assert [blob.name for blob in lake.list(container)] == [NAME + ".gz"]


def test_very_many_small_rows_stream_through_however_small_they_are_stored(archiver, table, lake, container):
    """A thousand to one."""
    table.insert("2024-01-01 01:00:00")
    lake.create_container(container)
    rows = 2_000_000
    lake.put_blob(container, NAME + ".gz", packed(HEADER, (ROW * 1_000, rows // 1_000)))
    outcome = archiver.run("verify", settings=MEMORY, expect=7)  # one key, very often
    assert outcome.peak_bytes < PEAK, f"verify: {outcome.peak_bytes >> 20} MiB"
    outcome = archiver.archive(settings=MEMORY, expect=3)
    assert outcome.peak_bytes < PEAK and "a row has the same 'id' as row 2" in outcome.stderr, f"archive: {outcome.peak_bytes >> 20} MiB"


def test_a_row_of_others_may_take_the_memory(archiver, table, lake, container, oracle):
    table.fill(6, 2)
    lake.create_container(container)
    lake.put_blob(container, NAME, HEADER + b'900002,"' + b"x" * (7 * MIB) + b'",kind,2024-01-01 10:00:00,,{}\n')
    archiver.archive(settings=MEMORY)
    archiver.run("verify", settings=MEMORY, expect=0)
    archiver.run("restore", "--day=2024-01-01", settings=MEMORY, expect=0)
    assert table.value('SELECT length(event_id) FROM "Event" WHERE id = 900002') == 7 * MIB


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_a_row_of_ours_may_be_larger_than_the_memory(archiver, table, lake, container, compression):
    """It costs a small multiple of itself, and can be read again for as long as the file is as we left it."""
    settings = {**MEMORY, "ARCHIVE_COMPRESSION": compression}
    name = NAME + (".gz" if compression == "gzip" else "")
    large = 24 * MIB
    table.insert("2024-01-01 01:00:00", event_id="x" * large)
    archiver.archive(settings=settings)
    assert lake.head(container, name).size < large or compression == "none"
    table.insert("2024-01-01 02:00:00")
    archiver.archive(settings=settings)
    outcome = archiver.run("verify", settings=settings, expect=0)
    assert outcome.peak_bytes < PEAK + 4 * large, f"{outcome.peak_bytes >> 20} MiB"
    archiver.run("restore", "--day=2024-01-01", '--into=public."Back"', settings=settings, expect=0)
    assert table.value('SELECT max(length(event_id)) FROM public."Back"') == large
    # Once somebody has changed it, nobody vouches for its rows.
    content = lake.get(container, name)
    added = b"900002,two,kind,2024-01-01 10:00:00,,{}\n"
    lake.put_blob(container, name, content + (gzip.compress(added) if compression == "gzip" else added), lake.head(container, name).metadata)
    outcome = archiver.run("verify", settings=settings, expect=3)
    assert f"'{name}' cannot be read: a row of more than {8 * MIB} bytes, in row 2" in outcome.stderr
    archiver.run("verify", settings={**settings, "ARCHIVE_MEMORY": "32MiB"}, expect=7)
