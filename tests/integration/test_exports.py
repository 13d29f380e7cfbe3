"""Exports by task: the tasks of the service before ours, over tables with versions; its faults, one by one."""
import gzip
import json
import os
import re
import subprocess
import threading
import time

import pytest

from support.exports import BOUNDARY, COMMON_KNOWLEDGE, DELETE, SELECT, SISTERS, DirectoryPlace, Exports, LakePlace, Shape
from support.gate import DatabaseGate, LakeGate, call_before, cut_after, cut_before

AGENCY = COMMON_KNOWLEDGE[0]
FIRST = "agency-2025_01_01-12_00_00_AM.csv.gz"


@pytest.fixture(params=["directory", "lake"])
def exports(request, archiver, database, lake, container, tmp_path):
    """Both sinks must keep the same promises."""
    place = DirectoryPlace(tmp_path / "out") if request.param == "directory" else LakePlace(lake, container)
    return Exports(archiver, database.connection, tmp_path, place)


@pytest.fixture
def local(archiver, database, tmp_path):
    """Files in a directory."""
    return Exports(archiver, database.connection, tmp_path, DirectoryPlace(tmp_path / "out"))


@pytest.mark.parametrize("shapes", [COMMON_KNOWLEDGE, SISTERS], ids=["common knowledge", "sister projects"])
def test_every_task_exports_what_its_sql_means_and_deletes_exactly_that(exports, shapes):
    for shape in shapes:
        exports.add(shape)
    exports.remember()
    due = {shape.task: exports.due(shape) for shape in shapes}
    assert all(0 < due[shape.task] < sum(exports.before[shape.task].values()) for shape in shapes)
    outcome = exports.run(expect=0)
    assert exports.check() == due
    assert exports.place.names() == sorted(f"{shape.task}-2025_01_01-12_00_00_AM.csv.gz" for shape in shapes)
    assert exports.place.leftovers() == []
    assert [line["task"] for line in outcome.events("export.done")] == sorted(due)
    for line in outcome.events("export.done"):
        assert line["rows"] == due[line["task"]] and line["bytes"] == len(exports.place.read(line["file"]))
    assert outcome.summary["rows"] == sum(due.values()) and outcome.summary["tasks"] == len(shapes)
    # The newest version of each key always stays.
    for shape in shapes:
        assert exports.due(shape) == 0
        assert exports.execute(f"SELECT count(DISTINCT {shape.key}) FROM {shape.table}")[0][0] == 7


def test_a_second_run_of_the_day_keeps_both_exports(exports):
    """The service before ours overwrote the first file, whose rows were gone by then."""
    exports.add(AGENCY)
    exports.remember()
    exports.run(expect=0)
    exports.fill(AGENCY, 4, 6, seed="b")
    exports.fill(AGENCY, 2, 3, seed="c")
    exports.before[AGENCY.task] = exports.rows(AGENCY) + exports.exported(AGENCY)
    exports.run(expect=0)
    assert exports.place.names() == ["agency-2025_01_01-12_00_00_AM.2.csv.gz", FIRST]
    exports.check()
    empty = exports.run(expect=0)
    assert len(exports.place.names()) == 2
    assert empty.events("export.empty")[0]["task"] == "agency" and empty.summary["tasks_empty"] == 1


def test_one_null_pair_is_reported_loudly(exports):
    """NOT IN with a NULL in it is never true: the task selects no row until its SQL is fixed."""
    exports.add(AGENCY)
    exports.execute("INSERT INTO agency (id, base_id, updated_at) VALUES (gen_random_uuid(), NULL, NULL)")
    exports.remember()
    outcome = exports.run(expect=0)
    assert outcome.events("export.empty") and "NULL" in outcome.events("export.empty")[0]["msg"]
    assert exports.place.names() == [] and exports.place.leftovers() == []
    exports.check()


def test_named_tasks_alone_are_run_and_a_mistyped_one_is_refused(local):
    for shape in COMMON_KNOWLEDGE:
        local.add(shape)
    local.remember()
    mistyped = local.run("agency", "sorce_file", expect=2)
    assert "did you mean 'source_file'?" in mistyped.stderr and local.place.names() == []
    outcome = local.run("source", "agency", "source", "-o", "json", expect=0)
    tasks = json.loads(outcome.stdout)["tasks"]
    assert [task["task"] for task in tasks] == ["source", "agency"]
    assert local.place.names() == [FIRST, "source-2025_01_01-12_00_00_AM.csv.gz"]
    local.check()


