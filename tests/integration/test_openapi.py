"""/openapi.json against the service that gives it: made-up requests to each operation get answers that it documents, and each answer
that it documents is seen."""
import http.client
import json
import random
import threading
import urllib.parse
import uuid

import pytest

from support.asking import serving, wait_for, wait_until_ready
from support.builds import BUILD, message
from support.events import held_disk  # noqa: F401 (a fixture)
from support.gate import DatabaseGate, kill_before
from support.servers import ROOT
from support.serving import Answer

TICKET = str(uuid.UUID(int=7))
# What any operation may answer to a request that is no request for it.
ANYWHERE = {"400", "405", "408", "411", "413", "414", "421", "431"}
# Documented, and made by a test that has what it takes: a Kafka broker, a long backlog, a journal that says no.
SEEN_BY = {
    ("POST", "/events/{topic}", "404"): "fault/test_kafka.py::test_an_unknown_topic_is_made_or_refused_as_the_file_says",
    ("GET", "/events/{topic}", "410"): "fault/test_kafka.py::test_retention_that_overtook_a_reader_is_an_error_with_both_bounds",
    ("GET", "/events/{topic}", "500"): "unit/app/serve/answers_test.cpp::says_when_to_ask_again_where_that_may_help",
    ("GET", "/events/{topic}", "503"): "integration/test_journal_memory.py::test_readers_that_stop_reading_take_no_more",
    ("GET", "/ui/archive", "200"): "integration/test_archive_page.py::test_it_is_what_list_prints",
    ("GET", "/ui/archive", "503"): "integration/test_archive_page.py::test_storage_that_does_not_answer_holds_nothing_up",
    ("POST", "/app", "500"): "fault/test_kafka_faces.py::test_a_command_that_the_topic_does_not_take_is_an_error",
    ("POST", "/api/v1/timestamp/{time}", "500"): "fault/test_kafka_faces.py::test_a_command_that_the_topic_does_not_take_is_an_error",
    ("POST", "/events/{topic}", "500"): "unit/app/serve/intake/intake_test.cpp::are_500_where_kafka_says_no",
    ("POST", "/liveEvent", "500"): "unit/app/serve/intake/intake_test.cpp::are_500_where_kafka_says_no",
}
# All queries are described in the same way. These have a value for everything, and the first asks no table that could be spoilt.
NEVER = {("GET", "/", "500")} | {("GET", path, "404") for path in ("/", "/build", "/project", "/project/{project}/disk-usage", "/organization/{organization}/disk-usage")}
WORDS = ["a", "agency", "nope", "7", "-1", "%00", "ä", "a b", "a/b", "x" * 300, "..", "'; --", TICKET, BUILD["id"], BUILD["id"].upper(), "2006-01-02T15:04:05Z", "live", "{}"]
BODIES = [b"", b"{}", b"[]", b"5", b'{"userId":"u","name":"add_revenue","value":1}', b'[{"a":1},{"b":2}]', b'{"a":', b"\xff", b'{"a":1}\n{"b":2}\n', b'{"pad":"' + b"x" * 1_100_000 + b'"}']
TYPES = ["application/json", "application/x-ndjson", "text/plain", "application/json; charset=utf-8", ""]


class Description:
    def __init__(self, document: dict):
        self.document = document
        self.operations = [(method.upper(), path, found) for path, methods in document["paths"].items() for method, found in methods.items()]

    def faults(self, schema: dict, value, where: str = "$") -> list:
        """What is wrong with a value, by the few words of JSON Schema that the document uses."""
        if "$ref" in schema:
            found = self.document
            for part in schema["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            return self.faults(found, value, where)
        if value is None and schema.get("nullable"):
            return []
        for kind in ("oneOf", "anyOf"):
            if kind in schema:
                return [] if any(not self.faults(each, value, where) for each in schema[kind]) else [f"{where} is none of {kind}"]
        kinds = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int, "number": (int, float)}
        if (kind := schema.get("type")) and not isinstance(value, kinds[kind]):
            return [f"{where} is no {kind}"]
        if "enum" in schema and value not in schema["enum"]:
            return [f"{where} is none of {schema['enum']}"]
        faults = []
        if isinstance(value, dict):
            faults += [f"{where} lacks {name}" for name in schema.get("required", ()) if name not in value]
            known = schema.get("properties", {})
            for name, inner in value.items():
                faults += self.faults(known.get(name, {}), inner, f"{where}.{name}")
        if isinstance(value, list):
            for number, inner in enumerate(value):
                faults += self.faults(schema.get("items", {}), inner, f"{where}[{number}]")
        return faults


