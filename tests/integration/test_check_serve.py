"""check --for serve: whether a server could begin here, and could keep what it accepts."""
import json
import os
import shutil
import socket
import subprocess
import time

import pytest

from support.archiver import Archiver
from support.event_serving import EventService
from support.journal_files import TopicFile
from support.servers import free_port

NAMES_OF_A_NEW_JOURNAL = ["settings", "port", "journal", "journal writer", "journal sync", "journal room"]


@pytest.fixture
def program(binary, tmp_path):
    """A server of events without a database."""
    settings = {"SERVE_APIS": "events,live", "PROJECT": "none", "SERVE_PORT": str(free_port()), "JOURNAL": tmp_path / "journal"}
    return Archiver(binary, settings)


def checked(program, expect: int = 0, **settings) -> dict:
    found = json.loads(program.run("check", "--for", "serve", "-o", "json", settings=settings, expect=expect).stdout)
    assert found["exit_code"] == expect
    for line in found["checks"]:
        assert line["status"] not in ("failed", "warning") or line["remedy"], line
    return {line["name"]: line for line in found["checks"]}


def statuses(found: dict) -> set:
    return {line["status"] for line in found.values()}


def test_a_place_that_lacks_nothing_is_left_as_it_is(program, tmp_path):
    found = checked(program)
    assert list(found) == NAMES_OF_A_NEW_JOURNAL and statuses(found) == {"ok"}, found
    assert found["journal"]["detail"] == f"'{tmp_path}/journal' is not there, and can be made"
    assert found["journal writer"]["detail"] == "no process writes to it"
    assert not (tmp_path / "journal").exists()


def test_a_server_that_runs_is_told_as_a_fact(program, binary, tmp_path):
    with EventService(binary, tmp_path / "journal") as service:
        assert service.send_events([{"n": 1}]).status == 201
        found = checked(program, SERVE_PORT=str(service.port))
        assert found["journal writer"]["status"] == "ok"
        assert f"process {service.process.pid} writes to it: topic 'live'" in found["journal writer"]["detail"]
        assert found["port"]["status"] == "warning" and "Address already in use" in found["port"]["detail"]
        assert found["journal"]["detail"].endswith("can be written to")
        assert service.send_events([{"n": 2}]).status == 201, "the look has not disturbed it"
    assert checked(program)["journal writer"]["detail"] == "no process writes to it"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start it as somebody else")
@pytest.mark.parametrize("which", ["the directory", "a topic"])
def test_a_directory_that_may_not_be_written_to(program, tmp_path, which):
    TopicFile(tmp_path / "journal").append({"n": 1})
    for each in (tmp_path, *tmp_path.rglob("*")):
        os.chown(each, 65534, 65534)
    forbidden = tmp_path / "journal" if which == "the directory" else tmp_path / "journal/live"
    os.chown(forbidden, 0, 0)
    for above in (tmp_path, *tmp_path.parents):
        os.chmod(above, os.stat(above).st_mode | 0o055)
    environment = {name: str(value) for name, value in program.settings.items()}
    done = subprocess.run(
        [program.binary, "check", "--for", "serve", "-o", "json"], env=environment, capture_output=True, text=True, user=65534, group=65534, cwd="/", check=False
    )
    found = {line["name"]: line for line in json.loads(done.stdout)["checks"]}
    assert done.returncode == 4, done
    assert found["journal"]["status"] == "failed" and str(forbidden) in found["journal"]["detail"]
    assert "Permission denied" in found["journal"]["detail"] and found["journal"]["remedy"] == "Check JOURNAL."


def test_a_file_in_the_place_of_the_directory(program, tmp_path):
    (tmp_path / "journal").write_text("a file")
    found = checked(program, expect=3)
    assert found["journal"]["status"] == "failed" and "Not a directory" in found["journal"]["detail"]


@pytest.mark.parametrize("link", ["journal", "."], ids=["the journal", "a directory above it"])
def test_a_link_to_a_volume_that_is_not_mounted(program, tmp_path, link):
    """`serve` could not make a directory there either."""
    place = (tmp_path / "mounted" / "journal") if link == "." else tmp_path / "journal"
    (tmp_path / "mounted" if link == "." else place).symlink_to(tmp_path / "away")
    found = checked(program, expect=3, JOURNAL=place)
    assert found["journal"]["status"] == "failed" and "File exists" in found["journal"]["detail"], found
    assert program.run("serve", settings={"JOURNAL": place}).code == 3


def test_a_disk_without_room(program, tmp_path):
    place = tmp_path / "small"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "none", place], capture_output=True, check=False).returncode != 0:
        pytest.skip("a small file system cannot be mounted here")
    try:
        here = {"JOURNAL": str(place / "journal")}
        assert "JOURNAL_MAX_BYTES is not set" in checked(program, **here)["journal room"]["detail"]
        assert checked(program, JOURNAL_MAX_BYTES="1MiB", **here)["journal room"]["status"] == "ok"
        assert checked(program, JOURNAL_MAX_BYTES="1GiB", **here)["journal room"]["status"] == "warning"
        (place / "filled").write_bytes(b"x" * (shutil.disk_usage(place).free - 1_000_000))
        full = checked(program, expect=5, **here)["journal room"]
        assert full["status"] == "failed" and "full" in full["detail"]
    finally:
        subprocess.run(["umount", place], check=True)