def test_a_broken_task_spoils_only_itself(local):
    for shape in COMMON_KNOWLEDGE[:3]:
        local.add(shape)
    local.remember()
    (local.directory / "source/delete.sql").unlink()
    (local.directory / "stray.txt").write_text("nobody's")
    (local.directory / ".git").mkdir()
    local.write("percent", SELECT.format(table="agency", key="base_id", time="updated_at"), "DELETE FROM agency\nWHERE name LIKE 'x%'")
    outcome = local.run(expect=3)
    failed = {line["task"]: line["msg"] for line in outcome.events("export.failed")}
    assert failed["source"] == "'source/delete.sql' is missing"
    assert "'percent/delete.sql', line 2" in failed["percent"]
    assert {line["task"] for line in outcome.events("export.done")} == {"agency", "source_file"}
    assert outcome.summary["tasks_failed"] == 2
    local.check()


# What is not one COPY and one DELETE of the same rows is refused, rolled back, and leaves no file.
WRONG = {
    "more rows deleted": (SELECT, "DELETE FROM {table}", 7),
    "fewer rows deleted": (SELECT, "DELETE FROM {table} WHERE false", 7),
    "no delete": (SELECT, "WITH gone AS (DELETE FROM {table} RETURNING 1) SELECT count(*) FROM gone", 3),
    "two statements": (SELECT, DELETE + "COMMIT;", 3),
    "a commit": (SELECT, "COMMIT", 3),
    "no copy": ("SELECT * FROM {table}", DELETE, 3),
    "a file of the server": ("COPY {table} TO '/tmp/nowhere.csv' WITH CSV HEADER", DELETE, 3),
    "two copies": (SELECT + SELECT, DELETE, 3),
    "a copy that deletes": ("COPY (DELETE FROM {table} RETURNING *) TO STDOUT WITH CSV HEADER", DELETE, 3),
    "no such table": (SELECT, "DELETE FROM nowhere", 3),
    "a syntax error in select.sql": ("COPY (SELECT * FROM {table} WHERE) TO STDOUT CSV HEADER", DELETE, 3),
    "a syntax error in delete.sql": (SELECT, "DELETE FROM {table} WHERE id ==", 3),
    "an unverified one": (SELECT, "-- event-archiver: unverified\nDELETE FROM {table} WHERE nothing", 3),
    "no such function": (SELECT, "DELETE FROM {table} WHERE nothing(id)", 3),
    "no such schema": ("COPY (SELECT * FROM nowhere.it) TO STDOUT CSV HEADER", DELETE, 3),
    "types that cannot be compared": (SELECT, "DELETE FROM {table} WHERE id > 5", 3),
    "a column of two tables": ("COPY (SELECT id FROM {table} a, {table} b) TO STDOUT CSV HEADER", DELETE, 3),
    "an aggregate": ("COPY (SELECT id, count(*) FROM {table}) TO STDOUT CSV HEADER", DELETE, 3),
    "no such column": ("COPY (SELECT nothing FROM {table}) TO STDOUT CSV HEADER", DELETE, 3),
}


@pytest.mark.parametrize("what", WRONG)
def test_sql_that_does_not_fit_is_rolled_back(local, what):
    local.add(AGENCY)
    local.remember()
    select, delete, code = WRONG[what]
    local.write("agency", AGENCY.sql(select), AGENCY.sql(delete))
    outcome = local.run(expect=code)
    assert local.place.names() == [] and local.place.leftovers() == [], str(outcome)
    local.check()


def test_a_trigger_that_keeps_a_row_is_noticed(exports):
    exports.add(AGENCY)
    exports.execute("CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN CASE WHEN OLD.is_deleted THEN OLD END; END $$")
    exports.execute("CREATE TRIGGER keep BEFORE DELETE ON agency FOR EACH ROW EXECUTE FUNCTION keep()")
    exports.remember()
    exports.run(expect=7)
    assert exports.place.names() == [] and exports.place.leftovers() == []
    exports.check()


