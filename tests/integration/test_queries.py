"""Queries from files of SQL, asked over HTTP of a service that answers nothing else."""
import concurrent.futures
import contextlib
import json
import socket
from pathlib import Path
from urllib.parse import quote

import pytest

from support.asking import serving, wait_for, wait_until_ready
from support.gate import DatabaseGate

ID = "add1f52d-7c56-4c9f-b319-1a266c355f6b"
STATEMENT = "FROM timestamp_records"
OTHER = "51246265-be28-4af3-8148-22ebdd46eab2"


def projection(directory: Path, name: str = "mine", topic: str = "mine", **files: str) -> Path:
    """A projection of one's own with these files in `api`."""
    place = directory / name
    (place / "api").mkdir(parents=True)
    (place / "migrations").mkdir()
    (place / "projection.conf").write_text(f"topic = {topic}\ntables = public.{name}\n")
    (place / "migrations/001.sql").write_text(f"CREATE TABLE {name} (id integer PRIMARY KEY, words text);\n")
    (place / "apply.sql").write_text(f"INSERT INTO {name} SELECT (e ->> 'id')::integer, e ->> 'words' FROM json_array_elements($1) AS e;\n")
    for file, text in files.items():
        (place / "api" / f"{file}.sql").write_text(text)
    return place


@pytest.fixture
def own(tmp_path):
    return tmp_path / "projections"


def test_a_timestamp_is_found_by_its_id(archiver, database):
    with serving(archiver, "timestamps") as service:
        wait_until_ready(service)
        with database.connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO timestamp_records VALUES ('{ID}', '2006-01-02 15:04:05', '2020-08-31 15:04:05.123456')")
        answer = service.get(f"/api/v1/timestamp/{ID}")
        assert answer.status == 200 and answer.json == {
            "id": ID,
            "command_id": ID,
            "event_timestamp": "2006-01-02T15:04:05Z",
            "created_at": "2020-08-31T15:04:05.123456Z",
        }
        assert service.get(f"/api/v1/timestamp/{ID.upper()}").json == answer.json
        absent = service.get(f"/api/v1/timestamp/{OTHER}")
        assert (absent.status, absent.body) == (404, b"")
        bad = service.get("/api/v1/timestamp/not-a-uuid")
        assert bad.status == 400 and bad.json == {"Error": "id: must be a valid UUID"}
        head = service.ask("HEAD", f"/api/v1/timestamp/{ID}")
        assert (head.status, head.body) == (200, b"") and head.headers["content-length"] == str(len(answer.body))


@pytest.mark.parametrize(
    "apis, path, status, body",
    [("timestamps", f"/api/v1/timestamp/{ID}", 404, b""), ("live", "/userEvents/user1", 200, b"[]"), ("builds", "/build", 200, b"[]")],
    ids=["timestamps", "live", "builds"],
)
def test_a_query_waits_for_the_tables_that_the_start_makes(archiver, tmp_path, apis, path, status, body):
    """The server listens before the tables are there."""
    with serving(archiver.with_settings({"JOURNAL": str(tmp_path / "journal")}), apis) as service:
        answer = service.get(path)
        assert (answer.status, answer.body) == (status, body)


@pytest.fixture
def watched(archiver, database):
    """A service of timestamps that has answered once, and what it sends to the database."""
    with DatabaseGate(database.server.port) as gate:
        uri = database.server.uri(database.name, port=gate.port)
        with serving(archiver, "timestamps", PG_CONNECTION_STRING=uri) as service:
            wait_until_ready(service)
            assert service.get(f"/api/v1/timestamp/{OTHER}").status == 404
            assert gate.count(type="P", contains=STATEMENT) > 0
            gate.clear()
            yield service, gate


def test_a_value_that_its_type_does_not_take_is_refused_before_the_database_is_asked(watched):
    service, gate = watched
    for bad in ("not-a-uuid", "7", ID[:-1], ID + "0", "'; DROP TABLE timestamp_records; --"):
        assert service.get(f"/api/v1/timestamp/{quote(bad)}").status == 400
    assert gate.count(type="B") == 0, "a statement was run"
    assert service.get(f"/api/v1/timestamp/{OTHER}").status == 404
    assert gate.count(type="B") > 0


