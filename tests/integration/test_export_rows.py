"""An export deletes the rows it exported: which ones, not how many."""
import gzip
import io
import json

import pytest

from support.exports import DirectoryPlace, Exports, Shape
from support.gate import DatabaseGate, call_before

LOG = Shape("log", "log", columns="id bigint PRIMARY KEY, updated_at timestamptz, kind text, name text")
DUE = "updated_at < %(export_boundary)s"
VOUCHED = "-- event-archiver: unverified\n"


@pytest.fixture
def local(archiver, database, tmp_path):
    return Exports(archiver, database.connection, tmp_path, DirectoryPlace(tmp_path / "out"))


def fill(exports, rows=20, columns=LOG.columns, table="log"):
    exports.execute(f"CREATE TABLE {table} ({columns})")
    exports.execute(
        f"""INSERT INTO {table} SELECT i, timestamptz '2024-12-01' + i / 4 * interval '1 s', CASE WHEN i % 3 > 0 THEN i % 3 || '' END, repeat('x,"', i % 4)
            FROM generate_series(1, {rows}) AS i"""
    )


def run(exports, select, delete, expect, *arguments):
    exports.shapes = [LOG]
    exports.write("log", select, delete)
    exports.remember()
    outcome = exports.run(*arguments, expect=expect)
    exports.check()
    return outcome


def copy(query, options="WITH CSV HEADER"):
    return f"COPY ({query}) TO STDOUT {options}"


# What is picked in one place and not in the other. The numbers agree.
OTHER_ROWS = {
    "first and last ten": (copy("SELECT * FROM log ORDER BY id LIMIT 10"), "DELETE FROM log WHERE id IN (SELECT id FROM log ORDER BY id DESC LIMIT 10)"),
    "fetch first": (copy("SELECT * FROM log ORDER BY id FETCH FIRST 5 ROWS ONLY"), "DELETE FROM log WHERE id > 15"),
    "offset": (copy("SELECT * FROM log ORDER BY id OFFSET 15"), "DELETE FROM log WHERE id <= 5"),
    "one row of twenty": (copy("SELECT * FROM log WHERE id <> 7"), "DELETE FROM log WHERE id <> 8"),
    "ties": (copy("SELECT * FROM log ORDER BY kind, id LIMIT 3"), "DELETE FROM log WHERE id IN (SELECT id FROM log ORDER BY kind, id DESC LIMIT 3)"),
    "distinct on": (copy("SELECT DISTINCT ON (kind) * FROM log ORDER BY kind, id"), "DELETE FROM log WHERE id IN (SELECT DISTINCT ON (kind) id FROM log ORDER BY kind, id DESC)"),
    "a sister's table": (copy("SELECT * FROM log"), "DELETE FROM sister"),
    "columns that are enough": (copy("SELECT kind, id FROM log WHERE id <= 5"), "DELETE FROM log WHERE id > 15"),
    "an alias, a schema and USING": (copy("SELECT * FROM public.log WHERE id < 3"), "WITH old AS (SELECT 19 AS id) DELETE FROM ONLY public.log AS l USING old WHERE l.id >= old.id"),
    "RETURNING of its own": (copy("SELECT * FROM log WHERE id < 3"), "DELETE FROM log WHERE id > 18 RETURNING id"),
    "another dialect": (copy("SELECT * FROM log WHERE id < 3", "(FORMAT csv, HEADER, DELIMITER ';', QUOTE '''', NULL 'nil', FORCE_QUOTE (name))"), "DELETE FROM log WHERE id > 18"),
    "a column more": (copy("SELECT now() AS at, log.* FROM log WHERE id < 3"), "DELETE FROM log WHERE id > 18"),
}


@pytest.mark.parametrize("what", OTHER_ROWS)
def test_other_rows_of_the_same_number_are_not_deleted(local, what):
    fill(local)
    fill(local, table="sister")
    local.execute("UPDATE sister SET name = 'its own' WHERE id = 9")
    outcome = run(local, *OTHER_ROWS[what], 7)
    assert "are not the" in outcome.events("export.failed")[0]["msg"], str(outcome)
    assert local.place.names() == [] and local.place.leftovers() == []
    assert local.execute("SELECT count(*) FROM sister") == [(20,)]