def test_a_deferred_constraint_fails_before_anything_is_seen(exports):
    exports.add(AGENCY)
    exports.execute("CREATE TABLE child (agency uuid REFERENCES agency DEFERRABLE INITIALLY DEFERRED)")
    exports.execute("INSERT INTO child SELECT id FROM agency ORDER BY updated_at LIMIT 1")
    exports.remember()
    outcome = exports.run()
    assert outcome.code in (1, 3) and exports.place.names() == [] and exports.place.leftovers() == [], str(outcome)
    exports.check()


def test_a_superseding_version_that_comes_between_copy_and_delete_is_neither_exported_nor_deleted(exports, database):
    """In the service before ours the delete removed it, and the one it superseded, unexported."""
    exports.add(AGENCY)
    exports.remember()
    due = exports.due(AGENCY)

    def supersede():
        exports.execute(
            "INSERT INTO agency (id, base_id, updated_at, name)"
            " SELECT gen_random_uuid(), base_id, timestamptz '2024-12-31 12:00:00+00', 'came meanwhile' FROM agency GROUP BY base_id"
        )
        exports.execute(
            "INSERT INTO agency (id, base_id, updated_at, name)"
            " SELECT gen_random_uuid(), gen_random_uuid(), at, 'came meanwhile' FROM (VALUES (timestamptz '2024-01-01'), ('2024-01-02')) AS t(at)"
        )

    with DatabaseGate(database.server.port) as gate:
        rule = gate.on(call_before(supersede), contains="DELETE FROM agency")
        outcome = exports.run(expect=0, settings={"DATABASE_URL": database.server.uri(database.name, port=gate.port)})
    assert rule.hits == 1 and outcome.events("export.done")[0]["rows"] == due
    assert not any("came meanwhile" in row for row in exports.exported(AGENCY))
    exports.before["agency"] = exports.before["agency"] + type(exports.before["agency"])(
        {row: count for row, count in exports.rows(AGENCY).items() if "came meanwhile" in row}
    )
    assert exports.check()["agency"] == due


def test_rows_changed_meanwhile_make_it_begin_again(exports, database):
    exports.add(AGENCY)
    changed = []

    def change():
        if not changed:
            changed.append(True)
            exports.execute("UPDATE agency SET name = 'changed' WHERE updated_at < '2025-01-01'")
            exports.remember()

    with DatabaseGate(database.server.port) as gate:
        gate.on(call_before(change), contains="DELETE FROM agency", times=None)
        outcome = exports.run(expect=0, settings={"DATABASE_URL": database.server.uri(database.name, port=gate.port)})
    assert len(outcome.events("export.again")) == 1
    exports.check()
    assert exports.place.leftovers() == []


def test_two_processes_do_not_run_one_task_at_a_time(local, database):
    local.add(AGENCY)
    local.remember()
    with DatabaseGate(database.server.port) as gate:
        released = threading.Event()
        rule = gate.on(call_before(lambda: released.wait(30)), contains="DELETE FROM agency")
        settings = {**local.archiver.settings, "DATABASE_URL": database.server.uri(database.name, port=gate.port)}
        first = local.archiver.start("export", "--boundary", str(BOUNDARY), settings=settings)
        assert rule.fired.wait(20)
        second = local.run(expect=10, settings={"ARCHIVE_LOCK_WAIT": "10ms"})
        assert re.search(r"another run of task 'agency' is at work: the server's pid \d+ \(user \w+, application event-archiver", second.stderr), str(second)
        released.set()
        assert first.wait().code == 0
    local.check()
    assert local.place.names() == [FIRST]


def test_a_dry_run_leaves_nothing_behind_and_says_what_there_would_be(exports):
    exports.add(AGENCY)
    exports.remember()
    outcome = exports.run("--dry-run", "-o", "json", expect=0)
    (task,) = json.loads(outcome.stdout)["tasks"]
    assert (task["outcome"], task["rows"], task["file"]) == ("tried", exports.due(AGENCY), None) and task["bytes"] > 100
    assert exports.place.names() == [] and exports.place.leftovers() == []
    assert exports.check()["agency"] == 0


# --- The boundary and its time zone ---

AT = ["2024-12-31 21:59:59+00", "2024-12-31 22:00:00+00", "2024-12-31 23:59:59.999+00", "2025-01-01 00:00:00+00", "2025-01-01 04:59:59+00", "2025-01-01 05:00:00+00"]


