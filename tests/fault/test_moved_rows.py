"""Rows that a file has are due on another day than the file's: they were moved from a day on hold, or put back by hand before the
time column got another type. They are not archived there as well."""
import pytest

from support.scene import YOUNG, Kind

INDEX = pytest.mark.parametrize("index", [True, False], ids=["by day", "one scan"])
TYPES = {
    "a zone to the east": ("timestamptz(3) USING created_at AT TIME ZONE 'Asia/Tokyo'", "timestamp(3) USING created_at AT TIME ZONE 'Asia/Tokyo'"),
    "a zone to the west": ("timestamptz(3) USING created_at AT TIME ZONE 'America/New_York'", "timestamp(3) USING created_at AT TIME ZONE 'America/New_York'"),
    "a precision": ("timestamp(0)", "timestamp(3)"),
}
NIGHT = "INSERT INTO public.\"Event\" (id, event_id, event_type, created_at, payload) VALUES (9000, 'e', 'new', '2024-01-02 12:00', '{}')"


def etags(scene) -> dict:
    return {blob.name: blob.etag for blob in scene.lake.list(scene.container)}


def remembered(scene, change: str) -> None:
    scene.table.execute("CREATE TABLE public.as_it_was AS SELECT id, created_at FROM public.\"Event\"")
    scene.table.execute(change)


def undo(scene, back: str = "") -> None:
    scene.table.execute(f"""{back}; UPDATE public."Event" e SET created_at = w.created_at FROM public.as_it_was w WHERE w.id = e.id AND w.created_at <> e.created_at;
                            DROP TABLE public.as_it_was""")


@INDEX
@pytest.mark.parametrize("change", TYPES)
def test_rows_put_back_and_moved_by_another_type_of_the_time_column(scene, change, index):
    scene.begin(Kind(before=20, days=2, rows=0, index=index))
    scene.table.execute("""INSERT INTO public."Event" SELECT * FROM oracle.original WHERE created_at < '2024-01-02'
                           AND id > (SELECT min(id) FROM oracle.original WHERE created_at < '2024-01-02')
                           AND (created_at >= '2024-01-01 23:59:59.5' OR created_at < '2024-01-01 01:00' OR created_at > '2024-01-01 23:00')""")
    moved = scene.table.count() - YOUNG
    assert moved > 0
    to, back = TYPES[change]
    remembered(scene, f'ALTER TABLE public."Event" ALTER created_at TYPE {to}')
    before = etags(scene)
    try:
        outcome = scene.plain.run("archive")
        assert outcome.code == 7 and ("another type" in outcome.stderr or "other types" in outcome.stderr), str(outcome)
        assert etags(scene) == before and scene.table.count() == moved + YOUNG
    finally:
        undo(scene, f'ALTER TABLE public."Event" ALTER created_at TYPE {back}')
    scene.finish(20)


@INDEX
def test_the_night_after_the_time_column_got_another_type(scene, index):
    """Nothing was put back: the days go on, whether or not they have a file."""
    scene.begin(Kind(before=12, days=3, rows=0, index=index))
    scene.table.execute('ALTER TABLE public."Event" ALTER created_at TYPE timestamptz(3) USING created_at AT TIME ZONE \'UTC\'')
    try:
        scene.table.execute(NIGHT)
        scene.table.execute(NIGHT.replace("9000", "9001").replace("01-02", "01-05"))
        outcome = scene.plain.run("archive", expect=0)
        assert outcome.summary["rows"] == 2
        assert scene.plain.run("archive", expect=0).summary["rows"] == 0
    finally:
        scene.table.create_again()


def test_a_key_that_tells_a_row_otherwise_needs_a_person_once(scene):
    """The time is part of the key and got another type: neither day nor key tell a row any more."""
    key = {"ARCHIVE_KEY_COLUMN": "event_id,created_at"}
    scene.table.execute('CREATE UNIQUE INDEX told ON public."Event" (event_id, created_at); ALTER TABLE public."Event" ALTER event_id SET NOT NULL')
    try:
        scene.plain = scene.plain.with_settings(key)
        scene.begin(Kind(before=8, days=2, rows=0))
        name = scene.oracle.file_names()[0]
        scene.table.execute('ALTER TABLE public."Event" ALTER created_at TYPE timestamptz(3) USING created_at AT TIME ZONE \'UTC\'')
        scene.table.execute(NIGHT)
        outcome = scene.plain.run("archive")
        assert outcome.code == 7 and name in outcome.stderr and "--keep" in outcome.stderr, str(outcome)
        assert scene.table.count() == 1 + YOUNG
        scene.plain.run("recover", "--keep", name, expect=0)
        assert scene.plain.run("recover", "--keep", name).code == 3
        assert scene.plain.run("archive", expect=0).summary["rows"] == 1
        scene.plain.run("verify", expect=0)
    finally:
        scene.plain = scene.plain.with_settings({"ARCHIVE_KEY_COLUMN": ""})
        scene.table.create_again()


