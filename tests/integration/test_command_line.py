"""Commands, flags, variables: what is understood, what is refused, and in which words."""
import json

import pytest

COMMANDS = ["archive", "plan", "recover", "list", "verify", "check", "config", "completion", "version", "help"]


@pytest.fixture
def program(archiver):
    """The program without any setting."""
    return archiver.with_settings({name: None for name in archiver.settings})


def test_no_command_prints_help_and_exits_2(program):
    outcome = program.run(expect=2)
    for command in COMMANDS:
        assert command in outcome.stdout + outcome.stderr


@pytest.mark.parametrize("arguments", [["help"], ["--help"], ["-h"]])
def test_help_names_every_command_on_stdout(program, arguments):
    outcome = program.run(*arguments, expect=0)
    for command in COMMANDS:
        assert command in outcome.stdout
    assert outcome.stderr == ""


@pytest.mark.parametrize("arguments", [["help", "archive"], ["archive", "--help"]])
def test_help_of_a_command_names_flags_variables_and_defaults(program, arguments):
    text = program.run(*arguments, expect=0).stdout
    for word in ("--retention", "EVENT_RETENTION_PERIOD", "1 year", "--path", "titan-pulse-event-archive", "--dry-run"):
        assert word in text


@pytest.mark.parametrize("columns, longest", [("100", 99), ("60", 59), ("nonsense", 79), (None, 79)])
def test_help_is_as_wide_as_columns_says(program, columns, longest):
    text = program.run("help", "restore", settings={"COLUMNS": columns}, expect=0).stdout
    lengths = [len(line) for line in text.splitlines()]
    assert longest - 12 < max(lengths) <= longest


@pytest.mark.parametrize("arguments", [["version"], ["--version"]])
def test_version(program, arguments):
    text = program.run(*arguments, expect=0).stdout
    assert text.startswith("event-archiver ") and text.count("\n") == 1 and any(c.isdigit() for c in text)
    assert ("commit" in text and "libpq 1" in text) == (arguments == ["version"])


def test_version_as_a_document(program):
    found = json.loads(program.run("version", "-o", "json", expect=0).stdout)
    assert found["schema"] == "event-archiver/version/v1" and found["commit"] and found["libraries"]["OpenSSL"].startswith("3.")


@pytest.mark.parametrize(
    "typed, meant", [("archvie", "archive"), ("arch", "archive"), ("recovery", "recover"), ("confg", "config"), ("verison", "version")]
)
def test_a_mistyped_command_is_answered_with_the_nearest(program, typed, meant):
    outcome = program.run(typed, expect=2)
    assert typed in outcome.stderr and f"{meant}" in outcome.stderr
    assert outcome.stdout == ""


@pytest.mark.parametrize(
    "typed, meant",
    [
        ("--retenton", "--retention"),
        ("--dryrun", "--dry-run"),
        ("--tabel", "--table"),
        ("--parralel=3", "--parallel"),
        ("--whole-day", "--whole-days"),
    ],
)
def test_a_mistyped_flag_is_answered_with_the_nearest(archiver, table, typed, meant):
    table.fill(5, 1)
    outcome = archiver.run("archive", typed, expect=2)
    assert typed.split("=")[0] in outcome.stderr and meant in outcome.stderr
    assert table.count() == 5


@pytest.mark.parametrize(
    "arguments",
    [
        ["archive", "--retention"],
        ["archive", "now"],
        ["archive", "--", "-x"],
        ["config", "-o", "xml"],
        ["archive", "recover"],
        ["version", "extra"],
        ["archive", "--dry-run=perhaps"],
        ["archive", "-x"],
        ["archive", "--no-dry-run"],
        [""],
        ["archive", ""],
        ["archive", "--from", "2024-01-01"],
        ["list", "--retention", "1 day"],
        ["list", "--from", "2024-02-30"],
        ["list", "--from", "1.1.2024"],
        ["verify", "--from", "2024-01-02", "--to", "2024-01-01"],
        ["verify", "--against", "a.b.c.d"],
        ["plan", "-o", "yaml"],
        ["check", "everything"],
    ],
)
def test_other_mistakes_exit_2(archiver, table, arguments):
    table.fill(5, 1)
    outcome = archiver.run(*arguments, expect=2)
    assert outcome.stderr.strip()
    assert table.count() == 5


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["archive", "--retention"], "--retention has no value: give one after it"),
        (["restore", "--day"], "--day has no value: give one after it"),
        (["restore", "--day", "2025-11-31"], "--day is '2025-11-31': the calendar has no such day"),
        (["list", "--from", "2025-02-29"], "--from is '2025-02-29': the calendar has no such day"),
        (["restore", "--day", "31.12.2025"], "--day is '31.12.2025': give a day as YYYY-MM-DD"),
        (["export", "--boundary", "2025-13-01"], "--boundary is '2025-13-01': the calendar has no such day"),
        (["recover", "--keep", "a", "--discard", "b"], "exclude each other: give one of them"),
        (["plan", "-n"], "plan does not use -n, which is for archive, restore"),
        (["archive", "-k", "x"], "archive does not use -k, which is for"),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, list) else "",
)
def test_a_mistake_is_told_in_our_words_and_with_the_help_of_its_command(program, arguments, said):
    outcome = program.run(*arguments, expect=2)
    assert said in outcome.stderr and f"Try `event-archiver help {arguments[0]}`." in outcome.stderr


