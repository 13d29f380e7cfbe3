"""Private servers for tests and the demo: PostgreSQL 15, Azurite, PgBouncer.

Each lives in a directory of its own, listens on a loopback port that the kernel gave, and ends when `stop` is
called, when its `with` block is left, or — unless detached — when the process that started it dies. Only the
standard library is needed, so that the demo can use this module without the tests' packages.
"""
import ctypes
import json
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PG_BIN = Path("/usr/lib/postgresql/15/bin")
ACCOUNT = "devstoreaccount1"
# The emulator's own key, the same in every Azurite and printed in its manual.
ACCOUNT_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


class ServerError(RuntimeError):
    """A server did not start; the message holds the end of its log."""


def free_port() -> int:
    """A loopback port nobody uses now; another may take it before you do, so starting is tried again."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def unprivileged() -> dict:
    """Popen's arguments to run as user postgres when we are root: PostgreSQL and PgBouncer refuse root."""
    if os.geteuid() != 0:
        return {}
    account = pwd.getpwnam("postgres")
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def give_away(path: Path) -> None:
    """Hands a directory or file to the user that `unprivileged` runs as."""
    if os.geteuid() == 0:
        account = pwd.getpwnam("postgres")
        os.chown(path, account.pw_uid, account.pw_gid)


def clean_environment() -> dict:
    """Nothing of the caller's settings reaches a server."""
    return {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "HOME": "/nonexistent",
    }


def _die_with_parent(number: int):
    libc = ctypes.CDLL(None)
    parent = os.getpid()

    def arm():
        libc.prctl(1, number)  # PR_SET_PDEATHSIG
        if os.getppid() != parent:
            os._exit(1)

    return arm


def _start_time(pid: int) -> str | None:
    """When a process began, in ticks since boot: with the pid it names one process for good. None if it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else fields[19]


def _end(pid: int, started: str | None, number: int, patience: float) -> None:
    """Signals the process, waits, then kills it; never one that only inherited its number."""
    for signal_number, limit in ((number, patience), (signal.SIGKILL, 5)):
        deadline = time.monotonic() + limit
        if started is None or _start_time(pid) != started:
            return
        os.kill(pid, signal_number)
        while time.monotonic() < deadline and _start_time(pid) == started:
            time.sleep(0.02)


def stop_recorded(directory: Path) -> bool:
    """Ends the server that a detached `start` recorded in `directory`. True if it was running."""
    record = directory / "process.json"
    if not record.exists():
        return False
    entry = json.loads(record.read_text())
    running = _start_time(entry["pid"]) == entry["started"]
    _end(entry["pid"], entry["started"], entry["signal"], 15)
    record.unlink()
    return running


class Server:
    """One server process and its directory."""

    stop_signal = signal.SIGTERM

    def __init__(self, directory: Path, *, detached: bool = False):
        self.directory = Path(directory)
        self.detached = detached
        self.port = 0
        self.process: subprocess.Popen | None = None
        self._started: str | None = None

    @property
    def log(self) -> Path:
        return self.directory / "server.log"

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.stop()
            raise

    def __exit__(self, *_):
        self.stop()

    def start(self):
        """Starts the server, on another port if somebody was quicker."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self.prepare()
        for attempt in range(5):
            try:
                self.launch()
                return self
            except ServerError:
                if attempt == 4 or "in use" not in self.last_words():
                    raise
        raise AssertionError("unreachable")

    def prepare(self) -> None:
        """What must be there before the first launch."""

    def launch(self) -> None:
        """Spawns the process and waits until it answers."""
        raise NotImplementedError

    def spawn(self, arguments: list, **how) -> None:
        extra = {} if self.detached else {"preexec_fn": _die_with_parent(self.stop_signal)}
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [str(a) for a in arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=clean_environment(),
                start_new_session=True,
                **extra,
                **how,
            )
        self._started = _start_time(self.process.pid)
        if self.detached:
            entry = {"pid": self.process.pid, "started": self._started, "signal": int(self.stop_signal)}
            (self.directory / "process.json").write_text(json.dumps(entry))

    def wait_until(self, ready, patience: float = 60) -> None:
        deadline = time.monotonic() + patience
        while not ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise ServerError(f"{type(self).__name__} did not start:\n{self.last_words()}")
            time.sleep(0.03)

    def last_words(self) -> str:
        return self.log.read_text(errors="replace")[-2000:] if self.log.exists() else ""

    def stop(self) -> None:
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(self.stop_signal)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None
        (self.directory / "process.json").unlink(missing_ok=True)


