"""An export through a view deletes the rows that the view shows, of the table behind it, or nothing."""
import json

import pytest

from support.exports import DirectoryPlace, Exports

VOUCHED = "-- event-archiver: unverified\n"
TABLE = "CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t SELECT g, 'v' || g FROM generate_series(1, 20) g; CREATE TABLE audit AS SELECT id FROM t WHERE id <= 10;"
INSTEAD = """CREATE VIEW w AS SELECT * FROM t WHERE id <= 10;
    CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql SET search_path = public AS $$ BEGIN {}; RETURN OLD; END $$;
    CREATE TRIGGER z INSTEAD OF DELETE ON w FOR EACH ROW EXECUTE FUNCTION f()"""

# The view, and what the refusal says of it.
REFUSED = {
    "instead of": (INSTEAD.format("DELETE FROM t WHERE id = OLD.id + 10"), "trigger z does what a DELETE"),
    "instead of, another table": (INSTEAD.format("DELETE FROM audit WHERE id = OLD.id"), "trigger z does what a DELETE"),
    "instead of, the right rows": (INSTEAD.format("DELETE FROM t WHERE id = OLD.id"), "trigger z does what a DELETE"),
    "a rule": ("CREATE VIEW w AS SELECT * FROM t WHERE id <= 10; CREATE RULE q AS ON DELETE TO w DO INSTEAD DELETE FROM t WHERE id = OLD.id + 10 RETURNING OLD.*", "rule q does what a DELETE"),
    "a view of such a view": (INSTEAD.format("DELETE FROM t WHERE id = OLD.id + 10") + "; CREATE VIEW x AS SELECT * FROM w; DROP TABLE audit; ALTER VIEW w RENAME TO y; ALTER VIEW x RENAME TO w",
                              "trigger z does what a DELETE"),
    "a column less": ("CREATE VIEW w AS SELECT id FROM t", "does not show column 'v' of"),
    "a column added since": ("CREATE VIEW w AS SELECT * FROM t; ALTER TABLE t ADD secret text DEFAULT 'gold'", "does not show column 'secret' of"),
    "computed columns": ("CREATE VIEW w AS SELECT id, left(v, 1) AS v FROM t", "columns as they are"),
    "exchanged names": ("ALTER TABLE t ALTER id TYPE text; CREATE VIEW w AS SELECT id AS v, v AS id FROM t", "columns as they are"),
    "names exchanged by an alias": ("ALTER TABLE t ALTER id TYPE text; CREATE VIEW w AS SELECT id, v FROM t AS t (v, id)", "columns as they are"),
    "one column twice": ("CREATE VIEW w AS SELECT id, id AS v FROM t", "columns as they are"),
    "a union": ("CREATE VIEW w AS SELECT * FROM t UNION ALL SELECT * FROM t", "cannot be seen"),
    "heirs behind it": ("CREATE TABLE heir (amount numeric) INHERITS (t); INSERT INTO heir VALUES (99, 'x', 9.99); CREATE VIEW w AS SELECT * FROM t", "'heir', which inherits from it"),
}


@pytest.fixture
def local(archiver, database, tmp_path):
    return Exports(archiver, database.connection, tmp_path, DirectoryPlace(tmp_path / "out"))


def rows_of(exports):
    (left,) = exports.execute("SELECT array_agg(t::text ORDER BY t::text), to_regclass('audit') FROM t")
    return left[0], left[1] and exports.execute("SELECT count(*) FROM audit")


@pytest.mark.parametrize("arguments", [[], ["--dry-run"], ["--side-effects", "allow"]], ids=["run", "dry run", "allow"])
@pytest.mark.parametrize("view", REFUSED)
def test_a_view_that_is_not_its_table_is_refused_by_name(local, view, arguments):
    made, words = REFUSED[view]
    local.execute(TABLE + made)
    before = rows_of(local)
    local.write("w", "COPY (SELECT * FROM w) TO STDOUT WITH CSV HEADER", "DELETE FROM w")
    outcome = local.run(*arguments, expect=3)
    told = outcome.events("export.failed")[0]["msg"]
    assert words in told, told
    assert rows_of(local) == before and local.place.names() == [] and local.place.leftovers() == []