@pytest.mark.parametrize("server_zone", ["UTC", "Pacific/Kiritimati"])
@pytest.mark.parametrize("column", ["timestamptz", "timestamp"])
@pytest.mark.parametrize("zone, before", [("UTC", 3), ("Europe/Tallinn", 1), ("America/New_York", 5)])
def test_the_boundary_is_midnight_in_the_time_zone(local, database, zone, before, column, server_zone):
    """A timestamptz is compared as a moment; a timestamp as a clock of that zone showed it."""
    local.execute(f"CREATE TABLE moments (at {column})")
    local.execute(f"SET TIME ZONE '{zone}'")
    for at in AT:
        local.execute("INSERT INTO moments VALUES (%s::timestamptz)", [at])
    local.execute("SET TIME ZONE 'UTC'")
    local.execute(f"ALTER DATABASE {database.name} SET TimeZone = '{server_zone}'")
    local.write("moments", "COPY (SELECT * FROM moments WHERE at < %(export_boundary)s ORDER BY at) TO STDOUT CSV HEADER", "DELETE FROM moments WHERE at < %(export_boundary)s")
    local.run(expect=0, settings={"EXPORT_TIME_ZONE": zone, "PGTZ": "Asia/Tokyo"})
    assert local.execute("SELECT count(*) FROM moments")[0][0] == len(AT) - before
    lines = gzip.decompress(local.place.read("moments-2025_01_01-12_00_00_AM.csv.gz")).decode().splitlines()
    offset = {"UTC": "+00", "Europe/Tallinn": "+02", "America/New_York": "-05"}[zone] if column == "timestamptz" else ""
    assert len(lines) == before + 1 and all(line.endswith(offset) and line.startswith("202") for line in lines[1:])


def test_without_a_boundary_it_is_the_servers_today_in_that_zone(local):
    local.execute("CREATE TABLE moments (at timestamptz)")
    local.execute("INSERT INTO moments VALUES (now() - interval '3 days'), (now() + interval '1 day')")
    local.write("moments", "COPY (SELECT * FROM moments WHERE at < %(export_boundary)s) TO STDOUT CSV HEADER", "DELETE FROM moments WHERE at < %(export_boundary)s")
    expected = local.execute("SELECT to_char(now() AT TIME ZONE 'Pacific/Kiritimati', 'YYYY_MM_DD')")[0][0]
    outcome = local.archiver.run("export", settings={"EXPORT_TIME_ZONE": "Pacific/Kiritimati"}, expect=0)
    again = local.execute("SELECT to_char(now() AT TIME ZONE 'Pacific/Kiritimati', 'YYYY_MM_DD')")[0][0]
    assert local.place.names()[0] in [f"moments-{day}-12_00_00_AM.csv.gz" for day in (expected, again)]
    assert outcome.events("export.done")[0]["boundary"].endswith("00:00:00 Pacific/Kiritimati")


def test_a_table_that_is_not_there_is_named_in_quotes(local):
    local.add(AGENCY)
    local.write("broken", "COPY (SELECT * FROM agency) TO STDOUT CSV HEADER", "DELETE FROM nothere")
    assert "'broken/delete.sql': relation 'nothere' does not exist" in local.archiver.run("export", "broken", expect=3).stderr


@pytest.mark.parametrize("arguments, settings", [(["--boundary", "9999-01-01"], {}), ([], {"EXPORT_TIME_ZONE": "Mars/Base"})])
def test_a_mistake_in_a_setting_is_told_once_and_not_for_each_task(local, arguments, settings):
    local.add(AGENCY)
    local.write("second", "COPY (SELECT * FROM agency) TO STDOUT CSV HEADER", "DELETE FROM agency")
    outcome = local.archiver.run("export", *arguments, settings=settings, expect=2)
    assert len(outcome.events("export.failed")) == 1, str(outcome)


def test_invalid_time_zones_and_boundaries_are_refused(local):
    local.add(AGENCY)
    assert "EXPORT_TIME_ZONE is 'UTC+3': an offset counts the other way round" in local.run(expect=2, settings={"EXPORT_TIME_ZONE": "UTC+3"}).stderr
    assert "the database server knows no such time zone" in local.run(expect=2, settings={"EXPORT_TIME_ZONE": "Mars/Base"}).stderr
    assert "--boundary is 'soon'" in local.archiver.run("export", "--boundary", "soon", expect=2).stderr
    assert "give today or a day before it" in local.archiver.run("export", "--boundary", "9999-01-01", expect=2).stderr


# --- Settings ---


