"""A role that may create in a schema of the path plants functions and operators with the names and types of PostgreSQL's own.

Each planted one raises: a command that calls a single one of them does not end as it would alone.
"""
import pytest

from support.exports import COMMON_KNOWLEDGE, DirectoryPlace, Exports, LakePlace
from support.scene import KINDS, YOUNG, Kind

# With every argument and result type: whatever the path finds before pg_catalog's own.
PLANT_FUNCTIONS = """
DO $$ DECLARE each record; BEGIN
FOR each IN SELECT p.proname, pg_get_function_identity_arguments(p.oid) AS arguments, p.prorettype::regtype AS result, p.proretset
            FROM pg_proc p WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.prokind = 'f' AND p.provariadic = 0
              AND p.proargnames IS NULL AND p.prorettype::regtype::text NOT LIKE '%"any"%'
              AND (p.proname ~ '^(pg_|has_|to_|quote_|hashtext|current_|date_|obj_|format|left|now|timezone|isfinite|greatest|set_config|array_|parse_|acl|txid)'
                   OR p.proname IN ('length', 'lower', 'upper', 'text', 'name', 'int8', 'int4', 'oid', 'timestamp', 'date', 'extract'))
              AND NOT EXISTS (SELECT FROM unnest(p.proargtypes::oid[] || p.prorettype) t JOIN pg_type y ON y.oid = t WHERE y.typtype = 'p') LOOP
    EXECUTE format('CREATE FUNCTION public.%I(%s) RETURNS %s%s LANGUAGE plpgsql AS $f$BEGIN RAISE ''planted %s''; END$f$',
                   each.proname, each.arguments, CASE WHEN each.proretset THEN 'SETOF ' ELSE '' END, each.result, each.proname);
END LOOP; END $$;
"""
PLANT_OPERATORS = """
DO $$ DECLARE each record; BEGIN
FOR each IN SELECT DISTINCT o.oprname, o.oprleft::regtype AS l, o.oprright::regtype AS r, o.oprresult::regtype AS result, 'planted_' || o.oid AS planted
            FROM pg_operator o JOIN pg_type a ON a.oid = o.oprleft JOIN pg_type b ON b.oid = o.oprright JOIN pg_type c ON c.oid = o.oprresult
            WHERE o.oprnamespace = 'pg_catalog'::regnamespace AND a.typtype <> 'p' AND b.typtype <> 'p' AND c.typtype <> 'p'
              AND o.oprname IN ('=', '<>', '<', '<=', '>', '>=', '+', '-', '||', '/', '%', '*', '|', '<<', '&', '~') LOOP
    EXECUTE format('CREATE FUNCTION public.%I(%s, %s) RETURNS %s LANGUAGE plpgsql AS $f$BEGIN RAISE ''planted operator''; END$f$', each.planted,
                   each.l, each.r, each.result);
    EXECUTE format('CREATE OPERATOR public.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = public.%I)', each.oprname, each.l, each.r, each.planted);
END LOOP; END $$;
"""
# With types that fit better than PostgreSQL's own do: the path need not name pg_catalog at all.
PLANT_BETTER = """
CREATE FUNCTION public.pg_relation_size(oid) RETURNS bigint LANGUAGE plpgsql AS $$BEGIN RAISE 'planted size'; END$$;
CREATE FUNCTION public.quote_ident(name) RETURNS text LANGUAGE plpgsql AS $$BEGIN RAISE 'planted quote'; END$$;
CREATE FUNCTION public.planted_operator(varchar, varchar) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RAISE 'planted operator'; END$$;
CREATE OPERATOR public.= (LEFTARG = varchar, RIGHTARG = varchar, FUNCTION = public.planted_operator);
CREATE FUNCTION public.has_table_privilege(oid, unknown_text text) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RAISE 'planted right'; END$$;
CREATE FUNCTION public.to_char(date, text) RETURNS text LANGUAGE plpgsql AS $$BEGIN RAISE 'planted to_char'; END$$;
CREATE FUNCTION public.hashtextextended(text, integer) RETURNS bigint LANGUAGE plpgsql AS $$BEGIN RAISE 'planted hash'; END$$;
"""
PLANTS = {"better": (PLANT_BETTER, '"$user", public'), "all": (PLANT_FUNCTIONS + PLANT_OPERATORS, "public, pg_catalog")}
ROLE = "archives"


@pytest.fixture(params=list(PLANTS))
def planted(scene, request):
    """The scene as an ordinary role has it, whose path leads through what somebody has planted."""
    sql, path = PLANTS[request.param]
    scene.table.execute(f"""DO $$ BEGIN CREATE ROLE {ROLE} LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$""")
    scene.role = ROLE

    def plant():
        scene.table.execute(sql)
        scene.table.execute(f"ALTER ROLE {ROLE} SET search_path = {path}")
        uri = scene.database.server.uri(scene.database.name, user=ROLE)
        return {"PG_CONNECTION_STRING": uri, "ARCHIVE_TABLE": 'public."Event"'}

    yield scene, plant
    scene.table.execute(f"ALTER ROLE {ROLE} RESET ALL; DROP OWNED BY {ROLE}")


