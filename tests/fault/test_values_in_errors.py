"""A row's values are in no output, whatever goes wrong with the row; what can be said is the condition, the names and the place."""
import hashlib

import psycopg2
import pytest

from support.scene import KINDS, Kind

CANARY = "4111-1111 Jane Roe"
BODIES = {
    "an exception": "RAISE EXCEPTION 'customer %', OLD.event_type",
    "an exception of a harmless class": "RAISE EXCEPTION 'customer %', OLD.event_type USING ERRCODE = '55000', HINT = OLD.event_type",
    "an exception that looks like ours": "RAISE EXCEPTION 'customer %', OLD.event_type USING ERRCODE = '42501', TABLE = 'Event'",
    **{f"a {field} of {code}": f"RAISE EXCEPTION USING MESSAGE = OLD.event_type, ERRCODE = '{code}', {field} = OLD.event_type"
       for field in ("CONSTRAINT", "COLUMN", "TABLE", "SCHEMA", "DATATYPE") for code in ("P0001", "23514")},
    "all names, of a class that is repeated": "RAISE EXCEPTION USING ERRCODE = '23505', TABLE = OLD.event_type, COLUMN = OLD.event_type, SCHEMA = OLD.event_type",
    "five characters as the code": "RAISE EXCEPTION USING MESSAGE = 'customer', ERRCODE = upper(md5(OLD.event_type)::char(4) || 'Q')",
    "five characters of a known class": "RAISE EXCEPTION USING MESSAGE = 'customer', ERRCODE = '22' || upper(substr(md5(OLD.event_type), 1, 2)) || 'Q'",
    "a name of a relation": "PERFORM OLD.event_type::regclass",
    "a name of a zone": "PERFORM now() AT TIME ZONE OLD.event_type",
    "a unit": "PERFORM date_trunc(OLD.event_type, now())",
    "a date": "PERFORM to_date(OLD.event_type, 'Mon YYYY')",
    "a number": "PERFORM (repeat('9', 400) || '4111')::float8 WHERE OLD.event_type::int > 0",
    "a statement": "EXECUTE 'SELECT \"' || OLD.event_type || '\"'",
    "a syntax error": "EXECUTE OLD.event_type",
}


def trigger(body: str) -> str:
    return f"""CREATE OR REPLACE FUNCTION public.tell() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN {body}; RETURN OLD; END$$;
               CREATE TRIGGER tell BEFORE DELETE ON "Event" FOR EACH ROW EXECUTE FUNCTION tell()"""


def with_canary(scene) -> None:
    scene.begin(KINDS["new files"])
    scene.table.execute('UPDATE "Event" SET event_type = %s', (CANARY,))
    scene.oracle.remember()


@pytest.mark.parametrize("what", BODIES)
def test_what_a_trigger_says_is_told_by_its_condition(scene, what):
    with_canary(scene)
    scene.table.execute(trigger(BODIES[what]))
    outcome = scene.run("archive", settings={"LOG_LEVEL": "debug"})
    scene.table.execute('DROP TRIGGER tell ON "Event"')
    assert outcome.code not in (0, 12), str(outcome)
    codes = [hashlib.md5(CANARY.encode()).hexdigest()[:size].upper() + "Q" for size in (2, 4)]
    for part in ("4111-1", "Jane", "jane", *codes):
        assert part not in outcome.stderr + outcome.stdout, str(outcome)
    assert "SQLSTATE " in outcome.stderr, str(outcome)
    scene.must_be_as_before()
    scene.finish(scene.kind.rows)


NOTICES = {
    "texts": "RAISE WARNING 'customer %', OLD.event_type; RAISE NOTICE 'customer %', OLD.event_type",
    "names": "RAISE WARNING USING MESSAGE = 'customer', TABLE = OLD.event_type, CONSTRAINT = OLD.event_type, ERRCODE = '23514'; "
             "RAISE NOTICE USING MESSAGE = 'customer', COLUMN = OLD.event_type, SCHEMA = OLD.event_type, DATATYPE = OLD.event_type",
}


@pytest.mark.parametrize("what", NOTICES)
def test_notices_are_counted_and_not_told(scene, what):
    with_canary(scene)
    scene.table.execute(trigger(NOTICES[what]))
    outcome = scene.run("archive", settings={"LOG_LEVEL": "debug"})
    scene.table.execute('DROP TRIGGER tell ON "Event"')
    assert outcome.code == 0 and CANARY not in outcome.stderr, str(outcome)
    notices = outcome.events("db.notice")
    assert sum(line["count"] for line in notices if line["level"] == "warn") == scene.kind.rows, str(outcome)
    scene.finish(scene.kind.rows)


@pytest.fixture
def ascii_database(scene):
    """Whose server does not look at what is stored."""
    server = scene.database.server
    server.psql("-c", "CREATE DATABASE bytes ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
    connection = psycopg2.connect(server.uri("bytes"))
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("""CREATE TABLE "Event" (id bigint PRIMARY KEY, created_at timestamp NOT NULL, note text);
                          INSERT INTO "Event" SELECT i, timestamp '2024-01-01' + i * interval '8 hours', 'fine' FROM generate_series(0, 8) i;
                          UPDATE "Event" SET note = E'caf\\351 Jane' WHERE id = 4""")
        yield server.uri("bytes"), cursor
    connection.close()
    server.psql("-c", "DROP DATABASE bytes WITH (FORCE)")


@pytest.mark.parametrize("arguments, index", [([], True), (["--commit=day"], True), ([], False)])
def test_invalid_utf8_is_exit_3_and_names_the_day(scene, ascii_database, arguments, index):
    uri, cursor = ascii_database
    scene.begin(Kind(rows=0))
    if index:
        cursor.execute('CREATE INDEX ON "Event" (created_at)')
    settings = {"PG_CONNECTION_STRING": uri}
    outcome = scene.run("archive", *arguments, settings=settings)
    assert outcome.code == 3 and "UTF-8" in outcome.stderr and "day 2024-01-02, ctid (0,10)" in outcome.stderr and "note" in outcome.stderr, str(outcome)
    assert "0xe9" not in outcome.stderr and "Jane" not in outcome.stderr, str(outcome)
    checked = scene.run("check", settings=settings)
    assert "SQL_ASCII" in checked.stdout, str(checked)


@pytest.mark.parametrize("index", [True, False])
def test_a_damaged_row_is_exit_7_and_the_day_is_named(scene, index):
    scene.begin(Kind(rows=6, days=3, index=index))
    scene.table.execute("""CREATE EXTENSION IF NOT EXISTS pg_surgery; ALTER TABLE "Event" ALTER payload SET STORAGE EXTERNAL;
                           UPDATE "Event" SET payload = to_jsonb(repeat(md5('x'), 300)) WHERE id = (SELECT min(id) FROM "Event" WHERE created_at BETWEEN '2024-01-02' AND '2024-02-01')""")
    toast = scene.table.value("SELECT reltoastrelid::regclass::text FROM pg_class WHERE oid = '\"Event\"'::regclass")
    scene.table.execute(f"SELECT heap_force_kill('{toast}'::regclass, (SELECT array_agg(ctid) FROM {toast}))")
    outcome = scene.run("archive")
    assert outcome.code == 7 and "day 2024-01-0" in outcome.stderr, str(outcome)
    assert scene.table.value('SELECT count(*) FROM "Event"') == 9
    scene.table.create_again(False)