SIMPLE = {
    "all": "CREATE VIEW w AS SELECT * FROM t WHERE id <= 10",
    "columns in another order, an alias, a sub-select": "CREATE VIEW w AS SELECT s.v, s.id FROM t AS s WHERE id IN (SELECT id FROM audit) ORDER BY id DESC",
    "a view of a view": "CREATE VIEW inner_view AS SELECT v, id FROM t; CREATE VIEW w AS SELECT * FROM inner_view WHERE id <= 10",
    "names with quotes": 'ALTER TABLE t RENAME TO "T, ""x"""; ALTER TABLE "T, ""x""" RENAME v TO "Ä from"; CREATE VIEW w AS TABLE "T, ""x""" LIMIT ALL; CREATE OR REPLACE VIEW w AS SELECT * FROM "T, ""x""" WHERE id <= 10; CREATE VIEW t AS TABLE w',
    "another schema": "CREATE SCHEMA far; ALTER TABLE t SET SCHEMA far; CREATE VIEW w AS SELECT * FROM far.t WHERE id <= 10; CREATE VIEW t AS TABLE far.t",
    "a rule and a trigger that do not concern DELETE": "CREATE VIEW w AS SELECT * FROM t WHERE id <= 10; CREATE RULE r AS ON INSERT TO w DO INSTEAD NOTHING",
}


@pytest.mark.parametrize("view", SIMPLE)
def test_a_view_that_shows_its_tables_rows_as_they_are_is_exported(local, view):
    local.execute(TABLE + SIMPLE[view])
    local.write("w", "COPY (SELECT * FROM w) TO STDOUT WITH CSV HEADER", "DELETE FROM w")
    outcome = local.run("-o", "json", expect=0)
    task = json.loads(outcome.stdout)["tasks"][0]
    assert task["rows"] == 10 and task["verified"] is True, str(outcome)
    assert local.execute("SELECT count(*) FROM w") == [(0,)] and len(local.place.names()) == 1


@pytest.mark.parametrize("view", ["instead of", "instead of, another table", "a rule"])
def test_who_vouches_for_such_a_view_has_to_allow_what_it_changes(local, view):
    """No table is taken for the one that was meant because it lost as many rows."""
    local.execute(TABLE + REFUSED[view][0])
    before = rows_of(local)
    local.write("w", "COPY (SELECT * FROM w) TO STDOUT WITH CSV HEADER", VOUCHED + "DELETE FROM w")
    outcome = local.run(expect=3)
    assert "also deleted 10 rows of public." in outcome.events("export.failed")[0]["msg"], str(outcome)
    assert rows_of(local) == before and local.place.names() == []
    outcome = local.run("--side-effects", "allow", expect=0)
    assert "deleted 10 rows of public." in outcome.summary["side_effects"], str(outcome)


ELSEWHERE = {
    "a rule": "CREATE RULE q AS ON DELETE TO t DO INSTEAD DELETE FROM audit WHERE id = OLD.id RETURNING OLD.id, OLD.v",
    "a rule that updates": "CREATE RULE q AS ON DELETE TO t DO INSTEAD UPDATE t SET v = 'gone' WHERE id = OLD.id RETURNING OLD.id, OLD.v",
    "a rule for rows that stay": "CREATE RULE q AS ON DELETE TO t WHERE OLD.id > 5 DO INSTEAD DELETE FROM audit WHERE id = OLD.id",
}


@pytest.mark.parametrize("vouched", ["", VOUCHED], ids=["compared", "vouched"])
@pytest.mark.parametrize("rule", ELSEWHERE)
def test_rows_that_another_table_loses_do_not_count_as_the_tables_own(local, rule, vouched):
    local.execute(TABLE + ELSEWHERE[rule])
    before = rows_of(local)
    local.write("t", "COPY (SELECT * FROM t WHERE id <= 10) TO STDOUT WITH CSV HEADER", vouched + "DELETE FROM t WHERE id <= 10")
    outcome = local.run("--side-effects", "allow")
    assert outcome.code in ((1, 3, 7) if "WHERE OLD" in ELSEWHERE[rule] else (3, 7)), str(outcome)  # the server has no RETURNING there
    assert rows_of(local) == before and local.place.names() == []


def test_rows_of_heirs_are_the_tables_own(local):
    local.execute(TABLE + "CREATE TABLE heir () INHERITS (t); CREATE TABLE grandchild () INHERITS (heir); INSERT INTO heir VALUES (101, 'x'); INSERT INTO grandchild VALUES (102, 'y')")
    local.write("t", "COPY (SELECT * FROM t) TO STDOUT WITH CSV HEADER", "DELETE FROM t")
    outcome = local.run(expect=0)
    assert outcome.events("export.done")[0]["rows"] == 22 and outcome.events("side_effects") == []