def test_no_command_that_can_do_without_calls_the_database_required(program):
    """And none that only reads says that the container is made."""
    for command in ("journal", "list", "cat", "serve"):
        database = program.run("help", command, expect=0).stdout.split("--database CONNINFO")[1].split("[PG_CONNECTION_STRING]")[0]
        assert "required" not in database, command
    for command in ("plan", "list", "verify", "restore", "recover", "cat", "erase", "check"):
        assert "created if missing" not in program.run("help", command, expect=0).stdout, command


def test_no_setting_at_all_is_told_in_one_go(program):
    outcome = program.run("archive", expect=2)
    assert "PG_CONNECTION_STRING" in outcome.stderr and "AZURE_STORAGE" in outcome.stderr


BAD = {
    "EVENT_RETENTION_PERIOD": "soon",
    "DRY_RUN": "perhaps",
    "ARCHIVE_PATH": "Not_Valid",
    "ARCHIVE_COMPRESSION": "zip",
    "ARCHIVE_PARALLEL": "0",
    "ARCHIVE_MEMORY": "lots",
    "ARCHIVE_REQUEST_TIMEOUT": "60 parsecs",
    "ARCHIVE_RETRIES": "-1",
    "ARCHIVE_RATE_LIMIT": "fast",
    "ARCHIVE_MAX_DAYS": "0.5",
    "ARCHIVE_MAX_ROWS": "many",
    "ARCHIVE_COMMIT": "week",
    "ARCHIVE_SHARD": "3/3",
    "LOG_LEVEL": "loud",
    "LOG_FORMAT": "xml",
    "ARCHIVE_WHOLE_DAYS": "2",
    "AZURE_STORAGE_CONNECTION_STRING": "AccountName",
}


def test_all_mistakes_are_reported_together(archiver):
    outcome = archiver.archive(settings=BAD, expect=2)
    missing = [name for name in BAD if name not in outcome.stderr]
    assert not missing, f"{missing} not in\n{outcome.stderr}"


@pytest.mark.parametrize("name", BAD)
def test_each_mistake_alone_is_refused_and_named(archiver, table, name):
    table.fill(5, 1)
    outcome = archiver.archive(settings={name: BAD[name]}, expect=2)
    assert name in outcome.stderr
    assert table.count() == 5


@pytest.mark.parametrize("name", ["a.b.c.d", "a b", "", '"open', "select", "a;b", "public.", "x" * 100])
def test_an_invalid_table_name_is_refused_before_anything_happens(archiver, table, name):
    outcome = archiver.run("archive", "--table=" + name)
    assert outcome.code in (2, 3), str(outcome)


@pytest.mark.parametrize("value", ["10GiB garbage", "99999999999999999999", "1e9", "0x10", " ", "-5", "1 2"])
@pytest.mark.parametrize("name", ["ARCHIVE_MEMORY", "ARCHIVE_PARALLEL", "ARCHIVE_MAX_ROWS", "ARCHIVE_REQUEST_TIMEOUT"])
def test_invalid_numbers_are_refused(archiver, table, name, value):
    table.fill(5, 1)
    archiver.archive(settings={name: value}, expect=2)
    assert table.count() == 5


@pytest.mark.parametrize(
    "word, dry",
    [
        ("true", True),
        ("1", True),
        ("yes", True),
        ("false", False),
        ("0", False),
        ("no", False),
        ("TRUE", True),
        ("No", False),
        ("", False),
    ],
)
def test_the_words_for_yes_and_no(archiver, table, word, dry):
    table.fill(5, 1)
    outcome = archiver.run("archive", settings={"DRY_RUN": word})
    if word in ("TRUE", "No") and outcome.code == 2:
        return
    assert outcome.code == 0, str(outcome)
    assert table.count() == (5 if dry else 0)