def test_a_statement_is_parsed_once_and_run_again_by_its_name(watched):
    service, gate = watched
    for _ in range(20):
        assert service.get(f"/api/v1/timestamp/{OTHER}").status == 404
    assert gate.count(type="P", contains=STATEMENT) == 0
    assert gate.count(type="B") >= 20


def test_revenues_are_an_array_of_rows(archiver, database):
    with serving(archiver, "live") as service:
        wait_until_ready(service)
        with database.connection.cursor() as cursor:
            cursor.execute("INSERT INTO users_revenue VALUES ('u6', -7), ('a/b c', 1), ('undefined', 0)")
        answer = service.get("/userEvents/u6")
        assert answer.body == b'[{"user_id":"u6","revenue":-7}]'
        assert answer.headers["content-type"] == "application/json; charset=utf-8"
        assert service.get("/userEvents/a%2Fb%20c").body == b'[{"user_id":"a/b c","revenue":1}]'
        assert service.get("/userEvents/nobody").body == b"[]"
        assert service.get("/userEvents/x'%3B%20DROP%20TABLE%20users_revenue%3B--").body == b"[]"
        for bad in ("%00", "%FF"):
            assert service.get(f"/userEvents/{bad}").status == 400
        for answer in (service.post("/userEvents/u6"), service.get("/userEvents/")):
            assert answer.status == 404 and answer.headers["content-type"] == "text/html; charset=utf-8", answer
        assert "<pre>Cannot POST /userEvents/u6</pre>" in service.post("/userEvents/u6").text


def test_queries_of_a_directory_of_ones_own_answer_in_each_form(archiver, own, database):
    projection(
        own,
        all="-- GET /mine?from&limit\n-- rows\nSELECT * FROM mine WHERE id >= coalesce(:from, 0) ORDER BY id LIMIT :limit;\n",
        one="-- GET /mine/{id}\n-- row\nSELECT * FROM mine WHERE id = $1",
        words="-- GET /mine/{id}/words\n-- text 204\nSELECT words FROM mine WHERE id = $1",
        number="-- GET /mine/{id}/length\n-- value 410\nSELECT length(words) FROM mine WHERE id = $1",
    )
    with serving(archiver, "events", PROJECTIONS_PATH=str(own)) as service:
        wait_until_ready(service)
        with database.connection.cursor() as cursor:
            cursor.execute("""INSERT INTO mine VALUES (1, 'say "yes"'), (2, NULL), (3, 'drei')""")
        assert [row["id"] for row in service.get("/mine").json] == [1, 2, 3]
        assert [row["id"] for row in service.get("/mine?from=2&limit=1").json] == [2]
        assert service.get("/mine?limit=many").json == {"detail": "limit: must be a whole number of 64 bits"}
        assert service.get("/mine?limit=-1").status == 400  # only PostgreSQL can tell
        assert service.get("/mine/1").json == {"id": 1, "words": 'say "yes"'}
        assert service.get("/mine/9").status == 404 and service.get("/mine/9").json == {"detail": "what the request names is not there"}
        words = service.get("/mine/1/words")
        assert words.body == b'say "yes"' and words.headers["content-type"].startswith("text/plain")
        assert (service.get("/mine/2/words").status, service.get("/mine/2/words").body) == (204, b"")
        assert service.get("/mine/3/length").body == b"4"
        assert service.get("/mine/2/length").status == 410
        described = service.get("/openapi.json").json["paths"]
        assert described["/mine/{id}"]["get"]["operationId"] == "mine_one"
        assert {"404", "400", "503"} <= set(described["/mine/{id}"]["get"]["responses"])
        assert [each["name"] for each in described["/mine"]["get"]["parameters"]] == ["from", "limit"]


