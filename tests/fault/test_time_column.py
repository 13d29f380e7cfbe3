"""A row lies in the file of the day that its time column gave it. By another column it would lie in another file as well."""
import json

import pytest

from support.scene import Kind

OTHER = {"ARCHIVE_TIME_COLUMN": "processed_at"}


def refused(scene, *command: str) -> None:
    before = {blob.name: (blob.etag, blob.metadata) for blob in scene.lake.list(scene.container)}
    rows = scene.table.count()
    outcome = scene.plain.run(*command, settings=OTHER)
    assert outcome.code == 3 and "'created_at'" in outcome.stderr and "'processed_at'" in outcome.stderr, str(outcome)
    assert {blob.name: (blob.etag, blob.metadata) for blob in scene.lake.list(scene.container)} == before
    assert scene.table.count() == rows


@pytest.mark.parametrize("index", [True, False], ids=["by day", "one scan"])
@pytest.mark.parametrize("command", [("archive",), ("archive", "--dry-run"), ("archive", "--commit=day")])
def test_a_folder_is_not_archived_into_by_another_time_column(scene, command, index):
    scene.begin(Kind(before=12, rows=6, index=index))
    refused(scene, *command)
    scene.finish(18)


def test_restored_days_are_not_archived_by_another_time_column(scene):
    scene.begin(Kind(before=12, rows=0, restored=True, rights="INSERT"))
    scene.table.execute("UPDATE public.\"Event\" SET processed_at = created_at + interval '1 day' WHERE created_at < '2025-01-01'")
    scene.table.execute("UPDATE oracle.original SET processed_at = created_at + interval '1 day' WHERE created_at < '2025-01-01'")
    refused(scene, "archive")


def test_marks_without_the_time_column_are_not_an_obstacle(scene):
    """As they were written before."""
    scene.begin(Kind(before=12, rows=6))
    for blob in scene.lake.list(scene.container):
        if "archiverlast" in blob.metadata:
            last = ",".join(part for part in blob.metadata["archiverlast"].split(",") if not part.startswith("time="))
            assert last != blob.metadata["archiverlast"]
            scene.lake.set_metadata(scene.container, blob.name, {**blob.metadata, "archiverlast": last})
    scene.finish(18)
    refused(scene, "archive")


def test_plan_and_check_say_what_archive_refuses(scene):
    """Another time column, a mark that cannot be read, a key that another type tells otherwise."""
    scene.begin(Kind(before=12, rows=6))
    says = "were put there by column 'created_at', not by 'processed_at'"
    assert says in scene.plain.run("plan", settings=OTHER, expect=0).stdout
    assert says in scene.plain.run("check", settings=OTHER, expect=3).stdout
    assert any(says in each for each in json.loads(scene.plain.run("plan", "-o", "json", settings=OTHER, expect=0).stdout)["refusals"])
    name = scene.oracle.file_names()[0]
    metadata = scene.lake.head(scene.container, name).metadata
    scene.lake.set_metadata(scene.container, name, {**metadata, "archiverrows": "many"})
    for command, code in (("plan", 0), ("check", 3)):
        outcome = scene.plain.run(command, expect=code)
        assert outcome.stdout.count(f"'{name}': its metadata cannot be read") == 1, str(outcome)
    scene.lake.set_metadata(scene.container, name, metadata)
    assert json.loads(scene.plain.run("plan", "-o", "json", expect=0).stdout)["refusals"] == []
    scene.table.execute('ALTER TABLE public."Event" ADD COLUMN more text')
    try:
        days = {day["day"]: day for day in json.loads(scene.plain.run("plan", "-o", "json", expect=0).stdout)["days"]}
        assert days["2024-01-01"]["file"] == "refused" and "columns have changed" in days["2024-01-01"]["note"]
        assert "columns have changed" in scene.plain.run("archive", expect=3).stderr
    finally:
        scene.table.execute('ALTER TABLE public."Event" DROP COLUMN more')
    scene.finish(18)


@pytest.mark.parametrize("index", [True, False], ids=["by day", "one scan"])
def test_a_time_column_that_was_renamed_is_the_same_column(scene, index):
    """The files of days that get no more rows are left alone, and new days are archived."""
    scene.begin(Kind(before=12, rows=0, index=index))
    scene.table.execute("""ALTER TABLE public."Event" RENAME created_at TO at;
                           INSERT INTO public."Event" (id, event_id, event_type, at, payload) VALUES (900, 'e', 'new', '2024-02-01 12:00', '{}')""")
    try:
        outcome = scene.plain.run("archive", expect=0, settings={"ARCHIVE_TIME_COLUMN": "at"})
        assert outcome.log[-1]["rows"] == 1
        scene.plain.run("archive", expect=0, settings={"ARCHIVE_TIME_COLUMN": "at"})
    finally:
        scene.table.execute('ALTER TABLE public."Event" RENAME at TO created_at')
