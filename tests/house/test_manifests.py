"""The manifests are what Kubernetes takes, and say what the program means: its exit codes, its settings, its needs."""
import copy
import http.client
import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from support.archiver import Archiver
from support.asking import wait_for
from support.manifests import by_kubectl, by_ourselves, containers, has_kubectl, identity, pod_templates, render
from support.servers import ROOT, free_port

RELEASE = re.search(r"project\(event-archiver VERSION ([\d.]+)", (ROOT / "CMakeLists.txt").read_text())[1]
MANIFESTS = ROOT / "manifests"
OVERLAYS = sorted(path.parent for path in MANIFESTS.rglob("kustomization.yaml"))
WITH_PODS = [path for path in OVERLAYS if path.name != "monitoring"]
METRIC = re.compile(r"\bevent_archiver_[a-z_]+\b")


def name(path) -> str:
    return str(path.relative_to(MANIFESTS))


def jobs(objects: list) -> list:
    """(the job's spec, the pod's template) of each CronJob and Job."""
    found = [found["spec"]["jobTemplate"]["spec"] for found in objects if found["kind"] == "CronJob"]
    found += [found["spec"] for found in objects if found["kind"] == "Job"]
    return [(spec, spec["template"]) for spec in found]


@pytest.fixture(scope="module")
def exit_codes() -> dict:
    """code -> whether another try helps, from the table in docs/commands.md."""
    table = (ROOT / "docs/commands.md").read_text().split("## Exit codes")[1]
    rows = re.findall(r"^\| ([\d, ]+) \|[^|]*\| *([^|]*?) *\|$", table, re.MULTILINE)
    return {int(code): again for codes, again in rows for code in codes.split(",")}


@pytest.mark.skipif(not has_kubectl(), reason="no kubectl to compare with")
@pytest.mark.parametrize("overlay", OVERLAYS, ids=name)
def test_both_renderers_agree(overlay):
    assert sorted(by_kubectl(overlay), key=identity) == sorted(by_ourselves(overlay), key=identity)