class Asked:
    """Requests, and which documented answers they have met."""

    def __init__(self, description: Description):
        self.description = description
        self.seen: set = set()

    def ask(self, service, operation: tuple, path: str, body: bytes | None, headers: dict):
        return self.look(operation, path, service.ask(operation[0], path, body=body, **headers), f"{headers} {(body or b'')[:80]}")

    def look(self, operation: tuple, path: str, answer, asked: str = ""):
        method, route, found = operation
        status, said = str(answer.status), f"{method} {path} {asked} -> {answer.status} {answer.headers} {answer.body[:300]}"
        documented = found["responses"]
        assert status in documented or status in ANYWHERE or status == "307", said
        if status in documented:
            self.seen.add((method, route, status))
            content = documented[status].get("content")
            if content and answer.body:
                kind = answer.headers["content-type"].partition(";")[0]
                assert kind in content, said
                if kind == "application/json" and "schema" in content[kind]:
                    assert not (faults := self.description.faults(content[kind]["schema"], json.loads(answer.body))), f"{faults} {said}"
        return answer


def filled(route: str, values) -> str:
    parts = [urllib.parse.quote(values(part[1:-1]), safe="") if part.startswith("{") else part for part in route.split("/")]
    return "/".join(parts)


def made_up(chance: random.Random, operation: tuple) -> tuple:
    _, route, found = operation
    path = filled(route, lambda _: chance.choice(WORDS))
    headers = {}
    query = {}
    for parameter in found.get("parameters", ()):
        if parameter["in"] == "query" and chance.random() < 0.6:
            query[parameter["name"]] = chance.choice(["true", "false", "0", "1", "9999999", "-5", "x", ""])
        if parameter["in"] == "header" and chance.random() < 0.7:
            headers[parameter["name"]] = chance.choice(["secret", "x", TICKET, "a b", '"' + uuid.uuid4().hex + '"'])
    body = None
    if "requestBody" in found:
        body, headers["Content_Type"] = chance.choice(BODIES), chance.choice(TYPES)
    return path + ("?" + urllib.parse.urlencode(query) if query else ""), body, headers


@pytest.fixture
def own(tmp_path):
    (tmp_path / "exported").mkdir()
    tasks = {
        "agency": ("COPY (SELECT 1 WHERE now() < %(export_boundary)s) TO STDOUT WITH CSV HEADER;", "DELETE FROM nothing WHERE %(export_boundary)s < now();"),
        "numbers": ("COPY (SELECT * FROM public.numbers WHERE at < %(export_boundary)s) TO STDOUT WITH CSV HEADER;", "DELETE FROM public.numbers WHERE at < %(export_boundary)s;"),
    }
    for task, texts in tasks.items():
        (tmp_path / "DSL" / task).mkdir(parents=True)
        for name, text in zip(("select.sql", "delete.sql"), texts):
            (tmp_path / "DSL" / task / name).write_text(text)
    (tmp_path / "DSL/broken").mkdir()
    (tmp_path / "DSL/broken/select.sql").write_text("COPY (SELECT 1) TO STDOUT;")
    return tmp_path


@pytest.fixture
def start(archiver, own):
    def make(**settings):
        apis = settings.pop("SERVE_APIS", "exports,live,timestamps,builds,events")
        told = {"JOURNAL": str(own / "journal"), "DSL_PATH": str(own / "DSL"), "EXPORT_PATH": str(own / "exported"), **settings}
        return serving(archiver, apis, **told)

    return make


