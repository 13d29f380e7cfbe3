"""Events into the journal: each durable before it is answered, beside the server of seed 001, which syncs nothing."""
import json
import os
import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import tools
from rig import Rig
from scenarios import Result, Scale, spread
from serving import wait_for
from support.servers import free_port

EVENT = {"userId": "user1", "name": "add_revenue", "value": 17}
LINES = 5_000


class Watched:
    """A process: the port it serves, if it serves one, and what it has cost since it began."""

    def __init__(self, process, port: int = 0):
        self.process, self.port = process, port

    @property
    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def peak_mib(self) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) / 1024


@contextmanager
def watched(arguments: list, port: int = 0, **how):
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **how)
    try:
        yield Watched(process, port)
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def running(arguments: list, port: int, **how):
    with watched(arguments, port, **how) as server:
        wait_for(port)
        yield server


@contextmanager
def serve(rig: Rig, place: Path, sync: str):
    port = free_port()
    journal = place / "journal"
    shutil.rmtree(journal, ignore_errors=True)
    settings = {"SERVE_APIS": "live,events", "PROJECT": "none", "JOURNAL": str(journal), "JOURNAL_SYNC": sync, "SERVE_PORT": str(port), "LOG_FORMAT": "json", "LOG_LEVEL": "warn"}
    with running([rig.program, "serve"], port, env=settings) as server:
        yield server


@contextmanager
def seed_001(place: Path):
    command, environment = tools.node("live.js")
    port = free_port()
    windows = place / "windows"
    shutil.rmtree(windows, ignore_errors=True)
    windows.mkdir()
    with running([*command, "server", str(port)], port, env={**os.environ, **environment}, cwd=windows) as server:
        yield server


def loaded(rig: Rig, server: Watched, path: str, clients: int, seconds: float, kind: str, body: Path, events: int) -> dict:
    """Events a second, p50 and p99 of a request, CPU of the server for an event in µs, its peak of memory."""
    command = [rig.program.parent / "bench/load", "127.0.0.1", str(server.port), path, str(clients), str(seconds), kind, str(body), "secret"]
    before = server.cpu_seconds
    done = json.loads(subprocess.check_output(command))
    # It warms up for a quarter of the time: CPU is of both.
    asked = done["per_second"] * seconds * 1.25 * events
    return {"events": done["per_second"] * events, "p50": done["p50_ms"], "p99": done["p99_ms"], "cpu": (server.cpu_seconds - before) / asked * 1e6, "peak": server.peak_mib}


def told(rounds: list) -> str:
    each = {name: [one[name] for one in rounds] for name in rounds[0]}
    return f"{spread(each['events'], '.0f')} a second, p50 {spread(each['p50'], '.1f')} ms, p99 {spread(each['p99'], '.1f')} ms, {spread(each['cpu'], '.1f')} µs of CPU, {max(each['peak']):.0f} MiB"


def middle(rounds: list, name: str) -> float:
    return sorted(one[name] for one in rounds)[len(rounds) // 2]


def sent(rig: Rig, server: Watched, file: Path) -> dict:
    began = time.monotonic()
    subprocess.run([rig.program, "send", str(file), "--to", f"http://127.0.0.1:{server.port}"], env={"LOG_FORMAT": "json"}, check=True, capture_output=True)
    return {"wall": time.monotonic() - began}


def rival_missing(scale: Scale) -> str:
    try:
        return "" if not scale.quick and tools.node("live.js") else "one small round has no rivals"
    except tools.Missing as missing:
        return str(missing)


def journal(rig: Rig, scale: Scale, _note) -> list:
    seconds = 0.5 if scale.quick else 5
    count = 20_000 if scale.quick else 2_000_000
    with tempfile.TemporaryDirectory(dir=rig.directory) as directory:
        place = Path(directory)
        one, lines, file = place / "one.json", place / "lines.ndjson", place / "events.jsonl"
        one.write_text(json.dumps(EVENT))
        line = json.dumps(EVENT, separators=(",", ":")) + "\n"
        lines.write_text(line * LINES)
        file.write_text(line * count)
        ways = {"serve": lambda: serve(rig, place, "group"), "serve, JOURNAL_SYNC=100ms": lambda: serve(rig, place, "100ms")}
        missing = rival_missing(scale)
        if not missing:
            ways["the server of seed 001, no sync"] = lambda: seed_001(place)
        single, alone, bulk, files = {}, {}, {}, {}
        for _ in range(scale.rounds):
            for name, way in ways.items():
                with way() as server:
                    single.setdefault(name, []).append(loaded(rig, server, "/liveEvent", 64, seconds, "application/json", one, 1))
                    alone.setdefault(name, []).append(loaded(rig, server, "/liveEvent", 1, seconds, "application/json", one, 1))
                if "serve" not in name:
                    continue
                with way() as server:
                    bulk.setdefault(name, []).append(loaded(rig, server, "/events/live", 1, seconds, "application/x-ndjson", lines, LINES))
                with way() as server:
                    files.setdefault(name, []).append(sent(rig, server, file))
    durable = single["serve"]
    results = [
        Result("64 clients, an event a POST, durable: events a second", "≥ 7,500", f"{middle(durable, 'events'):.0f}", middle(durable, "events") >= 7_500),
        Result("the same: p99", "≤ 25 ms", f"{middle(durable, 'p99'):.1f} ms", middle(durable, "p99") <= 25),
        Result(f"NDJSON of {LINES} lines, durable: events a second", "≥ 500,000", f"{middle(bulk['serve'], 'events'):.0f}", middle(bulk["serve"], "events") >= 500_000),
        Result("the same: CPU for an event", "≤ 3 µs", f"{middle(bulk['serve'], 'cpu'):.2f} µs", middle(bulk["serve"], "cpu") <= 3),
        Result("peak of memory", "≤ 48 MiB", f"{max(one['peak'] for each in (durable, bulk['serve']) for one in each):.0f} MiB", max(one["peak"] for each in (durable, bulk["serve"]) for one in each) <= 48),
    ]
    results += [Result(f"64 clients, an event a POST, {name}", "", told(rounds), None) for name, rounds in single.items()]
    results += [Result(f"1 client, an event a POST, {name}", "", told(rounds), None) for name, rounds in alone.items()]
    results += [Result("the server of seed 001", "", f"skipped: {missing}", None)] if missing else []
    results += [Result(f"1 client, NDJSON of {LINES} lines, {name}", "", told(rounds), None) for name, rounds in bulk.items()]
    results += [Result(f"`send` of {count:,} events, {name}", "", f"{spread([one['wall'] for one in rounds], '.1f')} s", None) for name, rounds in files.items()]
    return results
