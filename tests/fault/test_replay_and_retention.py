"""A replay that has to wait, while the server removes old events: none is missing afterwards."""
import json
import signal
import time
import urllib.error
import urllib.request

import psycopg2
import pytest

from support.shop import Shop, process_state

PADDING = "x" * 200_000
ROUND = 11  # seconds in which the server asks at least once what may go


@pytest.fixture
def served(fault_binary, database, tmp_path):
    """A server that removes what has been applied, and a projection that has begun."""
    shop = Shop(fault_binary, database, tmp_path)
    shop.journal = tmp_path / "served"
    settings = {"JOURNAL": shop.journal, "JOURNAL_MAX_BYTES": "2MiB", "JOURNAL_UNREAD_TOPICS": "live"}
    shop.program = shop.program.with_settings(settings)
    process = shop.program.start("serve", "--port", "0", "--apis", "events", "--project", "none")
    process.wait_for_output('"serve.listening"')
    line = next(line for line in process.output["stderr"].decode().splitlines() if '"serve.listening"' in line)
    shop.address = f"http://127.0.0.1:{json.loads(line)['port']}/events/live"
    shop.process = process
    send(shop)
    shop.once()
    yield shop
    process.send(signal.SIGTERM)
    process.wait()


@pytest.fixture
def full(served):
    """The journal is full of events that are not applied."""
    fill(served)
    return served


def fill(shop) -> None:
    while send(shop):
        assert shop.posted < 100, "the journal is never full"


def send(shop) -> bool:
    body = json.dumps([{"u": "a", "v": 1, "padding": PADDING}]).encode()
    try:
        urllib.request.urlopen(urllib.request.Request(shop.address, body, {"Content-Type": "application/json"})).close()
    except urllib.error.HTTPError:
        return False
    shop.posted += 1
    return True


def first_segment(shop) -> int:
    return min(int(path.stem) for path in (shop.journal / "live").glob("*.log"))


def session(shop):
    return psycopg2.connect(shop.database.uri)


def waits_for_a_lock(shop, table: str) -> bool:
    return shop.value(f"SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = '{table}'::regclass") > 0


def test_nothing_is_removed_that_a_replay_is_about_to_apply_again(full):
    reader, other = session(full), session(full)
    reader.cursor().execute("SELECT FROM total")
    other.cursor().execute("LOCK TABLE event_archiver.migration IN ROW EXCLUSIVE MODE")
    full.once()
    replay = full.program.start("projections", "replay", "total")
    full.wait_for(lambda: waits_for_a_lock(full, "event_archiver.migration"))
    other.close()
    full.wait_for(lambda: waits_for_a_lock(full, "total"))
    time.sleep(ROUND)
    assert first_segment(full) == 0
    reader.close()
    outcome = replay.wait()
    assert outcome.code == 0, str(outcome)
    full.once()
    assert full.total() == full.posted
    full.wait_for(lambda: first_segment(full) > 0)


def test_a_replay_empties_nothing_where_events_were_removed_since_it_looked(full):
    full.once()
    replay = full.program.start("projections", "replay", "total", settings={"EVENT_ARCHIVER_FAULT": "replay-looked=stop"})
    full.wait_for(lambda: process_state(replay.pid) == "T" and first_segment(full) > 0)
    replay.send(signal.SIGCONT)
    outcome = replay.wait()
    assert outcome.code == 3 and "meanwhile" in outcome.summary["msg"], str(outcome)
    assert full.total() == full.posted


def test_a_rebuild_that_was_killed_is_named_as_what_keeps_the_events(served):
    rebuild = served.program.start("projections", "rebuild", "total", settings={"EVENT_ARCHIVER_FAULT": "rebuild-prepared=kill"})
    rebuild.wait()
    fill(served)
    served.once()
    served.wait_for(lambda: '"journal.kept"' in served.process.output["stderr"].decode(), 60)
    told = next(json.loads(line) for line in served.process.output["stderr"].decode().splitlines() if '"journal.kept"' in line)
    assert told["projection"] == "total#rebuild" and told["hint"].endswith("forget 'total#rebuild'"), told
    assert not send(served)
    served.run("projections", "forget", "total#rebuild")
    served.wait_for(lambda: send(served))


@pytest.mark.parametrize(
    ("file", "mistaken"),
    [("projection.conf", "topic = live\nbatch = many\n"), ("apply.sql", "INSERT INTO audit SELECT 1 FROM json_array_elements($1);;; 'open")],
)
def test_a_projection_that_is_broken_keeps_its_events(fault_binary, database, tmp_path, file, mistaken):
    """It has not begun; the other one has applied them."""
    shop = Shop(fault_binary, database, tmp_path)
    shop.journal = tmp_path / "served"
    shop.program = shop.program.with_settings({"JOURNAL": shop.journal, "JOURNAL_MAX_BYTES": "2MiB"})
    right = {"projection.conf": "topic = live\ntables = public.audit\n", "apply.sql": "INSERT INTO audit SELECT 1 FROM json_array_elements($1)"}
    shop.write("audit/migrations/001.sql", "CREATE TABLE IF NOT EXISTS audit (n bigint)")
    for each, text in {**right, file: mistaken}.items():
        shop.write(f"audit/{each}", text)
    process = shop.program.start("serve", "--port", "0", "--apis", "events")
    process.wait_for_output('"projection.broken"')
    process.wait_for_output('"serve.listening"')
    line = next(line for line in process.output["stderr"].decode().splitlines() if '"serve.listening"' in line)
    shop.address = f"http://127.0.0.1:{json.loads(line)['port']}/events/live"
    while send(shop):
        assert shop.posted < 100, "the journal is never full"
    shop.wait_for(lambda: shop.total() == shop.posted)
    time.sleep(ROUND)
    assert first_segment(shop) == 0
    process.send(signal.SIGTERM)
    process.wait()
    shop.write(f"audit/{file}", right[file])
    shop.run("project", "audit", "--once")
    assert shop.value("SELECT count(*) FROM audit") == shop.posted