def test_the_database_may_have_any_of_three_names(local):
    local.add(AGENCY)
    uri = local.archiver.settings["DATABASE_URL"]
    for name in ("DB_URI", "DATABASE_URL", "PG_CONNECTION_STRING"):
        local.run("--dry-run", expect=0, settings={"DATABASE_URL": None, name: uri})
    broken = "postgresql://nobody@127.0.0.1:1/nowhere"
    local.run("--dry-run", expect=0, settings={"PG_CONNECTION_STRING": uri, "DATABASE_URL": broken, "DB_URI": broken})
    local.run("--dry-run", expect=0, settings={"DATABASE_URL": uri, "DB_URI": broken})
    missing = local.run(expect=2, settings={"DATABASE_URL": None})
    assert "PG_CONNECTION_STRING is not set" in missing.stderr
    # `archive` deletes from another table: a variable that was set for exports does not point it anywhere.
    assert "PG_CONNECTION_STRING is not set" in local.archiver.run("archive", expect=2).stderr


def test_invalid_settings_are_refused_before_anything_moves(local):
    local.add(AGENCY)
    local.remember()
    for name, value, code, part in [
        ("EXPORT_TO", "moon", 2, "EXPORT_TO is 'moon': give one of directory, lake"),
        ("DSL_PATH", "/nowhere/at/all", 3, "'/nowhere/at/all' cannot be read"),
        ("EXPORT_PATH", "/nowhere/at/all", 3, "No such file or directory"),
        ("EXPORT_TO", "lake", 2, "neither AZURE_STORAGE_CONNECTION_STRING nor AZURE_STORAGE_ACCOUNT is set"),
    ]:
        outcome = local.run(expect=code, settings={name: value})
        assert part in outcome.stderr, str(outcome)
    (local.directory / "agency/select.sql").unlink()
    (local.directory / "agency/delete.sql").unlink()
    (local.directory / "agency").rmdir()
    assert "there is no task in" in local.run(expect=3).stderr


# --- Places that fail ---


def test_a_full_disk_deletes_nothing_and_leaves_nothing(local, tmp_path):
    """A volume of its own, too small for the file."""
    volume = tmp_path / "volume"
    volume.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(volume)], capture_output=True).returncode:
        pytest.skip("a file system of its own cannot be mounted here; the limit on file sizes is tested below")
    try:
        big(local)
        outcome = local.run(settings={"EXPORT_PATH": str(volume)}, expect=5)
        assert "No space left on device" in outcome.stderr and list(volume.iterdir()) == []
        local.check()
    finally:
        subprocess.run(["umount", str(volume)], check=True)


def test_a_limit_on_file_sizes_deletes_nothing_and_leaves_nothing(local):
    big(local)
    limited = ["prlimit", "--fsize=65536", str(local.archiver.binary), "export", "--boundary", str(BOUNDARY)]
    done = subprocess.run(limited, env={"PATH": "/usr/bin:/bin", **local.archiver.settings}, capture_output=True, text=True, timeout=60)
    assert done.returncode == 5 and "File too large" in done.stderr, done.stderr
    assert local.place.names() == [] and local.place.leftovers() == []
    local.check()


def big(exports) -> None:
    """More than 64 KiB when compressed."""
    shape = exports.add(Shape("agency", "agency"), keys=2000, versions=3)
    exports.execute("UPDATE agency SET name = (SELECT string_agg(md5(id::text || n), '') FROM generate_series(1, 8) AS n)")
    exports.remember()
    assert exports.due(shape) > 1000


def test_permission_denied_deletes_nothing(local, tmp_path):
    local.add(AGENCY)
    local.remember()
    if os.geteuid() == 0:
        # Root may write anywhere; a file in the place of the directory stops it all the same.
        wrong = tmp_path / "file"
        wrong.write_text("")
        outcome = local.run(expect=3, settings={"EXPORT_PATH": str(wrong)})
        assert "Not a directory" in outcome.stderr
        assert "Read-only" in local.run(settings={"EXPORT_PATH": "/sys"}).stderr or "/sys" in local.run(settings={"EXPORT_PATH": "/sys"}).stderr
    else:
        local.place.directory.chmod(0o500)
        outcome = local.run(expect=4)
        assert "Permission denied" in outcome.stderr
        local.place.directory.chmod(0o700)
    assert local.place.names() == []
    assert local.check()["agency"] == 0