@pytest.mark.parametrize("arguments", [(), ("--dry-run",)], ids=["run", "dry run"])
def test_a_column_that_the_table_got_later_is_told(local, arguments):
    """The list of select.sql has the key, so that the rows are the same; their new column is in no file."""
    fill(local)
    local.shapes = [LOG]
    local.execute('ALTER TABLE log ADD COLUMN amount numeric, ADD COLUMN "in all" int; UPDATE log SET amount = id')
    few = "id, updated_at, kind, name"
    for number, (columns, said, told) in enumerate([(few, "", "amount, in all"),
                                                    (few, "-- event-archiver: leaves out in all\n", "amount"),
                                                    (few, "-- event-archiver: leaves out amount ,  in all\n", None),
                                                    (few, VOUCHED, None), ("*", "", None), (few + ", 1 AS id", VOUCHED, None)], 1):
        due = f"WHERE id = {number}"
        local.write("log", copy(f"SELECT {columns} FROM log {due}"), f"{said}DELETE FROM log {due}")
        outcome = local.run(*arguments, expect=0)
        warned = outcome.events("export.columns_left_out")
        assert [line["columns"] for line in warned] == ([told] if told else []), str(outcome)
    local.write("log", copy(f"SELECT {few} FROM log WHERE id < 0"), "DELETE FROM log WHERE id < 0")
    assert not local.run(*arguments, expect=0).events("export.columns_left_out")  # no row went


OTHERWISE = {
    "a date": ("id, to_char(updated_at, 'YYYY') AS updated_at, kind, name", "'updated_at' differs"),
    "two texts": ("id, updated_at, kind || '!' AS kind, upper(name) AS name", "'kind', 'name' differs"),
    "the last of few columns": ("id, left(name, 2) AS name", "'name' differs"),
}


@pytest.mark.parametrize("what", OTHERWISE)
def test_a_column_that_is_written_otherwise_is_named(local, what):
    fill(local)
    columns, words = OTHERWISE[what]
    outcome = run(local, copy(f"SELECT {columns} FROM log"), "DELETE FROM log", 7)
    assert words in outcome.events("export.failed")[0]["msg"], str(outcome)
    assert "2024" not in outcome.events("export.failed")[0]["msg"]


SAME_ROWS = {
    "all": (copy("SELECT * FROM log"), "DELETE FROM log"),
    "limit by key": (copy("SELECT * FROM log ORDER BY id LIMIT 5"), "DELETE FROM log WHERE id IN (SELECT id FROM log ORDER BY id LIMIT 5)"),
    "in another order": (copy("SELECT * FROM log ORDER BY id DESC"), "DELETE FROM log;-- all\n;"),
    "columns in another order": (copy("SELECT name, kind, updated_at, id FROM log"), "DELETE FROM log"),
    "a table, not a query": ("COPY log (updated_at, id, kind, name) TO STDOUT CSV HEADER", "DELETE FROM log"),
    "an alias and USING": (copy("SELECT * FROM log WHERE id < 3"), "DELETE FROM log l USING (VALUES (1), (2)) AS log (id) WHERE l.id = log.id"),
    "a WITH": (copy("SELECT * FROM log WHERE id < 3"), "WITH old AS MATERIALIZED (SELECT id FROM log WHERE id < 3) DELETE FROM log WHERE id IN (TABLE old)"),
    "RETURNING *": (copy("SELECT * FROM log"), "DELETE FROM log RETURNING *"),
    "RETURNING columns": (copy("SELECT * FROM log"), "DELETE FROM log AS t RETURNING t.id, kind AS k"),
    "another dialect": (copy("SELECT * FROM log", "(FORMAT csv, HEADER, DELIMITER ';', QUOTE '''', ESCAPE '\\', NULL 'nil', FORCE_QUOTE (name))"), "DELETE FROM log"),
    "percent signs": (copy("SELECT * FROM log WHERE 'a%%' LIKE '%%'", "(FORMAT csv, HEADER, DELIMITER '%%')"), "DELETE FROM log WHERE 10 %% 3 = 1"),
    "force quote": (copy("SELECT * FROM log", "CSV HEADER FORCE QUOTE *"), "DELETE FROM log"),
    "the same text": (copy("SELECT id, updated_at, kind::varchar AS kind, name FROM log"), "DELETE FROM log"),
    "columns more": (copy("SELECT 'a,b' AS place, log.*, name || '\"' AS again FROM log", "CSV HEADER"), "DELETE FROM log"),
}


