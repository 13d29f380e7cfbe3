"""A restored day keeps its mark while rows of the table may be hidden: by row security, or in a partition that a cancelled
DETACH CONCURRENTLY left behind. One of them may be a row of the file that has another time by now."""
import uuid

import pytest

from support.table import EventTable

NAME = "events_2024-01-01.csv"
DAY = ("--day", "2024-01-01")
PARTITIONED = """
CREATE TABLE public."Event" (id integer NOT NULL, event_id text NOT NULL, event_type text NOT NULL, created_at timestamp(3) NOT NULL,
    processed_at timestamp(3), payload jsonb NOT NULL, PRIMARY KEY (id, created_at)) PARTITION BY RANGE (created_at);
CREATE TABLE january PARTITION OF public."Event" FOR VALUES FROM ('2024-01-01') TO ('2024-02-01');
CREATE TABLE february PARTITION OF public."Event" FOR VALUES FROM ('2024-02-01') TO ('2024-03-01');
"""
ROWS = """INSERT INTO public."Event" SELECT i, 'e' || i, 'kept', timestamp '2024-01-01' + i * interval '1 hour', NULL, '{}'
          FROM generate_series(1, 3) AS i"""


@pytest.fixture
def table(database) -> EventTable:
    table = EventTable(database.connection)
    table.execute(PARTITIONED + ROWS)
    return table


class Policy:
    """Rows of type 'hidden' are shown to nobody; the archiver is not the owner of the table."""

    def __init__(self, archiver, table, database):
        self.table, self.name = table, f"keeper_{uuid.uuid4().hex[:8]}"
        table.execute(f"""CREATE ROLE {self.name} LOGIN; GRANT SELECT, INSERT, DELETE ON public."Event" TO {self.name};
            GRANT TEMPORARY ON DATABASE "{database.name}" TO {self.name};
            GRANT EXECUTE ON FUNCTION pg_control_system() TO {self.name};
            ALTER TABLE public."Event" ENABLE ROW LEVEL SECURITY;
            CREATE POLICY shown ON public."Event" USING (event_type <> 'hidden') WITH CHECK (true)""")
        self.settings = {"PG_CONNECTION_STRING": database.uri.replace("postgres@", f"{self.name}@")}

    def hide(self, *ids: int) -> None:
        self.table.execute('UPDATE public."Event" SET event_type = \'hidden\' WHERE id = ANY(%s)', (list(ids),))

    def show(self) -> None:
        self.table.execute("""UPDATE public."Event" SET event_type = 'kept'""")

    def end(self) -> None:
        self.table.execute(f"DROP OWNED BY {self.name}; DROP ROLE {self.name}")


class Detach:
    """The whole of January is hidden, as a DETACH CONCURRENTLY leaves it that was cancelled between its two transactions."""

    settings = {}

    def __init__(self, archiver, table, database):
        self.table = table

    def hide(self, *ids: int) -> None:
        self.table.execute("UPDATE pg_inherits SET inhdetachpending = true WHERE inhrelid = 'january'::regclass")
        self.table.execute("""INSERT INTO public."Event" VALUES (99, 'due', 'due', '2024-02-01', NULL, '{}')""")

    def show(self) -> None:
        self.table.execute("""ALTER TABLE public."Event" DETACH PARTITION january FINALIZE;
            ALTER TABLE public."Event" ATTACH PARTITION january FOR VALUES FROM ('2024-01-01') TO ('2024-02-01')""")

    def end(self) -> None:
        pass


@pytest.fixture(params=[Policy, Detach])
def cover(request, archiver, table, database):
    cover = request.param(archiver, table, database)
    yield cover
    cover.end()


def move(table, *ids: int) -> None:
    table.execute("UPDATE public.\"Event\" SET created_at = created_at + interval '4 days' WHERE id = ANY(%s)", (list(ids),))


def restored(lake, container) -> bool:
    return "archiverrestored" in lake.head(container, NAME).metadata


@pytest.mark.parametrize("moved", [(1,), (1, 2, 3)], ids=["one row", "each row"])
def test_a_restored_day_keeps_its_mark_while_rows_are_hidden(archiver, table, lake, container, cover, moved):
    """Once they are shown, a row that was moved meanwhile is refused, and is not archived a second time."""
    archiver.archive(settings=cover.settings)
    archiver.run("restore", *DAY, "--hold", "none", settings=cover.settings, expect=0)
    move(table, *moved)
    cover.hide(*moved)
    archiver.run("archive", settings=cover.settings, expect=0)
    assert restored(lake, container)
    cover.show()
    refused = archiver.run("archive", settings=cover.settings, expect=7)
    assert NAME in refused.stderr and lake.head(container, "events_2024-01-05.csv") is None
    archiver.run("verify", settings=cover.settings)
    assert table.value(f"""SELECT count(*) FROM public."Event" WHERE id IN ({", ".join(map(str, moved))})""") == len(moved)


def test_a_day_whose_every_row_was_seen_is_final_again(archiver, table, lake, container, database):
    policy = Policy(archiver, table, database)
    archiver.archive(settings=policy.settings)
    archiver.run("restore", *DAY, "--hold", "none", settings=policy.settings, expect=0)
    archiver.run("archive", settings=policy.settings, expect=0)
    assert not restored(lake, container) and table.count() == 0
    policy.end()


def test_a_restored_day_is_not_final_by_hand_while_rows_are_hidden(archiver, table, lake, container, cover):
    archiver.archive(settings=cover.settings)
    archiver.run("restore", *DAY, "--hold", "none", settings=cover.settings, expect=0)
    move(table, 1, 2, 3)
    cover.hide(1, 2, 3)
    assert "does not see" in archiver.run("recover", "--keep", NAME, settings=cover.settings, expect=3).stderr
    assert restored(lake, container)


def test_a_day_whose_rows_are_all_seen_is_restored_once_more(archiver, table, database):
    """As a job does that died behind COMMIT and begins again."""
    policy = Policy(archiver, table, database)
    archiver.archive(settings=policy.settings)
    for _ in range(2):
        archiver.run("restore", *DAY, "--hold", "none", settings=policy.settings, expect=0)
    assert table.count() == 3
    policy.end()


def test_a_day_is_not_restored_once_more_beside_hidden_rows(archiver, table, lake, container, cover):
    """The key has the time in it, so no key is taken: a row that was moved and is hidden would be there twice."""
    archiver.archive(settings=cover.settings)
    archiver.run("restore", *DAY, "--hold", "none", settings=cover.settings, expect=0)
    move(table, 1)
    cover.hide(1)
    refused = archiver.run("restore", *DAY, settings=cover.settings, expect=3)
    assert f"'{NAME}' was restored before" in refused.stderr
    cover.show()
    assert table.value("""SELECT count(*) FROM public."Event" WHERE id <= 3""") == 3