def test_an_unreachable_lake_deletes_nothing(archiver, database, azurite, lake, container, tmp_path):
    exports = Exports(archiver, database.connection, tmp_path, LakePlace(lake, container))
    exports.add(AGENCY)
    exports.remember()
    with LakeGate(azurite.port) as gate:
        settings = {"AZURE_STORAGE_CONNECTION_STRING": azurite.connection_string(gate.endpoint), "ARCHIVE_RETRIES": "1", "ARCHIVE_REQUEST_TIMEOUT": "2s"}
        rule = gate.on(cut_before(), times=None)
        exports.run(expect=5, settings=settings)
        assert rule.hits
    assert exports.check()["agency"] == 0 and exports.place.names() == []
    with LakeGate(azurite.port) as gate:
        settings["AZURE_STORAGE_CONNECTION_STRING"] = azurite.connection_string(gate.endpoint)
        gate.on(cut_before(), times=None, contains="comp=blocklist")
        exports.run(expect=5, settings=settings)
    assert exports.check()["agency"] == 0 and exports.place.names() == []


# --- What a dead or unlucky run leaves ---


def test_an_answer_to_commit_that_is_lost_is_asked_for(exports, database):
    exports.add(AGENCY)
    exports.remember()
    due = exports.due(AGENCY)
    with DatabaseGate(database.server.port) as gate:
        rule = gate.on(cut_after(), type="Q", contains="COMMIT")
        outcome = exports.run(expect=0, settings={"DATABASE_URL": database.server.uri(database.name, port=gate.port)})
    assert rule.hits == 1 and outcome.events("commit.in_doubt") and exports.check()["agency"] == due
    assert exports.place.leftovers() == []


def test_a_commit_that_never_arrived_is_taken_back(exports, database):
    exports.add(AGENCY)
    exports.remember()
    with DatabaseGate(database.server.port) as gate:
        rule = gate.on(cut_before(), type="Q", contains="COMMIT")
        outcome = exports.run(settings={"DATABASE_URL": database.server.uri(database.name, port=gate.port)})
    assert rule.hits == 1 and outcome.code == 5, str(outcome)
    assert exports.check()["agency"] == 0 and exports.place.names() == [] and exports.place.leftovers() == []


@pytest.mark.parametrize("how", ["keep", "discard"])
def test_a_file_of_another_history_is_for_a_person(exports, database, how):
    exports.add(AGENCY)
    exports.remember()
    with DatabaseGate(database.server.port) as gate:
        from support.gate import kill_after, kill_before

        gate.on((kill_after if how == "keep" else kill_before)(), type="Q", contains="COMMIT")
        process = exports.archiver.start("export", "--boundary", str(BOUNDARY), settings={"DATABASE_URL": database.server.uri(database.name, port=gate.port)})
        gate.victim = process
        assert process.wait().code == 137
    forge_another_cluster(exports)
    outcome = exports.run(expect=7)
    assert "it cannot be known what became of transaction" in outcome.stderr and "recover --exports --keep" in outcome.stderr
    assert exports.archiver.run("recover", "--exports", expect=7).code == 7
    if how == "discard" and isinstance(exports.place, DirectoryPlace):
        # A folder of the lake has an owner. A directory may be of that other database as well.
        assert "of another database" in exports.archiver.run("recover", "--exports", "--discard", FIRST, expect=7).stderr
        for left in exports.place.leftovers():
            (exports.place.directory / left).unlink()
    else:
        exports.archiver.run("recover", "--exports", f"--{how}", FIRST, expect=0)
    exported = exports.check()["agency"]
    assert (exported > 0) == (how == "keep") and exports.place.leftovers() == []
    exports.run(expect=0)
    exports.check()


def forge_another_cluster(exports) -> None:
    """As after the data directory was copied to another server: nobody there knows the transaction."""
    if isinstance(exports.place, DirectoryPlace):
        (mark,) = exports.place.directory.glob(".*.pending")
        lines = mark.read_text().splitlines()
        mark.write_text("".join(("cluster=1" if line.startswith("cluster=") else line) + "\n" for line in lines))
        return
    (blob,) = [blob for blob in exports.place.blobs() if "archiverpending" in blob.metadata]
    values = dict(blob.metadata)
    values["archiverlast"] = ",".join("cluster=1" if part.startswith("cluster=") else part for part in values["archiverlast"].split(","))
    exports.place.lake.set_metadata(exports.place.container, blob.name, values)