def plain_requests(seen: Asked, service, operations: dict) -> None:
    """Those that chance would not make."""
    def ask(method: str, route: str, path: str | None = None, body: bytes | None = None, **headers):
        return seen.ask(service, operations[method, route], path or route, body, headers)

    json_type = {"Content_Type": "application/json"}
    ask("POST", "/liveEvent", body=b'{"userId":"u","name":"add_revenue","value":1}', Authorization="secret", **json_type)
    ask("POST", "/events/{topic}", "/events/build_events", body=json.dumps(message(BUILD)).encode(), **json_type)
    for body in (b'{"a":1}', b'{"a":2}'):
        ask("POST", "/events/{topic}", "/events/keyed", body=body, Idempotency_Key='"one"', **json_type)
        ask("POST", "/liveEvent", body=body, Idempotency_Key='"of-live"', Authorization="secret", **json_type)
    ask("POST", "/events/{topic}", "/events/keyed", body=b"{}", Content_Type="text/plain")
    for position in ("0", "99"):
        ask("GET", "/events/{topic}", f"/events/keyed?from={position}")
    ticket = ask("POST", "/app", correlationId=TICKET).json["id"]
    ask("POST", "/api/v1/timestamp/{time}", "/api/v1/timestamp/2006-01-02T15:04:05Z", correlationId=TICKET)
    for time in ("2006-01-02T15:04:05Z", "2007-01-02T15:04:05Z"):
        ask("POST", "/api/v1/timestamp/{time}", f"/api/v1/timestamp/{time}", correlationId=TICKET, Idempotency_Key='"a-time"')
    ask("POST", "/app", correlationId=TICKET, Idempotency_Key='"a-time"')
    ask("POST", "/liveEvent", body=b'{"pad":"' + b"x" * 1_100_000 + b'"}', Authorization="secret", **json_type)
    wait_for(lambda: service.get(f"/api/v1/timestamp/{ticket}").status == 200 and service.get(f"/build/{BUILD['id']}").status == 200 and service.get("/userEvents/u").body != b"[]")
    wait_for(lambda: service.get("/project").body != b"[]")
    for (method, route), found in operations.items():
        if method != "GET":
            continue
        known = {"build": BUILD["id"], "project": BUILD["projectId"], "organization": "acme", "userId": "u", "id": ticket, "task": "agency", "name": "nope", "topic": "keyed"}
        path = filled(route, lambda name: known[name])
        answer = ask(method, route, path)
        head = service.ask("HEAD", path)
        assert (head.status, head.body) == (answer.status, b""), path
        if "304" in found[2]["responses"] and "etag" in answer.headers:
            ask(method, route, path, If_None_Match=answer.headers["etag"])
        for bad in ("%00", str(uuid.UUID(int=9))):
            if "{" in route:
                ask(method, route, filled(route, lambda _: urllib.parse.unquote(bad)))
    ask("POST", "/exports/{task}", "/exports/agency")
    ask("POST", "/exports/{task}", "/exports/agency?wait=perhaps")
    ask("POST", "/exports/{task}", "/exports/agency?wait=true")  # its table is not there
    ask("POST", "/exports", "/exports?wait=true")
    ask("GET", "/exports/{task}", "/exports/broken")
    ask("POST", "/events/{topic}", "/events/t", body=b'{"pad":"' + b"x" * 1_100_000 + b'"}', **json_type)


def heard(client) -> Answer:
    answer = http.client.HTTPResponse(client)
    answer.begin()
    return Answer(answer.status, {name.lower(): text for name, text in answer.getheaders()}, answer.read())


def broken_tables(seen: Asked, start, database, operations: dict) -> None:
    """Tables that lack their columns: each query has a mistake then."""
    with database.connection.cursor() as cursor:
        for table in ("build", "build_organization", "users_revenue", "timestamp_records"):
            cursor.execute(f"ALTER TABLE public.{table} RENAME TO {table}_whole; CREATE TABLE public.{table} ()")
    with start(PG_CONNECTION_STRING=database.uri, DATABASE_URL=None, PROJECT="none") as service:
        for (method, route), found in operations.items():
            if "304" in found[2]["responses"] and not route.startswith("/exports"):
                seen.ask(service, found, filled(route, lambda _: TICKET), None, {})


