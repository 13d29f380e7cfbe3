"""select.sql only reads. Rows that it deletes or changes would be in no file."""
import pytest

from support.exports import DirectoryPlace, Exports

TABLE = "CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t SELECT g, 'v' || g FROM generate_series(1, 20) g; CREATE TABLE audit AS TABLE t;"
DELETE = "DELETE FROM t WHERE id <= 10"
FUNCTION = "CREATE FUNCTION f() RETURNS bool LANGUAGE plpgsql SET search_path = public AS $$ BEGIN {}; RETURN true; END $$"
CALLED = "COPY (SELECT * FROM t WHERE id <= 10 AND (SELECT f())) TO STDOUT WITH CSV HEADER"


def copy(query):
    return f"COPY ({query}) TO STDOUT WITH CSV HEADER"


# What the database has, select.sql, and what the refusal says.
WRITES = {
    "a WITH that deletes": ("", copy("WITH x AS (DELETE FROM t WHERE id > 10 RETURNING *) SELECT * FROM t WHERE id <= 10"), "line 1: it has a statement that begins with DELETE"),
    "a WITH that updates another table": ("", copy("WITH x AS NOT MATERIALIZED (\nupdate audit SET v = '') SELECT * FROM t WHERE id <= 10"), "line 2: it has a statement that begins with UPDATE"),
    "a WITH that inserts": ("", copy("WITH x AS (INSERT INTO audit SELECT * FROM t) SELECT * FROM t WHERE id <= 10"), "begins with INSERT"),
    "a DELETE": ("", copy("DELETE FROM t WHERE id <= 10 RETURNING *"), "begins with DELETE"),
    "a DELETE behind a WITH": ("", copy("WITH x AS (SELECT 1) DELETE FROM t WHERE id <= 10 RETURNING *"), "also deleted 10 rows of public.t"),
    "a function that deletes": (FUNCTION.format("DELETE FROM t WHERE id > 10"), CALLED, "also deleted 10 rows of public.t"),
    "a function that updates another table": (FUNCTION.format("UPDATE audit SET v = ''"), CALLED, "also updated 20 rows of public.audit"),
    "a function that inserts": (FUNCTION.format("INSERT INTO audit VALUES (0)"), CALLED, "also inserted 1 row of public.audit"),
    "a function that truncates": (FUNCTION.format("TRUNCATE audit"), CALLED, "truncated, rewrote or dropped"),
    "a view's function": (FUNCTION.format("DELETE FROM audit") + "; CREATE VIEW w AS SELECT * FROM t WHERE (SELECT f())", copy("SELECT * FROM w WHERE id <= 10"), "also deleted 20 rows of public.audit"),
    "no row": (FUNCTION.format("DELETE FROM audit"), CALLED.replace("<= 10", "< 0"), "also deleted 20 rows of public.audit"),
}


@pytest.fixture
def local(archiver, database, tmp_path):
    return Exports(archiver, database.connection, tmp_path, DirectoryPlace(tmp_path / "out"))


@pytest.mark.parametrize("arguments", [[], ["--dry-run"], ["--side-effects", "allow"]], ids=["run", "dry run", "allow"])
@pytest.mark.parametrize("what", WRITES)
def test_a_select_that_writes_is_refused_by_name(local, what, arguments):
    made, select, words = WRITES[what]
    local.execute(TABLE + made)
    local.write("t", select, DELETE)
    outcome = local.run(*arguments, expect=3)
    assert words in outcome.events("export.failed")[0]["msg"], str(outcome)
    assert local.execute("SELECT (SELECT count(*) FROM t), (SELECT count(*) FROM audit WHERE v > '')") == [(20, 20)]
    assert local.place.names() == [] and local.place.leftovers() == []


