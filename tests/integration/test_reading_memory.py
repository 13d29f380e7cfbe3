"""`cat` and `erase` of files of five times the memory that they may take."""
import json
import subprocess

import pytest

# At ARCHIVE_MEMORY=8MiB: with the program itself.
BOUND = 36 << 20
ROWS, WIDTH = 2_950, 64_000
FILL = """INSERT INTO public."Event" (id, event_id, event_type, created_at, payload)
SELECT i, i::text, repeat(md5(i::text), %s / 32), timestamp '2024-01-01' + make_interval(secs => i), '{}' FROM generate_series(1, %s) AS i"""


@pytest.fixture(params=["gzip", "none"])
def archived(archiver, table, lake, container, request):
    """A day of long rows. A compressed file is as large once it is read."""
    table.execute(FILL, (WIDTH, ROWS))
    archiver.archive("--compression", request.param)
    (file,) = lake.list(container)
    assert ROWS * WIDTH > 5 * BOUND and (file.size > 5 * BOUND) == (request.param == "none")
    return archiver.with_settings({"ARCHIVE_MEMORY": "8MiB"})


def summary_of(program, *arguments: str) -> dict:
    """Of a run whose output nobody keeps."""
    environment = {name: str(value) for name, value in program.settings.items() if value is not None}
    done = subprocess.run([program.binary, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment)
    said = done.stderr.decode()
    assert done.returncode == 0, said
    return json.loads(said.splitlines()[-1])


def test_rows_are_printed_judged_and_erased_in_bounded_memory(archived):
    for command, rows in (
        (["cat", "--day", "2024-01-01"], ROWS),
        (["cat", "--day", "2024-01-01", "--where", "id % 50 = 0"], ROWS // 50),
        (["erase", "--where", "id % 50 = 0", "--yes"], ROWS // 50),
        (["cat", "--day", "2024-01-01"], ROWS - ROWS // 50),
    ):
        summary = summary_of(archived, *command)
        assert (summary["rows"], summary["peak_memory_bytes"] < BOUND) == (rows, True), (command, summary)
