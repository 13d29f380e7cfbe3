"""The end of a run in a sentence, where Kubernetes looks for it."""
import pytest


@pytest.mark.parametrize(
    "arguments, code, sentence",
    [
        ([], 0, "archived 10 rows of 2 days"),
        (["--table", "nothing"], 3, "nothing"),
        (["--parallel", "none"], 2, "--parallel is 'none'"),
    ],
)
def test_a_file_that_is_named_gets_exit_code_and_sentence(archiver, table, tmp_path, arguments, code, sentence):
    table.fill(10, 2)
    path = tmp_path / "termination-log"
    archiver.archive(*arguments, settings={"TERMINATION_LOG": path}, expect=code)
    text = path.read_text()
    assert text.startswith(f"exit {code}: ") and sentence in text
    assert len(text.encode()) <= 4096


def test_it_says_what_to_check_and_no_secret(archiver, table, azurite, tmp_path):
    path = tmp_path / "termination-log"
    key = "Y2FuYXJ5LWtleS03Nw=="
    settings = {
        "TERMINATION_LOG": path,
        "AZURE_STORAGE_CONNECTION_STRING": azurite.connection_string(key=key),
    }
    outcome = archiver.archive(settings=settings, expect=4)
    error = [line for line in outcome.log if line["level"] == "error"][0]
    first, *rest = path.read_text().splitlines()
    assert first == f"exit 4: {error['msg']}" and rest == [error["error.hint"]]
    assert key not in path.read_text()


def test_a_file_that_cannot_be_written_changes_nothing(archiver, table):
    table.fill(10, 2)
    outcome = archiver.archive(settings={"TERMINATION_LOG": "/nonexistent/log"})
    assert outcome.summary["rows"] == 10 and len(outcome.events("termination_log.lost")) == 1
