"""Projections beside the server that takes the events."""
import json
import shutil
import signal
import threading
import time
import urllib.error
import urllib.request

import pytest

from support.servers import free_port
from support.served_shop import served_shop, values


@pytest.fixture
def served(binary, database, tmp_path):
    yield from served_shop(binary, database, tmp_path)


def test_events_are_applied_in_the_server(served):
    process = served.serve("--apis", "events")
    assert served.send(values(100)) == {"accepted": 100, "first": 0, "last": 99}
    served.wait_for(lambda: served.value("SELECT to_regclass('total')") and served.total() == 5050)
    served.wait_for(lambda: 'event_archiver_projection_lag{projection="total",topic="live",partition="0"} 0' in served.get("/metrics"))
    assert json.loads(served.get("/readyz"))
    process.send(signal.SIGTERM)
    assert process.wait().code == 0
    # Another process reads the same journal.
    assert served.status()["position"] == 100
    again = served.serve("--apis", "events")
    served.send(values(10))
    served.wait_for(lambda: served.total() == 5105)
    again.kill()
    again.wait()


def test_revenue_of_live_events(served):
    process = served.serve("--apis", "live,events")
    served.send([{"userId": "u", "name": "add_revenue", "value": 98}, {"userId": "u", "name": "subtract_revenue", "value": 40}])
    served.wait_for(lambda: served.value("SELECT to_regclass('users_revenue')") and served.value("SELECT revenue FROM users_revenue") == 58)
    process.send(signal.SIGTERM)
    process.wait()


def test_project_none_leaves_it_to_another_process(served):
    process = served.serve("--apis", "events", "--project", "none")
    served.send(values(10))
    assert served.value("SELECT to_regclass('total')") is None
    served.once()
    assert served.total() == 55
    process.send(signal.SIGTERM)
    process.wait()


def test_a_foreign_journal_ends_the_server(served):
    process = served.serve("--apis", "events")
    served.send(values(10))
    served.wait_for(lambda: served.value("SELECT to_regclass('total')") and served.total() == 55)
    process.kill()
    process.wait()
    served.journal.rename(served.directory / "lost")
    process = served.program.start("serve", "--port", "0", "--apis", "live,events")
    outcome = process.wait(60)
    assert outcome.code == 7 and "position 10" in outcome.summary["msg"], str(outcome)


@pytest.mark.parametrize("state", ["another", "earlier"])
def test_no_event_is_accepted_into_a_journal_that_the_database_does_not_know(served, state):
    """Clients that post from the first moment on get no answer but a refused connection."""
    process = served.serve("--apis", "events")
    served.send(values(1))
    if state == "earlier":
        shutil.copytree(served.journal, served.directory / "earlier")
    served.send(values(9))
    served.wait_for(lambda: served.value("SELECT to_regclass('total')") and served.total() == 46)
    process.kill()
    process.wait()
    served.journal.rename(served.directory / "lost")
    if state == "earlier":
        shutil.copytree(served.directory / "earlier", served.journal)
    port = free_port()
    served.address = f"http://127.0.0.1:{port}"
    process = served.program.start("serve", "--port", str(port), "--apis", "live,events")
    accepted, ended = [], threading.Event()

    def post():
        while not ended.is_set():
            try:
                accepted.append(served.send(values(1)))
            except OSError:
                time.sleep(0.002)

    posting = threading.Thread(target=post)
    posting.start()
    outcome = process.wait(60)
    ended.set()
    posting.join()
    assert outcome.code == 7 and "position 10" in outcome.summary["msg"], str(outcome)
    assert accepted == [] and not outcome.events("serve.listening")


def test_readyz_reports_a_broken_directory(served):
    served.write("broken/projection.conf", "topic = live\nbatch = many\n")
    process = served.serve("--apis", "events")
    assert "'broken/projection.conf', line 2" in served.get("/readyz")
    served.send(values(10))
    served.wait_for(lambda: served.value("SELECT to_regclass('total')") and served.total() == 55)
    process.send(signal.SIGTERM)
    process.wait()


def test_readyz_tells_the_reason_only_to_those_who_have_the_token(served):
    served.write("total/apply.sql", "INSERT INTO nowhere SELECT $1")
    process = served.serve("--apis", "events", SERVE_TOKEN="long-enough")

    def asked(path: str, **request) -> str:
        try:
            with urllib.request.urlopen(urllib.request.Request(served.address + path, **request)) as answer:
                return answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.read().decode()

    token = {"Authorization": "Bearer long-enough"}
    asked("/events/live", data=json.dumps(values(1)).encode(), headers={"Content-Type": "application/json", **token})
    served.wait_for(lambda: "relation" in asked("/readyz", headers=token))
    told = json.loads(asked("/readyz"))
    assert told["detail"] == "see the log" and told["checks"]["projections"] == "see the log", told
    assert told["checks"]["journal"] == "ok"
    process.send(signal.SIGTERM)
    process.wait()


