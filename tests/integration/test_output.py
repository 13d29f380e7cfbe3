"""What is printed where: JSON lines or text on stderr, results on stdout, the summary last."""
import datetime
import json
import os
import subprocess

import pytest

from support.terminal import on_terminal


def test_log_lines_are_json_objects_with_the_contracts_keys(archiver, table):
    table.fill(200, 4)
    outcome = archiver.archive(settings={"LOG_FORMAT": None})
    assert outcome.stdout == ""
    assert outcome.unparsed == []
    for line in outcome.log:
        assert {"time", "level", "msg", "event", "run_id", "pid"} <= line.keys(), line
        assert line["level"] in ("debug", "info", "warn", "error")
        moment = datetime.datetime.fromisoformat(line["time"].replace("Z", "+00:00"))
        assert moment.utcoffset() == datetime.timedelta(0)
    assert len({(line["run_id"], line["pid"]) for line in outcome.log}) == 1


def test_each_day_has_a_line_with_its_rows(archiver, table, oracle):
    table.fill(203, 4)
    oracle.remember()
    outcome = archiver.archive()
    for day, rows in oracle.check().files.items():
        lines = [line for line in outcome.log if line.get("day") == day and line["level"] == "info" and "rows" in line]
        assert [line["rows"] for line in lines] == [rows], outcome.stderr
        assert lines[0]["bytes"] > 0 and day in lines[0]["blob"]


def test_the_last_line_is_the_summary(archiver, table, lake, container):
    table.fill(200, 4)
    summary = archiver.archive().summary
    assert (summary["rows"], summary["days"], summary["exit_code"]) == (200, 4, 0)
    header = len(b"id,event_id,event_type,created_at,processed_at,payload\n")
    assert summary["bytes"] in (size := sum(blob.size for blob in lake.list(container)), size - 4 * header)
    assert summary["requests"] >= 8 and summary["retries"] == 0
    assert summary["duration_ms"] > 0
    assert [key for key in summary if "cpu" in key] and [key for key in summary if "peak" in key]


def test_peak_memory_in_the_summary_is_the_programs_own(archiver, table):
    """A process inherits the peak of its parent unless care is taken."""
    table.fill(200, 4)
    ballast = bytearray(os.urandom(1)) * 300_000_000
    outcome = archiver.archive()
    del ballast
    peak = next(value for key, value in outcome.summary.items() if "peak" in key)
    assert peak < 100_000_000


@pytest.mark.parametrize("code", [3, 4, 5])
def test_a_failed_run_ends_with_a_summary_too(archiver, table, azurite, code):
    table.fill(10, 1)
    settings = {
        3: {"ARCHIVE_TABLE": "nothing"},
        4: {"AZURE_STORAGE_CONNECTION_STRING": azurite.connection_string(key="YWJj")},
        5: {"PG_CONNECTION_STRING": "postgresql://postgres@127.0.0.1:1/x"},
    }[code]
    outcome = archiver.archive(settings=settings, expect=code)
    assert outcome.summary["exit_code"] == code and outcome.summary["rows"] == 0
    error = [line for line in outcome.log if line["level"] == "error"][0]
    assert error["error.type"] and error["exit_code"] == code


def test_run_ids_differ(archiver, table):
    table.fill(1, 1)
    assert archiver.archive().log[0]["run_id"] != archiver.archive().log[0]["run_id"]


@pytest.mark.parametrize(
    "level, expected", [("error", set()), ("warn", set()), ("info", {"info"}), ("debug", {"info", "debug"})]
)
def test_levels(archiver, table, level, expected):
    """The summary is printed at any level: it is the run's result."""
    table.fill(50, 2)
    outcome = archiver.archive(settings={"LOG_LEVEL": level})
    assert {line["level"] for line in outcome.log if line["event"] != "run.summary"} == expected


def test_no_row_value_and_no_secret_at_debug_level(archiver, table, azurite, lake):
    """Every run looks for the account key and for a word of the rows; this one makes the program talk most."""
    table.fill(300, 3)
    sas = lake.account_sas()
    archiver.secrets += [sas.rpartition("sig=")[2], sas]
    outcome = archiver.archive(
        "--log-level",
        "debug",
        settings={
            "AZURE_STORAGE_CONNECTION_STRING": f"BlobEndpoint={azurite.endpoint}/devstoreaccount1;SharedAccessSignature={sas}"
        },
    )
    assert len(outcome.log) > 10


def test_text_logs(archiver, table):
    table.fill(50, 2)
    outcome = archiver.archive(settings={"LOG_FORMAT": "text"})
    assert outcome.log == [] and "\x1b" not in outcome.stderr
    lines = outcome.stderr.splitlines()
    assert lines[0].startswith("archive: ") and lines[1].startswith("     to: ") and lines[2].startswith("plan: 2 days, 50 rows before ")
    assert lines[3].startswith("2024-01-01 ") and lines[4].startswith("2024-01-02 ")
    assert lines[5].startswith("done in ") and "archived 50 rows of 2 days" in lines[5] and len(lines) <= 9, outcome.stderr
    assert all(line.endswith("]") for line in lines[:6]), "the event's name, as in the runbook"