MOVES = {
    "one row": "UPDATE public.\"Event\" SET created_at = created_at + interval '1 day' WHERE id = (SELECT min(id) FROM public.\"Event\" WHERE created_at < '2024-01-02')",
    "far away": "UPDATE public.\"Event\" SET created_at = created_at + interval '30 days' WHERE created_at < '2024-01-02'",
    "one for another": """WITH moved AS (UPDATE public."Event" SET created_at = created_at + interval '1 day', payload = '{}'
                            WHERE id = (SELECT min(id) FROM public."Event" WHERE created_at < '2024-01-02') RETURNING 1)
                         INSERT INTO public."Event" (id, event_id, event_type, created_at, payload) SELECT 9100, 'e', 'late', '2024-01-01 07:00', '{}' FROM moved""",
}


@INDEX
@pytest.mark.parametrize("move", MOVES)
def test_a_row_of_a_day_on_hold_that_moved_to_a_day_that_is_due(scene, move, index):
    scene.begin(Kind(before=12, days=3, rows=5, rights="INSERT", index=index))
    scene.plain.run("restore", "--day", "2024-01-01", "--hold", "30d", expect=0)
    remembered(scene, MOVES[move])
    before, rows = etags(scene), scene.table.count()
    outcome = scene.plain.run("archive")
    assert outcome.code == 7 and "events_2024-01-01.csv" in outcome.stderr and "recover --discard" in outcome.stderr, str(outcome)
    assert etags(scene) == before and scene.table.count() == rows
    scene.table.execute("DELETE FROM public.\"Event\" WHERE id = 9100")
    undo(scene)
    scene.plain.run("archive", expect=0)
    assert "archiverrestored" in scene.lake.head(scene.container, "events_2024-01-01.csv").metadata


@INDEX
@pytest.mark.parametrize("others", ["untouched", "one was changed", "one was deleted", "restored twice"])
def test_days_on_hold_do_not_hold_up_others(scene, others, index):
    scene.begin(Kind(before=12, days=3, rows=5, rights="INSERT", index=index))
    scene.plain.run("restore", "--day", "2024-01-01", "--hold", "30d", expect=0)
    one = "(SELECT min(id) FROM public.\"Event\" WHERE created_at < '2024-01-02')"
    if others == "one was changed":
        scene.table.execute(f"UPDATE public.\"Event\" SET payload = '{{}}' WHERE id = {one}")
    elif others == "one was deleted":
        scene.table.execute(f'DELETE FROM public."Event" WHERE id = {one}')
    elif others == "restored twice":
        scene.plain.run("restore", "--day", "2024-01-01", "--hold", "30d", expect=0)
    with scene.gates() as (lake, _):
        outcome = scene.run("archive", lake=lake)
        read = [record.target for record in lake.records if record.method == "GET" and "events_2024-01-01.csv" in record.target and "comp=" not in record.target]
    assert outcome.code == 0 and outcome.summary["rows"] > 0, str(outcome)
    assert bool(read) == (others != "untouched"), "a day on hold is read only where rows were changed"


@INDEX
def test_a_restored_row_that_moved_into_a_day_of_another_shard(scene, index):
    scene.begin(Kind(before=12, days=3, rows=0, rights="INSERT", index=index))
    scene.plain.run("restore", "--day", "2024-01-01", "--hold", "none", expect=0)
    remembered(scene, MOVES["one row"])
    shard = scene.table.value("SELECT ('2024-01-02'::date - '1970-01-01'::date) % 2")
    outcome = scene.plain.run("archive", "--shard", f"{shard}/2")
    assert outcome.code == 7 and "events_2024-01-01.csv" in outcome.stderr, str(outcome)
    undo(scene)
    scene.finish(12)


@INDEX
def test_a_role_that_may_read_columns_only_goes_on_beside_a_day_on_hold(scene, index):
    """It may not read which transaction has written a row."""
    scene.begin(Kind(before=12, days=3, rows=5, rights="INSERT", index=index))
    scene.plain.run("restore", "--day", "2024-01-01", "--hold", "30d", expect=0)
    scene.table.execute("""DO $$ BEGIN CREATE ROLE reads_columns LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
                           GRANT SELECT (id, event_id, event_type, created_at, processed_at, payload), DELETE ON "Event" TO reads_columns""")
    outcome = scene.plain.run("archive", settings={"PG_CONNECTION_STRING": scene.database.server.uri(scene.database.name, user="reads_columns")})
    scene.table.execute("DROP OWNED BY reads_columns; DROP ROLE reads_columns")
    assert outcome.code == 0 and outcome.summary["rows"] > 0 and scene.table.value('SELECT count(*) FROM "Event" WHERE created_at < DATE \'2024-01-02\'') > 0, str(outcome)
