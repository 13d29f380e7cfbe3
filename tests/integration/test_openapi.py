"""/openapi.json against the service that gives it: made-up requests to each operation get answers that it documents, and each answer
that it documents is seen."""
import json
import random
import urllib.parse
import uuid

import pytest

from support.asking import serving, wait_for, wait_until_ready
from support.builds import BUILD, message

TICKET = str(uuid.UUID(int=7))
# What any operation may answer to a request that is no request for it.
ANYWHERE = {"400", "403", "405", "408", "411", "413", "414", "421", "431"}
# Documented, and not made here: each with what would make it. Other tests of its API see it.
UNSEEN = {
    ("POST", "/exports", "500"): "a run that fails",
    ("POST", "/exports", "503"): "a service that ends",
    ("POST", "/export", "503"): "a service that ends",
    ("POST", "/exports/{task}", "503"): "a service that ends",
    ("GET", "/exports/{task}/files", "503"): "a storage account that is away",
    ("GET", "/exports/{task}/files/{name}", "409"): "a file whose rows are not committed",
    ("GET", "/exports/{task}/files/{name}", "503"): "a storage account that is away",
    ("POST", "/events/{topic}", "404"): "a topic that Kafka does not make",
    ("POST", "/events/{topic}", "409"): "the same key in flight",
    ("GET", "/events/{topic}", "410"): "events that were removed",
    ("GET", "/exports", "500"): "tasks that cannot be listed",
    ("GET", "/exports/{task}/files/{name}", "200"): "a run that has exported rows",
    ("GET", "/events/{topic}", "503"): "a journal that does not answer",
    ("POST", "/events/{topic}", "503"): "more events than JOURNAL_MEMORY at a time",
    ("POST", "/liveEvent", "503"): "more events than JOURNAL_MEMORY at a time",
    ("POST", "/app", "503"): "more events than JOURNAL_MEMORY at a time",
    ("POST", "/api/v1/timestamp/{time}", "503"): "more events than JOURNAL_MEMORY at a time",
    ("POST", "/app", "500"): "a journal that is broken",
    ("POST", "/api/v1/timestamp/{time}", "500"): "a journal that is broken",
}
# A query answers these where its own line says so, and all queries are described alike.
QUERY_CODES = {"404", "500", "503"}
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
        method, route, found = operation
        answer = service.ask(method, path, body=body, **headers)
        status, said = str(answer.status), f"{method} {path} {headers} {(body or b'')[:80]} -> {answer.status} {answer.headers} {answer.body[:300]}"
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
    for name, text in (("select.sql", "COPY (SELECT 1 WHERE now() < %(export_boundary)s) TO STDOUT WITH CSV HEADER;"), ("delete.sql", "DELETE FROM nothing WHERE %(export_boundary)s < now();")):
        path = tmp_path / "DSL/agency" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "DSL/broken").mkdir()
    (tmp_path / "DSL/broken/select.sql").write_text("COPY (SELECT 1) TO STDOUT;")
    return tmp_path


@pytest.fixture
def start(archiver, own):
    def make(**settings):
        told = {"JOURNAL": str(own / "journal"), "DSL_PATH": str(own / "DSL"), "EXPORT_PATH": str(own / "exported"), **settings}
        return serving(archiver, "exports,live,timestamps,builds,events", **told)

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
    ask("POST", "/events/{topic}", "/events/keyed", body=b"{}", Content_Type="text/plain")
    for position in ("0", "99"):
        ask("GET", "/events/{topic}", f"/events/keyed?from={position}")
    ticket = ask("POST", "/app", correlationId=TICKET).json["id"]
    ask("POST", "/api/v1/timestamp/{time}", "/api/v1/timestamp/2006-01-02T15:04:05Z", correlationId=TICKET)
    wait_for(lambda: service.get(f"/api/v1/timestamp/{ticket}").status == 200 and service.get(f"/build/{BUILD['id']}").status == 200 and service.get("/userEvents/u").body != b"[]")
    wait_for(lambda: service.get("/project").body != b"[]")
    for (method, route), found in operations.items():
        if method != "GET":
            continue
        known = {"build": BUILD["id"], "project": BUILD["projectId"], "organization": "acme", "userId": "u", "id": ticket, "task": "agency", "name": "nope", "topic": "keyed"}
        path = filled(route, lambda name: known[name])
        answer = ask(method, route, path)
        if "304" in found[2]["responses"]:
            ask(method, route, path, If_None_Match=answer.headers["etag"])
        for bad in ("%00", str(uuid.UUID(int=9))):
            if "{" in route:
                ask(method, route, filled(route, lambda _: urllib.parse.unquote(bad)))
    ask("POST", "/exports/{task}", "/exports/agency")
    ask("POST", "/exports/{task}", "/exports/agency?wait=perhaps")
    ask("POST", "/exports/{task}", "/exports/agency?wait=true")  # its table is not there
    ask("GET", "/exports/{task}", "/exports/broken")
    ask("POST", "/events/{topic}", "/events/t", body=b'{"pad":"' + b"x" * 1_100_000 + b'"}', **json_type)


def test_every_answer_is_documented_and_every_documented_answer_is_seen(start, database):
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
    # Without a database.
    with start(PG_CONNECTION_STRING="postgresql://127.0.0.1:1/none?connect_timeout=2", DATABASE_URL=None) as service:
        for operation in description.operations:
            path, body, headers = made_up(chance, operation)
            if operation[0] == "GET" and "//" not in path and not path.endswith("/"):
                seen.ask(service, operation, filled(operation[1], lambda _: TICKET), None, {})
    missing = {(method, path, code) for method, path, found in description.operations for code in found["responses"]} - seen.seen
    queries = {(method, path, code) for method, path, code in missing if "304" in operations[method, path][2]["responses"] and code in QUERY_CODES}
    unknown = sorted(missing - queries - UNSEEN.keys())
    assert not unknown, "\n".join(map(str, unknown))
