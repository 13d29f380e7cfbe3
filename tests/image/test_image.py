"""The image, built from the Dockerfile by scripts/image and run by runc against PostgreSQL and a blob service."""
import json
import os
import re
import shutil
import stat
from pathlib import Path

import pytest

from support.asking import serving, wait_for, wait_until_ready
from support.lake import Lake
from support.oci import Pod
from support.servers import ROOT, free_port

IMAGE = Path(os.environ.get("EVENT_ARCHIVER_IMAGE", ROOT / "build/image"))


@pytest.fixture(scope="module")
def config() -> dict:
    """What the image says of itself."""
    assert (IMAGE / "config.json").exists(), f"no image in {IMAGE}: make it with scripts/image"
    return json.loads((IMAGE / "config.json").read_text())["OCIv1"]["config"]


@pytest.fixture
def pod(config, archiver, tmp_path) -> Pod:
    root = tmp_path / "root"
    shutil.copytree(IMAGE / "root", root, symlinks=True)  # a runtime makes mount points in it
    root.chmod(0o755)
    hosts = tmp_path / "hosts"
    hosts.write_text("127.0.0.1 localhost\n")
    pod = Pod(root, config, tmp_path, archiver.settings, {"/etc/hosts": hosts})
    yield pod
    pod.close()


def test_what_it_says_of_itself(config):
    assert config["User"] == "65532:65532"
    assert config["Entrypoint"] == ["/usr/bin/event-archiver"], "exec form: a shell would keep signals to itself"
    assert config["Cmd"] == ["archive"]
    assert config["StopSignal"] == "SIGTERM"
    assert {f"org.opencontainers.image.{name}" for name in ("title", "description", "version", "revision")} <= set(config["Labels"])


def test_what_is_in_it():
    root = IMAGE / "root"
    files = [path for path in root.rglob("*") if path.is_file() and not path.is_symlink()]
    assert sum(path.stat().st_size for path in files) < 40_000_000
    programs = [path.relative_to(root).as_posix() for path in files if path.stat().st_mode & 0o111 and ".so" not in path.name]
    assert programs == ["usr/bin/event-archiver"], "no shell, no package manager"
    open_to_all = [path for path in root.rglob("*") if not path.is_symlink() and path.stat().st_mode & (stat.S_ISUID | stat.S_ISGID | stat.S_IWOTH)]
    assert not open_to_all


def test_its_bill_of_materials_names_every_package_and_file():
    root = IMAGE / "root"
    bill = json.loads((root / "usr/share/sbom/event-archiver.spdx.json").read_text())
    assert bill["spdxVersion"] == "SPDX-2.3"
    packages = {package["name"] for package in bill["packages"]}
    assert {"event-archiver", "libpq5", "libssl3", "libc6", "ca-certificates", "libboost1.81-dev"} <= packages
    assert {path.name for path in (root / "var/lib/dpkg/status.d").iterdir()} <= packages
    named = {entry["fileName"].removeprefix("./") for entry in bill["files"]}
    there = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file() and not path.is_symlink()}
    assert there - named == {"usr/share/sbom/event-archiver.spdx.json"}
    identifiers = [entry["SPDXID"] for entry in [*bill["packages"], *bill["files"]]]
    assert len(identifiers) == len(set(identifiers)) and all(re.fullmatch(r"SPDXRef-[A-Za-z0-9.-]+", name) for name in identifiers)
    related = {relation["relatedSpdxElement"] for relation in bill["relationships"]}
    assert set(identifiers) <= related
    for package in bill["packages"]:
        if "licenseComments" in package and package["name"].startswith("lib") and not package["name"].endswith("-dev"):
            assert (root / package["licenseComments"].lstrip("/")).exists()


def test_it_archives_with_a_read_only_root_and_a_pods_limits(pod, table, oracle):
    table.fill(3000, 5)
    table.fill_young(10)
    oracle.remember()
    outcome = pod.run(expect=0)  # the image's own command
    assert outcome.summary["rows"] == 3000
    found = oracle.check()
    assert found.left == 10 and len(found.files) == 5


def test_it_resolves_names_and_checks_certificates(pod, table, oracle, azurite_tls, certificate, container):
    """What that takes are files that nothing links to: nsswitch.conf, hosts, the bundle of authorities."""
    there = azurite_tls.connection_string()
    pod.files["/etc/ssl/authority.pem"] = certificate.authority
    over_tls = pod.with_settings({"AZURE_STORAGE_CONNECTION_STRING": there, "ARCHIVE_RETRIES": 0})
    table.fill(20, 2)
    oracle.remember()
    oracle.lake = Lake(there, str(certificate.authority))
    refused = over_tls.run("archive")
    assert refused.code != 0 and "certificate" in refused.stderr, str(refused)
    over_tls.run("archive", settings={"SSL_CERT_FILE": "/etc/ssl/authority.pem"}, expect=0)
    assert oracle.check().archived == 20
    oracle.lake.delete_container(container)