@pytest.mark.parametrize("what", SAME_ROWS)
def test_the_same_rows_are_deleted_however_they_are_told(local, what):
    fill(local)
    local.write("log", *SAME_ROWS[what])
    outcome = local.run("-o", "json", expect=0)
    task = json.loads(outcome.stdout)["tasks"][0]
    assert task["verified"] is True and task["rows"] == 20 - local.execute("SELECT count(*) FROM log")[0][0] > 0, str(outcome)
    assert outcome.events("export.done")[0]["verified"] is True


NAMES = 'id bigint PRIMARY KEY, "Zeit" timestamptz, "a,""b""" text, "käse %" text'


def test_columns_may_have_any_name(local):
    fill(local, columns=NAMES, table='"Wunder,""bar"""')
    local.write("log", copy('SELECT * FROM "Wunder,""bar"""'), 'DELETE FROM "Wunder,""bar""" AS "T %%"')
    assert local.run(expect=0).events("export.done")[0]["rows"] == 20


INCOMPARABLE = {
    "no key": (copy("SELECT kind, name FROM log"), "DELETE FROM log", "a unique key of it is (id)"),
    "a renamed key": (copy("SELECT id AS number, updated_at FROM log"), "DELETE FROM log", "'number', which select.sql exports"),
    "a computed column": (copy("SELECT id, upper(name) AS shout FROM log"), "DELETE FROM log", "'shout'"),
    "a name twice": (copy("SELECT log.*, id FROM log"), "DELETE FROM log", "two columns 'id'"),
    "columns more in another dialect": (copy("SELECT *, 1 AS one FROM log", "(FORMAT csv, HEADER, NULL 'nil')"), "DELETE FROM log", "'one'"),
    "a column less in another dialect": (copy("SELECT id, kind FROM log", "(FORMAT csv, HEADER, DELIMITER ';')"), "DELETE FROM log", "other columns"),
    "rows of a WITH": (copy("SELECT * FROM log"), "WITH gone AS (DELETE FROM sister RETURNING id) DELETE FROM log USING gone WHERE log.id = gone.id", "line 1: rows that a WITH"),
    "a RETURNING that computes": (copy("SELECT * FROM log"), "DELETE FROM log\nRETURNING upper(name)", "line 2: its RETURNING computes"),
    "a key of some rows": (copy("SELECT kind, name FROM partial"), "DELETE FROM partial", "it has no unique key"),
}


@pytest.mark.parametrize("what", INCOMPARABLE)
def test_rows_that_cannot_be_compared_are_refused_unless_their_author_vouches(local, what):
    fill(local)
    fill(local, table="sister")
    fill(local, table="partial", columns=LOG.columns.replace(" PRIMARY KEY", ""))
    local.execute("CREATE UNIQUE INDEX ON partial (kind, name) WHERE id < 0; CREATE UNIQUE INDEX ON partial ((kind || id))")
    select, delete, why = INCOMPARABLE[what]
    local.write("log", select, delete)
    outcome = local.run(expect=3)
    failed = outcome.events("export.failed")[0]
    assert why in failed["msg"] and "-- event-archiver: unverified" in failed["error.hint"], str(outcome)
    assert local.place.names() == [] and local.execute("SELECT (SELECT count(*) FROM log), (SELECT count(*) FROM partial)") == [(20, 20)]
    local.write("log", select, VOUCHED + delete)
    # What a WITH deletes elsewhere is another matter, which has a setting of its own.
    allowed = {"EXPORT_SIDE_EFFECTS": "allow"} if "WITH" in what else {}
    outcome = local.run("-o", "json", settings=allowed, expect=0)
    task = json.loads(outcome.stdout)["tasks"][0]
    assert task["verified"] is False and task["rows"] == 20
    assert outcome.events("export.done")[0]["verified"] is False
    assert local.execute("SELECT (SELECT count(*) FROM log) + (SELECT count(*) FROM partial)") == [(20,)]


