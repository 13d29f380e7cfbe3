"""`--compression gzip`: one member per append, so that a file stays appendable and any gunzip reads it."""
import gzip
import re
import subprocess
import zlib

import pytest

GZIP = {"ARCHIVE_COMPRESSION": "gzip"}


def members(content: bytes) -> list:
    """Each gzip member's content."""
    found = []
    while content:
        reader = zlib.decompressobj(wbits=31)
        found.append(reader.decompress(content))
        assert reader.eof
        content = reader.unused_data
    return found


def test_compressed_files_hold_every_row(archiver, table, oracle, lake, container):
    table.fill(4000, 10)
    table.fill_young(5)
    oracle.remember()
    outcome = archiver.archive("--compression", "gzip")
    found = oracle.check()
    assert found.archived == 4000 and len(found.files) == 10
    assert all(name.endswith(".csv.gz") for name in oracle.file_names())
    stored = sum(blob.size for blob in lake.list(container))
    assert outcome.summary["bytes"] == stored


def test_each_append_is_one_member_and_gunzip_reads_them_all(archiver, table, oracle, lake, container, tmp_path):
    for round_number in range(3):
        table.fill(50, 1, seed=f"round {round_number}")
        if round_number == 0:
            oracle.remember()
        else:
            oracle.remember_new()
        archiver.archive(settings=GZIP)
    name = "events_2024-01-01.csv.gz"
    content = lake.get(container, name)
    parts = members(content)
    assert len(parts) == 3
    assert [part.startswith(b"id,event_id") for part in parts] == [True, False, False]
    path = tmp_path / name
    path.write_bytes(content)
    assert subprocess.run(["gunzip", "-c", path], check=True, capture_output=True).stdout == b"".join(parts) == gzip.decompress(content)
    oracle.check()
    blob = lake.list(container)[0]
    assert blob.metadata["archiverrows"] == "150"
    assert blob.metadata["archiveruncompressed"] == str(sum(map(len, parts)))


def test_a_member_spans_many_blocks(archiver, table, oracle, lake, container):
    table.fill(60_000, 2)
    oracle.remember()
    archiver.archive("--memory", "2MiB", "--parallel", "2", settings=GZIP)
    assert oracle.check().archived == 60_000
    assert len(members(lake.get(container, "events_2024-01-01.csv.gz"))) == 1


@pytest.mark.parametrize("first, then", [("none", "gzip"), ("gzip", "none")])
def test_a_day_keeps_the_one_file_it_has(archiver, table, oracle, first, then):
    """The setting says how new files are made; rows that are late for a day go where its others are."""
    table.fill(20, 2)
    oracle.remember()
    archiver.archive("--compression", first)
    names = oracle.file_names()
    table.fill(30, 3, seed="late")
    oracle.remember_new()
    archiver.archive("--compression", then)
    assert oracle.check().archived == 50
    suffix = ".csv.gz" if then == "gzip" else ".csv"
    assert set(names) < set(oracle.file_names()) and set(oracle.file_names()) - set(names) == {f"events_2024-01-03{suffix}"}


def test_one_scan_compresses_days_side_by_side(archiver, table, oracle, database):
    table.execute('DROP INDEX "Event_created_at"')
    table.fill(3000, 300)
    oracle.remember()
    archiver.archive("--memory", "2MiB", settings=GZIP)
    assert oracle.check().archived == 3000


def test_a_dry_run_of_compressed_appends_is_repeatable(archiver, table, oracle):
    table.fill(20, 2)
    oracle.remember()
    archiver.archive(settings=GZIP)
    table.fill(20, 3, seed="more")
    oracle.remember_new()
    for _ in range(2):
        archiver.archive("--dry-run", settings=GZIP)
    archiver.archive(settings=GZIP)
    assert oracle.check().archived == 40


def test_a_compressed_file_of_somebody_else_is_appended_to(archiver, table, oracle, lake, container):
    table.fill(20, 1)
    oracle.remember()
    archiver.archive(settings=GZIP)
    name = "events_2024-01-01.csv.gz"
    content = gzip.decompress(lake.get(container, name)).removesuffix(b"\n")
    lake.put_blob(container, name, gzip.compress(content))  # one Put Blob, no mark, no newline at its end
    table.fill(20, 1, seed="more")
    oracle.remember_new()
    archiver.run("verify", settings=GZIP, expect=0)  # it has the rows that were archived into it
    outcome = archiver.archive(settings=GZIP)
    assert oracle.check().archived == 40
    assert lake.list(container)[0].metadata["archiverrows"] == "40"
    assert not outcome.events("day.compressed_again")
    archiver.run("verify", settings=GZIP, expect=0)


