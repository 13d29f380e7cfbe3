"""Partitions do not follow the snapshot: one that is attached while rows are read is deleted from, and was not read."""
import json

import psycopg2
import pytest

from support.gate import DatabaseGate, call_before
from support.scene import Kind

LATE = """CREATE TABLE late (LIKE day_1 INCLUDING ALL);
          INSERT INTO late SELECT 100 + i, 'e', 'late', timestamp '2024-02-03' + i * interval '1 hour', NULL, '{}' FROM generate_series(1, %s) AS i;"""
ATTACH = """ALTER TABLE public."Event" ATTACH PARTITION late FOR VALUES FROM ('2024-02-03') TO ('2024-02-04')"""
KEEP = """CREATE OR REPLACE FUNCTION keep_some() RETURNS trigger LANGUAGE plpgsql AS $$
          BEGIN IF OLD.id OPERATOR(pg_catalog.<=) 7 THEN RETURN NULL; END IF; RETURN OLD; END $$;
          CREATE TRIGGER keep_some BEFORE DELETE ON public."Event" FOR EACH ROW EXECUTE FUNCTION keep_some()"""


@pytest.fixture
def members(scene):
    scene.begin(Kind(rows=12, partitioned=True))
    scene.table.execute('DROP TABLE IF EXISTS late; ALTER TABLE public."Event" DETACH PARTITION rest; DROP TABLE rest')
    scene.table.execute("""CREATE TABLE rest PARTITION OF public."Event" FOR VALUES FROM ('2025-01-01') TO ('2100-01-01')""")
    scene.table.fill_young(3)
    scene.table.execute("DROP FUNCTION IF EXISTS keep_some CASCADE")
    yield scene
    scene.table.execute("DROP FUNCTION IF EXISTS keep_some CASCADE; DROP TABLE IF EXISTS late")
    scene.table.create_again(False)
    scene.partitioned = False


def beside(scene, *statements: str):
    def call():
        other = psycopg2.connect(scene.database.uri)
        other.autocommit = True
        for each in statements:
            other.cursor().execute(each)
        other.close()
    return call


def archive(scene, what, contains: str):
    with DatabaseGate(scene.database.server.port) as gate:
        rule = gate.on(call_before(what), contains=contains)
        outcome = scene.run("archive", database=gate, settings={"ARCHIVE_PARALLEL": "1"})
    assert rule.hits == 1
    return outcome


@pytest.mark.parametrize("moment", ["COPY (SELECT", "DELETE FROM"])
def test_a_partition_that_is_attached_meanwhile_is_read_too(members, moment):
    members.table.execute(LATE % 5)
    members.oracle.remember()
    members.table.execute("INSERT INTO oracle.original SELECT * FROM late")
    outcome = archive(members, beside(members, ATTACH), moment)
    assert outcome.code == 0 and outcome.events("run.again"), str(outcome)
    assert members.oracle.check().archived == 17


@pytest.mark.parametrize("index", [True, False], ids=["by day", "one scan"])
def test_as_many_rows_kept_by_a_trigger_as_were_attached(members, index):
    if not index:
        members.table.execute('DROP INDEX IF EXISTS "Event_created_at"')
    kept = members.table.value('SELECT count(*) FROM public."Event" WHERE id <= 7 AND created_at < \'2025-01-01\'')
    members.table.execute(KEEP)
    members.table.execute(LATE % kept)
    members.oracle.remember()
    members.table.execute("INSERT INTO oracle.original SELECT * FROM late")
    outcome = archive(members, beside(members, ATTACH), "COPY (SELECT")
    assert outcome.code == 7, str(outcome)
    assert members.oracle.check().archived == 0
    members.table.execute('DROP TRIGGER keep_some ON public."Event"')
    members.plain.run("archive", expect=0)
    assert members.oracle.check().archived == 12 + kept


