"""The REST API of `serve`: exactly the bodies and codes of the earlier service, and the routes that it did not have."""
import contextlib
import json
import re
import resource
import shutil
import socket
import subprocess
import threading
import time

import pytest

from support.exports import COMMON_KNOWLEDGE, DELETE, SELECT, DirectoryPlace, Exports, LakePlace, Shape
from support.gate import DatabaseGate, LakeGate, answer
from support.serving import Service

AGENCY, SOURCE = COMMON_KNOWLEDGE[:2]
UNKNOWN_TASK = {"detail": "Task not found"}


@pytest.fixture
def exports(archiver, database, tmp_path):
    """Files in a directory."""
    return Exports(archiver, database.connection, tmp_path, DirectoryPlace(tmp_path / "out"))


@pytest.fixture
def held(exports):
    """A table that somebody has locked, so that its export waits; ends with the test, or by `release`."""
    import psycopg2

    connection = psycopg2.connect(exports.archiver.settings["DATABASE_URL"])

    def hold(table: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")

    hold.release = connection.rollback
    yield hold
    connection.close()


def as_listed(shape: Shape) -> dict:
    return {"name": shape.task, "select_query": shape.sql(SELECT), "delete_query": shape.sql(DELETE)}


def test_the_tasks_are_listed_and_shown_verbatim(exports):
    for shape in COMMON_KNOWLEDGE:
        exports.add(shape)
    (exports.directory / "README.md").write_text("beside the directories")
    with Service(exports) as service:
        listed = service.get("/exports")
        assert listed.status == 200 and listed.headers["content-type"] == "application/json"
        # As FastAPI writes it: no spaces, in this order of keys.
        expected = [as_listed(shape) for shape in sorted(COMMON_KNOWLEDGE, key=lambda each: each.task)]
        assert listed.text == json.dumps(expected, separators=(",", ":"), ensure_ascii=False)
        for shape in COMMON_KNOWLEDGE:
            assert service.get(f"/exports/{shape.task}").text == json.dumps(as_listed(shape), separators=(",", ":"), ensure_ascii=False)
        # They are read again for each request.
        exports.write("later", "COPY (SELECT 'ä\n\"') TO STDOUT WITH CSV HEADER", "DELETE FROM agency WHERE false")
        assert service.get("/exports/later").json["select_query"] == "COPY (SELECT 'ä\n\"') TO STDOUT WITH CSV HEADER"
        assert "later" in [task["name"] for task in service.get("/exports").json]


def test_what_is_not_there_is_told_as_before(exports):
    exports.add(AGENCY)
    with Service(exports) as service:
        for method, path, status, body in [
            ("GET", "/exports/nobody", 404, UNKNOWN_TASK),
            ("POST", "/exports/nobody", 404, UNKNOWN_TASK),
            ("GET", "/exports/nobody/status", 404, UNKNOWN_TASK),
            ("GET", "/exports/nobody/files", 404, UNKNOWN_TASK),
            ("GET", "/exports/%2e%2e", 404, UNKNOWN_TASK),
            ("GET", "/exports/..%2F..%2Fetc", 404, UNKNOWN_TASK),
            ("GET", "/exports/agency%00", 404, UNKNOWN_TASK),
            ("GET", "/nothing", 404, {"detail": "Not Found"}),
            ("GET", "/", 404, {"detail": "Not Found"}),
            ("PUT", "/exports", 405, {"detail": "Method Not Allowed"}),
            ("DELETE", "/exports/agency", 405, {"detail": "Method Not Allowed"}),
            ("GET", "/export", 405, {"detail": "Method Not Allowed"}),
        ]:
            answer = service.ask(method, path)
            assert (answer.status, answer.json) == (status, body), (method, path, answer)
        moved = service.get("/exports/?wait=true")
        assert (moved.status, moved.headers["location"], moved.body) == (307, "/exports?wait=true", b"")
        assert service.ask("HEAD", "/exports").body == b""


def test_a_request_starts_an_export_in_the_background(exports):
    exports.add(AGENCY)
    exports.remember()
    with Service(exports) as service:
        started = service.post("/exports/agency", X_Request_Id="the-one-who-asked")
        assert (started.status, started.text) == (200, '{"status":"Ok"}')
        assert started.headers["x-request-id"] == "the-one-who-asked"
        status = service.wait_until_idle("agency")
        last = status["last_run"]
        assert (last["outcome"], last["error"], last["error_type"]) == ("exported", None, None)
        assert last == status["last_success"] and last["file"] in exports.place.names()
        assert last["bytes"] == len(exports.place.read(last["file"]))
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", last["began"])
        assert last["rows"] == exports.check()["agency"] > 0
        done = service.events("export.done")[0]
        assert done["request_id"] == "the-one-who-asked" and done["task"] == "agency"
        line = next(line for line in service.events("http.request") if line["request_id"] == "the-one-who-asked")
        assert (line["method"], line["path"], line["status"], line["bytes"]) == ("POST", "/exports/agency", 200, 15)


def test_all_are_exported_one_after_the_other(exports):
    for shape in (AGENCY, SOURCE):
        exports.add(shape)
    exports.remember()
    exports.write("broken", "SELECT 1", "DELETE FROM agency")
    with Service(exports) as service:
        answer = service.post("/exports")
        assert (answer.status, answer.text) == (200, '{"status":"Ok"}')
        assert service.post("/export").text == '{"status":"ok"}'
        for shape in (AGENCY, SOURCE):
            assert service.wait_until_idle(shape.task)["last_run"]["outcome"] == "exported"
        assert all(exports.check().values())
        broken = service.wait_until_idle("broken")
        assert broken["last_run"]["outcome"] == "failed" and broken["mistake"] in broken["last_run"]["error"]


def test_a_broken_task_spoils_only_itself(exports):
    exports.add(AGENCY)
    (exports.directory / "half").mkdir()
    (exports.directory / "half" / "select.sql").write_text("COPY (SELECT 1) TO STDOUT WITH CSV HEADER")
    exports.write("wrong", "SELECT 1", "DELETE FROM agency")
    with Service(exports) as service:
        # One that cannot be read cannot be listed; one that cannot be run is listed as it is.
        assert [task["name"] for task in service.get("/exports").json] == ["agency", "wrong"]
        half = service.get("/exports/half")
        assert half.status == 500 and "delete.sql" in half.json["detail"]
        assert service.get("/exports/wrong").json["select_query"] == "SELECT 1"
        for name in ("half", "wrong"):
            refused = service.post(f"/exports/{name}")
            assert refused.status == 500 and refused.json["detail"] == service.state_of(name)["mistake"]
        assert service.post("/exports/agency?wait=true").status == 200


def test_a_client_may_wait_for_the_end(exports):
    exports.add(AGENCY)
    exports.remember()
    with Service(exports) as service:
        answer = service.post("/exports/agency?wait=true")
        assert answer.status == 200 and answer.json["status"] == "Ok"
        (report,) = answer.json["reports"]
        assert report == service.state_of("agency")["last_run"]
        exports.execute("ALTER TABLE agency RENAME TO elsewhere")
        failed = service.post("/exports/agency?wait=1")
        assert failed.status == 500 and failed.json["detail"].startswith("agency: ")
        assert failed.json["reports"][0]["sqlstate"] == "42P01"
        assert service.post("/exports?wait=yes").status == 500
        status = service.state_of("agency")
        assert status["last_run"]["outcome"] == "failed" and status["last_success"] == report
        wrong = service.post("/exports/agency?wait=perhaps")
        assert (wrong.status, wrong.json["detail"][:6]) == (422, "wait: ")
        assert service.post("/exports/agency?wait=false").text == '{"status":"Ok"}'


def test_a_second_request_joins_the_run(exports, held):
    exports.add(AGENCY)
    exports.remember()
    held("agency")
    with Service(exports) as service:
        answers = []
        waiting = [threading.Thread(target=lambda: answers.append(service.post("/exports/agency?wait=true"))) for _ in range(5)]
        for thread in waiting:
            thread.start()
        while service.state_of("agency")["state"] != "running" or len(service.events("export.requested")) < 5:
            pass
        assert service.post("/exports/agency").text == '{"status":"Ok"}'
        assert service.post("/exports").text == '{"status":"Ok"}'
        held.release()
        for thread in waiting:
            thread.join()
        reports = [answer.json["reports"] for answer in answers]
        assert all(answer.status == 200 for answer in answers) and all(report == reports[0] for report in reports)
        assert len(exports.place.names()) == 1
        assert [line["joined"] for line in service.events("export.requested")].count(False) == 1


def test_a_client_that_hangs_up_while_it_waits_leaves_the_run_alone(exports, held):
    exports.add(AGENCY)
    held("agency")
    with Service(exports) as service:
        with service.connect() as client:
            client.sendall(b"POST /exports/agency?wait=true HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: gone\r\n\r\n")
            while service.state_of("agency")["state"] != "running":
                pass
        service.process.wait_for_output('"request_id":"gone","cut":true')
        held.release()
        assert service.wait_until_idle("agency")["last_run"]["outcome"] == "exported"


@pytest.mark.parametrize("kind", ["directory", "lake"])
def test_files_are_listed_and_downloaded(archiver, database, lake, container, tmp_path, kind):
    place = DirectoryPlace(tmp_path / "out") if kind == "directory" else LakePlace(lake, container)
    exports = Exports(archiver, database.connection, tmp_path, place)
    exports.add(AGENCY)
    exports.add(Shape("agency-2", "agency_2"))
    if kind == "directory":
        (place.directory / "secret.csv.gz").write_text("not ours")
        (place.directory.parent / "agency-2025_01_01-12_00_00_AM.csv.gz").write_text("outside")
    with Service(exports) as service:
        assert service.get("/exports/agency/files").json == []
        assert service.post("/exports?wait=true").status == 200
        (file,) = service.get("/exports/agency/files").json
        assert file["name"] in place.names() and file["pending"] is False
        assert service.post("/exports/agency?wait=true").json["reports"][0]["outcome"] == "empty"
        whole = service.get(f"/exports/agency/files/{file['name']}")
        assert whole.status == 200 and whole.body == place.read(file["name"]) and len(whole.body) == file["bytes"]
        assert whole.headers["content-type"] == "application/gzip" and "content-encoding" not in whole.headers
        assert whole.headers["content-disposition"] == f'attachment; filename="{file["name"]}"'
        head = service.ask("HEAD", f"/exports/agency/files/{file['name']}")
        assert head.headers["content-length"] == str(file["bytes"]) and head.body == b""
        other = service.get("/exports/agency-2/files").json[0]["name"]
        for name in ("nothing", "secret.csv.gz", "..%2fagency-2025_01_01-12_00_00_AM.csv.gz", other, "agency-2025_01_01-12_00_00_AM.csv.gz",
                     "%2e%2e", ".hidden", "agency-2025_01_01-12_00_00_AM.csv.gz%00"):
            missing = service.get(f"/exports/agency/files/{name}")
            assert (missing.status, missing.json) == (404, {"detail": "File not found"}), name


@pytest.mark.parametrize("kind", ["directory", "lake"])
def test_a_download_that_was_cut_off_goes_on(archiver, database, lake, container, tmp_path, kind):
    place = DirectoryPlace(tmp_path / "out") if kind == "directory" else LakePlace(lake, container)
    exports = Exports(archiver, database.connection, tmp_path, place)
    exports.add(AGENCY)
    with Service(exports) as service:
        assert service.post("/exports/agency?wait=true").status == 200
        (file,) = service.get("/exports/agency/files").json
        path = f"/exports/agency/files/{file['name']}"
        whole = service.get(path)
        size, tag, changed = len(whole.body), whole.headers["etag"], whole.headers["last-modified"]
        assert tag.startswith('"') and whole.headers["accept-ranges"] == "bytes"
        for asked, first, last in ((f"bytes={size // 2}-", size // 2, size - 1), ("bytes=0-0", 0, 0), ("bytes=-5", size - 5, size - 1), (f"bytes=7-{size + 99}", 7, size - 1)):
            part = service.get(path, Range=asked, If_Range=tag)
            assert part.status == 206 and part.headers["content-range"] == f"bytes {first}-{last}/{size}", asked
            assert part.body == whole.body[first:last + 1] and part.headers["etag"] == tag
        assert service.get(path, Range="bytes=5-", If_Range=changed).status == 206
        # Another version, several ranges, nonsense, HEAD: the whole.
        for headers in ({"Range": "bytes=5-", "If_Range": '"other"'}, {"Range": "bytes=0-1,4-5"}, {"Range": "bytes=x"}, {"Range": "bytes=5-3"}):
            assert (answer := service.get(path, **headers)).status == 200 and answer.body == whole.body, headers
        head = service.ask("HEAD", path, Range="bytes=5-")
        assert (head.status, head.headers["content-length"], head.headers["etag"]) == (200, str(size), tag)
        beyond = service.get(path, Range=f"bytes={size}-")
        assert beyond.status == 416 and beyond.headers["content-range"] == f"bytes */{size}"
        for condition in ({"If_None_Match": tag}, {"If_None_Match": f'"x", W/{tag}'}, {"If_Modified_Since": changed}):
            same = service.get(path, **condition)
            assert same.status == 304 and same.body == b"" and same.headers["etag"] == tag
        assert service.get(path, If_None_Match='"other"', If_Modified_Since=changed).status == 200
        # As people do it.
        if shutil.which("curl"):
            begun = tmp_path / "begun.gz"
            begun.write_bytes(whole.body[:size // 3])
            for _ in range(2):  # The second time nothing is missing.
                subprocess.run(["curl", "-sS", "-C", "-", "-o", begun, f"http://127.0.0.1:{service.port}{path}"], check=True)
                assert begun.read_bytes() == whole.body


def test_a_file_that_is_written_to_while_it_is_downloaded_is_not_sent_on(exports):
    """Its bytes would be those of two versions, under the ETag of one."""
    exports.add(AGENCY)
    size = 64 << 20  # more than sockets hold
    with Service(exports) as service:
        assert service.post("/exports/agency?wait=true").status == 200
        (name,) = exports.place.names()
        file = exports.place.directory / name
        file.write_bytes(b"1" * size)
        with socket.create_connection(("127.0.0.1", service.port)) as client:
            client.sendall(f"GET /exports/agency/files/{name} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
            got = bytearray(client.recv(1))
            with file.open("r+b") as written:
                written.write(b"2" * size)
            with contextlib.suppress(ConnectionResetError):
                while some := client.recv(1 << 20):
                    got += some
    head, _, body = bytes(got).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ") and 0 < len(body) < size and b"2" not in body, (head, len(body))


def test_probes_say_whether_it_lives_and_whether_exports_can_run(exports, database):
    exports.add(AGENCY)
    with DatabaseGate(database.server.port) as gate, Service(
        exports, settings={"DATABASE_URL": database.server.uri(database.name, port=gate.port), "SERVE_TOKEN": "a-good-token"}
    ) as service:
        assert service.get("/livez").json == {"status": "ok"}
        assert service.get("/readyz").json == {"status": "ok", "checks": {"database": "ok", "tasks": "ok", "output": "ok"}}
        assert service.get("/exports").status == 401


def test_serve_starts_without_its_database(exports):
    exports.add(AGENCY)
    with Service(exports, settings={"DATABASE_URL": "postgresql://postgres@127.0.0.1:1/none"}) as service:
        assert service.get("/livez").status == 200
        ready = service.get("/readyz")
        assert ready.status == 503 and ready.json["checks"]["tasks"] == "ok" and ready.json["detail"] == ready.json["checks"]["database"] != "ok"
        failed = service.post("/exports/agency?wait=true")
        assert failed.status == 500 and failed.json["reports"][0]["error_type"] == "temporary"
        assert [task["name"] for task in service.get("/exports").json] == ["agency"]


def test_directories_that_vanish_are_reported(exports):
    exports.add(AGENCY)
    with Service(exports) as service:
        shutil.rmtree(exports.directory)
        exports.place.directory.rename(exports.place.directory.parent / "away")
        checks = service.get("/readyz").json["checks"]
        assert str(exports.directory) in checks["tasks"] and str(exports.place.directory) in checks["output"]
        gone = service.get("/exports")
        assert gone.status == 500 and str(exports.directory) in gone.json["detail"]


def test_a_lake_that_refuses_is_told(archiver, database, azurite, lake, container, tmp_path):
    exports = Exports(archiver, database.connection, tmp_path, LakePlace(lake, container))
    exports.add(AGENCY)
    with LakeGate(azurite.port) as gate:
        settings = {"AZURE_STORAGE_CONNECTION_STRING": azurite.connection_string(gate.endpoint)}
        with Service(exports, settings=settings) as service:
            assert service.get("/readyz").json["checks"]["output"] == "ok"
        gate.on(answer(403, "AuthenticationFailed"), times=None)
        with Service(exports, settings=settings) as service:
            told = service.get("/readyz")
            assert told.status == 503 and "AuthenticationFailed" in told.json["checks"]["output"], told.text


@pytest.mark.parametrize("name, setting", [("tasks", "DSL_PATH"), ("out", "EXPORT_PATH")])
def test_a_missing_directory_stops_it_at_its_start(exports, tmp_path, name, setting):
    missing = tmp_path / "nowhere"
    outcome = exports.archiver.run("serve", settings={setting: str(missing), "SERVE_PORT": "0"}, expect=3)
    assert outcome.events("run.error")[0]["msg"] == f"{setting} is '{missing}': there is no such directory"


def test_an_address_that_is_not_available_is_one_sentence(exports):
    with Service(exports) as service:
        outcome = exports.archiver.run("serve", "--port", str(service.port), expect=3)
        assert outcome.events("run.error")[0]["msg"] == f"cannot listen on 127.0.0.1:{service.port}: Address already in use"
    for flag, value, clause in [
        ("--listen", "localhost", "give an IP address"),
        ("--port", "70000", "give a whole number from 0 to 65535"),
        ("--connections", "0", "give a whole number from 1 to 65536"),
        ("--grace", "soon", "give a time with its unit"),
        ("--client-timeout", "1ms", "give at least 100ms"),
    ]:
        outcome = exports.archiver.run("serve", flag, value, expect=2)
        assert f"{flag} is '{value}': {clause}" in outcome.events("config.mistake")[0]["msg"]
    for token in ("short", "with a space in it", "ümläute-und-so"):
        outcome = exports.archiver.run("serve", settings={"SERVE_TOKEN": token}, expect=2)
        assert outcome.events("config.mistake")[0]["msg"].startswith("SERVE_TOKEN: give ") and token not in outcome.stderr


def test_only_clients_with_the_token_may_ask(exports, tmp_path):
    exports.add(AGENCY)
    secret = tmp_path / "token"
    secret.write_text("a-token-of-some-length\n")
    exports.archiver.secrets.append("a-token-of-some-length")
    with Service(exports, "--listen", "0.0.0.0", settings={"SERVE_TOKEN_FILE": str(secret)}) as service:
        for path in ("/exports", "/exports/agency", "/exports/agency/files", "/metrics", "/openapi.json", "/nothing"):
            refused = service.get(path)
            assert (refused.status, refused.json, refused.headers["www-authenticate"]) == (401, {"detail": "Not authenticated"}, "Bearer")
            assert service.get(path, Authorization="Bearer a-token-of-some-lengt").status == 401
        assert service.post("/exports").status == 401 and not service.events("export.requested")
        assert service.get("/exports", Authorization="Bearer a-token-of-some-length").status == 200
        assert not service.events("serve.open")
    with Service(exports, "--listen", "0.0.0.0") as service:
        assert "SERVE_TOKEN" in service.events("serve.open")[0]["msg"]
    with Service(exports) as service:
        assert not service.events("serve.open")


def test_metrics_are_in_prometheus_form(exports):
    exports.add(AGENCY)
    with Service(exports) as service:
        service.post("/exports/agency?wait=true")
        answer = service.get("/metrics")
        assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        rows = service.state_of("agency")["last_run"]["rows"]
        assert f'event_archiver_export_rows_total{{task="agency"}} {rows}\n' in answer.text
        assert 'event_archiver_export_runs_total{task="agency",outcome="exported"} 1\n' in answer.text
        assert '# TYPE event_archiver_export_runs_total counter\n' in answer.text
        assert re.search(r'event_archiver_http_responses_total\{status="200"\} [1-9]', answer.text)
        for line in answer.text.splitlines():
            assert re.fullmatch(r'# (HELP|TYPE) .+|[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? [0-9.e+-]+', line), line


def test_the_document_of_the_api_is_complete(exports):
    exports.add(AGENCY)
    with Service(exports) as service:
        document = service.get("/openapi.json").json
        assert document["openapi"].startswith("3.")
        schemas = document["components"]["schemas"]
        for path, operations in document["paths"].items():
            for method, operation in operations.items():
                for answer in operation["responses"].values():
                    for content in answer.get("content", {}).values():
                        if "schema" in content:
                            assert content["schema"]["$ref"].rpartition("/")[2] in schemas
                named = set(re.findall(r"\{(\w+)\}", path))
                assert named == {each["name"] for each in operation.get("parameters", []) if each["in"] == "path"}
                # Every route it names is one: the method is allowed there.
                real = path.format(task="agency", name="none") if named else path
                assert service.ask(method.upper(), real).status != 405, (method, path)
        # And every route there is it names: what is not named is not there.
        for path in ("/exports", "/exports/agency", "/exports/agency/status", "/exports/agency/files", "/export", "/livez", "/readyz", "/metrics", "/openapi.json"):
            pattern = path.replace("agency", "{task}")
            allowed = service.ask("OPTIONS", path).headers["allow"].split(", ")
            assert {method.lower() for method in allowed} - {"head"} == set(document["paths"][pattern]), path


@pytest.mark.parametrize("wrong", ["too small", "not there"])
def test_a_place_that_takes_no_file_is_in_the_status(exports, wrong):
    exports.add(AGENCY, keys=2000, versions=3)
    exports.execute("UPDATE agency SET name = (SELECT string_agg(md5(id::text || n), '') FROM generate_series(1, 8) AS n)")
    exports.remember()
    with Service(exports) as service:
        if wrong == "too small":
            unlimited = resource.prlimit(service.process.pid, resource.RLIMIT_FSIZE, (65536, resource.RLIM_INFINITY))
        else:
            exports.place.directory.rename(exports.place.directory.parent / "away")
        failed = service.post("/exports/agency?wait=true")
        assert failed.status == 500 and failed.json["reports"][0]["error"] in failed.json["detail"]
        status = service.state_of("agency")
        assert status["last_run"]["outcome"] == "failed" and status["last_success"] is None
        assert ("File too large" if wrong == "too small" else "No such file or directory") in status["last_run"]["error"]
        if wrong == "too small":
            resource.prlimit(service.process.pid, resource.RLIMIT_FSIZE, unlimited)
        else:
            (exports.place.directory.parent / "away").rename(exports.place.directory)
        assert exports.place.names() == [] and exports.place.leftovers() == [] and exports.check()["agency"] == 0
        assert service.post("/exports/agency?wait=true").status == 200
        assert exports.check()["agency"] > 1000 and service.state_of("agency")["last_success"]["outcome"] == "exported"


def say_as(service, method: str, path: str, host: str | None, **fields: str) -> bytes:
    lines = [f"{method} {path} HTTP/1.{'1' if host is not None else '0'}", "Connection: close", "Content-Length: 0"]
    lines += [f"Host: {host}"] if host is not None else []
    lines += [f"{name.replace('_', '-')}: {text}" for name, text in fields.items()]
    return service.say(("\r\n".join(lines) + "\r\n\r\n").encode())


def status_of(heard: bytes) -> int:
    return int(heard.split(b" ", 2)[1])


def test_without_a_token_only_names_of_this_machine_and_listed_ones_are_answered(exports):
    exports.add(AGENCY, keys=3, versions=2)
    rows = exports.count(AGENCY) if hasattr(exports, "count") else None
    with Service(exports, "--hosts", "exports.internal, 10.0.0.7:8002") as service:
        ours = [f"localhost:{service.port}", "LOCALHOST", "127.0.0.1", "127.9.9.9:1", "[::1]:8002", "exports.internal:99", "10.0.0.7:8002"]
        for host in ours:
            assert status_of(say_as(service, "GET", "/exports", host)) == 200, host
        for host in ("evil.example", "localhost.evil.example", "127.0.0.1.nip.io", "10.0.0.7", "10.0.0.7:1", "[::2]", "127.1", "", None):
            for method, path in (("GET", "/exports"), ("POST", "/exports/agency"), ("GET", "/metrics"), ("GET", "/nothing")):
                heard = say_as(service, method, path, host)
                assert status_of(heard) == 403 and b'{"detail":' in heard, (host, path)
                assert b"Content-Type: application/json" in heard
        # Probes come to an address, and learn nothing more.
        assert status_of(say_as(service, "GET", "/livez", "10.1.2.3:8002")) == 200
        assert say_as(service, "GET", "/readyz", "10.1.2.3:8002").endswith(b'{"status":"ok"}')
        assert service.state_of("agency")["last_run"] is None, "nothing was started"
    assert rows is None or exports.count(AGENCY) == rows


def test_a_probe_under_another_name_learns_no_reason(exports):
    exports.add(AGENCY, keys=3, versions=2)
    away = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nowhere"}
    with Service(exports, settings=away) as service:
        told = say_as(service, "GET", "/readyz", "10.1.2.3")
        assert status_of(told) == 503 and told.endswith(b'{"detail":"not ready"}')
        assert "nobody" in service.get("/readyz").text or "127.0.0.1" in service.get("/readyz").text


CROSS_SITE = [
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
    {"Origin": "https://localhost.evil.example"},
    {"Sec_Fetch_Site": "cross-site"},
    {"Sec_Fetch_Site": "same-site"},
    {"Origin": "http://localhost:1"},  # another port is another origin
]


@pytest.mark.parametrize("token", [None, "token-of-a-client"])
def test_pages_of_other_sites_are_never_answered(exports, token):
    exports.add(AGENCY, keys=3, versions=2)
    settings = {"SERVE_TOKEN": token, "SERVE_HOSTS": "exports.example"}
    bears = {"Authorization": f"Bearer {token}"} if token else {}
    with Service(exports, settings=settings) as service:
        for fields in CROSS_SITE:
            for method, path in (("GET", "/exports"), ("POST", "/exports/agency"), ("GET", "/livez")):
                assert status_of(say_as(service, method, path, "localhost", **fields, **bears)) == 403, (fields, path)
        for fields in ({"Sec_Fetch_Site": "same-origin", "Origin": "http://localhost"}, {"Sec_Fetch_Site": "none"}, {"Origin": "https://exports.example"}):
            assert status_of(say_as(service, "GET", "/exports", "localhost", **fields, **bears)) == 200, fields
        assert status_of(say_as(service, "GET", "/exports", "evil.example", **bears)) == (200 if token else 403)


def test_every_answer_is_dated(exports):
    from email.utils import parsedate_to_datetime

    exports.add(AGENCY, keys=3, versions=2)
    with Service(exports) as service:
        for method, path in (("GET", "/exports"), ("HEAD", "/livez"), ("GET", "/nothing"), ("DELETE", "/exports")):
            date = service.ask(method, path).headers["date"]
            assert date.endswith(" GMT") and abs(parsedate_to_datetime(date).timestamp() - time.time()) < 5
        assert b"\r\nDate: " in service.say(b"GET /exports HTTP/2.0\r\nHost: localhost\r\n\r\n")


@pytest.mark.parametrize("hosts", ["a b", "http://exports.internal", "fd00::7", "a,,b"])
def test_invalid_hosts_are_refused(exports, hosts):
    assert "SERVE_HOSTS" in exports.archiver.run("serve", settings={"SERVE_HOSTS": hosts, "SERVE_PORT": "0"}, expect=2).stderr