def edited(archiver, table, lake, container) -> str:
    """A compressed file of which one row is another one, with as many rows and no mark."""
    table.fill(20, 1)
    archiver.archive(settings=GZIP)
    table.fill(5, 1, seed="appended")
    archiver.archive(settings=GZIP)
    name = "events_2024-01-01.csv.gz"
    lines = gzip.decompress(lake.get(container, name)).splitlines(keepends=True)
    lines[10] = b"9" + lines[10]
    lake.put_blob(container, name, gzip.compress(b"".join(lines)))
    table.fill(20, 1, seed="more")
    return name


def test_a_compressed_file_that_others_edited_is_not_appended_to(archiver, table, lake, container):
    """It has as many rows: the checksum of its CSV tells."""
    name = edited(archiver, table, lake, container)
    archiver.run("verify", settings=GZIP, expect=7)
    for command in (["archive"], ["restore", "--day", "2024-01-01"]):
        outcome = archiver.run(*command, settings=GZIP, expect=7)
        assert name in outcome.stderr and "changed by somebody else" in outcome.stderr
    assert table.count() == 20
    archiver.run("verify", settings=GZIP, expect=7)
    archiver.run("recover", "--keep", name, settings=GZIP, expect=0)
    archiver.archive(settings=GZIP)
    archiver.run("verify", settings=GZIP, expect=0)


def test_of_a_compressed_file_of_0_1_0_the_rows_are_counted(archiver, table, lake, container):
    """Its line in the ledger has no checksum of the CSV."""
    name = edited(archiver, table, lake, container)
    (ledger,) = [blob.name for blob in lake.list(container, bookkeeping=True) if "/ledger-" in blob.name]
    earlier = re.sub(rb',"csv":[0-9]+,"csvcrc":"[0-9a-f]+"', b"", lake.get(container, ledger))
    assert earlier != lake.get(container, ledger)
    lake.delete(container, ledger)
    lake.append_blob(container, ledger, earlier)
    outcome = archiver.archive(settings=GZIP)
    assert outcome.events("day.compressed_again") and name in str(outcome)


def test_a_compressed_file_that_others_made_shorter_is_not_appended_to(archiver, table, oracle, lake, container):
    table.fill(20, 1)
    archiver.archive(settings=GZIP)
    name = "events_2024-01-01.csv.gz"
    rows = gzip.decompress(lake.get(container, name)).splitlines(keepends=True)
    lake.put_blob(container, name, gzip.compress(b"".join(rows[:-1])))
    table.fill(20, 1, seed="more")
    outcome = archiver.run("archive", settings=GZIP, expect=7)
    assert name in outcome.stderr and "changed by somebody else" in outcome.stderr
    assert table.count() == 20


def test_gzip_under_a_plain_name_is_refused_by_what_it_is(archiver, table, lake, container):
    lake.create_container(container)
    lake.put_blob(container, "events_2024-01-01.csv", gzip.compress(b"id,event_id,event_type,created_at,processed_at,payload\n"))
    table.fill(20, 1)
    outcome = archiver.run("archive")
    assert outcome.code == 3 and "compressed with gzip, but its name" in outcome.stderr, str(outcome)


@pytest.mark.parametrize("content, why", [
    (b"id,event_id,event_type,created_at,processed_at,payload\n", "something that is not gzip"),
    (gzip.compress(b"id,other\n"), "cannot be appended to"),
    (gzip.compress(b"id,event_id,event_type,created_at,processed_at,payload\n")[:-4], "a gzip member without its end"),
], ids=["plain", "another header", "cut off"])
def test_what_cannot_be_appended_to_is_refused(archiver, table, lake, container, content, why):
    lake.create_container(container)
    lake.put_blob(container, "events_2024-01-01.csv.gz", content)
    table.fill(20, 1)
    outcome = archiver.run("archive", settings=GZIP)
    assert outcome.code == 3 and why in outcome.stderr, str(outcome)
    assert table.count() == 20 and lake.get(container, "events_2024-01-01.csv.gz") == content
