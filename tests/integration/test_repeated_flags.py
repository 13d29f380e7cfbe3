"""A flag that takes one value: the last of several does not win without a word."""
import pytest


@pytest.mark.parametrize("words, flag", [
    (("erase", "--where", "id = 1", "--where", "id = 2", "--yes"), "--where"),
    (("erase", "--where=id = 1", "--where", "id = 1", "--yes"), "--where"),
    (("cat", "--day", "2024-01-01", "--day", "2024-01-02"), "--day"),
    (("restore", "--day", "2024-01-01", "--day=2024-01-02"), "--day"),
    (("recover", "--discard", "a.csv", "--discard", "b.csv"), "--discard"),
    (("recover", "--keep", "a.csv", "--keep", "b.csv"), "--keep"),
    (("archive", "--retention", "1d", "--retention", "30d"), "--retention"),
    (("export", "--boundary", "2024-01-01", "--boundary", "2025-01-01"), "--boundary"),
    (("list", "-o", "json", "--output", "text"), "--output"),
])
def test_is_refused(archiver, words, flag):
    outcome = archiver.run(*words, expect=2)
    assert f"{flag} is given more than once" in outcome.stderr and outcome.stdout == "", str(outcome)


def test_a_level_may_be_said_twice(archiver):
    assert "more than once" not in archiver.run("config", "-v", "-v", expect=0).stderr