REFUSALS = {
    "no connections": ("ALTER DATABASE {database} ALLOW_CONNECTIONS false", "ALTER DATABASE {database} ALLOW_CONNECTIONS true"),
    "no login": ("ALTER ROLE {role} NOLOGIN", "ALTER ROLE {role} LOGIN"),
    "no right": ("REVOKE ALL ON SCHEMA event_archiver FROM {role}", "GRANT ALL ON SCHEMA event_archiver TO {role}"),
}


@pytest.fixture
def role(served, database):
    name = f"server_{database.name}"
    served.execute(f"CREATE ROLE {name} LOGIN; GRANT ALL ON SCHEMA public TO {name}; GRANT CREATE ON DATABASE {database.name} TO {name}")
    yield name
    served.execute(f"DROP OWNED BY {name}; DROP ROLE {name}")


@pytest.mark.parametrize("refusal", REFUSALS)
def test_events_are_taken_while_the_database_refuses_and_applied_when_it_does_not(served, database, postgresql, role, refusal):
    refuse, allow = (text.format(database=database.name, role=role) for text in REFUSALS[refusal])
    process = served.serve("--apis", "events", PG_CONNECTION_STRING=database.uri.replace("postgres@", f"{role}@"))
    served.send(values(10))
    served.wait_for(lambda: served.value("SELECT to_regclass('total')") and served.total() == 55)
    # A database cannot refuse the connections that it is asked over.
    execute = served.execute if refusal == "no right" else lambda sql: postgresql.psql("-c", sql)
    execute(refuse)
    served.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{role}'")
    said = b'"projection.failed"' if refusal == "no right" else b'"retry'
    before = process.output["stderr"].count(said)
    served.wait_for(lambda: process.output["stderr"].count(said) > before)
    assert served.send(values(10))["last"] == 19
    execute(allow)
    if refusal == "no right":  # the failure may have been written down just now
        served.run("projections", "resume", "total")
    served.wait_for(lambda: served.total() == 110)
    process.send(signal.SIGTERM)
    assert process.wait().code == 0


def test_events_are_taken_although_somebody_has_removed_the_positions(served):
    process = served.serve("--apis", "events")
    served.send(values(10))
    served.wait_for(lambda: served.value("SELECT to_regclass('total')") and served.total() == 55)
    served.execute("DROP SCHEMA event_archiver CASCADE")
    served.wait_for(lambda: b'"projection.failed"' in process.output["stderr"])
    assert served.send(values(10))["last"] == 19
    process.send(signal.SIGTERM)
    outcome = process.wait()
    assert outcome.code == 0 and len(outcome.events("projection.failed")) == 1 and served.total() == 55


def test_a_damaged_topic_is_left_behind_as_the_page_says(served):
    """The steps of docs/journal.md, "Damaged, and no backup": what could be read is applied once, and so is what comes later."""
    process = served.serve("--apis", "events", PROJECT="none")
    for each in (1, 2):
        served.send([{"u": "a", "v": each}])
    served.once(PROJECT=None)
    for each in (3, 4, 5):
        served.send([{"u": "a", "v": each}])
    process.send(signal.SIGTERM)
    process.wait()
    (segment,) = (served.journal / "live").glob("*.log")
    segment.write_bytes(segment.read_bytes().replace(b'"v": 4', b'"v": 9'))
    served.program.run("serve", "--apis", "events", "--port", "0", expect=7)
    assert served.status()["position"] == 2
    cat = served.program.run("journal", "cat", "live", "--from", "2", "--values", expect=7)
    rest = [json.loads(line) for line in cat.stdout.splitlines()]
    assert rest == [{"u": "a", "v": 3}]
    (served.journal / "live").rename(served.directory / "damaged")
    served.execute("DELETE FROM event_archiver.position WHERE topic = 'live'")
    process = served.serve("--apis", "events")
    served.send(rest)
    served.send([{"u": "a", "v": 10}])
    served.wait_for(lambda: served.status()["position"] == 2)
    assert served.total() == 1 + 2 + 3 + 10
    process.send(signal.SIGTERM)
    assert process.wait().code == 0


def test_events_that_nothing_applies_are_said(served):
    def warned(**settings) -> bool:
        process = served.serve("--apis", "events", PROJECTIONS_PATH=None, **settings)
        process.send(signal.SIGTERM)
        return bool(process.wait().events("projection.nothing_runs"))

    assert warned()
    assert not warned(PROJECT="none") and not warned(PROJECT="events") and not warned(PG_CONNECTION_STRING=None)


def test_a_topic_that_is_written_and_not_read_is_said(served):
    """KAFKA_CONSUMER_TOPIC is set for the consumer of a deployment, and its server has the same environment."""

    def warned(*apis: str, **settings) -> list:
        process = served.serve("--apis", ",".join(apis), PROJECTIONS_PATH=None, **settings)
        process.send(signal.SIGTERM)
        return [each["topic"] for each in process.wait().events("projection.topic_not_read")]

    assert warned("timestamps", "live", KAFKA_CONSUMER_TOPIC="another") == ["timestamp.command.v1"]
    assert warned("timestamps", KAFKA_CONSUMER_TOPIC="another", KAFKA_PUBLISH_TOPIC="another") == []
    assert warned("timestamps", "live") == [] and warned("timestamps", KAFKA_CONSUMER_TOPIC="another", PROJECT="none") == []
