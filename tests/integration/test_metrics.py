"""Metrics leave by a file, by a Pushgateway and by OTLP; none of them can change how a run ends."""
import json
import re
import time

import pytest

from support.exports import COMMON_KNOWLEDGE, DirectoryPlace, Exports
from support.receiver import Receiver

SAMPLE = re.compile(r'^(?P<name>[a-z_]+)(?:\{(?P<labels>[^}]*)\})? (?P<value>\S+)$')
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
OF_THE_FILE = ("command", "table", "tasks", "place")
LAST_SUCCESS = "event_archiver_last_success_timestamp_seconds"


@pytest.fixture
def receiver():
    with Receiver() as server:
        yield server


def samples(text: str) -> dict:
    """By name, or by name and labels; each is announced by HELP and TYPE lines of its own."""
    found, announced = {}, []
    for line in text.splitlines():
        if line.startswith("# "):
            announced.append(line.split()[1:3])
            continue
        match = SAMPLE.match(line)
        assert match, line
        assert ["HELP", match["name"]] in announced and ["TYPE", match["name"]] in announced
        labels = ",".join(f'{name}="{text}"' for name, text in LABEL.findall(match["labels"] or "") if name not in OF_THE_FILE)
        found[match["name"] + (f"{{{labels}}}" if labels else "")] = float(match["value"])
    return found