def exported_files(seen: Asked, start, database, own, archiver, container: str, operations: dict) -> None:
    """A file that is whole, one whose export died before its COMMIT, and a place for them that is away."""
    download, listing = operations["GET", "/exports/{task}/files/{name}"], operations["GET", "/exports/{task}/files"]
    with database.connection.cursor() as cursor:
        cursor.execute("CREATE TABLE public.numbers AS SELECT n, timestamptz '2020-01-01' AS at FROM generate_series(1, 9) n")
    with start(PG_CONNECTION_STRING=database.uri, DATABASE_URL=None) as service:
        done = service.post("/exports/numbers?wait=true")
        assert done.status == 200, done
        (file,) = seen.ask(service, listing, "/exports/numbers/files", None, {}).json
        path = f"/exports/numbers/files/{file['name']}"
        whole = seen.ask(service, download, path, None, {})
        for condition in ({"Range": "bytes=2-5"}, {"Range": "bytes=9999999-"}, {"If_None_Match": whole.headers["etag"]}):
            seen.ask(service, download, path, None, condition)
        (own / "DSL").rename(own / "elsewhere")
        wait_for(lambda: seen.ask(service, operations["GET", "/exports"], "/exports", None, {}).status == 500)
        (own / "elsewhere").rename(own / "DSL")
    with database.connection.cursor() as cursor:
        cursor.execute("INSERT INTO public.numbers VALUES (10, '2020-01-01')")
    lake = {"EXPORT_TO": "lake", "EXPORT_LAKE_PATH": f"{container}/some/exports", "EXPORT_PATH": None}
    settings = {"DSL_PATH": str(own / "DSL"), **lake}
    with DatabaseGate(database.server.port) as gate:
        gate.on(kill_before(), type="Q", contains="COMMIT")
        through = {"DATABASE_URL": database.server.uri(database.name, port=gate.port), "PG_CONNECTION_STRING": None}
        gate.victim = archiver.start("export", "numbers", "--boundary", "2024-01-01", settings={**settings, **through})
        assert gate.victim.wait().code == 137
    with start(PG_CONNECTION_STRING="postgresql://127.0.0.1:1/none?connect_timeout=2", DATABASE_URL=None, **lake) as service:
        (pending,) = seen.ask(service, listing, "/exports/numbers/files", None, {}).json
        assert seen.ask(service, download, f"/exports/numbers/files/{pending['name']}", None, {}).status == 409
    away = "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=a2V5;BlobEndpoint=http://127.0.0.1:1/devstoreaccount1;"
    with start(PG_CONNECTION_STRING=database.uri, DATABASE_URL=None, **lake, AZURE_STORAGE_CONNECTION_STRING=away, ARCHIVE_RETRIES="0") as service:
        seen.ask(service, listing, "/exports/numbers/files", None, {})
        seen.ask(service, download, f"/exports/numbers/files/{file['name']}", None, {})


def a_disk_that_does_not_come_back(seen: Asked, start, disk, operations: dict) -> None:
    """What is in flight while a sync takes long, and what finds no room then."""
    json_type = {"Content_Type": "application/json"}
    posts = {
        ("POST", "/events/{topic}"): ("/events/t", b'{"a":1}', json_type),
        ("POST", "/liveEvent"): ("/liveEvent", b'{"userId":"u"}', {"Authorization": "secret", **json_type}),
        ("POST", "/app"): ("/app", None, {"correlationId": TICKET}),
        ("POST", "/api/v1/timestamp/{time}"): ("/api/v1/timestamp/2006-01-02T15:04:05Z", None, {"correlationId": TICKET}),
    }
    with start(**disk.settings, JOURNAL_MEMORY="1MiB", PROJECT="none", PG_CONNECTION_STRING=None, DATABASE_URL=None, SERVE_APIS="live,timestamps,events") as service:
        seen.ask(service, operations["POST", "/events/{topic}"], "/events/t", b"{}", json_type)
        threads = []

        def beside(key: tuple, body: bytes | None, headers: dict) -> None:
            threads.append(threading.Thread(target=seen.ask, args=(service, operations[key], posts[key][0], body, headers)))
            threads[-1].start()

        with disk:
            for number, (key, (_, body, headers)) in enumerate(posts.items()):
                for _ in range(2):
                    beside(key, body, {**headers, "Idempotency_Key": f'"flies-{number}"'})
                wait_for(lambda: (*key, "409") in seen.seen)
        for each in threads:
            each.join()
        with disk:  # A batch that comes alone is taken, however little is allowed.
            beside(("POST", "/events/{topic}"), b'{"pad":"' + b"x" * 1_000_000 + b'"}\n{"pad":"' + b"x" * 500_000 + b'"}\n', {"Content_Type": "application/x-ndjson"})
            wait_for(lambda: "event_archiver_journal_pending 1" in service.get("/metrics").text)
            for key, (path, body, headers) in posts.items():
                assert seen.ask(service, operations[key], path, body, headers).status == 503
        threads[-1].join()


