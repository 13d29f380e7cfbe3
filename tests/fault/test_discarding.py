"""recover --discard takes a copy away: it is refused while the copy may be the only one."""
import base64

import pytest

from support.scene import YOUNG, Kind

NAME = "events_2024-01-01.csv"
DUE = "created_at < '2025-01-01'"
FIRST_DAY = "created_at < '2024-01-02'"


def state(scene) -> dict:
    return {blob.name: (blob.etag, blob.metadata) for blob in scene.lake.list(scene.container)}


def put_back(scene, where: str) -> None:
    scene.table.execute(f'INSERT INTO "Event" SELECT * FROM oracle.original WHERE {where} ON CONFLICT DO NOTHING')


def append(scene, name: str, row: bytes) -> None:
    """Somebody else appends a block, and restates the metadata as he should."""
    blob = scene.lake.head(scene.container, name)
    ids = [block for block, _ in scene.lake.block_list(scene.container, name)]
    new = base64.b64encode(b"F" * len(base64.b64decode(ids[0]))).decode()
    scene.lake.put_block(scene.container, name, new, row)
    scene.lake.put_block_list(scene.container, name, [*ids, new], blob.metadata)


def refused(scene, name: str, *words: str) -> None:
    before, rows = state(scene), scene.table.count()
    outcome = scene.plain.run("recover", "--discard", name)
    assert outcome.code == 7 and name in outcome.stderr and "cannot be discarded" in outcome.stderr, str(outcome)
    for word in words:
        assert word in outcome.stderr, str(outcome)
    assert state(scene) == before and scene.table.count() == rows


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_a_restored_file_with_a_row_that_the_table_lacks_is_not_emptied(scene, compression):
    scene.begin(Kind(before=6, rows=0, restored=True, compression=compression))
    name = NAME + (".gz" if compression == "gzip" else "")
    row = scene.table.value(f'SELECT min(id) FROM "Event" WHERE {FIRST_DAY}')
    scene.table.execute('DELETE FROM "Event" WHERE id = %s', (row,))
    refused(scene, name, "1 of the 3 rows", f"id {row}", "recover --keep")
    put_back(scene, f"id = {row}")
    scene.plain.run("recover", "--discard", name, expect=0)
    scene.finish(6)


def test_a_changed_row_does_not_let_the_others_go(scene):
    """The table's row counts where both have the key; where the table has none, the file's is the only one."""
    scene.begin(Kind(before=6, rows=0, restored=True))
    changed, gone = (row for (row,) in scene.table.execute(f'SELECT id FROM "Event" WHERE {FIRST_DAY} ORDER BY id LIMIT 2'))
    scene.table.execute("""UPDATE "Event" SET event_type = 'changed' WHERE id = %s""", (changed,))
    scene.table.execute('DELETE FROM "Event" WHERE id = %s', (gone,))
    assert scene.plain.run("archive").code == 7
    refused(scene, NAME, "1 of the 3 rows", f"id {gone}")
    scene.table.execute('DELETE FROM "Event" WHERE id = %s', (changed,))
    scene.finish(6)


@pytest.mark.parametrize("before", [0, 6], ids=["the whole file", "a tail"])
def test_a_tail_that_was_committed_is_not_discarded(scene, before):
    scene.begin(Kind(before=before, pending="committed"))
    refused(scene, NAME, "4 of the 4 rows")
    scene.finish(before + 12)


@pytest.mark.parametrize("before", [0, 6], ids=["the whole file", "a tail"])
def test_a_committed_tail_stays_when_others_have_used_its_keys_again(scene, before):
    scene.begin(Kind(before=before, pending="committed"))
    scene.table.execute(f"""INSERT INTO "Event" SELECT id, event_id, 'another', now() AT TIME ZONE 'UTC', processed_at, payload
                            FROM oracle.original WHERE {FIRST_DAY} AND id > {before}+3""")
    refused(scene, NAME, "other rows under all of the 4 keys")
    scene.table.execute("""DELETE FROM "Event" WHERE event_type = 'another'""")
    scene.finish(before + 12)


@pytest.mark.parametrize("before", [0, 6], ids=["the whole file", "a tail"])
def test_a_tail_that_is_kept_while_the_table_has_rows_of_it_is_not_archived_twice(scene, before):
    """A person says that the file's rows count; some are in the table as well, for nobody knows what became of the transaction."""
    scene.begin(Kind(before=before, pending="committed"))
    put_back(scene, f"{FIRST_DAY} AND id IN (SELECT id FROM oracle.original WHERE {FIRST_DAY} ORDER BY id DESC LIMIT 2)")
    for blob in scene.lake.list(scene.container):
        if number := blob.metadata.get("archiverpending"):
            unknown = str(10**15)
            last = blob.metadata["archiverlast"].replace(f"xid={number}", f"xid={unknown}")
            scene.lake.set_metadata(scene.container, blob.name, {**blob.metadata, "archiverlast": last, "archiverpending": unknown})
    assert scene.plain.run("recover").code == 7
    scene.plain.run("recover", "--keep", NAME, expect=0)
    assert "archiverrestored" in scene.lake.head(scene.container, NAME).metadata
    scene.finish(before + 12)


@pytest.mark.parametrize("in_table", [False, True], ids=["rows of others", "a row twice"])
def test_bytes_that_the_mark_does_not_know_are_not_discarded(scene, in_table):
    """Of a pending file test_pending_changed tells."""
    scene.begin(Kind(before=6, rows=0, restored=True))
    row = b'777,x,y,2024-01-01 23:00:00,,{}\n'
    append(scene, NAME, row)
    if in_table:
        scene.table.execute("""INSERT INTO "Event" VALUES (777, 'x', 'z', '2024-01-01 23:00:00', NULL, '{}')""")
    refused(scene, NAME, "bytes")


def test_a_restored_file_is_recognised_by_its_keys_if_the_table_lost_a_column(scene):
    scene.begin(Kind(before=6, rows=0, restored=True))
    scene.table.execute('ALTER TABLE "Event" ADD COLUMN more text')
    try:
        scene.table.execute(f'UPDATE "Event" SET more = \'x\' WHERE {DUE}')
        scene.plain.run("recover", "--discard", NAME, expect=0)
        scene.plain.run("recover", "--discard", "events_2024-01-02.csv", expect=0)
        scene.oracle.remember()
        scene.plain.archive()
        scene.plain.run("restore", "--from", "2024-01-01", "--hold", "none", expect=0)
        scene.table.execute('ALTER TABLE "Event" DROP COLUMN more')
        row = scene.table.value(f'SELECT min(id) FROM "Event" WHERE {FIRST_DAY}')
        scene.table.execute('CREATE TABLE kept AS SELECT * FROM "Event" WHERE id = %s', (row,))
        scene.table.execute('DELETE FROM "Event" WHERE id = %s', (row,))
        refused(scene, NAME, f"id {row}")
        scene.table.execute('INSERT INTO "Event" SELECT * FROM kept')
        for name in (NAME, "events_2024-01-02.csv"):
            scene.plain.run("recover", "--discard", name, expect=0)
        scene.oracle.remember()
        scene.finish(6)
    finally:
        scene.table.execute('ALTER TABLE "Event" DROP COLUMN IF EXISTS more; DROP TABLE IF EXISTS kept')
    assert scene.table.count() == YOUNG
