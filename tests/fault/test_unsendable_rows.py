"""A row that the server cannot send: the error names its day and its place, and the other days are archived where each has a transaction."""
import pytest

from support.scene import Kind

KINDS = {"by day": Kind(rows=600), "one scan": Kind(rows=600, index=False), "partitions": Kind(rows=600, partitioned=True)}
OF_ONE_DAY = "created_at >= '2024-01-02' AND created_at < '2024-01-03'"
THE_ROW = f"""id = (SELECT max(id) FROM "Event" WHERE {OF_ONE_DAY})"""


def place_of_the_row(scene) -> str:
    return "day 2024-01-02, ctid " + scene.table.value(f"""SELECT ctid::text FROM "Event" WHERE {THE_ROW}""")


@pytest.mark.parametrize("kind", KINDS)
def test_a_value_that_the_server_has_lost_is_named_by_day_place_and_column(scene, kind):
    scene.begin(KINDS[kind])
    scene.table.execute(f"""CREATE EXTENSION IF NOT EXISTS pg_surgery; ALTER TABLE "Event" ALTER payload SET STORAGE EXTERNAL;
                            UPDATE "Event" SET payload = to_jsonb(repeat(md5('x'), 300)) WHERE {THE_ROW}""")
    toast = scene.table.value(f"""SELECT reltoastrelid::regclass::text FROM pg_class WHERE oid = (SELECT tableoid FROM "Event" WHERE {THE_ROW})""")
    scene.table.execute(f"SELECT heap_force_kill('{toast}'::regclass, (SELECT array_agg(ctid) FROM {toast}))")
    outcome = scene.run("archive")
    assert outcome.code == 7 and place_of_the_row(scene) in outcome.stderr and "payload" in outcome.stderr, str(outcome)
    assert "XX001" in outcome.stderr and "amcheck" in outcome.stderr, str(outcome)
    assert scene.table.value('SELECT count(*) FROM "Event"') == 603
    assert not [blob for blob in scene.lake.list(scene.container) if blob.name.startswith("events_")]
    scene.table.create_again(False)


@pytest.mark.parametrize("index", [True, False])
def test_the_other_days_are_archived_and_the_run_ends_with_the_error(scene, index):
    """A label of an enumeration is gone, and a value of it is left."""
    scene.begin(Kind(rows=60, index=index))
    scene.table.execute(f"""CREATE TYPE colour AS ENUM ('red', 'green'); ALTER TABLE "Event" ADD colour colour DEFAULT 'red';
                            UPDATE "Event" SET colour = 'green' WHERE {THE_ROW}""")
    scene.oracle.remember()
    move_label = "SET allow_system_table_mods = on; UPDATE pg_enum SET oid = (oid::bigint {} 1000)::oid WHERE enumlabel = 'green'; RESET allow_system_table_mods"
    scene.table.execute(move_label.format("+"))
    for _ in range(2):
        outcome = scene.run("archive", "--commit=day")
        assert outcome.code == 3 and place_of_the_row(scene) in outcome.stderr and "colour" in outcome.stderr, str(outcome)
        assert [line["day"] for line in outcome.events("day.left_out")] == ["2024-01-02"], str(outcome)
        assert [name for name in sorted(blob.name for blob in scene.lake.list(scene.container)) if name.startswith("events_")] == [
            "events_2024-01-01.csv", "events_2024-01-03.csv"]
    assert scene.table.value(f'SELECT count(*) FROM "Event" WHERE {OF_ONE_DAY}') == 20
    scene.table.execute(move_label.format("-"))
    scene.finish(60)
    scene.table.create_again(False)
    scene.table.execute("DROP TYPE colour CASCADE")


@pytest.mark.slow
def test_a_value_that_is_longer_as_text_than_the_server_can_make_is_named(scene):
    """Some KiB of jsonb, which are more than a GiB of digits."""
    scene.begin(Kind(rows=60))
    scene.table.execute(f"""UPDATE "Event" SET payload = (SELECT jsonb_agg('1e131071'::numeric) FROM generate_series(1, 9000)) WHERE {THE_ROW}""")
    outcome = scene.run("archive", timeout=300)
    assert outcome.code == 3 and place_of_the_row(scene) in outcome.stderr and "payload" in outcome.stderr, str(outcome)
    assert scene.table.value('SELECT count(*) FROM "Event"') == 63
    scene.table.execute(f"""DELETE FROM "Event" WHERE {THE_ROW}""")
    scene.oracle.remember()
    scene.finish(59)
