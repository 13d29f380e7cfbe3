"""What a person sees on a terminal of 80 columns: no line is wider, and nothing is said that is not so."""
import json
import re

from support.terminal import joined, left_on_screen, on_terminal, screen

COLUMNS = 80


def test_the_life_of_a_few_days(archiver, table):
    table.fill(60, 6)
    assert "60 rows before" in screen(archiver, "plan")
    assert "passed" in screen(archiver, "check")
    assert "2 files left uncommitted" in screen(archiver, "archive", "--dry-run", "--max-days", "2")
    pending = screen(archiver, "list")
    assert "10 rows perhaps not committed" in pending and "2 pending: do not remove them" in joined(pending)
    assert "2 files with rows that are perhaps not committed" in screen(archiver, "plan")
    archived = screen(archiver, "archive")
    assert archived.count("removed: left by a dry run, or by a run that") == 2 and "attempts" not in archived
    assert "no differences" in screen(archiver, "verify")
    assert "on hold until 20" in joined(screen(archiver, "restore", "--day", "2024-01-02"))
    assert "back in the table, on hold until" in joined(screen(archiver, "list"))
    assert "on hold after a restore" in joined(screen(archiver, "plan"))
    assert "skipped: restored, and on hold until 20" in screen(archiver, "archive")
    screen(archiver, "list", "--calendar")
    assert "public." in screen(archiver, "config")


def test_an_erase_that_only_counts_does_not_say_that_rows_were_deleted(archiver, table):
    table.fill(20, 2)
    archiver.archive()
    table.insert("2030-01-01")
    counted = screen(archiver, "erase", "--where", "true")
    assert "would erase 20 rows of 2 archived files, and 1 row of the table" in joined(counted) and "deleted copies" in counted
    assert "rows deleted" not in counted and "row deleted" not in counted
    outcome = archiver.run("erase", "--where", "true", expect=0)
    assert (outcome.summary["dry_run"], outcome.summary["rows_deleted"]) == (True, 0)
    nothing = screen(archiver, "erase", "--where", "id < 0")
    assert "no row matches: nothing would be erased" in nothing and "--yes" not in nothing


def test_a_receipt_on_a_terminal_is_laid_out(archiver, table):
    table.fill(20, 2)
    archiver.archive()
    lines = left_on_screen(on_terminal(archiver, {}, "--where", "created_at >= '2024-01-02'", "--yes", command="erase", columns=COLUMNS))
    assert any(re.fullmatch(r"2024-01-02 +10 rows erased, 0 left: .*day.erased", line) for line in lines), lines
    begin, end = lines.index("{"), lines.index("}")
    receipt = json.loads("\n".join(lines[begin : end + 1]))
    assert [day["rows"] for day in receipt["days"]] == [10] and receipt["verified"]


def test_usage_errors(archiver):
    for arguments in (
        ["projections", "foo"],
        ["journal", "cat"],
        ["restore"],
        ["restore", "--from", "2024-01-02", "--to", "2024-01-01"],
        ["dead-letters", "revenue", "--drop", "x"],
        ["send", "events.jsonl", "--to", "localhost:8000"],
    ):
        assert f"Try `event-archiver help {arguments[0]}`." in screen(archiver, *arguments, expect=2)


def test_check_tells_a_mistake_in_the_settings_once(archiver):
    told = screen(archiver, "check", "--path", "Foo", expect=2)
    assert joined(told).count("may only have lowercase letters") == 1 and "run.summary" not in told


def test_a_failure_for_want_of_a_privilege_says_who_knows_which(archiver, table, database):
    table.fill(5, 1)
    role = f"nothing_{database.name}"
    table.execute(f"CREATE ROLE {role} LOGIN")
    poor = archiver.with_settings({"PG_CONNECTION_STRING": database.uri.replace("postgres@", f"{role}@")})
    try:
        for command in ("plan", "archive"):
            error = poor.run(command, expect=4).events("run.error")[0]
            assert "GRANT" in error["error.hint"], error
    finally:
        table.execute(f"DROP ROLE {role}")


def test_what_is_not_a_table_is_told_with_what_would_be_right(archiver, table):
    table.execute("CREATE VIEW shown AS SELECT * FROM \"Event\"")
    error = archiver.run("plan", "--table", "shown", expect=3).events("run.error")[0]
    assert "is not a table" in error["msg"] and "ARCHIVE_TABLE" in error["error.hint"]
    table.fill(5, 1)
    archiver.archive()
    error = archiver.run("verify", "--against", "nowhere", expect=3).events("run.error")[0]
    assert "--against" in error["error.hint"] and "ARCHIVE_TABLE" not in error["error.hint"]