SETTINGS = {
    "digits of numbers": ("", copy("SELECT t.* FROM t, set_config('extra_float_digits', '-10', true) WHERE id <= 10"), "also sets extra_float_digits to '-10'"),
    "for the session": ("", copy("SELECT t.* FROM t, set_config('bytea_output', 'escape', false) WHERE id <= 10"), "also sets bytea_output to 'escape'"),
    "the time zone, in a function": (FUNCTION.replace("SET search_path = public ", "").format("SET LOCAL TimeZone = 'America/New_York'"), CALLED, "also sets TimeZone to 'America/New_York'"),
    "what delete.sql's names mean": ("", copy("SELECT t.* FROM t, set_config('search_path', 'pg_temp, public', true) WHERE id <= 10"), "also sets search_path to"),
}


@pytest.mark.parametrize("what", SETTINGS)
def test_a_select_that_changes_how_values_are_written_is_refused(local, what):
    """The deleted rows would be compared in the same other form, and be found equal."""
    made, select, words = SETTINGS[what]
    local.execute(TABLE + "ALTER TABLE t ADD n float8 DEFAULT 0.43333333333333335;" + made)
    local.write("t", select, DELETE)
    outcome = local.run(expect=3)
    assert words in outcome.events("export.failed")[0]["msg"], str(outcome)
    assert local.execute("SELECT count(*) FROM t") == [(20,)] and local.place.names() == []


@pytest.mark.parametrize("options", ["WITH (FORMAT csv, HEADER, ENCODING '{}')", "CSV HEADER ENCODING '{}'"], ids=["list", "plain"])
@pytest.mark.parametrize("encoding, lost, kept", [("SJIS", "100¥", "ア"), ("shift_jis_2004", "a‾", "ア"), ("EUC_JP", "a¦b", "ア"), ("LATIN1", "", "é")])
def test_a_file_in_an_encoding_that_joins_characters_is_refused(local, encoding, lost, kept, options):
    """The deleted rows would be compared in the same encoding, and be found equal."""
    local.execute(TABLE)
    local.write("t", "COPY (SELECT * FROM t WHERE id <= 10) TO STDOUT " + options.format(encoding), DELETE)
    if lost:
        local.execute("UPDATE t SET v = %s WHERE id = 7", (lost,))
        message = local.run(expect=3).events("export.failed")[0]["msg"]
        assert f"a character that ENCODING '{encoding}' writes as another one" in message and lost not in message, message
        assert local.execute("SELECT count(*) FROM t") == [(20,)] and local.place.names() == []
    local.execute("UPDATE t SET v = %s WHERE id = 7", (kept,))
    local.run(expect=0)
    assert local.execute("SELECT count(*) FROM t") == [(10,)]


READS = {
    "a setting of its own": copy("SELECT t.* FROM t, set_config('app.tenant', '7', true) WHERE id <= 10"),
    "locks": copy("SELECT * FROM t WHERE id <= 10 FOR UPDATE"),
    "words as names": copy('SELECT t.* FROM t, (SELECT 1 AS update, 2 AS "delete") AS delete WHERE id <= 10 AND (update = 1) AND (delete.delete > 1)'),
    "a temporary table": CALLED,
}


@pytest.mark.parametrize("what", READS)
def test_a_select_that_only_reads_is_exported(local, what):
    local.execute(TABLE + FUNCTION.format("CREATE TEMPORARY TABLE seen AS TABLE t"))
    local.write("t", READS[what], DELETE)
    local.run(expect=0)
    assert local.execute("SELECT count(*) FROM t") == [(10,)]


def test_where_nothing_is_counted_a_select_that_writes_is_refused(local):
    local.execute(TABLE + FUNCTION.format("DELETE FROM audit"))
    local.execute(f"ALTER DATABASE {local.execute('SELECT current_database()')[0][0]} SET track_counts = off")
    local.write("t", CALLED, DELETE)
    outcome = local.run(expect=3)
    assert "track_counts is off" in outcome.events("export.failed")[0]["msg"], str(outcome)
    local.write("t", copy("SELECT * FROM t WHERE id <= 10"), DELETE)
    local.run(expect=0)
