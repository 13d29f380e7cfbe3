"""Row security makes what a session sees depend on its role and settings. Two sessions of one run may then see other rows,
as many of them: behind a pooler, whose other clients leave things behind."""
import uuid

import psycopg2
import pytest

from support.scene import Kind
from support.servers import PgBouncer

TENANTS = """
TRUNCATE public."Event";
INSERT INTO public."Event" SELECT 2 * i + t, 'e' || i, chr(97 + t), timestamp '2024-01-01' + i * interval '1 hour', NULL, '{}'
FROM generate_series(0, 47) AS i, generate_series(0, 1) AS t;
ALTER TABLE public."Event" ENABLE ROW LEVEL SECURITY;
"""


@pytest.fixture(scope="module")
def roles(postgresql):
    names = [f"{name}_{uuid.uuid4().hex[:8]}" for name in ("app", "a", "b")]
    for name in names:
        postgresql.psql("-c", f"CREATE ROLE {name} LOGIN")
    postgresql.psql("-c", f"GRANT {names[1]}, {names[2]} TO {names[0]}")
    return names


@pytest.fixture(scope="module")
def pooler(place, postgresql, roles):
    with PgBouncer(place / "pooler-of-tenants", postgresql, users=tuple(roles)) as server:
        yield server


@pytest.fixture
def tenants(scene, roles):
    scene.begin(Kind(rows=1))
    scene.table.execute(TENANTS)
    scene.table.execute(f'GRANT SELECT, DELETE ON public."Event" TO {", ".join(roles)}')
    scene.oracle.remember()
    yield scene
    for (policy,) in scene.table.execute("""SELECT polname FROM pg_policy WHERE polrelid = 'public."Event"'::regclass"""):
        scene.table.execute(f'DROP POLICY {policy} ON public."Event"')
    scene.table.execute(f"""ALTER TABLE public."Event" DISABLE ROW LEVEL SECURITY; REVOKE ALL ON public."Event" FROM {", ".join(roles)};
                            DROP FUNCTION IF EXISTS tenant_of_backend""")


def leave(uri: str, *statements: str) -> None:
    """Clients of the pooler that work at the same time and leave settings on their connections."""
    clients = [psycopg2.connect(uri) for _ in statements]
    for client, statement in zip(clients, statements):
        client.cursor().execute(statement)
    for client in clients:
        client.commit()
        client.close()


SHAPES = {
    "a setting": ("CREATE POLICY tenant ON public.\"Event\" USING (event_type = current_setting('app.tenant', true))",
                  "SET app.tenant = 'a'", "SET app.tenant = 'b'"),
    "a role": ("CREATE POLICY a ON public.\"Event\" TO {1} USING (event_type = 'a'); CREATE POLICY b ON public.\"Event\" TO {2} USING (event_type = 'b')",
               "SET ROLE {1}", "SET ROLE {2}"),
    "the backend": ("CREATE FUNCTION tenant_of_backend() RETURNS text LANGUAGE sql STABLE AS $$SELECT chr(97 + pg_backend_pid() % 2)$$;"
                    " CREATE POLICY tenant ON public.\"Event\" USING (event_type = public.tenant_of_backend())", "SELECT 1", "SELECT 1"),
}


@pytest.mark.parametrize("index", [True, False], ids=["by day", "one scan"])
@pytest.mark.parametrize("shape", SHAPES)
def test_sessions_that_see_as_many_other_rows_lose_none(tenants, pooler, roles, shape, index):
    if not index:
        tenants.table.execute('DROP INDEX IF EXISTS "Event_created_at"')
    policy, *left = (text.replace("{1}", roles[1]).replace("{2}", roles[2]) for text in SHAPES[shape])
    tenants.table.execute(policy)
    uri = f"postgresql://{roles[0]}@127.0.0.1:{pooler.port}/{tenants.database.name}"
    for _ in range(3):  # which connection comes first is the pooler's choice
        leave(uri, *left)
        outcome = tenants.plain.run("archive", settings={"PG_CONNECTION_STRING": uri, "ARCHIVE_PARALLEL": "1"})
        assert outcome.code in (0, 3, 7), str(outcome)
        assert outcome.code == 0 or "row security" in outcome.stderr, str(outcome)
        tenants.oracle.check()


def test_sessions_of_which_row_security_applies_to_one_only(tenants, pooler, roles):
    tenants.table.execute(f"""CREATE POLICY tenant ON public."Event" USING (event_type = 'a'); ALTER ROLE {roles[2]} BYPASSRLS""")
    uri = f"postgresql://{roles[0]}@127.0.0.1:{pooler.port}/{tenants.database.name}"
    try:
        for _ in range(3):
            leave(uri, f"SET ROLE {roles[1]}", f"SET ROLE {roles[2]}")
            outcome = tenants.plain.run("archive", settings={"PG_CONNECTION_STRING": uri, "ARCHIVE_PARALLEL": "1"})
            assert outcome.code in (0, 3, 7), str(outcome)
            assert outcome.code == 0 or "row security" in outcome.stderr, str(outcome)
            tenants.oracle.check()
    finally:
        tenants.table.execute(f"ALTER ROLE {roles[2]} NOBYPASSRLS")


def test_a_policy_that_shows_all_rows_lets_them_be_archived(tenants, roles):
    """The least that does it: no BYPASSRLS, which is a right over every table."""
    tenants.table.execute(f'CREATE POLICY archiver ON public."Event" TO {roles[0]} USING (true)')
    uri = tenants.database.server.uri(tenants.database.name, user=roles[0])
    outcome = tenants.plain.run("archive", settings={"PG_CONNECTION_STRING": uri}, expect=0)
    assert outcome.log[-1]["rows"] == 96
    assert tenants.oracle.check().left == 0


def test_a_restored_day_stays_so_while_its_rows_may_be_hidden(tenants, roles):
    """A session may see no row of the day although there are some."""
    tenants.plain.run("archive", expect=0)
    tenants.table.execute(f'GRANT INSERT ON public."Event" TO {roles[0]}')
    tenants.plain.run("restore", "--from", "2024-01-01", "--hold", "none", expect=0)
    tenants.table.execute(f"""CREATE POLICY later ON public."Event" TO {roles[0]} USING (created_at > '2025-01-01')""")
    uri = tenants.database.server.uri(tenants.database.name, user=roles[0])
    tenants.plain.run("archive", settings={"PG_CONNECTION_STRING": uri}, expect=0)
    restored = [blob.name for blob in tenants.lake.list(tenants.container) if "archiverrestored" in blob.metadata]
    assert len(restored) == 2
    tenants.plain.run("archive", expect=0)
    assert tenants.oracle.check().left == 0
