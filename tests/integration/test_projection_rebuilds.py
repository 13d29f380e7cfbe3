"""What `projections rebuild` and `replay` may not lose: rows that no event explains, and what a table is."""
import json

import pytest

from support.journal_files import TopicFile
from support.shop import Shop

PRIVILEGES = """SELECT string_agg(concat_ws(' ', what, a.grantee::regrole, a.privilege_type, a.is_grantable), ',' ORDER BY 1) FROM (
    SELECT relname::text AS what, coalesce(relacl, acldefault(CASE relkind WHEN 'S' THEN 's'::"char" ELSE 'r' END, relowner)) AS acl
    FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname IN ('total', 'total_n_seq')
    UNION ALL SELECT attname, attacl FROM pg_attribute WHERE attrelid = 'total'::regclass) AS objects, aclexplode(acl) AS a"""


@pytest.fixture
def shop(binary, database, tmp_path):
    return Shop(binary, database, tmp_path)


def schemas(shop) -> list[str]:
    found = shop.value("SELECT string_agg(nspname, ',' ORDER BY nspname) FROM pg_namespace WHERE nspname LIKE 'ea\\_%'")
    return found.split(",") if found else []


def positions(shop) -> str:
    return shop.value("SELECT string_agg(DISTINCT projection, ',' ORDER BY projection) FROM event_archiver.position")


def rows(shop, table: str = "total") -> str:
    return shop.value(f"SELECT string_agg(user_id || '=' || value, ' ' ORDER BY user_id) FROM {table}")


def refused(shop, action: str, *arguments: str) -> str:
    outcome = shop.run("projections", action, "total", *arguments, expect=3)
    assert positions(shop) == "total"
    return outcome.summary["msg"]


def test_a_table_that_was_taken_over_keeps_its_rows(shop):
    shop.execute("CREATE TABLE total (user_id text PRIMARY KEY, value bigint NOT NULL); INSERT INTO total VALUES ('old', 100), ('u', 1000)")
    shop.topic.append({"u": "u", "v": 1})
    shop.once()
    for action in ("rebuild", "replay"):
        assert "the table public.total had rows before the projection began" in refused(shop, action)
        assert rows(shop) == "old=100 u=1001" and schemas(shop) == []
    shop.run("projections", "rebuild", "total", "--only-events")
    assert rows(shop) == "u=1" and rows(shop, "ea_replaced_total.total") == "old=100 u=1001"
    # Its rows are those of events from now on, and what is kept is not overwritten.
    shop.run("projections", "rebuild", "total")
    shop.run("projections", "rebuild", "total", "--only-events")
    assert rows(shop) == "u=1" and schemas(shop) == ["ea_replaced2_total", "ea_replaced_total"]
    assert rows(shop, "ea_replaced_total.total") == "old=100 u=1001"


def test_a_replay_that_may_lose_rows_does(shop):
    shop.execute("CREATE TABLE total (user_id text PRIMARY KEY, value bigint NOT NULL); INSERT INTO total VALUES ('old', 100)")
    shop.topic.append({"u": "u", "v": 1})
    shop.once()
    shop.run("projections", "replay", "total", "--only-events")
    shop.once()
    assert rows(shop) == "u=1"
    shop.run("projections", "replay", "total")


def test_an_empty_table_that_was_there_has_rows_of_events_alone(shop):
    shop.execute("CREATE TABLE total (user_id text PRIMARY KEY, value bigint NOT NULL)")
    shop.post(10)
    shop.once()
    shop.run("projections", "rebuild", "total")
    shop.run("projections", "replay", "total")
    shop.once()
    assert shop.total() == shop.posted and schemas(shop) == []


def test_a_table_of_an_earlier_version_is_not_emptied(shop):
    shop.post(10)
    shop.once()
    shop.execute("DROP TABLE event_archiver.table_origin")
    shop.once()
    for action in ("rebuild", "replay"):
        assert "it is not known whether the table public.total had rows" in refused(shop, action)
    assert shop.total() == shop.posted
    shop.run("projections", "rebuild", "total", "--only-events")
    shop.run("projections", "replay", "total")


def test_a_table_that_another_projection_fills_keeps_its_rows(shop):
    shop.once()
    for file in ("projection.conf", "migrations/001.sql", "apply.sql"):
        shop.write(f"second/{file}", (shop.own / "total" / file).read_text())
    shop.run("migrate")
    shop.post(3)
    shop.once()
    for action in ("rebuild", "replay"):
        assert "projection 'second' fills the table public.total too" in refused(shop, action)


def test_rows_that_others_write_later_stay(shop):
    shop.post(10)
    shop.once()
    shop.execute("INSERT INTO total VALUES ('by hand', 7)")
    assert "public.total (4 rows, the new one 3)" in refused(shop, "rebuild")
    assert shop.total() == shop.posted + 7 and schemas(shop) == []
    shop.run("projections", "rebuild", "total", "--only-events")
    assert shop.total() == shop.posted and "by hand=7" in rows(shop, "ea_replaced_total.total")