class PostgreSQL(Server):
    """A cluster with superuser `postgres`. It lets every client in, except for members of the role
    `needs_password`, whose passwords are asked for."""

    stop_signal = signal.SIGINT  # fast shutdown

    def __init__(self, directory: Path, *, settings: dict | None = None, detached: bool = False):
        super().__init__(directory, detached=detached)
        self.settings = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "max_connections": 200,
            "shared_buffers": "64MB",
            "fsync": "off",
            "full_page_writes": "off",
            "autovacuum": "off",
            "max_wal_size": "2GB",
            "timezone": "UTC",
            **(settings or {}),
        }

    @property
    def data(self) -> Path:
        return self.directory / "data"

    def prepare(self) -> None:
        if (self.data / "PG_VERSION").exists():
            return
        self.data.mkdir(mode=0o700, exist_ok=True)
        give_away(self.data)
        done = subprocess.run(
            [
                PG_BIN / "initdb",
                "-D",
                self.data,
                "-U",
                "postgres",
                "-E",
                "UTF8",
                "--locale=C.UTF-8",
                "--auth=trust",
                "--no-sync",
            ],
            cwd="/",
            env=clean_environment(),
            capture_output=True,
            text=True,
            **unprivileged(),
        )
        if done.returncode != 0:
            raise ServerError(f"initdb failed: {done.stderr}")
        hba = self.data / "pg_hba.conf"
        hba.write_text("host all +needs_password 127.0.0.1/32 scram-sha-256\n" + hba.read_text())

    def launch(self) -> None:
        self.port = free_port()
        self.relaunch()

    def relaunch(self) -> None:
        """At the port that it had."""
        options = [f"--{name}={value}" for name, value in {**self.settings, "port": self.port}.items()]
        self.spawn([PG_BIN / "postgres", "-D", self.data, *options], cwd="/", **unprivileged())
        self.wait_until(
            lambda: subprocess.run(
                [
                    PG_BIN / "pg_isready",
                    "-q",
                    "-h",
                    "127.0.0.1",
                    "-p",
                    str(self.port),
                    "-d",
                    "postgres",
                    "-U",
                    "postgres",
                ],
                env=clean_environment(),
            ).returncode
            == 0
        )

    def uri(self, database: str = "postgres", user: str = "postgres", port: int | None = None) -> str:
        return f"postgresql://{user}@127.0.0.1:{port or self.port}/{database}"

    def conninfo(self, database: str = "postgres", user: str = "postgres") -> str:
        return f"host=127.0.0.1 port={self.port} user={user} dbname={database}"

    def psql(self, *arguments: str) -> str:
        """The answer of psql, with nothing of the caller's ~/.psqlrc or PG* variables."""
        done = subprocess.run(
            [PG_BIN / "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", self.uri(), *arguments],
            env=clean_environment(),
            capture_output=True,
            text=True,
        )
        if done.returncode != 0:
            raise ServerError(done.stderr)
        return done.stdout


class Certificate:
    """A certificate authority of our own and a server certificate for `localhost`, and for the account's addresses there
    as Azure writes them, but not for 127.0.0.1."""

    def __init__(self, directory: Path):
        directory.mkdir(parents=True, exist_ok=True)
        self.authority = directory / "authority.pem"
        self.certificate = directory / "server.pem"
        self.key = directory / "server.key"
        names = directory / "names.ext"
        services = [f"DNS:{ACCOUNT}.{service}.localhost" for service in ("blob", "dfs")]
        names.write_text(f"subjectAltName=DNS:localhost,{','.join(services)}\n")
        self._openssl(
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=authority of a test",
            "-keyout",
            directory / "authority.key",
            "-out",
            self.authority,
        )
        self._openssl(
            "req",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-subj",
            "/CN=localhost",
            "-keyout",
            self.key,
            "-out",
            directory / "server.csr",
        )
        self._openssl(
            "x509",
            "-req",
            "-days",
            "2",
            "-in",
            directory / "server.csr",
            "-CA",
            self.authority,
            "-CAkey",
            directory / "authority.key",
            "-CAcreateserial",
            "-extfile",
            names,
            "-out",
            self.certificate,
        )

    @staticmethod
    def _openssl(*arguments) -> None:
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


