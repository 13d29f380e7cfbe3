"""Rows that a file has and somebody put into the table again, without a word to the archiver: by hand, by a replication
that came late, by a queue that was replayed. The next run finds them in the file and does not archive them twice."""
import gzip

import pytest

from support.gate import kill_after, kill_before
from support.scene import Kind

DUE = "created_at < '2025-01-01'"


def put_back(scene, where: str, order: str = "created_at DESC", limit: int = 5) -> list:
    ids = [row for (row,) in scene.table.execute(f"SELECT id FROM oracle.original WHERE {DUE} AND {where} ORDER BY {order} LIMIT {limit}")]
    scene.table.execute('INSERT INTO public."Event" SELECT * FROM oracle.original WHERE id = ANY(%s)', (ids,))
    return ids


def recognised(outcome) -> int:
    return outcome.log[-1]["rows_recognised"]


@pytest.mark.parametrize("index", [True, False], ids=["by day", "one scan"])
@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_rows_put_back_by_hand_are_recognised(scene, compression, index):
    scene.begin(Kind(before=20, days=3, rows=0, compression=compression, index=index))
    scene.plain.archive()
    # Never the first row of a file, of which its mark keeps a sample.
    ids = put_back(scene, "id NOT IN (SELECT min(id) FROM oracle.original GROUP BY created_at::date)")
    outcome = scene.plain.run("archive", expect=0)
    assert recognised(outcome) == len(ids)
    scene.finish(20)
    scene.plain.run("verify", expect=0)


@pytest.mark.parametrize("index", [True, False], ids=["by day", "one scan"])
def test_rows_put_back_among_new_ones(scene, index):
    scene.begin(Kind(before=20, days=3, rows=0, index=index))
    ids = put_back(scene, "true", "id")
    scene.table.fill(9, 3, seed="late")
    scene.oracle.remember_new()
    outcome = scene.plain.run("archive", expect=0)
    assert recognised(outcome) == len(ids) and outcome.log[-1]["rows"] == 9
    scene.finish(29)
    scene.plain.run("verify", expect=0)


@pytest.mark.parametrize("index", [True, False], ids=["by day", "one scan"])
def test_rows_put_back_that_the_file_of_the_other_kind_has(scene, index):
    """The file of a day is CSV, from before gzip was set; later rows made no gzip file beside it."""
    scene.begin(Kind(before=20, days=2, rows=0, index=index))
    first = scene.oracle.file_names()[0]
    content, blob = scene.lake.get(scene.container, first), scene.lake.head(scene.container, first)
    with_rows = scene.plain.with_settings({"ARCHIVE_COMPRESSION": "gzip"})
    # A gzip file of the day without rows is preferred by the run that follows.
    header = content.split(b"\n")[0] + b"\n"
    scene.lake.put_blob(scene.container, first + ".gz", gzip.compress(header))
    day = first[7:17]
    ids = put_back(scene, f"created_at::date = '{day}'", limit=3)
    outcome = with_rows.run("archive", expect=0)
    assert recognised(outcome) == len(ids), str(outcome)
    assert scene.lake.get(scene.container, first) == content and blob.size == len(content)
    scene.lake.delete(scene.container, first + ".gz")
    scene.finish(20)


def without_before(scene) -> None:
    """As marks were written before they told what a file's rows are older than."""
    for blob in scene.lake.list(scene.container):
        if not blob.name.endswith((".csv", ".csv.gz")):
            continue
        metadata = dict(blob.metadata)
        last = metadata["archiverlast"].split(",")
        assert any(field.startswith("before=") for field in last)
        metadata["archiverlast"] = ",".join(field for field in last if not field.startswith("before="))
        scene.lake.set_metadata(scene.container, blob.name, metadata)


def test_marks_that_do_not_tell_what_rows_are_older_than(scene):
    scene.begin(Kind(before=20, days=3, rows=0))
    without_before(scene)
    ids = put_back(scene, "true")
    assert recognised(scene.plain.run("archive", expect=0)) == len(ids)
    ids = put_back(scene, "true", "id")
    assert recognised(scene.plain.run("archive", expect=0)) == len(ids)
    scene.finish(20)


@pytest.mark.parametrize("value", ["yesterday", "2024-13-01T00:00:00", "2024-01-01T00:00:00' OR true --", "2024-01-01T25:00:00"])
def test_an_invalid_time_in_a_mark_spoils_the_mark(scene, value):
    scene.begin(Kind(before=20, days=2, rows=4))
    name = scene.oracle.file_names()[0]
    metadata = dict(scene.lake.head(scene.container, name).metadata)
    good = metadata["archiverlast"]
    start = good.index("before=") + len("before=")
    end = good.index(",", start) if "," in good[start:] else len(good)
    scene.lake.set_metadata(scene.container, name, {**metadata, "archiverlast": good[:start] + value + good[end:]})
    outcome = scene.plain.run("archive", expect=3)
    assert name in outcome.stderr and "metadata cannot be read" in outcome.stderr
    scene.lake.set_metadata(scene.container, name, metadata)
    scene.finish(24)