@pytest.mark.parametrize("word", ["maybe", "2", "on?", "y es", "truefalse", "-", "null"])
def test_other_words_are_refused(archiver, table, word):
    table.fill(5, 1)
    archiver.archive(settings={"DRY_RUN": word}, expect=2)
    assert table.count() == 5


def setting(outcome, name: str) -> dict:
    return next(row for row in json.loads(outcome.stdout)["settings"] if row["environment"] == name)


@pytest.mark.parametrize("flag, shown", [(["--side-effects", "allow"], ("allow", "flag")), (["--side-effects=refuse"], ("refuse", "flag")), ([], ("allow", "environment"))])
def test_one_flag_for_the_side_effects_of_archive_and_export_is_shown_at_both(archiver, flag, shown):
    outcome = archiver.run("config", "-o", "json", *flag, settings={"EXPORT_SIDE_EFFECTS": "allow"}, expect=0)
    row = setting(outcome, "EXPORT_SIDE_EFFECTS")
    assert (row["value"], row["source"]) == shown
    if flag:
        assert setting(outcome, "ARCHIVE_SIDE_EFFECTS")["value"] == row["value"]
        wrong = archiver.run("export", "--side-effects", "perhaps", expect=2).stderr
        assert wrong.count("perhaps") == 1, wrong


def test_a_flag_beats_the_variable_and_the_variable_the_default(archiver):
    variable = {"ARCHIVE_PARALLEL": "3"}
    assert setting(archiver.run("config", "-o", "json", expect=0), "ARCHIVE_PARALLEL")["value"] == "4"
    by_variable = setting(archiver.run("config", "-o", "json", settings=variable, expect=0), "ARCHIVE_PARALLEL")
    by_flag = setting(
        archiver.run("config", "-o", "json", "--parallel", "2", settings=variable, expect=0), "ARCHIVE_PARALLEL"
    )
    assert (by_variable["value"], by_flag["value"]) == ("3", "2")
    sources = {
        setting(archiver.run("config", "-o", "json", expect=0), "ARCHIVE_PARALLEL")["source"],
        by_variable["source"],
        by_flag["source"],
    }
    assert len(sources) == 3


def test_an_empty_variable_is_unset(archiver):
    empty = setting(
        archiver.run("config", "-o", "json", settings={"EVENT_RETENTION_PERIOD": ""}, expect=0),
        "EVENT_RETENTION_PERIOD",
    )
    assert empty["value"] == "1 year"


def test_config_shows_only_what_was_changed_and_marks_mistakes(archiver):
    """Names of variables that libraries read stand below; the value of none of them is shown."""
    archiver.secrets.append("canary-pw-77")
    settings = {"ARCHIVE_PARALLEL": "many", "ARCHIVE_COMPRESSION": "none", "PGPASSWORD": "canary-pw-77"}
    outcome = archiver.run("config", "--changed", "--max-days", "7", settings=settings, expect=2)
    rows = [line.split() for line in outcome.stdout.splitlines()]
    assert ["ARCHIVE_PARALLEL", "environment", "mistake", "many"] in rows and ["ARCHIVE_MAX_DAYS", "flag", "7"] in rows, outcome.stdout
    assert "default" not in outcome.stdout and "unset" not in outcome.stdout and "ARCHIVE_COMPRESSION" not in outcome.stdout
    assert "PGPASSWORD" in rows[-1] and rows[-1][0] == "also"
    assert "ARCHIVE_PARALLEL" in outcome.stderr
    found = json.loads(archiver.run("config", "--changed", "-o", "json", settings=settings, expect=2).stdout)
    assert [row["environment"] for row in found["settings"] if row["mistake"]] == ["ARCHIVE_PARALLEL"]
    assert "PGPASSWORD" in found["read_by_libraries"]


SECRET_SETTINGS = [
    "PG_CONNECTION_STRING",
    "AZURE_STORAGE_CONNECTION_STRING",
    "AZURE_STORAGE_KEY",
    "AZURE_STORAGE_SAS_TOKEN",
]