def test_an_answer_that_the_client_has_is_not_sent_again(archiver, own, database):
    projection(own, all="-- GET /mine\n-- rows\nSELECT * FROM mine")
    with serving(archiver, "events", PROJECTIONS_PATH=str(own)) as service:
        wait_until_ready(service)
        tag = service.get("/mine").headers["etag"]
        for given in (tag, f"W/{tag}", f'"other", {tag}', "*"):
            same = service.get("/mine", If_None_Match=given)
            assert (same.status, same.body, same.headers["etag"]) == (304, b"", tag)
        with database.connection.cursor() as cursor:
            cursor.execute("INSERT INTO mine VALUES (1, 'one')")
        other = service.get("/mine", If_None_Match=tag)
        assert other.status == 200 and other.headers["etag"] != tag


def test_a_broken_file_spoils_itself_alone(archiver, own):
    projection(
        own,
        good="-- GET /good\n-- value\nSELECT 1",
        broken="-- GET /broken\n-- value\nSELECT 1;\n\nSELECT 2",
        same="-- GET /health\n-- value\nSELECT 1",
    )
    with serving(archiver, "timestamps", PROJECTIONS_PATH=str(own)) as service:
        said = [line["msg"] for line in service.events("query.broken")]
        assert any("'mine/api/broken.sql', line 5: a second statement" in each for each in said), said
        assert any("'mine/api/same.sql', line 1: the route GET /health is the service's own" in each for each in said), said
        ready = service.get("/readyz")
        assert ready.status == 503 and "'mine/api/broken.sql', line 5" in ready.json["checks"]["queries"]
        assert wait_for(lambda: service.get("/good").status == 200)
        assert service.get("/broken").status == 404
        wait_for(lambda: service.get(f"/api/v1/timestamp/{ID}").status == 404)


def test_what_only_the_server_finds_is_said_by_file_and_line(archiver, own):
    projection(own, wrong="-- GET /wrong\n-- rows\nSELECT id,\n       colour\nFROM mine", good="-- GET /good\n-- value\nSELECT 1")
    with serving(archiver, "events", PROJECTIONS_PATH=str(own)) as service:
        wait_for(lambda: service.get("/good").status == 200)
        answer = service.get("/wrong")
        assert answer.status == 500 and answer.json == {"detail": "the query cannot be answered"}
        wait_for(lambda: "'mine/api/wrong.sql', line 4" in service.get("/readyz").json["checks"]["queries"])
        assert service.get("/wrong").json == answer.json
        assert wait_for(lambda: any("'mine/api/wrong.sql', line 4" in line["msg"] for line in service.events("query.failed"))), service.events("query.failed")


def test_queries_cannot_write_and_cannot_take_long(archiver, own, database):
    with database.connection.cursor() as cursor:
        cursor.execute("CREATE SEQUENCE numbers")
    projection(own, write="-- GET /write\n-- value\nSELECT nextval('numbers')", slow="-- GET /slow\n-- rows\nSELECT 1 AS a FROM pg_sleep(30)")
    with serving(archiver, "events", PROJECTIONS_PATH=str(own)) as service:
        assert service.get("/write").status == 500
        slow = service.get("/slow")
        assert slow.status == 503 and slow.headers["retry-after"] == "1"


def test_many_clients_share_few_connections(archiver, own, database):
    projection(own, one="-- GET /mine/{n}\n-- value\nSELECT $1::integer")
    with serving(archiver, "events", PROJECTIONS_PATH=str(own)) as service:
        wait_until_ready(service)

        def ask(number: int) -> bytes:
            return service.get(f"/mine/{number}").body

        with concurrent.futures.ThreadPoolExecutor(32) as pool:
            assert list(pool.map(ask, range(500))) == [str(each).encode() for each in range(500)]
        with database.connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
            assert 0 < cursor.fetchone()[0] <= 9


