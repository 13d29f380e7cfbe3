"""A FIFO, a socket, a device or a directory where a file is expected: one clear sentence, and nothing waits for somebody else."""
import os
import socket
import subprocess
import threading

import pytest

from support.exports import COMMON_KNOWLEDGE, DirectoryPlace, Exports
from support.servers import free_port

AGENCY = COMMON_KNOWLEDGE[0]
TIMEOUT = 60  # seconds: a program that waits for a FIFO waits for ever


@pytest.fixture
def special(tmp_path):
    """Makes something that is no file at a path."""
    sockets = []

    def make(kind: str, path=None) -> str:
        path = str(path or tmp_path / kind.replace(" ", "-"))
        if kind == "fifo":
            os.mkfifo(path)
        elif kind == "directory":
            os.mkdir(path)
        elif kind == "device":
            os.symlink("/dev/zero", path)
        else:
            sockets.append(socket.socket(socket.AF_UNIX))
            here = os.getcwd()
            os.chdir(os.path.dirname(path))  # the whole path may be too long for an address
            try:
                sockets[-1].bind(os.path.basename(path))
            finally:
                os.chdir(here)
        return path

    yield make
    for each in sockets:
        each.close()


KINDS = pytest.mark.parametrize("kind", ["fifo", "socket", "device", "directory"])


@KINDS
@pytest.mark.parametrize("variable", ["PG_CONNECTION_STRING_FILE", "AZURE_STORAGE_CONNECTION_STRING_FILE", "EVENT_ARCHIVER_CONFIG", "EVENT_ARCHIVER_KNEXFILE"])
def test_what_is_read_at_the_start(archiver, special, kind, variable):
    settings = {variable: special(kind)}
    if variable.endswith("_FILE"):
        settings[variable[:-5]] = None
    outcome = archiver.run("list", settings=settings, expect=2, timeout=TIMEOUT)
    assert settings[variable] in outcome.stderr, outcome.stderr


@pytest.mark.parametrize("kind", ["fifo", "socket", "directory"])  # a device can be written to, as /dev/null
@pytest.mark.parametrize("flag", ["--metrics-file", "--report", "--trace"])
def test_what_is_written_at_the_end(archiver, table, special, kind, flag):
    table.fill(3, 1)
    outcome = archiver.run("archive", flag, special(kind), timeout=TIMEOUT)
    assert outcome.code in (0, 2), str(outcome)
    if outcome.code == 2:
        assert table.count() == 3 and kind in outcome.stderr
    else:
        assert flag == "--metrics-file" and outcome.events("metrics.lost"), str(outcome)


@pytest.mark.parametrize("kind", ["fifo", "socket", "directory"])
def test_the_termination_message(archiver, special, kind):
    outcome = archiver.run("archive", settings={"TERMINATION_LOG": special(kind), "ARCHIVE_PARALLEL": "0"}, expect=2, timeout=TIMEOUT)
    assert "ARCHIVE_PARALLEL" in outcome.stderr


@pytest.mark.parametrize("how", ["process substitution", "standard input", "fifo"])
def test_a_pipe_that_ends_can_be_configured_by(archiver, table, special, how):
    table.fill(3, 1)
    text = f"pg_connection_string: {archiver.settings['PG_CONNECTION_STRING']}\n".encode()
    program = archiver.with_settings({"PG_CONNECTION_STRING": None})
    reading, writing = os.pipe()
    if how == "fifo":
        path = special("fifo")
        threading.Thread(target=lambda: open(path, "wb").write(text), daemon=True).start()
        given = {}
    else:
        os.write(writing, text)
        path = "/dev/stdin" if how == "standard input" else f"/dev/fd/{reading}"
        given = {"stdin": reading} if how == "standard input" else {"pass_fds": (reading,)}
    os.close(writing)
    environment = {name: str(value) for name, value in program.settings.items() if value is not None}
    done = subprocess.run([program.binary, "plan", "-c", path], env=environment, capture_output=True, timeout=TIMEOUT, **given)
    os.close(reading)
    assert done.returncode == 0, done.stderr.decode()


@KINDS
def test_a_file_to_be_sent(archiver, special, kind):
    outcome = archiver.run("send", special(kind), "--to", f"http://127.0.0.1:{free_port()}", expect=3, timeout=TIMEOUT)
    assert "is not a regular file" in outcome.stderr


@pytest.mark.parametrize("kind", ["fifo", "socket"])  # of others libpq says what is wrong
def test_a_certificate_of_the_database(archiver, database, special, kind):
    uri = f"{database.uri}{'&' if '?' in database.uri else '?'}sslrootcert={special(kind)}&sslmode=prefer"
    outcome = archiver.run("plan", settings={"PG_CONNECTION_STRING": uri}, expect=2, timeout=TIMEOUT)
    assert "'sslrootcert' does not name a regular file" in outcome.stderr


@pytest.fixture
def exports(archiver, database, tmp_path):
    made = Exports(archiver, database.connection, tmp_path, DirectoryPlace(tmp_path / "out"))
    made.add(AGENCY)
    return made


@KINDS
def test_a_statement_of_a_task(exports, special, kind):
    file = next(exports.directory.glob("*/select.sql"))
    file.unlink()
    special(kind, file)
    outcome = exports.run(expect=3)
    assert "select.sql' is not a file" in outcome.stderr + outcome.stdout


@KINDS
@pytest.mark.parametrize("name", [".agency-2024_01_01-12_00_00_AM.csv.gz.0123456789abcdef.part", "agency-2024_01_01-12_00_00_AM.csv.gz"])
def test_what_stands_beside_the_exported_files(exports, special, kind, name):
    directory = exports.place.directory
    directory.mkdir(parents=True, exist_ok=True)
    special(kind, directory / name)
    before = exports.rows(AGENCY)
    exports.run(expect=0)
    assert exports.rows(AGENCY) != before
    assert (directory / name).exists() or name.endswith(".part")


@KINDS
def test_a_mark_of_an_export(exports, special, kind):
    directory = exports.place.directory
    directory.mkdir(parents=True, exist_ok=True)
    name = ".agency-2024_01_01-12_00_00_AM.csv.gz.0123456789abcdef.pending"
    special(kind, directory / name)
    before = exports.rows(AGENCY)
    outcome = exports.run()
    assert outcome.code == 3 and name in outcome.stderr, str(outcome)
    assert exports.rows(AGENCY) == before
