"""Processes that run the same projection with files of their own, as while a deployment is rolled out: one that cannot use its files
stops itself alone."""
import json
import shutil
import signal

import pytest

from support.served_shop import served_shop, values


@pytest.fixture
def served(binary, database, tmp_path):
    yield from served_shop(binary, database, tmp_path)


def begun(served):
    process = served.serve("--apis", "events", PROJECT="total")
    served.send(values(3))
    served.wait_for(lambda: served.value("SELECT to_regclass('total')") and served.total() == 6)
    return process


def goes_on(served, process) -> None:
    """Although the other one has noted that it cannot use its files."""
    process.wait_for_output('"projection.other_files"')
    before = served.total()
    served.send(values(2))
    served.wait_for(lambda: served.total() == before + 3)
    assert json.loads(served.get("/readyz"))["status"] == "ok"
    assert served.status()["state"] == "running"


def copied(served):
    """A directory for another process, with the same files."""
    copy = served.directory / "copy"
    shutil.copytree(served.own, copy)
    return copy


def project(served, copy, *names):
    process = served.program.start("project", *names, settings={"PROJECTIONS_PATH": copy})
    served.processes.append(process)
    return process


def begun_with_a_wrong_migration(served):
    served.write("total/migrations/002.sql", "ALTER TABLE total ADD note nothing")
    process = served.serve("--apis", "events", PROJECT="total")
    served.wait_for(lambda: "migration 'total/migrations/002.sql'" in (served.status()["reason"] or ""))
    return process


def ended(process, code: int) -> None:
    process.send(signal.SIGTERM)
    outcome = process.wait()
    assert outcome.code == code, str(outcome)


MISTAKES = {
    "a migration": ("total/migrations/002.sql", "ALTER TABLE total ADD note text NOT NULL"),
    "a file that is read": ("total/apply.sql", "SELECT $1;\nCOMMIT"),
}


@pytest.mark.parametrize("what", MISTAKES)
def test_a_process_that_cannot_begin_stops_itself_alone(served, what):
    process = begun(served)
    copy = copied(served)
    file, text = MISTAKES[what]
    (copy / file).write_text(text)
    other = project(served, copy, *(["total"] if what == "a migration" else []))
    goes_on(served, process)
    assert b"projection.failed" in other.output["stderr"] or b"projection.broken" in other.output["stderr"]
    shutil.rmtree(copy)
    shutil.copytree(served.own, copy)
    served.run("projections", "resume", "total")
    other.wait_for_output('"projection.files_read"')
    ended(process, 0)
    served.wait_for(lambda: served.status()["behind"] == 0)
    ended(other, 143)


def test_a_process_that_cannot_read_its_files_again_stops_itself_alone(served):
    process = begun(served)
    copy = copied(served)
    other = project(served, copy, "total")
    served.run("projections", "resume", "total")
    other.wait_for_output('"projection.files_read"')
    right = (copy / "total/apply.sql").read_text()
    (copy / "total/apply.sql").write_text("SELECT $1;\nCOMMIT")
    served.run("projections", "resume", "total")
    other.wait_for_output('"projection.failed"')
    goes_on(served, process)
    (copy / "total/apply.sql").write_text(right)
    served.run("projections", "resume", "total")
    served.wait_for(lambda: other.output["stderr"].count(b'"projection.files_read"') == 2)
    ended(process, 0)
    ended(other, 143)


def test_the_only_process_says_in_the_database_why_it_cannot_begin(served):
    """Also where the projection had failed of something else before."""
    served.write("total/apply.sql", "INSERT INTO nowhere SELECT $1")
    process = served.serve("--apis", "events", PROJECT="total")
    served.send(values(3))
    served.wait_for(lambda: "nowhere" in (served.status()["reason"] or ""))
    ended(process, 0)
    process = begun_with_a_wrong_migration(served)
    assert served.status()["state"] == "failed"
    served.wait_for(lambda: "has stopped at position 0 of topic 'live': migration 'total/migrations/002.sql'" in served.get("/readyz"))
    served.wait_for(lambda: 'event_archiver_projection_lag{projection="total",topic="live",partition="0"} 3' in served.get("/metrics"))
    served.send(values(2))
    served.wait_for(lambda: 'event_archiver_projection_lag{projection="total",topic="live",partition="0"} 5' in served.get("/metrics"))
    ended(process, 0)


def test_a_paused_projection_goes_on_beside_a_process_that_cannot_begin(served):
    """Whichever of the two looks first after `resume`."""
    process = begun(served)
    copy = copied(served)
    (copy / "total/migrations/002.sql").write_text("ALTER TABLE total ADD note nothing")
    other = project(served, copy, "total")
    goes_on(served, process)
    for _ in range(3):
        served.run("projections", "pause", "total")
        served.wait_for(lambda: 'event_archiver_projection_paused{projection="total"' in served.get("/metrics") and "paused" in served.get("/readyz") + served.status()["state"])
        before = served.total()
        served.run("projections", "resume", "total")
        served.send(values(2))
        served.wait_for(lambda: served.total() == before + 3)
    ended(process, 0)
    ended(other, 143)


def test_a_process_that_waits_notes_its_reason_again_once_it_is_forgotten(served):
    process = begun_with_a_wrong_migration(served)
    served.send(values(3))
    served.run("projections", "pause", "total")
    served.run("projections", "forget", "total")
    served.wait_for(lambda: "002.sql" in (served.status()["reason"] or ""))
    served.write("total/migrations/002.sql", "ALTER TABLE total ADD note text")
    served.run("projections", "resume", "total")
    served.wait_for(lambda: served.total() == 6)
    ended(process, 0)