def test_recover_settles_exports_whose_task_is_gone(exports, database):
    exports.add(AGENCY)
    exports.remember()
    due = exports.due(AGENCY)
    with DatabaseGate(database.server.port) as gate:
        from support.gate import kill_after

        gate.on(kill_after(), type="Q", contains="COMMIT")
        process = exports.archiver.start("export", "--boundary", str(BOUNDARY), settings={"DATABASE_URL": database.server.uri(database.name, port=gate.port)})
        gate.victim = process
        assert process.wait().code == 137
    for file in ("select.sql", "delete.sql"):
        (exports.directory / "agency" / file).unlink()
    outcome = exports.archiver.run("recover", "--exports", expect=0)
    assert outcome.summary["files_settled"] == 1 and outcome.events("export.settled")[0]["decision"] == "kept"
    assert exports.check()["agency"] == due and exports.place.leftovers() == []


def test_a_damaged_mark_is_for_a_person(local):
    local.add(AGENCY)
    local.remember()
    (local.place.directory / f".{FIRST}.0123456789abcdef.pending").write_text("format=1\n")
    assert "cannot be read" in local.run(expect=3).stderr
    local.archiver.run("recover", "--exports", "--discard", FIRST, expect=0)
    local.run(expect=0)
    local.check()


def test_files_of_others_in_the_directory_are_left_alone(local):
    local.add(AGENCY)
    local.remember()
    others = {".agency.swp": "x", f".{FIRST}.part": "x", "agency.csv.gz": "x", f".source-2025_01_01-12_00_00_AM.csv.gz.{'0' * 16}.part": "x"}
    for name, text in others.items():
        (local.place.directory / name).write_text(text)
    (local.place.directory / FIRST).mkdir()
    stale = local.place.directory / f".{FIRST}.{'a' * 16}.part"
    stale.write_text("of a dead run")
    local.run(expect=0)
    assert not stale.exists() and all((local.place.directory / name).read_text() == text for name, text in others.items())
    assert (local.place.directory / "agency-2025_01_01-12_00_00_AM.2.csv.gz").is_file()


# --- Size ---


def test_a_million_rows_take_no_more_memory_than_a_thousand(exports):
    shape = Shape("agency", "agency", columns="id bigint PRIMARY KEY, base_id bigint, updated_at timestamptz, name text")
    exports.execute("CREATE TABLE agency (id bigint, base_id bigint, updated_at timestamptz, name text)")
    exports.write("agency", "COPY (SELECT * FROM agency WHERE updated_at < %(export_boundary)s) TO STDOUT WITH CSV HEADER", "DELETE FROM agency WHERE updated_at < %(export_boundary)s")
    exports.shapes.append(shape)
    peaks = []
    for rows in (1_000, 1_000_000):
        exports.execute(f"INSERT INTO agency SELECT i, i / 3, timestamptz '2024-01-01' + make_interval(secs => i), md5(i::text) || md5((-i)::text) FROM generate_series(1, {rows}) AS i")
        outcome = exports.run(expect=0, timeout=300)
        assert outcome.events("export.done")[0]["rows"] == rows
        peaks.append(outcome.peak_bytes)
    assert exports.execute("SELECT count(*) FROM agency")[0][0] == 0
    assert peaks[1] < peaks[0] + (24 << 20), peaks
    with gzip.open(__import__("io").BytesIO(exports.place.read("agency-2025_01_01-12_00_00_AM.2.csv.gz"))) as file:
        assert sum(1 for _ in file) == 1_000_001


def test_a_stop_rolls_back_and_leaves_nothing(exports, database):
    exports.add(AGENCY)
    exports.remember()
    with DatabaseGate(database.server.port) as gate:
        released = threading.Event()
        rule = gate.on(call_before(lambda: released.wait(3)), contains="DELETE FROM agency")
        process = exports.archiver.start("export", "--boundary", str(BOUNDARY), settings={"DATABASE_URL": database.server.uri(database.name, port=gate.port)})
        assert rule.fired.wait(20)
        process.send(15)
        process.wait_for_output("run.stopping")
        released.set()
        outcome = process.wait(20)
    assert outcome.code == 143 and outcome.summary["status"] == "stopped", str(outcome)
    assert exports.place.names() == [] and exports.place.leftovers() == []
    exports.check()