ATTACHING = """CREATE FUNCTION attach_late() RETURNS event_trigger LANGUAGE plpgsql AS $$
               BEGIN IF NOT (SELECT relispartition FROM pg_catalog.pg_class WHERE oid OPERATOR(pg_catalog.=) 'public.late'::pg_catalog.regclass) THEN
                   EXECUTE $q$ALTER TABLE public."Event" ATTACH PARTITION public.late FOR VALUES FROM ('2024-02-03') TO ('2024-02-04')$q$; END IF; END $$;
               CREATE EVENT TRIGGER attach_late ON ddl_command_end WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION attach_late()"""


@pytest.mark.parametrize("mode", ["drop", "detach"])
def test_a_partition_that_is_attached_while_others_are_taken_away(members, mode):
    """A trigger of day_2 keeps as many rows as the new partition has."""
    kept = members.table.value("SELECT count(*) FROM day_2 WHERE id <= 7")
    assert kept > 0
    members.table.execute(KEEP.replace('public."Event" FOR EACH ROW', "day_2 FOR EACH ROW"))
    members.table.execute(LATE % kept)
    members.oracle.remember()
    members.table.execute(ATTACHING)
    try:
        outcome = members.plain.run("archive", f"--partitions={mode}")
        assert outcome.code == 3 and "partition public.late is attached" in outcome.stderr and "attach_late" in outcome.stderr, str(outcome)
        assert members.oracle.check().archived == 0
    finally:
        members.table.execute("DROP EVENT TRIGGER attach_late; DROP FUNCTION attach_late")


@pytest.mark.parametrize("mode", ["drop", "detach"])
def test_partitions_are_taken_away_beside_rows_that_are_compared(members, mode):
    """A trigger on one partition makes the rows be compared; those of the partitions that are taken away are among them."""
    members.table.execute(KEEP.replace('public."Event" FOR EACH ROW', "day_2 FOR EACH ROW").replace("RETURN NULL", "RETURN OLD"))
    members.oracle.remember()
    outcome = members.plain.run("archive", f"--partitions={mode}", expect=0)
    assert outcome.log[-1]["rows"] == 12


@pytest.mark.parametrize("mode", ["drop", "detach", "delete"])
def test_a_detach_that_was_left_unfinished_keeps_no_other_day(members, mode):
    """PostgreSQL shows its rows to nobody until it is finished; they are there all the same, and archived once it is undone."""
    hidden = members.table.value("SELECT count(*) FROM day_1")
    members.oracle.remember()
    reader, other = psycopg2.connect(members.database.uri), psycopg2.connect(members.database.uri)
    reader.cursor().execute('SELECT count(*) FROM public."Event"')
    other.autocommit = True
    other.cursor().execute("SET statement_timeout = '1s'")
    with pytest.raises(psycopg2.errors.QueryCanceled):
        other.cursor().execute('ALTER TABLE public."Event" DETACH PARTITION day_1 CONCURRENTLY')
    reader.close()
    outcome = members.plain.run("archive", f"--partitions={mode}", expect=0)
    assert outcome.log[-1]["rows"] == 12 - hidden
    statement = 'ALTER TABLE public."Event" DETACH PARTITION public.day_1 FINALIZE;'
    (said,) = outcome.events("partition.hidden")
    assert said["statement"] == statement and said["partition"] == "public.day_1"
    lines = [line for line in json.loads(members.plain.run("check", "-o", "json").stdout)["checks"] if line["name"] == "partitions"]
    assert [line["remedy"] for line in lines] == [statement] and lines[0]["status"] == "warning"
    other.cursor().execute('ALTER TABLE public."Event" DETACH PARTITION day_1 FINALIZE')
    other.cursor().execute("""ALTER TABLE public."Event" ATTACH PARTITION day_1 FOR VALUES FROM ('2024-01-01') TO ('2024-01-02')""")
    other.close()
    outcome = members.plain.run("archive", f"--partitions={mode}", expect=0)
    assert not outcome.events("partition.hidden")
    if mode != "detach":  # whose tables are left beside
        assert members.oracle.check().archived == 12
