"""A mistyped variable or a flag that does nothing must not turn into a run that deletes rows."""
import pytest

TYPED_AND_MEANT = [
    ("ARCHIVE_DRYRUN", "ARCHIVE_DRY_RUN"),
    ("EXPORT_DRY_RUN", "DRY_RUN"),
    ("EVENT_RETENTION_PERIODS", "EVENT_RETENTION_PERIOD"),
    ("SERVE_TOKENS", "SERVE_TOKEN"),
    ("JOURNAL_RETENTIONS", "JOURNAL_RETENTION"),
    ("PROJECTIONS_PAHT", "PROJECTIONS_PATH"),
    ("dry_run", "DRY_RUN"),
]


@pytest.mark.parametrize("typed, meant", TYPED_AND_MEANT)
def test_an_unknown_variable_is_a_mistake_with_the_nearest_name(archiver, table, typed, meant):
    table.fill(5, 1)
    outcome = archiver.archive(settings={typed: "c4nary"}, expect=2)
    assert typed in outcome.stderr and meant in outcome.stderr and "c4nary" not in outcome.stderr
    assert table.count() == 5


@pytest.mark.parametrize(
    "command",
    [["plan"], ["recover"], ["list"], ["verify"], ["check"], ["config"], ["restore", "--day", "2024-01-01"], ["export"], ["serve"]],
    ids=lambda words: words[0],
)
def test_every_command_looks_for_unknown_variables(archiver, command):
    outcome = archiver.run(*command, settings={"ARCHIVE_DRYRUN": "true"}, expect=2)
    assert "ARCHIVE_DRY_RUN" in outcome.stderr


def test_a_key_beside_a_connection_string_is_told_of(archiver, table):
    """The connection string has its own: a key that was rotated in the other variable alone would not be missed."""
    table.fill(5, 1)
    outcome = archiver.run("plan", settings={"AZURE_STORAGE_KEY": "Tr0ub4dor"}, expect=0)
    (line,) = outcome.events("config.unheeded")
    assert line["msg"] == "AZURE_STORAGE_KEY is not used, because AZURE_STORAGE_CONNECTION_STRING is set: keep one of them"
    assert not archiver.run("plan", expect=0).events("config.unheeded")


def test_service_links_and_the_variables_of_others_are_let_through(archiver, table, oracle):
    table.fill(5, 1)
    oracle.remember()
    archiver.archive(
        settings={
            "ARCHIVE_SERVICE_HOST": "10.0.0.1",
            "ARCHIVE_SERVICE_PORT": "8002",
            "ARCHIVE_SERVICE_PORT_HTTP": "8002",
            "ARCHIVE_PORT": "tcp://10.0.0.1:8002",
            "ARCHIVE_PORT_8002_TCP": "tcp://10.0.0.1:8002",
            "ARCHIVE_PORT_8002_TCP_PORT": "8002",
            "EVENT_ARCHIVER_SERVE_PORT_8002_TCP_ADDR": "10.0.0.1",
            "JOURNAL_STREAM": "8:12345",  # systemd
            "SERVE_APIS": "exports",
            "PROJECT": "none",
            "ARCHIVE_DRYRUN": "",  # unset
        }
    )
    assert oracle.check().archived == 5


def test_the_other_names_of_dry_run_and_retention(archiver, table):
    table.fill(5, 1)
    assert archiver.archive(settings={"ARCHIVE_DRY_RUN": "true"}).summary["dry_run"] is True
    assert table.count() == 5
    none_due = {"EVENT_RETENTION_PERIOD": None, "ARCHIVE_RETENTION_PERIOD": "100 years"}
    assert archiver.archive(settings=none_due).summary["rows"] == 0
    for one, other, values in (
        ("DRY_RUN", "ARCHIVE_DRY_RUN", ("false", "true")),
        ("EVENT_RETENTION_PERIOD", "ARCHIVE_RETENTION_PERIOD", ("1 year", "100 years")),
    ):
        outcome = archiver.archive(settings=dict(zip((one, other), values, strict=True)), expect=2)
        assert f"{one} and {other}" in outcome.stderr
    assert "DRY_RUN is 'perhaps'" in archiver.archive(settings={"ARCHIVE_DRY_RUN": "perhaps"}, expect=2).stderr
    assert table.count() == 5


@pytest.mark.parametrize(
    "arguments, flag",
    [
        (["restore", "--day", "2024-01-01", "--max-rows", "1"], "--max-rows"),
        (["restore", "--day", "2024-01-01", "--retention", "1 day"], "--retention"),
        (["verify", "--report", "x"], "--report"),
        (["verify", "--dry-run"], "--dry-run"),
        (["recover", "--listen", "::1"], "--listen"),
        (["recover", "--dry-run"], "--dry-run"),
        (["recover", "--exports", "--table", "x"], "--table"),
        (["check", "--prove"], "--prove"),
        (["check", "--max-days", "3"], "--max-days"),
        (["plan", "--dry-run"], "--dry-run"),
        (["list", "--parallel", "2"], "--parallel"),
        (["serve", "--boundary", "2024-01-01"], "--boundary"),
        (["export", "--commit", "day"], "--commit"),
        (["archive", "--day", "2024-01-01"], "--day"),
    ],
    ids=" ".join,
)
def test_a_flag_that_the_command_does_not_use_is_refused(archiver, table, arguments, flag):
    table.fill(5, 1)
    outcome = archiver.run(*arguments, expect=2)
    assert flag in outcome.stderr and "does not use" in outcome.stderr
    assert flag not in archiver.run("help", arguments[0], expect=0).stdout or arguments[0] == "recover"
    assert table.count() == 5


@pytest.mark.parametrize(
    "arguments",
    [
        ["export", "--boundary", ""],
        ["export", "--boundary="],
        ["archive", "--retention", ""],
        ["archive", "--dry-run="],
        ["archive", "--max-days="],
        ["restore", "--day", "2024-01-01", "--into", ""],
        ["recover", "--keep", ""],
        ["list", "--from", ""],
    ],
    ids=" ".join,
)
def test_an_empty_value_is_refused(archiver, table, arguments):
    table.fill(5, 1)
    outcome = archiver.run(*arguments, expect=2)
    flag = next(word for word in reversed(arguments) if word.startswith("--")).rstrip("=")
    assert flag in outcome.stderr and "empty" in outcome.stderr
    assert table.count() == 5
