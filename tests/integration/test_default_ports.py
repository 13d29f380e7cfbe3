"""Where each service listens and where `send` sends if nobody says another: in a network of its own, so that no port is taken."""
import json
import subprocess

import pytest

from support.archiver import Archiver, Process

ALONE = ["unshare", "--map-root-user", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
# The live ETL's three processes, of which two are here; the file is in the working directory.
LIVE = """
"$1" serve --apis live & server=$!
"$1" send events.jsonl; sent=$?
kill -TERM $server; wait $server && exit $sent
"""


@pytest.fixture(autouse=True)
def a_network():
    if subprocess.run([*ALONE, "true"], capture_output=True).returncode != 0:
        pytest.skip("a network namespace cannot be made")


def environment(**settings) -> dict:
    return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/nonexistent", "LOG_FORMAT": "json", **settings}


@pytest.mark.parametrize("api, port", [("live", 8000), ("timestamps", 7080), ("builds", 8442), ("events", 8002)])
def test_each_service_has_its_port(binary, tmp_path, api, port):
    settings = environment(JOURNAL=str(tmp_path / "journal"))
    settings |= {"PG_CONNECTION_STRING": "postgresql://nobody@127.0.0.1:1/x"} if api == "builds" else {"PROJECT": "none"}
    process = Process([*ALONE, str(binary), "serve", "--apis", api], settings, [], None)
    process.wait_for_output('"serve.listening"')
    process.send(15)
    outcome = process.wait(60)
    (listening,) = outcome.events("serve.listening")
    assert (outcome.code, listening["address"], listening["port"]) == (0, "127.0.0.1", port)


def test_events_jsonl_is_sent_to_the_server_of_live_events(binary, tmp_path):
    events = [{"userId": "user1", "name": "add_revenue", "value": each} for each in range(3)]
    (tmp_path / "events.jsonl").write_text("\n".join(map(json.dumps, events)))
    settings = environment(JOURNAL=str(tmp_path / "journal"), PROJECT="none")
    done = subprocess.run([*ALONE, "sh", "-c", LIVE, "sh", binary], env=settings, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "sent 3 events of 'events.jsonl'" in done.stdout, done
    kept = Archiver(binary, {"JOURNAL": tmp_path / "journal"}).run("journal", "cat", "live", "--values", expect=0).stdout
    assert [json.loads(line) for line in kept.splitlines()] == events
