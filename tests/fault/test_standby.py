"""A hot standby reads and never writes: commands that write say so, and move nothing."""
import pytest


@pytest.fixture
def standby(archiver, table, database, copy_of):
    table.fill(20, 2)
    archiver.archive()
    table.fill(20, 2)
    return archiver.with_settings({"PG_CONNECTION_STRING": copy_of(database.server, standby=True).uri(database.name)})


COMMANDS = [
    ("archive",), ("archive", "--commit", "day"), ("archive", "--dry-run"), ("recover",), ("restore", "--day", "2024-01-01"),
    ("restore", "--day", "2024-01-01", "--into", "back"), ("erase", "--where", "true", "--yes"), ("cat", "--day", "2024-01-01", "--where", "true"),
]


def test_each_command_that_writes_says_so(standby):
    for words in COMMANDS:
        outcome = standby.run(*words)
        assert outcome.code == 3 and "read-only standby" in outcome.stderr, f"{words}: {outcome}"


def test_an_export_says_so(standby, tmp_path):
    task = tmp_path / "tasks" / "agency"
    task.mkdir(parents=True)
    (tmp_path / "out").mkdir()
    (task / "select.sql").write_text('COPY (SELECT * FROM "Event") TO STDOUT WITH CSV HEADER')
    (task / "delete.sql").write_text('DELETE FROM "Event"')
    outcome = standby.run("export", settings={"DSL_PATH": str(tmp_path / "tasks"), "EXPORT_PATH": str(tmp_path / "out")})
    assert outcome.code == 3 and "read-only standby" in outcome.stderr, str(outcome)
    assert list((tmp_path / "out").iterdir()) == []