def test_as_pid_1_it_stops_when_told(pod, table, oracle):
    """The kernel keeps signals from PID 1 that it has no handler for."""
    table.fill(3000, 3)
    oracle.remember()
    process = pod.start("archive", settings={"ARCHIVE_RATE_LIMIT": "16KiB", "ARCHIVE_PARALLEL": 1})
    process.wait_for_output('"plan"')
    pod.signal("TERM")
    outcome = process.wait(20)
    assert outcome.code == 143, str(outcome)
    assert outcome.seconds < 15
    found = oracle.check()
    assert found.archived == 0 and found.left == 3000


def volume_of(pod: Pod, inside: str, outside: Path) -> None:
    outside.mkdir()
    os.chown(outside, 65532, 65532)
    pod.volumes[inside] = outside


def test_it_takes_events_and_gives_them_back(pod, tmp_path):
    """Also to the next container with the same volume."""
    volume_of(pod, "/journal", tmp_path / "journal")
    settings = {"JOURNAL": "/journal", "PROJECT": "none", "PG_CONNECTION_STRING": None, "AZURE_STORAGE_CONNECTION_STRING": None}
    events = [{"order": 1}, {"order": 2}]
    for begin in (0, 2):
        with serving(pod, "events", **settings) as service:
            posted = service.post("/events/orders", body=json.dumps(events).encode(), Content_Type="application/json")
            assert posted.status == 201 and posted.json == {"accepted": 2, "first": begin, "last": begin + 1}
            found = service.get("/events/orders?from=0").text.splitlines()
            assert [json.loads(line)["value"] for line in found] == events * (1 + begin // 2)
            pod.signal("TERM")
            outcome = service.stop_awaited()
            assert outcome.code == 0 and outcome.seconds < 60, str(outcome)


def test_its_own_projections_are_in_it(pod, database, tmp_path):
    """`live` brings its projection along: share/event-archiver/projections of the image."""
    volume_of(pod, "/journal", tmp_path / "journal")
    with serving(pod, "live", JOURNAL="/journal") as service:
        wait_until_ready(service)
        wait_for(lambda: service.events("projection.begun"))
        pod.signal("TERM")
        assert service.stop_awaited().code == 0


def test_it_serves_builds_from_probos_two_files(pod, database, tmp_path):
    """Its first start migrates; port 8442; no broker is there yet. The second start finds its rows."""
    parameters = database.connection.get_dsn_parameters()
    knex = {"host": parameters["host"], "port": int(parameters["port"]), "database": database.name, "user": parameters["user"]}
    bus = {"plugin": "Kafka", "config": {"group": "proboDb", "topic": "build_events", "brokers": [f"127.0.0.1:{free_port()}"]}}
    (tmp_path / "db.yaml").write_text(json.dumps({"host": "127.0.0.1", "pluginDirectory": None, "buildsEventStream": bus}))
    (tmp_path / "knexfile.js").write_text("module.exports = " + json.dumps({"production": {"client": "pg", "connection": knex}}) + ";\n")
    files = ["-c", "/etc/probo/db.yaml", "-k", "/etc/probo/knexfile.js"]
    pod.files |= {f"/etc/probo/{name}": tmp_path / name for name in ("db.yaml", "knexfile.js")}
    settings = {"PG_CONNECTION_STRING": None, "JOURNAL": None, "SERVE_PORT": None, "AZURE_STORAGE_CONNECTION_STRING": None}
    build = {"id": "51246265-be28-4af3-8148-22ebdd46eab2", "time": "2017-06-12T13:44:07.145Z"}
    for start in (1, 2):
        with serving(pod, "builds", *files, **settings) as service:
            assert service.port == 8442
            wait_until_ready(service)
            assert service.get("/").json == "probodb version 1.0.0"
            if start == 1:
                wait_for(lambda: [line["file"] for line in service.events("projection.migrated")][-1:] == ["plugins/organization/migrations/002_time_updated.sql"])
                with database.connection.cursor() as cursor:
                    cursor.execute("""INSERT INTO build ("buildId", "projectId", "timeStarted", "timeUpdated") VALUES (%(id)s, %(id)s, %(time)s, %(time)s)""", build)
            assert service.get(f"/build/{build['id']}").json["timeUpdated"] == build["time"]
            pod.signal("TERM")
            assert service.stop_awaited().code == 0