@pytest.mark.parametrize("sink", ["directory", "lake"])
def test_an_exports_own_statements_call_nothing_that_is_planted(archiver, database, lake, container, tmp_path, sink):
    """The task's statements keep the role's path, so it has no planted operator here; the program's own are qualified."""
    place = DirectoryPlace(tmp_path / "out") if sink == "directory" else LakePlace(lake, container)
    exports = Exports(archiver, database.connection, tmp_path, place)
    exports.add(COMMON_KNOWLEDGE[0])
    exports.remember()
    due = exports.due(COMMON_KNOWLEDGE[0])
    exports.execute(f"""DO $$ BEGIN CREATE ROLE {ROLE} LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
                        GRANT SELECT, DELETE ON {COMMON_KNOWLEDGE[0].table} TO {ROLE}""")
    exports.execute(PLANT_FUNCTIONS)
    exports.execute(f"ALTER ROLE {ROLE} SET search_path = public, pg_catalog")
    try:
        outcome = exports.run(settings={"PG_CONNECTION_STRING": database.server.uri(database.name, user=ROLE)})
    finally:
        exports.execute(f"ALTER ROLE {ROLE} RESET ALL; DROP OWNED BY {ROLE}")
    assert outcome.code == 0 and "planted" not in outcome.stderr, str(outcome)
    assert exports.check() == {COMMON_KNOWLEDGE[0].task: due}


@pytest.mark.parametrize("kind", ["appends", "one scan", "day by day", "moving back", "keeping", "taking back"])
def test_what_is_planted_on_the_path_is_not_called(planted, kind):
    scene, plant = planted
    scene.begin(KINDS[kind])
    settings = plant()
    outcome = scene.run(settings=settings)
    assert outcome.code == 0 and "planted" not in outcome.stderr, str(outcome)
    for command in ("verify", "plan", "list"):
        looked = scene.run(command, settings=settings)
        assert looked.code == 0 and "planted" not in looked.stderr, str(looked)
    outcome = scene.run("archive", settings=settings)
    assert outcome.code == 0, str(outcome)
    assert scene.oracle.check().left == YOUNG


def test_a_varchar_key_is_compared_by_the_servers_own_operator(planted):
    scene, plant = planted
    scene.begin(Kind())
    scene.table.execute('ALTER TABLE "Event" ALTER event_id TYPE varchar; UPDATE "Event" SET event_id = id')
    scene.table.execute('CREATE UNIQUE INDEX by_event_id ON "Event" (event_id)')
    scene.oracle.remember()
    settings = {**plant(), "ARCHIVE_KEY_COLUMN": "event_id"}
    for arguments in (["archive", "--dry-run"], ["archive"], ["verify"], ["check"]):
        outcome = scene.run(*arguments, settings=settings)
        assert outcome.code == 0 and "planted" not in outcome.stderr + outcome.stdout, str(outcome)
    scene.table.create_again(False)


def test_check_looks_without_being_led_astray(planted):
    scene, plant = planted
    scene.begin(KINDS["appends"])
    outcome = scene.run("check", "-o", "json", settings=plant())
    assert outcome.code == 0 and "planted" not in outcome.stdout + outcome.stderr, str(outcome)


def test_a_table_is_the_one_that_the_roles_path_finds(scene):
    """The path decides which table is meant; from then on it is nowhere on the way."""
    scene.begin(KINDS["new files"])
    scene.table.execute('CREATE SCHEMA IF NOT EXISTS elsewhere; CREATE TABLE elsewhere.chosen (LIKE "Event" INCLUDING ALL)')
    scene.table.execute('INSERT INTO elsewhere.chosen SELECT * FROM "Event" WHERE id = (SELECT min(id) FROM "Event" WHERE created_at < now() - interval \'1 year\')')
    scene.table.execute(f"ALTER DATABASE {scene.database.name} SET search_path = elsewhere, public")
    outcome = scene.run(settings={"ARCHIVE_TABLE": "chosen"})
    scene.table.execute(f"ALTER DATABASE {scene.database.name} RESET search_path; DROP SCHEMA elsewhere CASCADE")
    assert outcome.code == 0 and outcome.summary["rows"] == 1, str(outcome)


TRIGGER = """CREATE TABLE IF NOT EXISTS public.gone (id integer);
CREATE OR REPLACE FUNCTION public.note() RETURNS trigger LANGUAGE plpgsql {path} AS $$BEGIN INSERT INTO gone VALUES (OLD.id); RETURN OLD; END$$;
CREATE TRIGGER note AFTER DELETE ON "Event" FOR EACH ROW EXECUTE FUNCTION note()"""