def test_kubernetes_takes_them():
    objects = [found for overlay in OVERLAYS for found in render(overlay)]
    objects += yaml.safe_load_all((MANIFESTS / "base/secret.example.yaml").read_text())
    check = ["node", ROOT / "build/tools/kubernetes-schema/check.mjs"]
    done = subprocess.run(check, input=json.dumps(objects), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    # The check itself: a wrong value and a misspelt field are both seen.
    job = next(found for found in objects if found["kind"] == "CronJob")
    for field, value in (("backoffLimits", 3), ("podReplacementPolicy", "Never")):
        broken = copy.deepcopy(job)
        broken["spec"]["jobTemplate"]["spec"][field] = value
        done = subprocess.run(check, input=json.dumps([broken]), capture_output=True, text=True)
        assert done.returncode == 1 and field in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize("overlay", WITH_PODS, ids=name)
def test_another_try_only_where_it_helps(overlay, exit_codes):
    hopeless = sorted(code for code, again in exit_codes.items() if again.startswith(("no", "rarely")))
    assert hopeless == [2, 3, 4, 7, 12]
    for spec, template in jobs(render(overlay)):
        assert template["spec"]["restartPolicy"] == "Never", "a pod failure policy needs it"
        given_up = []
        for rule in spec["podFailurePolicy"]["rules"]:
            if "onExitCodes" in rule:
                codes = rule["onExitCodes"]
                assert codes["operator"] == "In" and codes["values"] == sorted(set(codes["values"]))
                assert codes["containerName"] in [container["name"] for container in template["spec"]["containers"]]
                assert rule["action"] in ("FailJob", "FailIndex")
                given_up += codes["values"]
        assert sorted(given_up) == hopeless
        ignored = [rule for rule in spec["podFailurePolicy"]["rules"] if rule["action"] == "Ignore"]
        assert [rule["onPodConditions"][0]["type"] for rule in ignored] == ["DisruptionTarget"]


@pytest.mark.parametrize("overlay", WITH_PODS, ids=name)
def test_the_program_knows_every_setting(overlay, binary):
    settings = json.loads(Archiver(binary).run("config", "-o", "json").stdout)["settings"]
    known = {setting["environment"] for setting in settings}
    known |= {f"{setting['environment']}_FILE" for setting in settings if setting["secret"]}
    objects = render(overlay)
    named = {key for found in objects if found["kind"] == "ConfigMap" for key in found["data"] if not key.endswith(".sql")}
    named |= {entry["name"] for found in objects for container in containers(found) for entry in container.get("env", ())}
    strangers = {setting for setting in named if not setting.startswith("PG")} - known
    assert not strangers, f"the program has no setting {sorted(strangers)}"


@pytest.mark.parametrize("overlay", WITH_PODS, ids=name)
def test_pods_are_small_and_may_do_nothing(overlay):
    """The restricted profile of Pod Security, and what the program is promised to need."""
    for found in render(overlay):
        for template in pod_templates(found):
            pod = template["spec"]
            assert pod["automountServiceAccountToken"] is False
            assert pod["securityContext"]["runAsNonRoot"] and pod["securityContext"]["runAsUser"] == 65532
            assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
            assert pod["terminationGracePeriodSeconds"] > 10
            for container in pod["containers"]:
                assert container["resources"] == {
                    "requests": {"cpu": "100m", "memory": "256Mi"},
                    "limits": {"cpu": "300m", "memory": "512Mi"},
                }
                assert container["securityContext"] == {
                    "allowPrivilegeEscalation": False,
                    "readOnlyRootFilesystem": True,
                    "capabilities": {"drop": ["ALL"]},
                }


def test_every_night_at_two_and_never_twice_at_once():
    job = next(found for found in render(MANIFESTS / "base") if found["kind"] == "CronJob")["spec"]
    assert (job["schedule"], job["timeZone"], job["concurrencyPolicy"]) == ("0 2 * * *", "Etc/UTC", "Forbid")
    longest = job["startingDeadlineSeconds"] + job["jobTemplate"]["spec"]["activeDeadlineSeconds"]
    assert longest < 24 * 3600, "over before the next one begins"


def test_the_backfill_has_a_pod_for_each_shard():
    spec = next(found for found in render(MANIFESTS / "overlays/backfill") if found["kind"] == "Job")["spec"]
    settings = {entry["name"]: entry.get("value") for entry in spec["template"]["spec"]["containers"][0]["env"]}
    assert spec["completionMode"] == "Indexed"
    assert settings["ARCHIVE_SHARD"] == f"/{spec['completions']}"
    assert settings["ARCHIVE_COMMIT"] == "day"
    assert spec["template"]["metadata"]["labels"]["azure.workload.identity/use"] == "true", "the base may have no secret"


def test_an_identity_needs_its_label_on_the_pod_and_no_secret():
    objects = render(MANIFESTS / "overlays/workload-identity")
    account = next(found for found in objects if found["kind"] == "ServiceAccount")
    assert "azure.workload.identity/client-id" in account["metadata"]["annotations"]
    job = next(found for found in objects if found["kind"] == "CronJob")
    (template,) = pod_templates(job)
    assert template["metadata"]["labels"]["azure.workload.identity/use"] == "true"
    (settings,) = [found["data"] for found in objects if found["kind"] == "ConfigMap"]
    assert "AZURE_STORAGE_CONNECTION_STRING_FILE" not in settings and "PG_CONNECTION_STRING_FILE" in settings


@pytest.mark.parametrize("overlay", WITH_PODS, ids=name)
def test_secrets_are_files_that_the_pod_mounts(overlay):
    objects = render(overlay)
    named = {key: value for found in objects if found["kind"] == "ConfigMap" for key, value in found["data"].items()}
    for found in objects:
        for template in pod_templates(found):
            volumes = {volume["name"]: volume for volume in template["spec"]["volumes"]}
            for container in template["spec"]["containers"]:
                entries = {**named, **{entry["name"]: entry.get("value") for entry in container.get("env", ())}}
                assert None not in entries.values(), "a secret in the environment"
                (mount,) = [mount for mount in container["volumeMounts"] if mount["name"] == "secrets"]
                assert mount["readOnly"] and volumes["secrets"]["secret"]["defaultMode"] == 0o440
                for key, value in entries.items():
                    assert not key.endswith("_FILE") or value.startswith(mount["mountPath"] + "/")


def test_only_clients_by_label_reach_serve():
    (policy,) = [found for found in render(MANIFESTS / "overlays/serve") if found["kind"] == "NetworkPolicy"]
    assert [rule["from"] for rule in policy["spec"]["ingress"]] == [[{"podSelector": {"matchLabels": {"event-archiver.client": "true"}}}]]


@pytest.mark.parametrize("overlay", ["live", "timestamps", "builds"])
def test_services_of_events_are_reached_by_clients_with_the_label(overlay):
    objects = render(MANIFESTS / "overlays" / overlay)
    policies = {found["spec"]["podSelector"]["matchLabels"]["app.kubernetes.io/component"]: found["spec"] for found in objects if found["kind"] == "NetworkPolicy"}
    ports = {}
    for found in objects:
        for template in pod_templates(found):
            component = template["metadata"]["labels"]["app.kubernetes.io/component"]
            (container,) = template["spec"]["containers"]
            ports[component] = [port["containerPort"] for port in container.get("ports", ())]
            if ports[component]:
                assert container["livenessProbe"]["httpGet"]["path"] == "/livez" and container["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert ports.keys() == policies.keys()
    for component, policy in policies.items():
        assert [port["port"] for rule in policy["ingress"] for port in rule["ports"]] == ports[component]
        assert all(rule["from"] == [{"podSelector": {"matchLabels": {"event-archiver.client": "true"}}}] for rule in policy["ingress"])
    services = {found["spec"]["selector"]["app.kubernetes.io/component"]: found["spec"]["ports"][0]["port"] for found in objects if found["kind"] == "Service"}
    assert services == {component: found[0] for component, found in ports.items() if found}


def test_a_journal_on_a_disk_has_one_writer_and_a_volume():
    (pods,) = [found["spec"] for found in render(MANIFESTS / "overlays/live") if found["kind"] == "StatefulSet"]
    (claim,) = pods["volumeClaimTemplates"]
    (container,) = pods["template"]["spec"]["containers"]
    (mount,) = [mount["mountPath"] for mount in container["volumeMounts"] if mount["name"] == claim["metadata"]["name"]]
    assert pods["replicas"] == 1 and {"name": "JOURNAL", "value": mount} in container["env"]


def configured(binary, service: dict) -> dict:
    """The settings as the program reads them; none is unknown to it."""
    outcome = Archiver(binary, service["environment"]).run("config", "-o", "json")
    told = {setting["environment"]: setting for setting in json.loads(outcome.stdout)["settings"]}
    strangers = service["environment"].keys() - told.keys()
    assert not strangers, f"the program has no setting {sorted(strangers)}"
    return told


def test_the_quick_start_runs_on_what_it_starts(binary):
    services = yaml.safe_load((ROOT / "examples/compose.yaml").read_text())["services"]
    ours = services["event-archiver"]
    assert ours["image"] == f"event-archiver:{RELEASE}"
    told = configured(binary, ours)
    Archiver(binary, ours["environment"]).run("config", expect=0)
    assert "@postgres:5432/" in ours["environment"]["PG_CONNECTION_STRING"] and told["ARCHIVE_ALLOW_HTTP"]["value"] == "true"
    assert "BlobEndpoint=http://azurite:10000/" in ours["environment"]["AZURE_STORAGE_CONNECTION_STRING"]
    servers = services.keys() - {"event-archiver"}
    assert servers == {"postgres", "azurite"} and all("healthcheck" in services[name] for name in servers)
    assert ours["depends_on"] == {name: {"condition": "service_healthy"} for name in servers}
    (events,) = services["postgres"]["volumes"]
    assert (ROOT / "examples" / events.split(":")[0]).resolve() == ROOT / "scripts/demo_events.sql"
    tested = json.loads((ROOT / "scripts/azurite/package.json").read_text())["dependencies"]["azurite"]
    assert services["azurite"]["image"].endswith(f":{tested}")


def test_the_services_over_kafka_are_what_there_is(binary):
    """Their settings are the program's, their image is of this version, their ports are those that the image names."""
    services = yaml.safe_load((ROOT / "examples/services.yaml").read_text())["services"]
    ours = {name: found for name, found in services.items() if found["image"].startswith("event-archiver:")}
    exposed = re.search(r"^EXPOSE ([\d ]+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)[1].split()
    ports = {name: found["ports"][0].rsplit(":", 1)[1] for name, found in ours.items()}
    assert sorted(ports.values()) == sorted(set(exposed) - {"8002"}) and {found["image"] for found in ours.values()} == {f"event-archiver:{RELEASE}"}
    for name, found in ours.items():
        configured(binary, found)
        assert found["ports"][0].startswith("127.0.0.1:"), name


def test_images_are_of_this_version():
    images = {container["image"] for overlay in WITH_PODS for found in render(overlay) for container in containers(found)}
    assert images == {f"event-archiver:{RELEASE}"}
    assert f"ARG VERSION={RELEASE}" in (ROOT / "Dockerfile").read_text()


def test_pages_and_changelog_are_of_this_version():
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "examples").glob("*")]
    named = {tag for page in pages for tag in re.findall(r"event-archiver[:_](\d+\.\d+\.\d+)", page.read_text())}
    assert named == {RELEASE}
    sections = re.findall(r"^## (.*)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert sections[0] == "Unreleased" and re.fullmatch(rf"{re.escape(RELEASE)}, \d+ \w+ \d{{4}}", sections[1])


def test_alerts_and_dashboard_use_the_metrics_there_are(tmp_path):
    rows = re.findall(r"^\| (`event_archiver_[^|]*)\|", (ROOT / "docs/metrics.md").read_text(), re.MULTILINE)
    documented = set(re.findall(r"`(event_archiver_[a-z_]+)", " ".join(rows)))
    rules = yaml.safe_load((MANIFESTS / "monitoring/prometheusrule.yaml").read_text())["spec"]
    board = json.loads((MANIFESTS / "monitoring/dashboard.json").read_text())
    expressions = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    assert set(METRIC.findall(json.dumps(rules) + " ".join(expressions))) == documented
    recorded = [{"record": f"panel:{index}", "expr": expression} for index, expression in enumerate(expressions)]
    (tmp_path / "rules.yaml").write_text(json.dumps({"groups": [*rules["groups"], {"name": "panels", "rules": recorded}]}))
    done = subprocess.run(["promtool", "check", "rules", tmp_path / "rules.yaml"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


OF_REVENUE = '{projection="revenue",topic="live",partition="0"}'


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("series", "values", "at", "alert"),
    [
        ("event_archiver_last_success_timestamp_seconds", "0+0x1700", "26h9m", None),
        ("event_archiver_last_success_timestamp_seconds", "0+0x1700", "26h12m", "EventArchiverLate"),
        ('kube_cronjob_status_last_successful_time{cronjob="event-archiver"}', "0+0x1700", "27h", "EventArchiverJobLate"),
        ("event_archiver_exit_code", "0+0x1700", "27h", None),
        ("event_archiver_exit_code", "7+0x10", "1m", "EventArchiverIntegrity"),
        ("event_archiver_exit_code", "5+0x60", "1h", None),
        ("event_archiver_exit_code", "5+0x200", "3h", "EventArchiverFailed"),
        ("event_archiver_backlog_age_seconds", "300000+0x100", "90m", "EventArchiverBacklog"),
        ("event_archiver_files_pending", "2+0x1700", "20h", None),
        ("event_archiver_files_pending", "2+0x1700", "27h", "EventArchiverFilesPending"),
        ('event_archiver_duration_seconds{phase="stage"}', "9500+0x10", "1m", "EventArchiverSlow"),
        ('event_archiver_export_last_failed{task="agency"}', "1+0x60", "1h", None),
        ('event_archiver_export_last_failed{task="agency"}', "1+0x200", "3h", "EventArchiverExportFailed"),
        (f"event_archiver_projection_stalled_seconds{OF_REVENUE}", "0+60x60", "10m", None),
        (f"event_archiver_projection_stalled_seconds{OF_REVENUE}", "0+60x60", "12m", "EventArchiverProjectionStalled"),
        (f"event_archiver_projection_failed{OF_REVENUE}", "1+0x60", "4m", None),
        (f"event_archiver_projection_failed{OF_REVENUE}", "1+0x60", "6m", "EventArchiverProjectionStalled"),
        (f"event_archiver_projection_paused{OF_REVENUE}", "1+0x60", "1h", None),
        (f"event_archiver_projection_lag{OF_REVENUE}", "1000000+0x60", "1h", None),
        (f"event_archiver_projection_lag_seconds{OF_REVENUE}", "60+0x60", "1h", None),
        (f"event_archiver_projection_lag_seconds{OF_REVENUE}", "61+0x60", "9m", None),
        (f"event_archiver_projection_lag_seconds{OF_REVENUE}", "61+0x60", "11m", "EventArchiverProjectionBehind"),
        (f"event_archiver_projection_dead_letters_total{OF_REVENUE}", "3+0x200", "2h", None),
        (f"event_archiver_projection_dead_letters_total{OF_REVENUE}", "3+0x10 4+0x200", "12m", "EventArchiverDeadLetters"),
        (f"event_archiver_projection_dead_letters_total{OF_REVENUE}", "3+0x10 4+0x200", "2h", None),
        # The server was started again, and counts from 0.
        (f"event_archiver_projection_dead_letters_total{OF_REVENUE}", "3+0x10 1+0x200", "12m", "EventArchiverDeadLetters"),
    ],
)
def test_an_alert_sounds_when_it_should(tmp_path, series, values, at, alert):
    rules = yaml.safe_load((MANIFESTS / "monitoring/prometheusrule.yaml").read_text())["spec"]
    for group in rules["groups"]:
        for rule in group["rules"]:
            rule.pop("annotations")  # promtool would compare them too
    (tmp_path / "rules.yaml").write_text(json.dumps(rules))
    labels = re.search(r"\{(.*)\}", series)
    kept = dict(re.findall(r'(\w+)="([^"]*)"', labels[1])) if labels and alert != "EventArchiverSlow" else {}
    alerts = [
        {"alertname": rule["alert"], "eval_time": at, "exp_alerts": [{"exp_labels": {**rule["labels"], **kept}}] if rule["alert"] == alert else []}
        for group in rules["groups"]
        for rule in group["rules"]
    ]
    case = {"interval": "1m", "input_series": [{"series": series, "values": values}], "alert_rule_test": alerts}
    (tmp_path / "test.yaml").write_text(json.dumps({"rule_files": ["rules.yaml"], "evaluation_interval": "1m", "tests": [case]}))
    done = subprocess.run(["promtool", "test", "rules", "test.yaml"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


SERVING = [MANIFESTS / "overlays" / one for one in ("serve", "live", "timestamps", "builds")]
# What each writes, and where if nothing says so.
WRITTEN = {"JOURNAL": None, "EXPORT_PATH": "/exported-data", "LIVE_WINDOW_FILES": None}


def serving_pods(overlay) -> list:
    """(the pod, its container, its settings) of each that listens."""
    found = []
    for each in render(overlay):
        for template in pod_templates(each):
            (container,) = template["spec"]["containers"]
            if container["args"][0] in ("serve", "project"):
                claims = [claim["metadata"]["name"] for claim in each["spec"].get("volumeClaimTemplates", ())]
                settings = {entry["name"]: entry["value"] for entry in container["env"]}
                if "--apis" in container["args"]:
                    settings["SERVE_APIS"] = container["args"][container["args"].index("--apis") + 1]
                found.append((template["spec"], claims, container, settings))
    assert found, overlay
    return found


@pytest.fixture(scope="module")
def default_ports(binary) -> dict:
    said = Archiver(binary).run("help", "environment", expect=0).stdout
    several, rest = re.search(r"unset: (\d+), or the port of a single API: ((?:\w+ \d+(?:, )?)+)", re.sub(r"\s+", " ", said)).groups()
    return {"exports": several, "events": several, **dict(re.findall(r"(\w+) (\d+)", rest))}


@pytest.mark.parametrize("overlay", SERVING, ids=name)
def test_probes_ask_where_the_program_listens(overlay, default_ports):
    for _, _, container, settings in serving_pods(overlay):
        port = settings.get("PROJECT_HEALTH_PORT") if container["args"][0] == "project" else settings.get("SERVE_PORT", default_ports[settings.get("SERVE_APIS", "exports")])
        (named,) = container["ports"]
        assert str(named["containerPort"]) == port
        for probe, path in (("livenessProbe", "/livez"), ("readinessProbe", "/readyz")):
            assert container[probe]["httpGet"] == {"path": path, "port": named["name"]}
        by_file = "-c" in container["args"]  # probo-db's own says where to listen
        assert by_file or settings["SERVE_ADDRESS"] == "0.0.0.0", "a probe comes to the pod's address"


@pytest.mark.parametrize("overlay", SERVING, ids=name)
def test_what_a_pod_writes_is_a_volume_that_its_user_may_write_to(overlay, binary):
    settings_of_all = json.loads(Archiver(binary).run("config", "-o", "json").stdout)["settings"]
    grace = next(each["value"] for each in settings_of_all if each["environment"] == "SERVE_GRACE")
    user = re.search(r"^USER (\d+):(\d+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE).groups()
    for pod, claims, container, settings in serving_pods(overlay):
        assert pod["terminationGracePeriodSeconds"] >= int(grace.removesuffix("s")) + 10
        volumes = {volume["name"]: volume for volume in pod["volumes"]}
        writable = {}
        for mount in container["volumeMounts"]:
            if not mount.get("readOnly"):
                assert mount["name"] in claims or "persistentVolumeClaim" in volumes[mount["name"]], mount
                writable[mount["mountPath"]] = mount
        context = pod["securityContext"]
        assert (str(context["runAsUser"]), str(context["runAsGroup"])) == user
        assert not writable or str(context["fsGroup"]) == user[1], "a volume is root's until it is given to this group"
        apis = settings.get("SERVE_APIS", "exports").split(",") if container["args"][0] == "serve" else []
        for setting, default in WRITTEN.items():
            place = settings.get(setting, default if "exports" in apis else None)
            if place and place.startswith("/"):
                assert place in writable, f"{setting} is {place}, and the root is read-only"
        by_file = "-c" in container["args"]
        assert by_file or apis == ["exports"] or "JOURNAL" in settings, "the journal would be in the container, and end with it"


def run_as_in(overlay, component: str, binary, directory, journal: str | None, database) -> tuple:
    """The arguments and settings of a pod, with its paths and servers here."""
    (settings, container), = [(settings, container) for _, _, container, settings in serving_pods(overlay) if container["name"] == component]
    secrets = {"PG_CONNECTION_STRING": database.uri, "SERVE_TOKEN": "a-long-token", "LIVE_SECRET": "another", "DATABASE_URL": database.uri}
    here = {}
    for key, value in settings.items():
        if key.endswith("_FILE"):
            file = directory / key
            file.write_text(secrets[key.removesuffix("_FILE")])
            file.chmod(0o600)
            value = str(file)
        here[key] = value
    port = "PROJECT_HEALTH_PORT" if container["args"][0] == "project" else "SERVE_PORT"
    here |= {port: "0", "LOG_FORMAT": "json"}
    if "-c" not in container["args"]:  # probo-db's own file says where
        here["SERVE_ADDRESS"] = "127.0.0.1"
    if component == "serve":
        here |= {"DSL_PATH": directory / "tasks", "EXPORT_PATH": directory}
        mounted_tasks(overlay, here["DSL_PATH"])
    if journal is not None:
        here["JOURNAL"] = journal
    return container["args"], here


def mounted_tasks(overlay, directory) -> None:
    """The files of the overlay's ConfigMap, where its volume puts them."""
    (tasks,) = [each["data"] for each in render(overlay) if each["kind"] == "ConfigMap"]
    ((pod, *_),) = serving_pods(overlay)
    (volume,) = [each for each in pod["volumes"] if each["name"] == "tasks"]
    for item in volume["configMap"]["items"]:
        path = directory / item["path"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(tasks[item["key"]])


def as_mounted(arguments: list, directory, database) -> list:
    """The arguments of a pod, with probo-db's own two files where it has them mounted; they name this database and no broker that is there."""
    parameters = database.connection.get_dsn_parameters()
    knex = {"host": parameters["host"], "port": int(parameters["port"]), "database": database.name, "user": parameters["user"]}
    bus = {"plugin": "Kafka", "config": {"group": "proboDb", "topic": "build_events", "brokers": [f"127.0.0.1:{free_port()}"]}}
    files = {
        "db.yaml": json.dumps({"host": "0.0.0.0", "port": 8442, "pluginDirectory": None, "buildsEventStream": bus}),
        "knexfile.js": "module.exports = " + json.dumps({"production": {"client": "pg", "connection": knex}}) + ";\n",
    }
    for file, content in files.items():
        (directory / file).write_text(content)
    return [str(directory / Path(each).name) if Path(each).name in files else each for each in arguments]


@pytest.mark.parametrize(
    "overlay, component, journal",
    [("live", "live", "journal"), ("timestamps", "query", None), ("timestamps", "command", "journal"), ("timestamps", "consumer", "journal"), ("builds", "builds", None), ("serve", "serve", None)],
)
def test_a_pod_of_events_starts_and_is_ready(binary, database, tmp_path, overlay, component, journal):
    """With its own settings; a journal on this disk stands for one in Kafka, and builds are ready without one."""
    place = tmp_path / "journal"
    if component == "consumer":
        (place / "timestamp.command.v1").mkdir(parents=True)
    arguments, settings = run_as_in(MANIFESTS / "overlays" / overlay, component, binary, tmp_path, journal and str(place), database)
    process = Archiver(binary, settings).start(*as_mounted(arguments, tmp_path, database))
    listening = rb'"event":"serve\.listening".*?"port":(\d+)'
    port = wait_for(lambda: not process.running or re.search(listening, process.output["stderr"]))
    assert port is not True, str(process.wait())
    wait_for(lambda: answers(int(port[1])))
    process.send(15)
    assert process.wait().code in (0, 143)


def answers(port: int) -> bool:
    """As a probe, which comes to an address."""
    for path in ("/livez", "/readyz"):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", path, headers={"Host": "10.1.2.3"})
        status = connection.getresponse().status
        connection.close()
        if status != 200:
            return False
    return True
