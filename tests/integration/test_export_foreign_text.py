"""What others wrote: task files that are not UTF-8, escape sequences on their way to a terminal; and who may read the files."""
import json
import os

import pytest

from support.exports import COMMON_KNOWLEDGE, DirectoryPlace, Exports
from support.serving import Service

AGENCY = COMMON_KNOWLEDGE[0]


@pytest.fixture
def local(archiver, database, tmp_path):
    made = Exports(archiver, database.connection, tmp_path, DirectoryPlace(tmp_path / "out"))
    made.add(AGENCY)
    return made.remember()


@pytest.mark.parametrize("bytes_, line", [(b"COPY (SELECT 1)\n-- p\xe4\xe4ringud\nTO STDOUT WITH CSV HEADER", 2), (b"-- \xed\xa0\x80", 1), (b"-- \xc3\xa4\n\n-- \xc0\xaf", 3), (b"SELECT 1 \xf4\x90\x80\x80", 1)])
@pytest.mark.parametrize("file", ["select.sql", "delete.sql"])
def test_a_task_that_is_not_utf_8_spoils_only_itself(local, bytes_, line, file):
    local.write("old", "COPY (SELECT 1) TO STDOUT WITH CSV HEADER", "DELETE FROM agency WHERE false")
    (local.directory / "old" / file).write_bytes(bytes_)
    outcome = local.run(expect=3)
    told = f"'old/{file}' is not UTF-8 in line {line}"
    assert told in outcome.events("export.failed")[0]["msg"], str(outcome)
    assert [each["task"] for each in outcome.events("export.done")] == ["agency"]
    if line == 2:
        with Service(local) as service:
            listed = json.loads(service.get("/exports").body.decode("utf-8", errors="strict"))
            assert [each["name"] for each in listed] == ["agency"]
            assert told in service.get("/exports/old/status").json["mistake"]


@pytest.mark.parametrize("escape", ["\x1b[2J\x1b]0;pwned\x07", "\u009b2J", "\x7f\r\x08 back"])
def test_no_escape_sequence_reaches_the_terminal(local, escape):
    """A relation's name, which stands in the server's message in the log."""
    quoted = escape.replace('"', '""')
    local.write("agency", f'COPY (SELECT * FROM "no{quoted}table") TO STDOUT WITH CSV HEADER', "DELETE FROM agency")
    outcome = local.run(settings={"LOG_FORMAT": "text"}, expect=3)
    assert "table" in outcome.stderr
    for text in (outcome.stdout, outcome.stderr):
        assert not [each for each in text if each != "\n" and (each < " " or "\x7f" <= each <= "\x9f")], repr(text)


@pytest.mark.parametrize("umask, mode", [(0o022, 0o640), (0o077, 0o600), (0o000, 0o640)])
def test_files_are_for_their_owner_and_group(local, umask, mode):
    before = os.umask(umask)
    try:
        local.run(expect=0)
    finally:
        os.umask(before)
    assert [path.stat().st_mode & 0o777 for path in local.place.directory.iterdir()] == [mode]