@pytest.mark.parametrize("arguments", [["--log-level", "error"], ["-q"], ["--quiet"]], ids=" ".join)
def test_who_wants_errors_only_gets_no_summary_as_text(archiver, table, arguments):
    table.fill(50, 2)
    outcome = archiver.run("archive", *arguments, settings={"LOG_FORMAT": "text"}, expect=0)
    assert outcome.stderr == "" and outcome.stdout == ""


def test_names_that_json_must_escape(archiver, table, lake, container, oracle):
    """Whatever stands in the settings or in the server's words, each line stays one JSON object."""
    table.execute(
        """CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
                       $$BEGIN RAISE E'quote " backslash \\\\ newline \\n tab \\t control \\u0001 emoji 😀'; END$$;
                     CREATE TRIGGER refuse BEFORE DELETE ON "Event" FOR EACH ROW EXECUTE FUNCTION refuse()"""
    )
    table.fill(5, 1)
    outcome = archiver.run("archive")
    assert outcome.code != 0 and outcome.unparsed == []
    # The trigger's words may hold values of rows: its condition is told instead.
    assert "raise_exception" in [line for line in outcome.log if line["level"] == "error"][0]["msg"]


def test_on_a_terminal_there_is_text_and_no_color_is_honoured(archiver, table):
    table.fill(2000, 20)
    coloured = on_terminal(archiver, {})
    assert "2024-01-01" in coloured and '"event"' not in coloured
    table.fill(2000, 20)
    plain = on_terminal(archiver, {"NO_COLOR": "1"})
    assert not [part for part in plain.split("\x1b[")[1:] if part.lstrip("0123456789;").startswith("m")], repr(
        plain[:2000]
    )


@pytest.mark.parametrize(
    "arguments",
    [["version"], ["--version"], ["version", "-o", "json"], ["config"], ["config", "-o", "json"], ["help"], ["help", "man"], ["help", "archive"],
     ["help", "environment"], ["completion", "bash"]],
    ids=" ".join,
)
def test_an_output_that_takes_nothing_is_a_failure_and_one_line(archiver, arguments):
    environment = {"PATH": "/usr/bin:/bin", **{name: str(value) for name, value in archiver.settings.items()}}
    with open("/dev/full", "w") as full:
        done = subprocess.run([archiver.binary, *arguments], stdout=full, stderr=subprocess.PIPE, env=environment, text=True)
    assert done.returncode == 1 and done.stderr.count("\n") == 1 and "standard output" in done.stderr, done


def test_the_process_leaves_no_core_and_cannot_be_traced_by_its_user(archiver):
    """Keys and rows are in its memory. Of a process that may not be dumped, /proc shows root as the owner."""
    nobody = 65534
    if os.geteuid() != 0:
        pytest.skip("only root can start it as somebody else")
    environment = {"PATH": "/usr/bin:/bin", **{name: str(value) for name, value in archiver.settings.items()}}
    environment |= {"SERVE_PORT": "0", "DSL_PATH": "/usr/share", "EXPORT_PATH": "/tmp", "DATABASE_URL": "postgresql://x@127.0.0.1:1/x"}
    for dumpable, owner in (("false", 0), ("true", nobody)):
        process = subprocess.Popen(
            [archiver.binary, "serve"], env={**environment, "EVENT_ARCHIVER_DUMPABLE": dumpable}, stderr=subprocess.PIPE, user=nobody, group=nobody
        )
        try:
            process.stderr.readline()
            assert os.stat(f"/proc/{process.pid}/mem").st_uid == owner
        finally:
            process.kill()
            process.wait()
            process.stderr.close()


def test_results_as_json_name_their_schema(archiver, table):
    table.fill(20, 2)
    archived = json.loads(archiver.run("archive", "-o", "json", expect=0).stdout)
    assert archived["schema"] == "event-archiver/archive/v1" and archived["totals"]["rows_deleted"] == 20
    assert [(day["day"], day["rows"], day["file"]) for day in archived["days"]] == [("2024-01-01", 10, "created"), ("2024-01-02", 10, "created")]
    restored = json.loads(archiver.run("restore", "--day", "2024-01-01", "-n", "-o", "json", expect=0).stdout)
    assert restored["schema"] == "event-archiver/restore/v1" and restored["dry_run"] and restored["totals"]["rows"] == 10
    assert json.loads(archiver.run("recover", "-o", "json", expect=0).stdout) == {"schema": "event-archiver/recover/v1", "files_settled": 0}
    for command in ("config", "version"):
        assert json.loads(archiver.run(command, "-o", "json", expect=0).stdout)["schema"] == f"event-archiver/{command}/v1"
    assert archiver.run("archive", "-o", "json", settings={"ARCHIVE_TABLE": "nothing"}, expect=3).stdout == ""
