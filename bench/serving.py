"""`GET /exports` of `serve`, beside what others would answer the same list with."""
import http.server
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from rig import Rig
from scenarios import Result, Scale, ratio, spread
from support.exports import COMMON_KNOWLEDGE, DELETE, SELECT
from support.servers import ROOT, free_port

CONNECTIONS = 64


def write_tasks(directory: Path) -> None:
    for shape in COMMON_KNOWLEDGE:
        folder = directory / shape.task
        folder.mkdir(parents=True)
        (folder / "select.sql").write_text(shape.sql(SELECT))
        (folder / "delete.sql").write_text(shape.sql(DELETE))


def listed(directory: Path) -> bytes:
    """What the service before ours does for a request: reads the directory, makes the document."""
    tasks = [
        {"name": folder.name, "select_query": (folder / "select.sql").read_text(), "delete_query": (folder / "delete.sql").read_text()}
        for folder in sorted(directory.iterdir())
    ]
    return json.dumps(tasks, separators=(",", ":"), ensure_ascii=False).encode()


class Standard(http.server.BaseHTTPRequestHandler):
    """Python's own server, HTTP/1.1, without a framework: what it costs before FastAPI begins."""

    protocol_version = "HTTP/1.1"
    directory = Path()

    def do_GET(self):
        body = listed(self.directory)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def wait_for(port: int) -> None:
    import socket

    for _ in range(500):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise RuntimeError("it never listened")


@contextmanager
def process(arguments: list, port: int, **how):
    running = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **how)
    try:
        wait_for(port)
        yield port
    finally:
        running.terminate()
        running.wait(30)


@contextmanager
def ours(rig: Rig, place: Path):
    port = free_port()
    (place / "out").mkdir(exist_ok=True)
    settings = {
        "DATABASE_URL": rig.database.uri(),
        "DSL_PATH": str(place / "tasks"),
        "EXPORT_PATH": str(place / "out"),
        "SERVE_PORT": str(port),
        "LOG_FORMAT": "json",
    }
    with process([rig.program, "serve"], port, env=settings):
        yield port


@contextmanager
def standard_library(_rig: Rig, place: Path):
    port = free_port()
    with process([sys.executable, __file__, str(place / "tasks"), str(port)], port, env={**os.environ, "PYTHONPATH": str(ROOT / "tests")}):
        yield port


@contextmanager
def nginx(_rig: Rig, place: Path):
    """The list as a file that is there already: what the kernel and a good server need at the least."""
    port = free_port()
    (place / "html").mkdir(exist_ok=True)
    (place / "html/exports").write_bytes(listed(place / "tasks"))
    (place / "nginx.conf").write_text(
        f"""daemon off; worker_processes 1; pid {place}/nginx.pid; error_log /dev/null; user root;
        events {{ worker_connections 1024; }}
        http {{ access_log {place}/access.log; keepalive_requests 100000000; default_type application/json;
                server {{ listen 127.0.0.1:{port}; root {place}/html; }} }}"""
    )
    with process([shutil.which("nginx", path="/usr/sbin:/usr/bin"), "-p", str(place), "-c", str(place / "nginx.conf")], port):
        yield port


def serving(rig: Rig, scale: Scale, _note) -> list:
    """Requests a second and p99 with 64 clients, the rivals one after the other in each round."""
    ways = {"serve": ours, "http.server of Python": standard_library}
    if shutil.which("nginx", path="/usr/sbin:/usr/bin"):
        ways["nginx, a static file"] = nginx
    seconds = 0.5 if scale.quick else 5
    found = {name: [] for name in ways}
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        write_tasks(place / "tasks")
        for _ in range(scale.rounds):
            for name, way in ways.items():
                with way(rig, place) as port:
                    done = subprocess.check_output([rig.program.parent / "bench/load", "127.0.0.1", str(port), "/exports", str(CONNECTIONS), str(seconds)])
                    found[name].append(json.loads(done))
    results = []
    for name, rounds in found.items():
        each = [one["per_second"] for one in rounds]
        late = [one["p99_ms"] for one in rounds]
        results.append(Result(f"GET /exports, {CONNECTIONS} clients, {name}", "", f"{spread(each, '.0f')} a second, p99 {spread(late, '.1f')} ms", None))
    faster = ratio([one["per_second"] for one in found["serve"]], [one["per_second"] for one in found["http.server of Python"]])
    results.append(Result("GET /exports: serve, of http.server's requests a second", "≥ 2 ×", f"{spread(faster)} ×", sorted(faster)[len(faster) // 2] >= 2))
    return results


if __name__ == "__main__":
    Standard.directory = Path(sys.argv[1])
    http.server.ThreadingHTTPServer.request_queue_size = 1024
    http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2])), Standard).serve_forever()