def test_config_shows_everything_but_secrets(archiver, database, azurite):
    settings = {
        "PG_CONNECTION_STRING": f"postgresql://user:canary-pw-77@127.0.0.1:{database.server.port}/{database.name}?sslpassword=canary-pw-77"
    }
    archiver.secrets.append("canary-pw-77")
    for format in ("text", "json"):
        outcome = archiver.run("config", "-o", format, settings=settings, expect=0)
        assert "ARCHIVE_PATH" in outcome.stdout and archiver.settings["ARCHIVE_PATH"] in outcome.stdout
        assert database.name in outcome.stdout


@pytest.mark.parametrize(
    "conninfo",
    [
        "host=127.0.0.1 password=canary-pw-77 user=x dbname",
        "postgresql://u:canary-pw-77@[::1/x",
        "postgresql://u:canary-pw-77@h/x?nonsense=canary-pw-77",
        "password='canary-pw-77",
        "canary-pw-77",
    ],
)
@pytest.mark.parametrize("command", ["config", "archive"])
def test_a_connection_string_that_cannot_be_read_does_not_give_away_its_password(archiver, conninfo, command):
    archiver.secrets.append("canary-pw-77")
    outcome = archiver.run(command, settings={"PG_CONNECTION_STRING": conninfo})
    if command == "archive":
        assert outcome.code == 2 and "PG_CONNECTION_STRING" in outcome.stderr, str(outcome)


@pytest.mark.parametrize(
    "text",
    [
        "AccountName=x;AccountKey=canary key 77!",
        "AccountKey=Y2FuYXJ5LWtleS03Nw==",
        "SharedAccessSignature=sv=1&sig=canary-sig-77",
        "BlobEndpoint=ftp://x;AccountName=x;AccountKey=Y2FuYXJ5LWtleS03Nw==",
        "AccountName=x;AccountKey=Y2FuYXJ5LWtleS03Nw==;SharedAccessSignature=sig=canary-sig-77",
    ],
)
def test_a_storage_string_that_cannot_be_read_does_not_give_away_its_key(archiver, text):
    archiver.secrets += ["canary key 77", "Y2FuYXJ5LWtleS03Nw", "canary-sig-77"]
    outcome = archiver.run("archive", settings={"AZURE_STORAGE_CONNECTION_STRING": text})
    assert outcome.code == 2 and "AZURE_STORAGE_CONNECTION_STRING" in outcome.stderr, str(outcome)


@pytest.mark.parametrize("name", SECRET_SETTINGS)
def test_both_a_secret_and_its_file_are_a_mistake(archiver, tmp_path, name):
    secret = tmp_path / "secret"
    secret.write_text("canary-file-77")
    archiver.secrets.append("canary-file-77")
    outcome = archiver.archive(settings={name: "x", name + "_FILE": secret}, expect=2)
    assert name + "_FILE" in outcome.stderr


@pytest.mark.parametrize("name", SECRET_SETTINGS)
def test_a_secrets_file_that_is_not_there_is_a_mistake(archiver, name):
    outcome = archiver.archive(settings={name: None, name + "_FILE": "/nonexistent/secret"}, expect=2)
    assert name + "_FILE" in outcome.stderr and "/nonexistent/secret" in outcome.stderr


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_secrets_from_files(archiver, table, oracle, database, azurite, tmp_path, end):
    table.fill(10, 1)
    oracle.remember()
    for name, value in (("database", database.uri), ("storage", azurite.connection_string())):
        (tmp_path / name).write_bytes((value + end).encode())
    archiver.archive(
        settings={
            "PG_CONNECTION_STRING": None,
            "PG_CONNECTION_STRING_FILE": tmp_path / "database",
            "AZURE_STORAGE_CONNECTION_STRING": "",
            "AZURE_STORAGE_CONNECTION_STRING_FILE": tmp_path / "storage",
        }
    )
    assert oracle.check().archived == 10


def test_the_database_by_pg_variables_and_key_value_form(archiver, table, oracle, database):
    table.fill(10, 1)
    oracle.remember()
    port = database.server.port
    archiver.archive(
        "--dry-run",
        settings={"PG_CONNECTION_STRING": f"host=127.0.0.1 port={port} user=postgres dbname='{database.name}'"},
    )
    archiver.archive(
        "--dry-run",
        "--database",
        f"postgresql:///{database.name}",
        settings={"PG_CONNECTION_STRING": None, "PGHOST": "127.0.0.1", "PGPORT": port, "PGUSER": "postgres"},
    )
    archiver.archive(
        settings={
            "PG_CONNECTION_STRING": f"user=postgres dbname={database.name}",
            "PGHOST": "127.0.0.1",
            "PGPORT": port,
        }
    )
    assert oracle.check().archived == 10
