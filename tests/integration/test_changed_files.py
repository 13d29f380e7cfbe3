"""Files of a projection that are changed while a process runs it: `resume`, `replay` and `rebuild` let it read them again."""
import json
import shutil
import signal

import pytest

from support.served_shop import served_shop, values
from support.servers import ROOT
from support.shop import TOTAL

HUNDREDFOLD = TOTAL.replace("sum(v)", "sum(v * 100)")
MISTAKEN = TOTAL.replace("sum(v)", "sum(w)")


@pytest.fixture
def served(binary, database, tmp_path):
    yield from served_shop(binary, database, tmp_path)


def begun(served, *arguments: str, **settings):
    """The process, once it has applied 1 + 2 + 3."""
    process = served.serve("--apis", "events", *arguments, **settings)
    served.send(values(3))
    served.wait_for(lambda: served.value("SELECT to_regclass('total')") and served.total() == 6)
    return process


def ended(process, count: int = 1):
    """Having read the files so often."""
    process.send(signal.SIGTERM)
    outcome = process.wait()
    assert outcome.code == 0 and len(outcome.events("projection.files_read")) == count, str(outcome)
    return outcome


def test_a_mistake_that_is_mended_needs_no_restart(served):
    served.write("total/apply.sql", MISTAKEN)
    process = served.serve("--apis", "events")
    served.send(values(3))
    served.wait_for(lambda: served.status()["state"] == "failed")
    served.write("total/apply.sql", TOTAL)
    served.run("projections", "resume", "total")
    served.wait_for(lambda: served.total() == 6)
    ended(process)


def test_resume_of_one_that_runs_reads_its_files(served):
    process = begun(served)
    served.write("total/apply.sql", HUNDREDFOLD)
    served.send(values(1))
    served.wait_for(lambda: served.total() == 7)
    served.run("projections", "resume", "total")
    served.send(values(1))
    served.wait_for(lambda: served.total() == 107)
    ended(process)


def test_a_pause_shorter_than_a_look_is_seen(served):
    process = begun(served)
    served.write("total/apply.sql", HUNDREDFOLD)
    served.execute("UPDATE event_archiver.position SET state = 'paused'")
    served.run("projections", "resume", "total")
    served.send(values(1))
    served.wait_for(lambda: served.total() == 106)
    ended(process)


def test_a_replay_applies_by_the_new_file(served):
    process = begun(served)
    served.write("total/apply.sql", HUNDREDFOLD)
    served.run("projections", "replay", "total")
    served.wait_for(lambda: served.total() == 600)
    ended(process)


def test_what_comes_behind_a_rebuild_is_applied_by_the_new_file(served):
    """New migrations are there before the first batch of it."""
    process = begun(served)
    served.write("total/apply.sql", HUNDREDFOLD.replace("INSERT INTO total AS t SELECT", "INSERT INTO total AS t (user_id, value) SELECT"))
    served.write("total/migrations/002.sql", "ALTER TABLE total ADD note text")
    for again in range(3):
        before = served.total() * (100 if again == 0 else 1)
        served.run("projections", "rebuild", "total", "--only-events")
        assert served.total() == before
        served.send(values(1))
        served.wait_for(lambda: served.total() == before + 100)
        assert served.value("SELECT count(note) FROM total") == 0
    ended(process, 3)


def test_two_processes_read_them(served):
    """The one that stands by has not seen the position where the replay set it, and takes over."""
    process = begun(served)
    other = served.program.start("project", "total")
    served.processes.append(other)
    served.write("total/apply.sql", HUNDREDFOLD)
    served.run("projections", "replay", "total")
    served.wait_for(lambda: served.total() == 600)
    for each in (process, other):
        each.wait_for_output('"projection.files_read"')
    ended(process)
    assert other.running