def test_new_rows_of_a_day_that_is_archived_in_parts_do_not_have_its_file_read(scene):
    """The usual night: a day's morning is in the file, the rest of the day follows. Nobody reads the morning again."""
    scene.begin(Kind(rows=0))
    day = scene.table.value("SELECT (now() AT TIME ZONE 'UTC')::date - 40")
    row = """INSERT INTO public."Event" SELECT id, 'e' || id, 't', %s::timestamp + make_interval(hours => id / 10 %% 24), NULL, '{}'
             FROM generate_series(1000, 1239) AS id"""
    scene.table.execute(row, (day,))
    scene.oracle.remember()
    since = scene.table.value("SELECT extract(epoch FROM now() AT TIME ZONE 'UTC' - (%s::timestamp + interval '2 hours 30 minutes'))::bigint", (day,))
    outcome = scene.plain.run("archive", expect=0, settings={"EVENT_RETENTION_PERIOD": f"{since} seconds"})
    later = {"EVENT_RETENTION_PERIOD": "30 days"}
    assert outcome.log[-1]["rows"] == 30, str(outcome)
    with scene.gates() as (lake, database):
        outcome = scene.plain.run("archive", expect=0, settings={**later, **scene.settings(lake)})
        reads = [record.target for record in lake.records if record.method == "GET" and "/events_" in record.target and "comp=" not in record.target]
    assert outcome.log[-1]["rows"] > 100 and not reads, str(reads)
    assert not [line for line in outcome.log if line["event"] == "day.late_rows"]
    put = scene.table.execute('INSERT INTO public."Event" SELECT * FROM oracle.original WHERE id IN (1003, 1150) RETURNING id')
    outcome = scene.plain.run("archive", expect=0, settings=later)
    assert recognised(outcome) == len(put) and [line for line in outcome.log if line["event"] == "day.late_rows"]
    assert scene.oracle.check().archived == 240


def test_a_key_that_is_used_again_is_archived_beside_the_first_with_a_warning(scene):
    scene.begin(Kind(before=20, days=2, rows=0))
    (again,) = put_back(scene, "true", limit=1)
    scene.table.execute("""UPDATE public."Event" SET event_type = 'again' WHERE id = %s""", (again,))
    scene.table.execute("""INSERT INTO oracle.original SELECT * FROM public."Event" WHERE id = %s""", (again,))
    outcome = scene.plain.run("archive", expect=0)
    assert recognised(outcome) == 0 and [line for line in outcome.log if line["event"] == "day.key_again"]
    assert scene.oracle.check().archived == 21


@pytest.mark.parametrize("index", [True, False], ids=["by day", "one scan"])
def test_more_late_rows_than_memory_keeps_at_once(scene, index):
    """In one scan they wait for a comparison; the largest are compared first when they take too much."""
    scene.begin(Kind(before=60, days=13, rows=0, index=index))
    ids = put_back(scene, "true", "id", 30)
    scene.table.execute("""INSERT INTO public."Event" (id, event_id, event_type, created_at, payload)
                           SELECT 5000 + i, 'late', 'large', timestamp '2024-01-01' + (i % 12) * interval '1 day' + i * interval '1 minute',
                                  to_jsonb(repeat(md5(i::text), 6000)) FROM generate_series(1, 48) AS i""")
    scene.oracle.remember_new()
    outcome = scene.plain.run("archive", expect=0, settings={"ARCHIVE_MEMORY": "4MiB"})
    assert recognised(outcome) == len(ids) and outcome.log[-1]["rows"] == 48
    scene.finish(60 + 48)
    scene.plain.run("verify", expect=0)


@pytest.mark.parametrize("index", [True, False], ids=["by day", "one scan"])
@pytest.mark.parametrize("column, kind, back", [("processed_at", "timestamptz", "timestamp(3)"), ("payload", "json", "jsonb"), ("event_type", "varchar", "text")])
def test_rows_put_back_after_a_column_got_another_type(scene, column, kind, back, index):
    """They are written otherwise, or not: what cannot be told needs a person."""
    scene.begin(Kind(before=20, days=2, rows=0, index=index))
    put_back(scene, "processed_at IS NOT NULL", "id", 3)
    scene.table.execute(f'ALTER TABLE public."Event" ALTER COLUMN {column} TYPE {kind}')
    before = {blob.name: blob.etag for blob in scene.lake.list(scene.container)}
    outcome = scene.plain.run("archive")
    if kind == "varchar" or (kind == "json" and outcome.code == 0):  # the same text
        assert outcome.code == 0 and recognised(outcome) == 3, str(outcome)
    else:
        assert outcome.code == 7 and "other types" in outcome.stderr, str(outcome)
        assert {blob.name: blob.etag for blob in scene.lake.list(scene.container)} == before
    scene.table.execute(f'ALTER TABLE public."Event" ALTER COLUMN {column} TYPE {back}')
    scene.finish(20)


