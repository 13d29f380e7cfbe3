"""Servers for a whole test session (one set per pytest-xdist worker); a database and a container for each test."""
import itertools
import os
import shutil
import tempfile
import uuid
import zlib
from dataclasses import dataclass
from pathlib import Path

import psycopg2
import psycopg2.extensions
import pytest

from support import moments
from support.archiver import Archiver
from support.built_program import built_program
from support.lake import Lake
from support.oracle import Oracle
from support.servers import Azurite, Certificate, PgBouncer, PostgreSQL
from support.table import EventTable

# Row texts must come back byte for byte: no parsing of jsonb or of years beyond Python's.
psycopg2.extensions.register_type(psycopg2.extensions.new_type((3802,), "JSONB_TEXT", lambda value, _: value))


def pytest_configure(config):
    """The workers of pytest-xdist, which inherit this, must choose the same cases, at midnight too."""
    os.environ.setdefault("EVENT_ARCHIVER_MOMENTS", moments.today())


# Seconds of a test with LONG=1, if it has no timeout of its own.
LONG_TIMEOUT = 1_800
# Folders of which each case costs a second.
SAMPLED = ("fault/", "model/")
# Folders whose tests take turns where EVENT_ARCHIVER_TURNS=4 says so: a quarter of them each day, in four days all.
TAKING_TURNS = ("integration/", "fault/", "model/")
# Brokers that a run starts at most: each takes a core for some seconds, and a worker of pytest-xdist has its own.
BROKERS = 2


def is_sampled(item) -> bool:
    if item.get_closest_marker("whole"):
        return False
    return item.nodeid.startswith(SAMPLED) or item.get_closest_marker("sampled") is not None


def names_tests(config) -> bool:
    """A call that names files or tests runs all of their cases."""
    return bool(config.option.keyword) or not all((config.invocation_params.dir / each).is_dir() for each in config.args)


def has_its_turn(item, turns: int, day: int) -> bool:
    """All cases of a test have theirs on the same day."""
    name = item.nodeid.partition("[")[0]
    return not name.startswith(TAKING_TURNS) or (zlib.crc32(name.encode()) + day) % turns == 0


def share_brokers(items) -> None:
    for item in items:
        if "broker" in item.fixturenames:
            item.add_marker(pytest.mark.xdist_group(f"broker-{zlib.crc32(item.nodeid.encode()) % BROKERS}"))


def leave_out(config, items, kept) -> None:
    left_out = [item for item in items if item not in kept]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item in kept]


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist looks for the groups
def pytest_collection_modifyitems(config, items):
    """Leaves out, unless LONG=1 asks for them, the slow tier, and most cases of sampled tests: the first case of each test stays,
    which is its plain shape, and a twentieth of the others, at least one. Where a test tries all moments of a run, it has more time."""
    share_brokers(items)
    if os.environ.get("LONG") == "1":
        for item in items:
            if not item.get_closest_marker("timeout"):
                item.add_marker(pytest.mark.timeout(LONG_TIMEOUT))
        return
    fast = [item for item in items if not item.get_closest_marker("slow")]
    kept = {item for item in fast if names_tests(config) or not is_sampled(item)}
    sampled = [item for item in fast if item not in kept]
    for test, cases in itertools.groupby(sampled, key=lambda item: item.nodeid.partition("[")[0]):
        first, *others = cases
        kept.update([first, *moments.some(others, test, least=1)])
    if turns := int(os.environ.get("EVENT_ARCHIVER_TURNS", "0")):
        kept = {item for item in kept if has_its_turn(item, turns, moments.day())}
    leave_out(config, items, kept)


@pytest.fixture(scope="session")
def binary() -> Path:
    """The program as it is shipped."""
    return built_program("EVENT_ARCHIVER_BINARY", "build/release/event-archiver")


def roomy_memory() -> str | None:
    """Where a database is made in an eighth of the time it takes on a disk; None where memory is scarce."""
    try:
        return "/dev/shm" if shutil.disk_usage("/dev/shm").free >= 8 << 30 else None
    except OSError:
        return None


@pytest.fixture(scope="session")
def place():
    """A directory that the servers' own user can enter."""
    directory = Path(tempfile.mkdtemp(prefix="event-archiver-test-", dir=roomy_memory()))
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def postgresql(place):
    with PostgreSQL(place / "postgresql") as server:
        server.psql("-c", "CREATE ROLE needs_password NOLOGIN")
        yield server


@pytest.fixture(scope="session")
def azurite(place):
    with Azurite(place / "azurite") as server:
        yield server


@pytest.fixture(scope="session")
def certificate(place):
    return Certificate(place / "certificate")


@pytest.fixture(scope="session")
def azurite_tls(place, certificate):
    with Azurite(place / "azurite-tls", certificate=certificate) as server:
        yield server


@pytest.fixture(scope="session")
def azurite_entra(place, certificate):
    """One that takes bearer tokens. It gives other answers to a wrong key than one that does not."""
    with Azurite(place / "azurite-entra", certificate=certificate, oauth=True) as server:
        yield server


@pytest.fixture(scope="session")
def pgbouncer(place, postgresql):
    with PgBouncer(place / "pgbouncer", postgresql) as server:
        yield server


@dataclass
class Database:
    """A database of one test, and how to reach it."""

    name: str
    server: PostgreSQL
    connection: psycopg2.extensions.connection

    @property
    def uri(self) -> str:
        return self.server.uri(self.name)


def connect(server: PostgreSQL, database: str):
    connection = psycopg2.connect(server.uri(database), options="-c timezone=UTC", client_encoding="UTF8")
    connection.autocommit = True
    return connection


def administer(server: PostgreSQL, statement: str) -> None:
    """On a connection that stays: to start psql costs more than the database."""
    if server in administrators and not ends_in_failure(administrators[server], statement):
        return
    administrators[server] = connect(server, "postgres")
    with administrators[server].cursor() as cursor:
        cursor.execute(statement)


administrators: dict = {}


def ends_in_failure(connection, statement: str) -> bool:
    """True if the server was started again since the connection was made."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
    except (psycopg2.OperationalError, psycopg2.InterfaceError):
        return True
    return False


def make_database(server: PostgreSQL):
    """A fresh database on `server`, dropped afterwards."""
    name = f"t{uuid.uuid4().hex[:12]}"
    administer(server, f"CREATE DATABASE {name} STRATEGY file_copy")
    connection = connect(server, name)
    try:
        yield Database(name, server, connection)
    finally:
        connection.close()
        administer(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database(postgresql):
    yield from make_database(postgresql)


@pytest.fixture
def lake(azurite) -> Lake:
    return Lake(azurite.connection_string())


@pytest.fixture
def container(lake):
    """A container name of this test's own; the program creates it."""
    name = f"c{uuid.uuid4().hex[:16]}"
    yield name
    lake.delete_container(name)


@pytest.fixture
def table(database) -> EventTable:
    """public."Event", empty, with an index on created_at."""
    return EventTable(database.connection).create()


@pytest.fixture
def oracle(database, lake, container) -> Oracle:
    return Oracle(database.connection, lake, container)


@pytest.fixture
def archiver(binary, database, azurite, container) -> Archiver:
    """The program with what it needs, and JSON logs."""
    return Archiver(
        binary,
        {
            "PG_CONNECTION_STRING": database.uri,
            "AZURE_STORAGE_CONNECTION_STRING": azurite.connection_string(),
            "ARCHIVE_PATH": container,
            "LOG_FORMAT": "json",
        },
    )