def a_service_that_ends(seen: Asked, start, database, operations: dict) -> None:
    """What had been asked before the signal, and is understood only after it."""
    asked = {("POST", "/exports"): "/exports", ("POST", "/export"): "/export", ("POST", "/exports/{task}"): "/exports/agency"}
    with start(PG_CONNECTION_STRING=database.uri, DATABASE_URL=None) as service:
        clients = {}
        for key, path in asked.items():
            clients[key] = service.connect()
            clients[key].sendall(f"POST {path} HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n".encode())
            assert clients[key].recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        service.process.send(15)
        wait_for(lambda: service.events("run.stopping"))
        for key, client in clients.items():
            client.sendall(b"{}")
            seen.look(operations[key], asked[key], heard(client))
            client.close()
        service.stop_awaited()


def pages_of_other_sites(seen: Asked, service, operations: dict) -> None:
    for operation in operations.values():
        path = filled(operation[1], lambda _: TICKET)
        if "403" in operation[2]["responses"]:
            for other in ({"Sec_Fetch_Site": "cross-site"}, {"Host": "elsewhere.example"}):
                seen.ask(service, operation, path, None, other)
        if "413" in operation[2]["responses"]:
            seen.ask(service, operation, path, b"x" * 100_000, {})


def clients_without_the_token(start) -> None:
    with start(PG_CONNECTION_STRING="postgresql://127.0.0.1:1/none?connect_timeout=2", DATABASE_URL=None, SERVE_TOKEN="long-enough") as service:
        description = Description(service.get("/openapi.json", Authorization="Bearer long-enough").json)
        seen = Asked(description)
        for operation in description.operations:
            answer = seen.ask(service, operation, filled(operation[1], lambda _: TICKET), None, {})
            assert (answer.status == 401) == ("401" in operation[2]["responses"]), (operation[:2], answer)


def test_every_answer_is_documented_and_every_documented_answer_is_seen(start, database, archiver, own, container, held_disk):  # noqa: F811
    with start(PG_CONNECTION_STRING=database.uri, DATABASE_URL=None) as service:
        wait_until_ready(service)
        description = Description(service.get("/openapi.json").json)
        operations = {(method, path): (method, path, found) for method, path, found in description.operations}
        seen = Asked(description)
        plain_requests(seen, service, operations)
        chance = random.Random(20261129)
        for operation in description.operations:
            for _ in range(25):
                path, body, headers = made_up(chance, operation)
                if "//" in path or path.endswith("/"):
                    continue
                seen.ask(service, operation, path, body, headers)
        pages_of_other_sites(seen, service, operations)
    clients_without_the_token(start)
    # Without a database.
    with start(PG_CONNECTION_STRING="postgresql://127.0.0.1:1/none?connect_timeout=2", DATABASE_URL=None) as service:
        for operation in description.operations:
            path, body, headers = made_up(chance, operation)
            if operation[0] == "GET" and (path == "/" or "//" not in path and not path.endswith("/")):
                seen.ask(service, operation, filled(operation[1], lambda _: TICKET), None, {})
    exported_files(seen, start, database, own, archiver, container, operations)
    a_disk_that_does_not_come_back(seen, start, held_disk, operations)
    a_service_that_ends(seen, start, database, operations)
    broken_tables(seen, start, database, operations)
    missing = {(method, path, code) for method, path, found in description.operations for code in found["responses"]} - seen.seen
    unknown = sorted(missing - NEVER - SEEN_BY.keys())
    assert not unknown, "\n".join(map(str, unknown))
    for place in SEEN_BY.values():
        file, _, name = place.partition("::")
        assert name in (ROOT / "tests" / file).read_text(), place