def test_answers_that_nobody_reads_take_no_more_than_their_room(archiver, own):
    """Each is 16 MiB: the fifth does not fit into 64 MiB any more."""
    projection(own, large="-- GET /large\n-- text\nSELECT repeat('x', 16777216)")
    with serving(archiver, "events", PROJECTIONS_PATH=str(own)) as service, contextlib.ExitStack() as clients:
        wait_until_ready(service)
        for _ in range(4):
            client = clients.enter_context(socket.create_connection(("127.0.0.1", service.port)))
            client.sendall(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")
        refused = "answers that wait for their clients take 64 MiB already"
        statuses = set()
        # It may be one of the four that is refused.
        wait_for(lambda: statuses.add(service.get("/large").status) or any(refused in line["msg"] for line in service.events("query.failed")), 90)
        wait_for(lambda: 503 in {line["status"] for line in service.events("http.request")})
        assert statuses <= {200, 503}
        clients.close()
        wait_for(lambda: service.get("/large").status == 200, 90)


@pytest.mark.parametrize("apis,ready", [("builds", 503), ("live", 200)])
def test_a_service_that_only_answers_is_not_ready_without_its_database(archiver, tmp_path, apis, ready):
    away = {"PG_CONNECTION_STRING": "postgresql://postgres@127.0.0.1:1/postgres", "JOURNAL": str(tmp_path / "journal")}
    with serving(archiver, apis, **away) as service:
        answer = wait_for(lambda: (found := service.get("/readyz")).status == ready and found)
        assert ("database" in answer.json["checks"]) == (ready == 503)
        assert service.get("/health").status == ready
        assert service.get("/livez").status == 200


def test_behind_pgbouncer_in_transaction_mode(archiver, own, database, pgbouncer):
    projection(own, one="-- GET /mine/{n}\n-- value\nSELECT $1::integer", pid="-- GET /pid\n-- value\nSELECT pg_backend_pid()")
    uri = database.server.uri(database.name, port=pgbouncer.port)
    with serving(archiver, "events", PROJECTIONS_PATH=str(own), PG_CONNECTION_STRING=uri) as service:
        wait_until_ready(service)
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            assert list(pool.map(lambda each: service.get(f"/mine/{each}").body, range(300))) == [str(each).encode() for each in range(300)]
        with database.connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
        wait_for(lambda: service.get("/mine/7").body == b"7")


def test_the_database_comes_and_goes(archiver, database):
    with serving(archiver, "timestamps") as service:
        wait_until_ready(service)
        database.server.psql("-c", f"ALTER DATABASE {database.name} ALLOW_CONNECTIONS false")
        with database.connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
        gone = service.get(f"/api/v1/timestamp/{ID}")
        assert gone.status == 503 and list(gone.json) == ["Error"] and gone.headers["retry-after"] == "1"
        database.server.psql("-c", f"ALTER DATABASE {database.name} ALLOW_CONNECTIONS true")
        wait_for(lambda: service.get(f"/api/v1/timestamp/{ID}").status == 404)


def test_nothing_is_accepted_without_a_journal(archiver):
    with serving(archiver, "timestamps,live") as service:
        assert service.post("/liveEvent", body=json.dumps({"a": 1}).encode(), Authorization="secret").status in (404, 405)
        assert service.post("/app").status in (404, 405)
        assert service.get("/health").status in (200, 503)


@pytest.mark.parametrize("apis", ["live", "timestamps"])
def test_a_service_that_accepts_events_is_ready_beside_a_database_that_says_nothing(archiver, tmp_path, apis):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        away = {"PG_CONNECTION_STRING": f"postgresql://postgres@127.0.0.1:{silent.getsockname()[1]}/postgres", "JOURNAL": str(tmp_path / "journal")}
        with serving(archiver, apis, **away) as service:
            wait_for(lambda: service.get("/readyz").status == 200)


def test_builds_with_a_journal_are_not_ready_without_their_database(archiver, tmp_path):
    """It takes no events in, so it has nothing to go on with."""
    away = {"PG_CONNECTION_STRING": "postgresql://localhost:1/nowhere", "JOURNAL": str(tmp_path / "journal")}
    with serving(archiver, "builds", **away) as service:
        assert service.get("/readyz").status == 503 and service.get("/health").json["status"] == "DOWN"
    with serving(archiver, "live,builds", **away) as service:
        assert service.get("/readyz").status == 200
        assert service.post("/liveEvent", body=b"{}", Content_Type="application/json", Authorization="secret").status == 201