def test_a_trigger_without_a_path_of_its_own_fails_the_run_and_the_hint_says_why(scene):
    scene.begin(KINDS["new files"])
    scene.table.execute(TRIGGER.format(path=""))
    outcome = scene.run()
    assert outcome.code == 3 and "ALTER FUNCTION" in outcome.stderr, str(outcome)
    scene.must_be_as_before()
    scene.table.execute('DROP TRIGGER note ON "Event"')
    scene.finish(scene.kind.rows)


# --- What the identity and the settings of a role are ---

def test_a_hidden_identity_is_refused_where_it_is_needed_and_nowhere_else(scene):
    scene.begin(KINDS["appends"])
    scene.table.execute(f"""DO $$ BEGIN CREATE ROLE {ROLE} LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$""")
    scene.table.grant(ROLE, "INSERT")
    scene.table.execute("REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC")
    settings = {"PG_CONNECTION_STRING": scene.database.server.uri(scene.database.name, user=ROLE)}
    try:
        for arguments in (["archive"], ["restore", "--from", "2024-01-01"]):
            outcome = scene.run(*arguments, settings=settings)
            assert outcome.code == 4 and "GRANT EXECUTE ON FUNCTION pg_catalog.pg_control_system()" in outcome.stderr, str(outcome)
        for arguments in (["plan"], ["list"], ["verify"], ["recover"]):
            outcome = scene.run(*arguments, settings=settings)
            assert outcome.code == 0, str(outcome)
        outcome = scene.run("check", settings=settings)
        assert outcome.code == 4 and f"pg_control_system() TO {ROLE}" in outcome.stdout, str(outcome)
        scene.must_be_as_before()
    finally:
        scene.table.execute(f"GRANT EXECUTE ON FUNCTION pg_control_system() TO PUBLIC; DROP OWNED BY {ROLE}")
    scene.finish()


ODD = {"array_nulls": "off", "xmloption": "document", "lc_monetary": "C.UTF-8", "quote_all_identifiers": "on", "row_security": "off",
       "synchronize_seqscans": "on", "standard_conforming_strings": "off", "backslash_quote": "off", "transform_null_equals": "on", "xmlbinary": "hex",
       "search_path": "b, public", "bytea_output": "escape", "IntervalStyle": "sql_standard", "DateStyle": "German", "extra_float_digits": "-3"}
ROWS = """INSERT INTO odd VALUES (1, '2024-01-01 10:00', ARRAY['a', NULL, 'NULL'], '<a/><b/>', 1234.5, 'a.orders'::regclass, '\\x00ff', interval '1 day -2:03', 0.1),
                                 (2, '2024-01-01 11:00', ARRAY[NULL, NULL]::text[], 'text', -0.01, 'b.orders'::regclass, '\\x', interval '-1 mon', 1e-300)"""
TEXTS = "SELECT id, created_at::text, a::text, x::text, m::numeric::text, r::oid, y::text, i::text, f::text FROM odd ORDER BY id"


@pytest.mark.parametrize("archived, restored", [(False, True), (True, False), (True, True)])
def test_a_value_is_the_same_whatever_the_role_has_set(scene, archived, restored):
    """Archived under one set of settings, restored under another."""
    scene.begin(Kind(rows=0))
    scene.table.execute("DROP SCHEMA IF EXISTS a CASCADE; DROP SCHEMA IF EXISTS b CASCADE; DROP TABLE IF EXISTS odd; CREATE SCHEMA a; CREATE SCHEMA b;"
                        "CREATE TABLE a.orders(); CREATE TABLE b.orders();"
                        "CREATE TABLE odd (id int PRIMARY KEY, created_at timestamp NOT NULL, a text[], x xml, m money, r regclass, y bytea, i interval, f float8)")
    scene.table.execute(ROWS)
    before = scene.table.execute(TEXTS)
    options = {True: " ".join(f"-c {name}={value.replace(' ', chr(92) + ' ')}" for name, value in ODD.items()), False: ""}
    settings = {"ARCHIVE_TABLE": "public.odd"}
    outcome = scene.run("archive", settings={**settings, "PGOPTIONS": options[archived]})
    assert outcome.code == 0 and outcome.summary["rows"] == 2, str(outcome)
    assert scene.table.execute(TEXTS) == []
    outcome = scene.run("restore", "--day", "2024-01-01", "--hold", "none", settings={**settings, "PGOPTIONS": options[restored]})
    assert outcome.code == 0, str(outcome)
    assert scene.table.execute(TEXTS) == before
    scene.table.execute("DROP SCHEMA a CASCADE; DROP SCHEMA b CASCADE; DROP TABLE odd")