@pytest.mark.parametrize("command", ["resume", "rebuild"])
def test_a_copy_that_comes_later_is_read_as_the_command_reads_it(served, command):
    """A changed copy of a shipped projection, whose name counts before the shipped one's."""
    process = served.serve("--apis", "live,events")
    event = {"userId": "u", "name": "add_revenue", "value": 2}
    served.send([event])
    served.wait_for(lambda: served.value("SELECT to_regclass('users_revenue')") and served.value("SELECT revenue FROM users_revenue") == 2)
    shutil.copytree(ROOT / "projections/revenue", served.own / "revenue")
    text = (served.own / "revenue/apply.sql").read_text()
    served.write("revenue/apply.sql", text + ";\nUPDATE users_revenue SET revenue = revenue + 100")
    served.run("projections", command, "revenue")
    process.wait_for_output('"projection.files_read"')
    before = served.value("SELECT revenue FROM users_revenue")
    served.send([event])
    served.wait_for(lambda: served.value("SELECT revenue FROM users_revenue") == before + 102)
    ended(process)


BROKEN = {
    "apply.sql": ("total/apply.sql", "SELECT $1;\nCOMMIT", "'total/apply.sql', line 2"),
    "projection.conf": ("total/projection.conf", "topic = live\nbatch = many\n", "'total/projection.conf', line 2"),
    "a migration": ("total/migrations/002.sql", "ALTER TABLE total ADD note nothing", "migration 'total/migrations/002.sql'"),
    "other topics": ("total/projection.conf", "topic = live, more\n", "'total/projection.conf' names other topics"),
    "another group": ("total/projection.conf", "topic = live\ngroup = more\n", "'total/projection.conf' names another group"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_directory_that_is_broken_stops_its_projection_alone(served, what):
    file, text, said = BROKEN[what]
    served.write("other/projection.conf", "topic = live\ntables = public.counted\n")
    served.write("other/migrations/001.sql", "CREATE TABLE counted (n bigint)")
    served.write("other/apply.sql", "INSERT INTO counted SELECT json_array_length($1)")
    process = begun(served)
    kept = (served.own / file).read_text() if (served.own / file).exists() else "SELECT 1"
    served.write(file, text)
    # As `resume` of somebody whose own copy of the directory is right.
    served.execute("UPDATE event_archiver.position SET read_files = 1 WHERE projection = 'total'")
    served.wait_for(lambda: served.value("SELECT state FROM event_archiver.position WHERE projection = 'total'") == "failed")
    assert said in served.value("SELECT reason FROM event_archiver.position WHERE projection = 'total'")
    served.send(values(2))
    served.wait_for(lambda: served.value("SELECT sum(n) FROM counted") == 5)
    assert served.total() == 6 and "projection 'total' has stopped" in served.get("/readyz")
    served.write(file, kept)
    served.run("projections", "resume", "total")
    served.wait_for(lambda: served.total() == 9)
    ended(process)


@pytest.mark.parametrize("file", ["total/apply.sql", "total/migrations/001.sql", "total/plugins/a/apply.sql"])
def test_a_directory_that_is_broken_at_the_start_waits_until_it_is_mended(served, file):
    served.write("total/api/sum.sql", "-- GET /sum\n-- value\nSELECT sum(value)::bigint FROM total")
    served.write("total/plugins/a/apply.sql", "SELECT $1")
    right = (served.own / file).read_text()
    served.write(file, "SELECT 1;\nCOMMIT")
    process = served.serve("--apis", "events,live")
    served.send([{"userId": "u", "name": "add_revenue", "value": 98}, {"u": "a", "v": 1}])
    served.wait_for(lambda: served.value("SELECT to_regclass('users_revenue')") and served.value("SELECT revenue FROM users_revenue") == 98)
    served.wait_for(lambda: f"'{file}', line 2" in served.get("/readyz"))
    process.wait_for_output('"projection.broken"')
    served.wait_for(lambda: served.value("SELECT state FROM event_archiver.position WHERE projection = 'total'") == "failed")
    served.write(file, right)
    served.run("projections", "resume", "total")
    served.wait_for(lambda: served.get("/sum") == "1")
    served.wait_for(lambda: json.loads(served.get("/readyz")).get("status") == "ok", 60)
    ended(process)


@pytest.mark.parametrize("command", ["replay", "rebuild"])
def test_a_new_table_of_a_new_file_comes_alone(served, command):
    """What older files have done is not done again. A table that was lost is made again with all of them."""
    served.write("total/migrations/001.sql", "CREATE TABLE IF NOT EXISTS total (user_id text PRIMARY KEY, value bigint NOT NULL); CREATE TABLE IF NOT EXISTS rates (n int); INSERT INTO rates VALUES (1)")
    process = begun(served)
    served.write("total/migrations/002.sql", "CREATE TABLE second (n bigint)")
    served.write("total/projection.conf", "topic = live\ntables = public.total, public.second\n")
    served.write("total/apply.sql", TOTAL + "; INSERT INTO second SELECT json_array_length($1)")
    served.run("projections", command, "total")
    served.wait_for(lambda: served.value("SELECT to_regclass('second')") and served.value("SELECT sum(n) FROM second") == 3 and served.total() == 6)
    assert served.value("SELECT count(*) FROM rates") == 1
    if command == "replay":
        served.execute("DROP TABLE second")
        served.run("projections", "replay", "total")
        served.wait_for(lambda: served.value("SELECT sum(n) FROM second") == 3 and served.total() == 6)
    count = 2 if command == "replay" else 1
    served.wait_for(lambda: process.output["stderr"].count(b'"projection.files_read"') == count)
    ended(process, count)


def test_a_mistake_in_a_new_file_is_told_as_it_is(served):
    """Not as a failure of older files, which were applied."""
    process = begun(served)
    served.write("total/migrations/002.sql", "CREATE TABLE second (n nothing)")
    served.write("total/projection.conf", "topic = live\ntables = public.total, public.second\n")
    refused = served.run("projections", "replay", "total", expect=3)
    assert "migration 'total/migrations/002.sql'" in refused.summary["msg"], refused.summary
    assert served.total() == 6
    process.send(signal.SIGTERM)
    assert process.wait().code == 0


MIGRATIONS = {"not understood": "CREATE TALBE total (user_id text)", "refused for rows": "CREATE TABLE total (user_id text); SELECT 1/0"}


@pytest.mark.parametrize("mistake", MIGRATIONS)
def test_a_mistake_in_a_first_migration_keeps_no_event_from_being_accepted(served, mistake):
    right = (served.own / "total/migrations/001.sql").read_text()
    served.write("total/migrations/001.sql", MIGRATIONS[mistake])
    process = served.serve("--apis", "events,live")
    served.send([{"userId": "u", "name": "add_revenue", "value": 98}, {"u": "a", "v": 1}])
    served.wait_for(lambda: served.value("SELECT to_regclass('users_revenue')") and served.value("SELECT revenue FROM users_revenue") == 98)
    served.wait_for(lambda: served.value("SELECT state FROM event_archiver.position WHERE projection = 'total'") == "failed")
    assert "projection 'total' has stopped" in served.get("/readyz")
    assert "migration 'total/migrations/001.sql'" in served.status()["reason"]
    listed = json.loads(served.run("projections", "-o", "json").stdout)["projections"]
    assert {each["name"]: each["state"] for each in listed}["total"] == "failed"
    served.write("total/migrations/001.sql", right)
    served.run("projections", "resume", "total")
    served.wait_for(lambda: served.value("SELECT to_regclass('total')") and served.total() == 1)
    ended(process)


def test_a_mistake_in_a_migration_ends_what_runs_once(served):
    ended(begun(served), 0)
    served.write("total/migrations/002.sql", "ALTER TABLE total ADD note nothing")
    said = served.once(expect=3)
    assert "migration 'total/migrations/002.sql'" in said.stderr


def test_files_as_editors_on_windows_save_them(served):
    """With a byte order mark, and with functions in SQL's own form."""
    mark = "\N{ZERO WIDTH NO-BREAK SPACE}"
    for file in ("projection.conf", "apply.sql", "migrations/001.sql"):
        served.write(f"total/{file}", mark + (served.own / "total" / file).read_text())
    served.write("total/migrations/002.sql", mark + "CREATE FUNCTION twice(a bigint) RETURNS bigint BEGIN ATOMIC SELECT 1; SELECT CASE WHEN a > 0 THEN 2 * a END; END;")
    served.write("total/api/one.sql", mark + "-- GET /one\n-- value\nSELECT twice(sum(value)::bigint) FROM total")
    process = begun(served)
    assert served.get("/one") == "12"
    ended(process, 0)