@pytest.mark.parametrize("deleted", [1, 3])
def test_numbers_are_still_compared_where_the_author_vouches(local, deleted):
    fill(local)
    outcome = run(local, copy("SELECT * FROM log WHERE id < 3"), f"{VOUCHED}DELETE FROM log WHERE id <= {deleted} RETURNING *", 7)
    assert f"deleted {deleted}" in outcome.events("export.failed")[0]["msg"]


def test_rows_that_are_equal_are_told_by_their_number(local):
    """No key at all, rows twice: whole rows are compared as often as they are there."""
    fill(local, columns=LOG.columns.replace(" PRIMARY KEY", ""))
    local.execute("INSERT INTO log SELECT * FROM log WHERE id < 4; INSERT INTO log SELECT * FROM log WHERE id = 1")
    run(local, copy("SELECT * FROM log WHERE id IN (1, 2)"), "DELETE FROM log WHERE id IN (1, 3) AND ctid <> (SELECT min(ctid) FROM log)", 7)
    run(local, copy("SELECT DISTINCT * FROM log WHERE id = 4"), "DELETE FROM log WHERE id = 4", 0)
    local.place.clear()
    run(local, copy("SELECT * FROM log WHERE id IN (1, 2)"), "DELETE FROM log WHERE id IN (1, 2)", 0)


def test_a_table_whose_heirs_have_columns_of_their_own_is_refused(local):
    fill(local)
    local.execute("CREATE TABLE heir (extra text) INHERITS (log); INSERT INTO heir VALUES (99, '2024-12-01', 'k', 'n', 'only here')")
    local.write("log", copy("SELECT * FROM log"), "DELETE FROM log")
    outcome = local.run(expect=3)
    assert "'heir', which inherits from it, has columns of its own" in outcome.events("export.failed")[0]["msg"]
    assert local.execute("SELECT count(*) FROM log") == [(21,)]
    local.write("log", copy("SELECT * FROM ONLY log"), "DELETE FROM ONLY (log)")
    local.run(expect=0)
    assert local.execute("SELECT count(*) FROM log") == [(1,)]


@pytest.mark.parametrize("pick", ["LIMIT 20000", "FETCH FIRST 20000 ROWS ONLY", "ORDER BY updated_at LIMIT 20500", "TABLESAMPLE", "random"])
def test_a_part_of_a_large_table_that_nothing_orders_loses_no_row(local, pick):
    """Two scans of a table larger than a quarter of the server's buffers begin in different places."""
    local.execute(
        "CREATE TABLE log (id bigint PRIMARY KEY, updated_at timestamptz, txt text); INSERT INTO log SELECT i, timestamptz '2024-01-01' + i / 1000 * interval '1 s',"
        " repeat(md5(i::text), 4) FROM generate_series(1, 120000) i; CREATE TABLE before AS TABLE log; CREATE TABLE filed (LIKE log)"
    )
    rows = {"TABLESAMPLE": "FROM log TABLESAMPLE BERNOULLI (1)", "random": "FROM log WHERE random() < 0.01"}.get(pick, f"FROM log WHERE {DUE} {pick}")
    local.write("log", copy(f"SELECT * {rows}"), f"DELETE FROM log WHERE id IN (SELECT id {rows})")
    outcome = local.run()
    assert outcome.code in (0, 7), str(outcome)
    for name in local.place.names():
        with local.connection.cursor() as cursor:
            cursor.copy_expert("COPY filed FROM STDIN (FORMAT csv, HEADER)", io.BytesIO(gzip.decompress(local.place.read(name))))
    assert local.execute("SELECT count(*) FROM before b WHERE (EXISTS (SELECT FROM filed WHERE id = b.id)) = (EXISTS (SELECT FROM log WHERE id = b.id))") == [(0,)], str(outcome)


def test_a_delete_with_returning_takes_no_more_memory(local):
    peaks = []
    for delete in ("DELETE FROM log", "DELETE FROM log RETURNING *", VOUCHED + "DELETE FROM log RETURNING *, name || name"):
        local.execute("DROP TABLE IF EXISTS log; CREATE TABLE log AS SELECT i AS id, repeat(md5(i::text), 9) AS name FROM generate_series(1, 200000) AS i")
        local.write("log", copy("SELECT * FROM log"), delete)
        peaks.append(local.run(expect=0).summary["peak_memory_bytes"])
    assert max(peaks) < min(peaks) + (8 << 20), peaks