def test_what_is_lost_with_the_machine_and_a_clock_that_is_behind(program, tmp_path):
    topic = TopicFile(tmp_path / "journal")
    topic._now = lambda: (time.time_ns() + 86_400 * 10**9) // 1000
    topic.append({"n": 1})
    found = checked(program, JOURNAL_SYNC="100ms")
    assert found["journal sync"]["status"] == "warning" and "100 ms" in found["journal sync"]["detail"]
    assert found["journal clock"]["status"] == "warning" and "topic 'live'" in found["journal clock"]["detail"]


def test_a_damaged_topic_is_named(program, binary, tmp_path):
    with EventService(binary, tmp_path / "journal") as service:
        assert service.send_events([{"n": number} for number in range(10)]).status == 201
    segment = next((tmp_path / "journal/live").glob("*.log"))
    content = bytearray(segment.read_bytes())
    content[len(content) // 2] ^= 1
    segment.write_bytes(content)
    assert checked(program, expect=7)["topic live"]["status"] == "failed"


def test_an_address_of_another_machine_and_a_setting_that_is_wrong(program):
    found = checked(program, expect=3, SERVE_ADDRESS="192.0.2.1")
    assert found["port"]["status"] == "failed" and "192.0.2.1" in found["port"]["remedy"]
    assert checked(program, SERVE_ADDRESS="127.0.0.1", SERVE_PORT="0")["port"]["detail"] == "any free port of 127.0.0.1"
    said = json.loads(program.run("check", "--for", "serve", "-o", "json", settings={"JOURNAL_SYNC": "never"}, expect=2).stdout)
    assert "JOURNAL_SYNC" in said["checks"][0]["detail"]


def test_files_and_queries_of_the_apis(binary, database, tmp_path):
    own = tmp_path / "own/mine"
    (own / "api").mkdir(parents=True)
    (own / "projection.conf").write_text("topic = mine\ntables = public.mine\n")
    (own / "apply.sql").write_text("SELECT 1")
    (own / "api/good.sql").write_text("-- GET /good\n-- value\nSELECT 1")
    settings = {
        "SERVE_APIS": "timestamps,live",
        "SERVE_PORT": str(free_port()),
        "JOURNAL": tmp_path / "journal",
        "PROJECTIONS_PATH": tmp_path / "own",
        "PG_CONNECTION_STRING": database.uri,
    }
    program = Archiver(binary, settings)
    found = checked(program)
    assert {found[name]["status"] for name in ("projection mine", "projection revenue", "projection timestamps", "queries", "database", "schema", "positions")} == {"ok"}
    assert found["queries"]["detail"].endswith(" routes")
    (own / "api/broken.sql").write_text("-- GET /broken\n-- value\nSELECT 1;\n\nSELECT 2")
    found = checked(program, expect=3)
    assert found["queries"]["status"] == "failed" and "'mine/api/broken.sql', line 5" in found["queries"]["detail"]
    (own / "api/broken.sql").unlink()
    (own / "apply.sql").write_text("")
    assert checked(program, expect=3)["projection mine"]["status"] == "failed"
    away = checked(program, expect=5, PG_CONNECTION_STRING=f"postgresql://postgres@127.0.0.1:{free_port()}/x", PROJECTIONS_PATH="")
    assert away["database"]["status"] == "failed" and away["journal"]["status"] == "ok"


def test_a_journal_that_is_lost_is_told_before_a_server_begins_one_beside_it(binary, database, tmp_path):
    settings = {"SERVE_APIS": "live", "JOURNAL": tmp_path / "journal", "PG_CONNECTION_STRING": database.uri, "SERVE_PORT": "0"}
    program = Archiver(binary, settings)
    TopicFile(tmp_path / "journal").append({"userId": "a", "name": "add_revenue", "value": 1})
    program.run("project", "revenue", "--once", expect=0)
    assert checked(program)["positions"]["status"] == "ok"
    shutil.rmtree(tmp_path / "journal")
    found = checked(program, expect=7)
    assert found["positions"]["status"] == "failed" and "live" in found["positions"]["detail"]
    assert not (tmp_path / "journal").exists()


def test_exports_and_answers_alone(binary, archiver):
    found = checked(archiver.with_settings({"SERVE_APIS": "exports", "SERVE_PORT": "0", "DSL_PATH": "/usr/share", "EXPORT_PATH": "/tmp", "DATABASE_URL": "postgresql://x@127.0.0.1:1/x"}))
    assert list(found) == ["settings", "port", "exports"] and "--for export" in found["exports"]["detail"]


def test_no_client_is_taken_from_a_server(program):
    """The port is taken for an instant, and never listened on."""
    with socket.create_server(("127.0.0.1", int(program.settings["SERVE_PORT"]))):
        assert checked(program)["port"]["status"] == "warning"