CHANGES = {
    "an enum's label": ("CREATE TYPE kind AS ENUM ('a', 'b')", "kind", "'a'", "ALTER TYPE kind RENAME VALUE 'a' TO 'z'", "ALTER TYPE kind RENAME VALUE 'z' TO 'a'"),
    "a composite's attribute": ("CREATE TYPE kind AS (one int)", "kind", "'(1)'", "ALTER TYPE kind ADD ATTRIBUTE two int CASCADE", "ALTER TYPE kind DROP ATTRIBUTE two CASCADE"),
    "an enum in an array of composites": ("CREATE TYPE label AS ENUM ('a'); CREATE TYPE kind AS (one label)", "kind[]", "ARRAY[ROW('a')::kind]",
                                          "ALTER TYPE label RENAME VALUE 'a' TO 'z'", "ALTER TYPE label RENAME VALUE 'z' TO 'a'"),
    "a name": ("CREATE TABLE named ()", "regclass", "'named'", "ALTER TABLE named RENAME TO otherwise", "ALTER TABLE otherwise RENAME TO named"),
}


@pytest.mark.parametrize("index", [True, False], ids=["by day", "one scan"])
@pytest.mark.parametrize("what", CHANGES)
def test_rows_put_back_that_are_written_otherwise_since_a_type_was_changed(scene, what, index):
    """Nobody touched them or their columns, and their text is another."""
    made, kind, value, change, back = CHANGES[what]
    scene.table.execute(f'{made}; ALTER TABLE public."Event" ADD COLUMN extra {kind} DEFAULT {value}')
    try:
        scene.begin(Kind(before=20, days=2, rows=0, index=index))
        put_back(scene, "true", "id DESC", 4)
        scene.table.execute(change)
        before = {blob.name: blob.etag for blob in scene.lake.list(scene.container)}
        outcome = scene.plain.run("archive")
        expected = (7, "other types") if what == "a name" else (3, "labels or attributes")
        assert outcome.code == expected[0] and expected[1] in outcome.stderr, str(outcome)
        assert {blob.name: blob.etag for blob in scene.lake.list(scene.container)} == before
        scene.table.execute(back)
        scene.finish(20)
    finally:
        scene.table.create_again()


def rewrite(scene, name: str, content: bytes) -> None:
    """A person uploads a file again, with its metadata."""
    scene.lake.put_blob(scene.container, name, content, metadata=scene.lake.head(scene.container, name).metadata)


def test_a_row_that_stands_in_a_file_twice_is_taken_out_by_hand(scene):
    """docs/runbook.md, "A file has a key twice"."""
    scene.begin(Kind(before=20, days=2, rows=0, rights="INSERT"))
    name = scene.oracle.file_names()[0]
    content = scene.lake.get(scene.container, name)
    last = content.rstrip(b"\n").rpartition(b"\n")[2]
    rewrite(scene, name, content + last + b"\n")
    scene.plain.run("recover", "--keep", name, expect=0)
    assert "is that of row" in scene.plain.run("verify", expect=7).stdout
    assert scene.plain.run("restore", "--from", "2024-01-01", "--hold", "none").code == 7
    rewrite(scene, name, content)
    scene.plain.run("recover", "--keep", name, expect=0)
    scene.plain.run("verify", expect=0)
    scene.plain.run("restore", "--from", "2024-01-01", "--hold", "none", expect=0)
    scene.finish(20)


def test_rows_of_a_file_that_a_person_edited_are_recognised_whatever_their_time(scene):
    """What it holds is no longer what our runs wrote, so that the last cutoff says nothing of it."""
    scene.begin(Kind(before=20, days=2, rows=0))
    name = scene.oracle.file_names()[0]
    content = scene.lake.get(scene.container, name)
    rewrite(scene, name, content.rstrip(b"\n").rpartition(b"\n")[0] + b"\n")
    scene.plain.run("recover", "--keep", name, expect=0)
    assert "before=" not in scene.lake.head(scene.container, name).metadata["archiverlast"]
    ids = put_back(scene, "created_at::date = '2024-01-01'", "id")
    assert recognised(scene.plain.run("archive", expect=0)) == len(ids)


@pytest.mark.parametrize("moment", [kill_before, kill_after], ids=["before COMMIT", "after COMMIT"])
@pytest.mark.parametrize("index", [True, False], ids=["by day", "one scan"])
def test_killed_while_rows_that_were_put_back_are_deleted(scene, index, moment):
    scene.begin(Kind(before=20, days=3, rows=0, index=index))
    put_back(scene, "true")
    with scene.gates() as (lake, database):
        rule = database.on(moment(), type="Q", contains="COMMIT")
        scene.run("archive", lake=lake, database=database)
        assert rule.hits == 1
    scene.finish(20)