def labels_of(text: str) -> set:
    """What the file says of each of its metrics."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return {tuple((name, value) for name, value in LABEL.findall(line) if name in OF_THE_FILE) for line in lines}


def test_a_file_for_the_textfile_collector(archiver, table, tmp_path):
    table.fill(120, 4)
    path = tmp_path / "event_archiver.prom"
    began = time.time()
    outcome = archiver.archive("--metrics-file", str(path))
    found = samples(path.read_text())
    assert (found["event_archiver_rows"], found["event_archiver_days"]) == (120, 4)
    assert found["event_archiver_bytes"] == outcome.summary["bytes"]
    assert found["event_archiver_exit_code"] == 0 and found["event_archiver_files_pending"] == 0
    assert began - 1 < found[LAST_SUCCESS] == found["event_archiver_last_run_timestamp_seconds"] < time.time() + 1
    assert found['event_archiver_duration_seconds{phase="staging"}'] > 0
    assert sum(value for name, value in found.items() if "duration" in name) <= outcome.seconds
    assert found["event_archiver_backlog_age_seconds"] == outcome.summary["backlog_seconds"]
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name], "nothing is left beside it"


def test_the_backlog_is_the_age_of_the_oldest_due_row(archiver, table, tmp_path):
    table.execute(
        """INSERT INTO "Event" (id, event_id, event_type, created_at, payload)
           SELECT n, gen_random_uuid(), 'a', now() AT TIME ZONE 'UTC' - interval '1 year' - n * interval '1 hour', '{}'
           FROM generate_series(1, 50) n"""
    )
    path = tmp_path / "metrics.prom"
    archiver.archive("--metrics-file", str(path))
    assert samples(path.read_text())["event_archiver_backlog_age_seconds"] == pytest.approx(50 * 3600, abs=60)
    archiver.archive("--metrics-file", str(path))
    assert samples(path.read_text())["event_archiver_backlog_age_seconds"] == 0


def test_a_failed_run_leaves_the_last_success_where_it_was(archiver, table, tmp_path):
    table.fill(10, 1)
    path = tmp_path / "metrics.prom"
    archiver.archive("--metrics-file", str(path))
    before = samples(path.read_text())
    table.execute('ALTER TABLE "Event" RENAME TO "Elsewhere"')
    archiver.archive("--metrics-file", str(path), expect=3)
    after = samples(path.read_text())
    assert after[LAST_SUCCESS] == before[LAST_SUCCESS] < after["event_archiver_last_run_timestamp_seconds"]
    assert (after["event_archiver_exit_code"], after["event_archiver_rows"]) == (3, 0)


def test_two_files_in_one_directory_do_not_contradict_each_other(archiver, table, database, tmp_path, container):
    """The node exporter reads both: no series is in two of them, and no help text differs."""
    table.fill(10, 1)
    exports = Exports(archiver, database.connection, tmp_path, DirectoryPlace(tmp_path / "out"))
    for shape in COMMON_KNOWLEDGE[:2]:
        exports.add(shape)
    runs = {
        "archive": archiver.archive,
        "elsewhere": lambda *arguments: archiver.archive(*arguments, "--table", "nothing", expect=3),
        "exports": lambda *arguments: exports.run(*arguments, expect=0),
        "one": lambda *arguments: exports.run(COMMON_KNOWLEDGE[0].task, *arguments, expect=0),
        "other": lambda *arguments: exports.run(COMMON_KNOWLEDGE[1].task, *arguments, expect=0),
    }
    series, helps = [], {}
    for name, run in runs.items():
        path = tmp_path / f"{name}.prom"
        run("--metrics-file", str(path))
        assert path.stat().st_mode & 0o777 == 0o644
        lines = path.read_text().splitlines()
        series += [line.rsplit(" ", 1)[0] for line in lines if not line.startswith("#")]
        for line in lines:
            if line.startswith("# HELP "):
                assert helps.setdefault(line.split()[2], line) == line
    assert len(series) == len(set(series)), sorted(series)
    ((command, of, place),) = labels_of((tmp_path / "archive.prom").read_text())
    assert (command, of) == (("command", "archive"), ("table", r"public.\"Event\"")) and place[1].endswith(container)
    assert LAST_SUCCESS not in (tmp_path / "elsewhere.prom").read_text()


def test_nothing_is_carried_over_that_another_wrote(archiver, table, database, tmp_path):
    table.fill(10, 1)
    path = tmp_path / "metrics.prom"
    exports = Exports(archiver, database.connection, tmp_path, DirectoryPlace(tmp_path / "out"))
    exports.add(COMMON_KNOWLEDGE[0])
    exports.run("--metrics-file", str(path), expect=0)
    assert LAST_SUCCESS in path.read_text()
    archiver.archive("--metrics-file", str(path), "--table", "nothing", expect=3)
    assert LAST_SUCCESS not in path.read_text(), "it was the export's"


def test_a_pushgateway_gets_all_after_a_success_and_no_success_after_a_failure(archiver, table, receiver, container):
    table.fill(10, 1)
    archiver.archive(settings={"ARCHIVE_PUSHGATEWAY": receiver.url + "/base/"})
    archiver.archive("--table", "nothing", settings={"ARCHIVE_PUSHGATEWAY": receiver.url}, expect=3)
    succeeded, failed = receiver.requests
    group = f"/metrics/job/event-archiver/instance/devstoreaccount1%3A{container}"
    assert (succeeded.method, succeeded.path) == ("PUT", "/base" + group)
    assert (failed.method, failed.path) == ("POST", group)
    assert succeeded.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert samples(succeeded.body)[LAST_SUCCESS] > 0 and samples(succeeded.body)["event_archiver_rows"] == 10
    assert LAST_SUCCESS not in failed.body and samples(failed.body)["event_archiver_exit_code"] == 3


def test_otlp_is_json_with_the_headers_and_the_name_that_were_set(archiver, table, receiver):
    table.fill(10, 1)
    archiver.secrets.append("canary-77")
    archiver.archive(
        settings={
            "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url,
            "OTEL_EXPORTER_OTLP_HEADERS": "api-key=canary-77,x-team=data%20lake",
            "OTEL_SERVICE_NAME": "nightly",
        }
    )
    (request,) = receiver.requests
    assert (request.method, request.path) == ("POST", "/v1/metrics")
    assert request.headers["content-type"] == "application/json"
    assert (request.headers["api-key"], request.headers["x-team"]) == ("canary-77", "data lake")
    (source,) = json.loads(request.body)["resourceMetrics"]
    attributes = {entry["key"]: entry["value"]["stringValue"] for entry in source["resource"]["attributes"]}
    assert attributes["service.name"] == "nightly" and attributes["service.version"]
    metrics = {metric["name"]: metric for metric in source["scopeMetrics"][0]["metrics"]}
    (point,) = metrics["event_archiver_rows"]["gauge"]["dataPoints"]
    assert point["asDouble"] == 10 and abs(int(point["timeUnixNano"]) / 1e9 - time.time()) < 60
    phases = metrics["event_archiver_duration_seconds"]["gauge"]["dataPoints"]
    assert "staging" in [point["attributes"][0]["value"]["stringValue"] for point in phases]


def test_the_address_for_metrics_is_taken_as_it_is(archiver, table, receiver):
    table.fill(10, 1)
    settings = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": receiver.url + "/own/path", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}
    outcome = archiver.archive(settings=settings)
    (request,) = receiver.requests
    assert request.path == "/own/path" and request.headers["content-type"] == "application/json"
    assert not [line for line in outcome.log if line["level"] == "warn"]


@pytest.mark.parametrize(
    "settings, warnings",
    [
        ({"OTEL_SDK_DISABLED": "TRUE"}, 0),
        ({"OTEL_METRICS_EXPORTER": "none"}, 0),
        ({"OTEL_METRICS_EXPORTER": "prometheus"}, 1),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, 1),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "http/json", "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL": "grpc"}, 1),
    ],
    ids=lambda given: "=".join(list(given.items())[-1]) if isinstance(given, dict) else "",
)
def test_nothing_is_sent_where_opentelemetry_is_off_or_cannot_be_spoken(archiver, table, receiver, settings, warnings):
    table.fill(10, 1)
    outcome = archiver.archive(settings={"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url, **settings})
    assert receiver.requests == [] and outcome.summary["rows"] == 10
    told = outcome.events("config.unheeded")
    assert len(told) == warnings and all(list(settings)[-1] in line["msg"] for line in told), told


@pytest.mark.parametrize("settings", [{"OTEL_SDK_DISABLED": "perhaps"}, {"OTEL_METRICS_EXPORTER": "console, otlp"}], ids=lambda given: "=".join(*given.items()))
def test_what_does_not_keep_metrics_from_the_collector_is_told_of(archiver, table, receiver, settings):
    table.fill(10, 1)
    outcome = archiver.archive(settings={"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url, **settings})
    assert len(receiver.requests) == 1 and len(outcome.events("config.unheeded")) == 1


@pytest.mark.parametrize(
    "settings",
    [
        {"ARCHIVE_METRICS_FILE": "/nonexistent/metrics.prom"},
        {"ARCHIVE_METRICS_FILE": "/"},
        {"ARCHIVE_PUSHGATEWAY": "http://127.0.0.1:1"},
        {"ARCHIVE_PUSHGATEWAY": "http://no-such-host.invalid:9091"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4317"},
        {"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "collector:4317"},
        {"OTEL_EXPORTER_OTLP_HEADERS": "nothing"},
    ],
    ids=lambda settings: "=".join(*settings.items()),
)
def test_what_cannot_be_delivered_is_one_warning(archiver, table, settings):
    table.fill(10, 1)
    outcome = archiver.archive(settings=settings)
    assert outcome.summary["rows"] == 10
    assert len([line for line in outcome.log if line["level"] == "warn"]) == 1, outcome.stderr


def test_a_refusal_is_quoted(archiver, table, receiver):
    table.fill(10, 1)
    receiver.status = 400
    outcome = archiver.archive(settings={"ARCHIVE_PUSHGATEWAY": receiver.url})
    (warning,) = outcome.events("metrics.lost")
    assert "400" in warning["error.message"] and "as told" in warning["error.message"]


def test_a_silent_receiver_delays_the_end_by_a_few_seconds_only(archiver, table, receiver):
    table.fill(10, 1)
    receiver.pause = 20
    outcome = archiver.archive(settings={"ARCHIVE_PUSHGATEWAY": receiver.url, "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url})
    assert outcome.seconds < 12 and len(outcome.events("metrics.lost")) == 2


def test_sigterm_after_the_work_is_done_does_not_make_it_undone(archiver, table, receiver):
    table.fill(10, 1)
    receiver.pause = 20
    process = archiver.start("archive", settings={"ARCHIVE_PUSHGATEWAY": receiver.url})
    while not receiver.requests:
        time.sleep(0.02)
    process.popen.terminate()
    outcome = process.wait(10)
    assert (outcome.code, outcome.summary["exit_code"], table.count()) == (0, 0, 0)


def test_an_invalid_pushgateway_url_is_refused_without_its_password(archiver, table):
    archiver.secrets.append("canary-77")
    outcome = archiver.archive(settings={"ARCHIVE_PUSHGATEWAY": "http://user:canary-77@gateway:9091"}, expect=2)
    assert "ARCHIVE_PUSHGATEWAY" in outcome.stderr
    assert "canary-77" not in archiver.run("config", settings={"ARCHIVE_PUSHGATEWAY": "http://user:canary-77@gateway"}).stdout


def test_a_dry_run_does_not_count_as_a_success_and_sends_nothing(archiver, table, receiver, tmp_path):
    table.fill(10, 1)
    path = tmp_path / "metrics.prom"
    archiver.archive("--dry-run", "--metrics-file", str(path), settings={"ARCHIVE_PUSHGATEWAY": receiver.url})
    assert not path.exists() and not receiver.requests


def test_a_run_of_export_tells_of_each_task(archiver, database, tmp_path, receiver):
    exports = Exports(archiver, database.connection, tmp_path, DirectoryPlace(tmp_path / "out"))
    good, bad = COMMON_KNOWLEDGE[:2]
    exports.add(good)
    path = tmp_path / "exports.prom"
    settings = {"ARCHIVE_METRICS_FILE": str(path), "ARCHIVE_PUSHGATEWAY": receiver.url}
    outcome = exports.run(settings=settings, expect=0)
    found = samples(path.read_text())
    rows = outcome.summary["rows"]
    assert found["event_archiver_rows"] == found[f'event_archiver_export_rows{{task="{good.task}"}}'] == rows > 0
    assert found["event_archiver_bytes"] == outcome.summary["bytes"]
    (pushed,) = receiver.requests
    place = str(tmp_path / "out").replace("/", ":")
    assert pushed.method == "PUT" and pushed.path == f"/metrics/job/event-archiver/instance/exports{place}".replace(":", "%3A")
    success = found[LAST_SUCCESS]

    exports.write(bad.task, "COPY (SELECT 1 FROM nowhere) TO STDOUT WITH CSV HEADER", "DELETE FROM nowhere")
    failed = exports.run(settings=settings)
    assert failed.code != 0
    found = samples(path.read_text())
    assert found["event_archiver_exit_code"] == failed.code and found[LAST_SUCCESS] == success
    assert found[f'event_archiver_export_last_failed{{task="{bad.task}"}}'] == 1
    assert found[f'event_archiver_export_last_failed{{task="{good.task}"}}'] == 0

    receiver.requests.clear()
    exports.run(settings={**settings, "ARCHIVE_MEMORY": "much"}, expect=2)
    (refused,) = receiver.requests
    assert refused.method == "POST" and samples(refused.body)["event_archiver_exit_code"] == 2
    receiver.requests.clear()
    exports.run("--dry-run", settings=settings)
    assert not receiver.requests