@pytest.mark.parametrize("planted", ["to_char(date, text) RETURNS text", "hashtextextended(text, int) RETURNS bigint"])
def test_functions_of_others_are_for_the_tasks_sql_alone(local, planted):
    """A role that may create functions in a schema of the path plants one whose arguments fit better than PostgreSQL's."""
    fill(local)
    local.execute(f"CREATE FUNCTION public.{planted} LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'planted'; END $$")
    run(local, copy(f"SELECT * FROM log WHERE {DUE}"), f"DELETE FROM log WHERE {DUE}", 0)


@pytest.mark.parametrize("vouched", ["", VOUCHED], ids=["compared", "vouched for"])
def test_a_task_begins_again_when_a_partition_is_attached_while_rows_are_read(local, database, vouched):
    """DELETE sees it, and its rows, which COPY has not read."""
    local.execute(f"CREATE TABLE log ({LOG.columns.replace(' PRIMARY KEY', '')}) PARTITION BY RANGE (id)")
    local.execute("CREATE TABLE early PARTITION OF log FOR VALUES FROM (1) TO (11); CREATE TABLE late (LIKE log)")
    for table, first in (("log", 1), ("late", 11)):
        local.execute(f"INSERT INTO {table} SELECT i, timestamptz '2024-12-01', 'x', 'y' FROM generate_series({first}, {first + 9}) AS i")
    local.write("log", copy("SELECT * FROM log"), vouched + "DELETE FROM log")
    attach = call_before(lambda: local.execute("ALTER TABLE log ATTACH PARTITION late FOR VALUES FROM (11) TO (21)"))
    with DatabaseGate(database.server.port) as gate:
        rule = gate.on(attach, contains="DELETE FROM log")
        outcome = local.run(expect=0, settings={"DATABASE_URL": database.server.uri(database.name, port=gate.port)})
    assert rule.hits and len(outcome.events("export.again")) == 1, str(outcome)
    (name,) = local.place.names()
    assert len(gzip.decompress(local.place.read(name)).decode().splitlines()) == 1 + 20
    assert local.execute("SELECT count(*) FROM log")[0][0] == 0


@pytest.mark.parametrize("vouched", ["", VOUCHED], ids=["compared", "vouched for"])
def test_a_task_begins_again_when_a_child_is_made_while_rows_are_read(local, database, vouched):
    """DELETE sees it, and the snapshot of the transaction shows no new child."""
    local.execute(f"CREATE TABLE log ({LOG.columns.replace(' PRIMARY KEY', '')}); CREATE TABLE child (LIKE log)")
    for table, first in (("log", 1), ("child", 11)):
        local.execute(f"INSERT INTO {table} SELECT i, timestamptz '2024-12-01', 'x', 'y' FROM generate_series({first}, {first + 9}) AS i")
    local.write("log", copy("SELECT * FROM log"), vouched + "DELETE FROM log")
    inherit = call_before(lambda: local.execute("ALTER TABLE child INHERIT log"))
    with DatabaseGate(database.server.port) as gate:
        rule = gate.on(inherit, contains="DELETE FROM log")
        outcome = local.run(expect=0, settings={"DATABASE_URL": database.server.uri(database.name, port=gate.port)})
    assert rule.hits and len(outcome.events("export.again")) == 1, str(outcome)
    (name,) = local.place.names()
    assert len(gzip.decompress(local.place.read(name)).decode().splitlines()) == 1 + 20
    assert local.execute("SELECT count(*) FROM log")[0][0] == 0


@pytest.mark.parametrize("publication", ["log WHERE (kind <> 'no')", "log (kind)"], ids=["a row filter", "a column list"])
def test_a_publication_that_refuses_the_delete_is_named_beside_the_file(local, publication):
    fill(local)
    local.execute(f"CREATE PUBLICATION half FOR TABLE {publication}")
    outcome = run(local, copy("SELECT * FROM log"), "DELETE FROM log", expect=3)
    assert "'log/delete.sql'" in outcome.stderr and "a publication is in the way" in outcome.stderr, str(outcome)