class Azurite(Server):
    """The blob emulator: in memory, or with `on_disk` in its directory; HTTPS with a certificate. With `oauth`
    it takes bearer tokens, of which it checks audience, issuer and dates but no signature."""

    def __init__(
        self,
        directory: Path,
        *,
        certificate: Certificate | None = None,
        oauth: bool = False,
        on_disk: bool = False,
        detached: bool = False,
    ):
        super().__init__(directory, detached=detached)
        self.tls = certificate
        self.oauth = oauth
        self.on_disk = on_disk

    def launch(self) -> None:
        main = ROOT / "build/tools/azurite/node_modules/azurite/dist/src/blob/main.js"
        node = shutil.which("node")
        if node is None or not main.exists():
            raise ServerError("Azurite is not there: run scripts/setup")
        storage = (
            ["--location", self.directory / "data"]
            if self.on_disk
            else ["--inMemoryPersistence", "--extentMemoryLimit", "8192"]
        )
        secure = ["--cert", self.tls.certificate, "--key", self.tls.key] if self.tls else []
        secure += ["--oauth", "basic"] if self.oauth else []
        self.spawn(
            [
                node,
                "--require",
                ROOT / "tests/support/azurite_keeps_garbage.js",
                "--require",
                ROOT / "tests/support/azurite_without_telemetry.js",
                main,
                "--blobHost",
                "127.0.0.1",
                "--blobPort",
                "0",
                "--disableTelemetry",
                "--silent",
                *storage,
                *secure,
            ],
            cwd=self.directory,
        )
        listening = re.compile(r"successfully listens on \S+:(\d+)")

        def ready():
            found = listening.search(self.last_words())
            self.port = int(found[1]) if found else 0
            return self.port

        self.wait_until(ready)

    @property
    def endpoint(self) -> str:
        return f"https://localhost:{self.port}" if self.tls else f"http://127.0.0.1:{self.port}"

    def connection_string(self, endpoint: str | None = None, key: str = ACCOUNT_KEY) -> str:
        """As the portal gives it; `endpoint` puts a gate in between."""
        endpoint = endpoint or self.endpoint
        return (
            f"DefaultEndpointsProtocol={endpoint.partition(':')[0]};AccountName={ACCOUNT};AccountKey={key};"
            f"BlobEndpoint={endpoint}/{ACCOUNT};"
        )


class PgBouncer(Server):
    """A pooler in transaction mode in front of a PostgreSQL of ours."""

    def __init__(self, directory: Path, behind: PostgreSQL, users=("postgres",), settings: dict | None = None):
        super().__init__(directory)
        self.behind = behind
        self.users = users
        self.settings = {
            "pool_mode": "transaction",
            "auth_type": "trust",
            "max_client_conn": 200,
            "default_pool_size": 40,
            "unix_socket_dir": "",
            **(settings or {}),
        }

    def launch(self) -> None:
        self.port = free_port()
        users = self.directory / "users.txt"
        users.write_text("".join(f'"{name}" ""\n' for name in self.users))
        lines = [
            f"{name} = {value}"
            for name, value in {
                **self.settings,
                "listen_addr": "127.0.0.1",
                "listen_port": self.port,
                "auth_file": users,
            }.items()
        ]
        ini = self.directory / "pgbouncer.ini"
        ini.write_text(
            f"[databases]\n* = host=127.0.0.1 port={self.behind.port}\n[pgbouncer]\n" + "\n".join(lines) + "\n"
        )
        self.spawn([shutil.which("pgbouncer", path="/usr/sbin:/usr/bin"), ini], cwd="/", **unprivileged())

        def ready():
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", self.port)) == 0

        self.wait_until(ready)