CHANGES = """ALTER TABLE total ALTER user_id TYPE varchar(100), ALTER value TYPE integer, ALTER value DROP NOT NULL, ALTER value SET DEFAULT 7;
ALTER TABLE total ADD n bigint GENERATED ALWAYS AS IDENTITY, ADD CONSTRAINT few CHECK (value < 1000000), REPLICA IDENTITY FULL;
ALTER TABLE total SET (fillfactor = 50), ENABLE ROW LEVEL SECURITY; COMMENT ON TABLE total IS 'mine'; COMMENT ON COLUMN total.value IS 'ours';
CREATE INDEX own ON total (value); CREATE STATISTICS both_columns ON user_id, value FROM total;
CREATE FUNCTION taking(total) RETURNS bigint LANGUAGE sql AS 'SELECT 1'"""
SAID = [
    "column user_id (character varying(100) NOT NULL; new: text NOT NULL)",
    "column value (integer DEFAULT 7; new: bigint NOT NULL)",
    "column n (bigint NOT NULL GENERATED ALWAYS AS IDENTITY; new: none)",
    "sequence total_n_seq (bigint START 1",
    "comment (mine; new: none)",
    "comment on column value (ours; new: none)",
    "replica identity (full; new: default)",
    "parameters ({fillfactor=50}; new: none)",
    "constraint few (CHECK ((value < 1000000)); new: none)",
    "index own (btree (value); new: none)",
    "statistics both_columns (CREATE STATISTICS",
    "row level security (enabled; new: disabled)",
    "function public.taking(",
]
SHAPE = """SELECT string_agg(concat(attname, format_type(atttypid, atttypmod), attnotnull, attidentity), ',' ORDER BY attnum)
    FROM pg_attribute WHERE attrelid = 'total'::regclass AND attnum > 0"""


def test_a_table_that_is_not_as_migrations_make_it_is_not_swapped(shop):
    shop.post(10)
    shop.once()
    shop.execute(CHANGES)
    shape = shop.value(SHAPE)
    said = refused(shop, "rebuild")
    assert [each for each in SAID if each not in said] == [], said
    assert shop.value(SHAPE) == shape and shop.total() == shop.posted and schemas(shop) == []


def test_a_column_that_became_wider_keeps_its_values(shop):
    shop.topic.append(*({"u": "u", "v": 2_000_000_000} for _ in range(2)))
    shop.write("total/migrations/001.sql", "CREATE TABLE IF NOT EXISTS total (user_id text PRIMARY KEY, value integer)")
    shop.write("total/projection.conf", "topic = live\nbatch = 1\ntables = public.total\n")
    shop.run("migrate")
    shop.execute("ALTER TABLE total ALTER value TYPE bigint")
    shop.once()
    assert "column value (bigint; new: integer)" in refused(shop, "rebuild")
    assert shop.total() == 4_000_000_000
    # A migration says it for both.
    shop.write("total/migrations/002.sql", "ALTER TABLE total ALTER value TYPE bigint")
    shop.run("projections", "rebuild", "total")
    assert shop.total() == 4_000_000_000


def test_privileges_are_those_of_the_live_table(shop):
    reader, writer, owner = (f"{each}_{shop.database.name}" for each in ("reader", "writer", "owner"))
    shop.write("total/migrations/001.sql", "CREATE TABLE IF NOT EXISTS total (user_id text PRIMARY KEY, value bigint NOT NULL, n serial)")
    shop.post(10)
    shop.once()
    for role in (reader, writer, owner):
        shop.execute(f"CREATE ROLE {role}")
    try:
        shop.execute(f"""ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO {reader}; ALTER DEFAULT PRIVILEGES GRANT USAGE ON SEQUENCES TO {reader};
            GRANT SELECT ON total TO {writer} WITH GRANT OPTION; GRANT UPDATE (value) ON total TO {writer};
            GRANT USAGE ON SEQUENCE total_n_seq TO {writer}; ALTER TABLE total OWNER TO {owner}; REVOKE DELETE ON total FROM {owner}""")
        before = shop.value(PRIVILEGES)
        assert writer in before and reader not in before
        shop.run("projections", "rebuild", "total")
        assert shop.value(PRIVILEGES) == before
        assert shop.value("SELECT relowner::regrole::text FROM pg_class WHERE oid = 'total'::regclass") == owner
        assert shop.total() == shop.posted and schemas(shop) == []
    finally:
        for role in (reader, writer, owner):
            shop.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")


def test_a_replay_names_a_topic_that_was_taken_out_of_the_file(shop):
    shop.write("total/projection.conf", "topic = live, other\nbatch = 50\ntables = public.total\n")
    shop.post(3)
    from_other = TopicFile(shop.journal, "other")
    from_other.append({"u": "b", "v": 7})
    shop.once()
    shop.write("total/projection.conf", "topic = live\nbatch = 50\ntables = public.total\n")
    assert "events of topic 'other' up to position 1, and its projection.conf no longer names" in refused(shop, "replay")
    assert shop.total() == shop.posted + 7
    # It is meant: the row of that topic goes, and the old table stays.
    shop.run("projections", "rebuild", "total")
    assert shop.total() == shop.posted and "b=7" in rows(shop, "ea_replaced_total.total")
    shop.run("projections", "replay", "total")


def test_an_unlogged_table_draws_a_warning(shop):
    shop.write("total/migrations/001.sql", "CREATE UNLOGGED TABLE IF NOT EXISTS total (user_id text PRIMARY KEY, value bigint NOT NULL)")
    shop.post(3)
    assert [each["tables"] for each in shop.once().events("projection.unlogged")] == ["public.total"]
    found = json.loads(shop.run("check", "--for", "project", "-o", "json").stdout)["checks"]
    assert [(each["status"], "public.total" in each["detail"]) for each in found if each["name"] == "tables of total"] == [("warning", True)]
