"""The fence in the lake: who works in the folder holds its lease, proves it before COMMIT, and the folder has one owner.

A copy of the database server has the same rows, the same settings and its own locks; only the lake can keep the two apart.
"""
import json
import signal
import time
import uuid
from types import SimpleNamespace

import psycopg2
import pytest

from support.archiver import Archiver
from support.exports import BOUNDARY, COMMON_KNOWLEDGE, DirectoryPlace, Exports, LakePlace
from support.gate import DatabaseGate, LakeGate, call_before, delay, kill_after
from support.scene import KINDS, Kind
from test_lost_history import History

LOCK = ".event-archiver/lock"
KIND = Kind(before=6, rows=12, days=3)


def lease(scene, action, name=LOCK, **headers):
    names = {"action": action, **headers}
    return scene.lake.request("PUT", f"/{scene.container}/{name}", {"comp": "lease"},
                              {f"x-ms-lease-{key.replace('_', '-')}" if key != "proposed" else "x-ms-proposed-lease-id": value
                               for key, value in names.items()}, accept=(200, 201, 202, 409, 412))


def take(scene, duration="-1"):
    """Somebody else's lease."""
    assert lease(scene, "acquire", duration=duration, proposed=str(uuid.uuid4()))[0] == 201


@pytest.fixture
def history(place, archiver, azurite, lake):
    it = History(place, archiver, azurite, lake)
    yield it
    it.close()


@pytest.mark.parametrize("command", ["recover", "archive", "restore"])
def test_a_copy_of_the_server_does_nothing_while_production_publishes(history, copy_of, command):
    scene = history.scene.begin(KIND)
    copy = copy_of(history.server)
    said = []

    def meanwhile():
        arguments = ("restore", "--from", "2024-01-01") if command == "restore" else (command,)
        said.append(scene.plain.run(*arguments, settings={"PG_CONNECTION_STRING": copy.uri()}, timeout=60))

    with scene.gates() as (lake, _):
        rule = lake.on(call_before(meanwhile), nth=3, method="PUT", contains="comp=blocklist")
        outcome = scene.run(lake=lake, timeout=90, settings={"ARCHIVE_PARALLEL": "1", "ARCHIVE_REQUEST_TIMEOUT": "60s"})
    assert rule.hits == 1 and said[0].code == 10, str(said)
    assert "signed by run" in said[0].events("run.error")[0]["msg"]
    assert "expires after 15 s" in said[0].events("run.error")[0]["error.hint"]
    assert outcome.code == 0, str(outcome)
    assert scene.oracle.check().archived == KIND.before + KIND.rows


def test_a_lease_that_somebody_else_has_is_waited_for_and_told(scene):
    scene.begin(KINDS["appends"])
    take(scene)
    outcome = scene.run(timeout=60)
    assert outcome.code == 10 and outcome.seconds > 15, str(outcome)
    scene.must_be_as_before()
    lease(scene, "break", break_period="0")
    scene.finish()


def test_a_holder_that_died_is_waited_out(scene):
    scene.begin(KINDS["appends"])
    take(scene, duration="15")
    outcome = scene.run(timeout=60)
    assert outcome.code == 0, str(outcome)
    scene.finish()


@pytest.mark.parametrize("taken", [False, True], ids=["broken", "broken and taken"])
@pytest.mark.parametrize("kind", ["appends", "new files", "moving back"])
def test_a_lease_that_is_lost_before_commit_rolls_back(scene, kind, taken):
    scene.begin(KINDS[kind])

    def lose():
        lease(scene, "break", break_period="0")
        if taken:
            take(scene)

    contains = "comp=metadata" if kind == "moving back" else "comp=blocklist"
    with scene.gates() as (lake, _):
        rule = lake.on(call_before(lose), method="PUT", contains=contains)
        outcome = scene.run(lake=lake, timeout=60)
    assert rule.hits == 1 and outcome.code == (10 if taken else 5), str(outcome)
    scene.must_be_as_before()
    if taken:
        lease(scene, "break", break_period="0")
    scene.finish()


def test_a_commit_that_is_late_finds_its_session_ended(scene):
    """Between the proof and COMMIT nothing may take longer than the lease lasts: the server sees to it."""
    scene.begin(KINDS["appends"])
    with scene.gates() as (_, database):
        rule = database.on(delay(13), type="Q", contains="COMMIT")
        outcome = scene.run(database=database, timeout=90)
    assert rule.hits == 1 and outcome.code == 5, str(outcome)
    scene.must_be_as_before()
    scene.finish()


def wait_until_stopped(process):
    deadline = time.monotonic() + 30
    while (state := open(f"/proc/{process.pid}/stat").read().rsplit(")", 1)[1].split()[0]) != "T" and time.monotonic() < deadline:
        time.sleep(0.1)
    assert state == "T"


@pytest.mark.parametrize("kind", ["appends", "moving back"])
def test_a_run_that_is_stopped_after_the_proof_gives_way_to_another(points, kind):
    """The other does its work meanwhile; the first finds that its transaction was ended, and touches nothing of it."""
    points.begin(KINDS[kind])
    process = points.start(settings={"EVENT_ARCHIVER_FAULT": "lease-proved=stop"})
    wait_until_stopped(process)
    time.sleep(16)
    other = points.plain.run(*points.kind.arguments, timeout=90)
    assert other.code == 0, str(other)
    process.send(signal.SIGCONT)
    outcome = process.wait(60)
    assert outcome.code == 5, str(outcome)
    if kind == "appends":
        assert points.oracle.check().archived == points.kind.before + points.kind.rows
    points.finish()


def test_a_folder_is_not_handed_over_under_a_run_of_the_same_server(points):
    points.begin(KINDS["appends"])
    points.table.execute('CREATE TABLE public.other (id bigint PRIMARY KEY, created_at timestamp NOT NULL)')
    process = points.start(settings={"EVENT_ARCHIVER_FAULT": "lease-proved=stop"})
    wait_until_stopped(process)
    handed = points.plain.run("recover", "--adopt", settings={"ARCHIVE_TABLE": "public.other"})
    state = points.lake.request("HEAD", f"/{points.container}/{LOCK}")[1]
    process.send(signal.SIGCONT)
    outcome = process.wait(60)
    assert handed.code == 10 and outcome.code == 0 and {name.lower(): value for name, value in state.items()}["x-ms-lease-state"] == "leased", f"{handed}\n{state}\n{outcome}"
    points.finish(points.kind.before + points.kind.rows)


@pytest.mark.parametrize("kind", ["appends", "moving back"])
def test_a_connection_that_is_lost_behind_the_work_is_no_failure(points, kind):
    points.begin(KINDS[kind])
    process = points.start(settings={"EVENT_ARCHIVER_FAULT": "lease-released=stop"})
    wait_until_stopped(process)
    points.table.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
    process.send(signal.SIGCONT)
    outcome = process.wait(60)
    assert outcome.code == 0 and outcome.summary["exit_code"] == 0, str(outcome)
    points.finish()


@pytest.mark.parametrize("kind", ["taking back", "keeping"])
def test_a_run_that_is_stopped_before_it_settles_gives_way_to_a_copy(place, archiver, fault_binary, azurite, lake, copy_of, kind):
    """Its look is old when it goes on: what it writes asks for the ETags it has seen."""
    history = History(place, Archiver(fault_binary, archiver.settings), azurite, lake)
    try:
        scene = history.scene.begin(KINDS[kind])
        copy = copy_of(history.server)
        process = scene.start(settings={"EVENT_ARCHIVER_FAULT": "before-settle=stop"})
        wait_until_stopped(process)
        time.sleep(16)
        other = scene.plain.run("recover", settings={"PG_CONNECTION_STRING": copy.uri()}, timeout=90)
        assert other.code == 0 and other.summary["files_settled"] > 0, str(other)
        process.send(signal.SIGCONT)
        outcome = process.wait(60)
        assert outcome.code in (0, 5, 10), str(outcome)
        scene.finish()
    finally:
        history.close()


def test_a_run_that_is_stopped_between_the_proof_and_commit_does_not_commit(points):
    """Long enough for its lease to lapse: another server could have been at work meanwhile."""
    points.begin(KINDS["appends"])
    process = points.start(settings={"EVENT_ARCHIVER_FAULT": "before-commit=stop"})
    wait_until_stopped(process)
    time.sleep(16)
    take(points, duration="15")  # it has lapsed
    process.send(signal.SIGCONT)
    outcome = process.wait(60)
    assert outcome.code != 0, str(outcome)
    points.must_be_as_before()
    points.finish()


@pytest.fixture
def neighbour(postgresql):
    """Another database with a table of the same name, pointed at the same folder."""
    other = SimpleNamespace(name=f"t{uuid.uuid4().hex[:12]}")
    postgresql.psql("-c", f"CREATE DATABASE {other.name}")
    other.uri = postgresql.uri(other.name)
    other.connection = psycopg2.connect(other.uri)
    other.connection.autocommit = True
    with other.connection.cursor() as cursor:
        cursor.execute('CREATE TABLE public."Event" (id bigint primary key, event_id text, event_type text, created_at timestamp, '
                       "processed_at timestamp, payload text)")
        cursor.execute("INSERT INTO public.\"Event\" SELECT n, 'theirs', 't', '2024-01-01', NULL, '' FROM generate_series(100, 109) n")
    yield other
    other.connection.close()
    postgresql.psql("-c", f"DROP DATABASE {other.name} WITH (FORCE)")


@pytest.mark.parametrize("command", [("archive",), ("recover",), ("restore", "--from", "2024-01-01")], ids=lambda c: c[0])
@pytest.mark.parametrize("old", [False, True], ids=["owned", "written by 0.1.0"])
def test_a_folder_belongs_to_one_table_of_one_database(scene, neighbour, command, old):
    scene.begin(KINDS["appends"])
    if old:
        for blob in scene.lake.list(scene.container, bookkeeping=True):
            if blob.name.startswith(".event-archiver/"):
                scene.lake.delete(scene.container, blob.name)
    there = {"PG_CONNECTION_STRING": neighbour.uri}
    outcome = scene.plain.run(*command, settings=there)
    assert outcome.code == 3 and "belongs to" in outcome.stderr and "recover --adopt" in outcome.stderr, str(outcome)
    scene.must_be_as_before()
    with neighbour.connection.cursor() as cursor:
        cursor.execute('SELECT count(*) FROM public."Event"')
        assert cursor.fetchone()[0] == 10
    scene.finish()


@pytest.mark.parametrize("command", ["plan", "list", "verify"])
@pytest.mark.parametrize("other", ["database", "table"])
def test_a_command_that_only_looks_warns_of_a_folder_of_others_and_writes_nothing(scene, neighbour, command, other):
    scene.begin(KINDS["appends"])
    scene.finish()
    assert not scene.plain.run(command).events("folder.owner")
    there = {"PG_CONNECTION_STRING": neighbour.uri} if other == "database" else {"ARCHIVE_TABLE": 'public."Other"'}
    scene.table.execute('DROP TABLE IF EXISTS public."Other"; CREATE TABLE public."Other" (LIKE public."Event" INCLUDING ALL)')
    before = [(blob.name, blob.etag, blob.metadata) for blob in scene.lake.list(scene.container, bookkeeping=True)]
    outcome = scene.plain.run(command, *(("-o", "json") if command == "plan" else ()), settings=there)
    scene.table.execute('DROP TABLE public."Other"')
    assert outcome.code == 0, str(outcome)
    warned = outcome.events("folder.owner")
    assert len(warned) == 1 and warned[0]["level"] == "warn" and "belongs to" in warned[0]["msg"], str(outcome)
    assert scene.database.name in warned[0]["folder_owner"]
    assert (neighbour.name if other == "database" else "public.Other") in warned[0]["this"]
    if command == "plan":
        assert "belongs to" in json.loads(outcome.stdout)["refusals"][0]
    assert before == [(blob.name, blob.etag, blob.metadata) for blob in scene.lake.list(scene.container, bookkeeping=True)]


def test_a_list_without_its_database_is_answered_all_the_same(scene):
    scene.begin(KINDS["appends"])
    outcome = scene.plain.run("list", "-o", "json", settings={"PG_CONNECTION_STRING": "postgresql://127.0.0.1:1/x"})
    assert outcome.code == 0 and not outcome.events("folder.owner") and outcome.seconds < 5, str(outcome)


def test_a_folder_is_handed_over_on_purpose(scene, neighbour):
    scene.begin(KINDS["appends"])
    there = {"PG_CONNECTION_STRING": neighbour.uri}
    take(scene)
    assert scene.plain.run("recover", "--adopt", settings=there, timeout=60).code == 10
    lease(scene, "break", break_period="0")
    handed = scene.plain.run("recover", "--adopt", settings=there)
    assert handed.code == 0, str(handed)
    told = handed.events("folder.adopted")[0]
    assert scene.database.name in told["from"] and neighbour.name in told["to"]
    assert scene.plain.run("archive", settings=there).code == 0
    outcome = scene.plain.run("archive")
    assert outcome.code == 3 and neighbour.name in outcome.stderr, str(outcome)
    assert scene.plain.run("recover", "--adopt").code == 0  # and back


def test_a_run_with_nothing_to_do_needs_three_requests_more(scene):
    scene.begin(KINDS["appends"])
    scene.finish()
    with scene.gates() as (lake, _):
        assert scene.run("archive", lake=lake).code == 0
        assert len(lake.records) <= 4, [record.target for record in lake.records]


@pytest.fixture
def exports(archiver, database, lake, container, tmp_path):
    return Exports(archiver, database.connection, tmp_path, LakePlace(lake, container))


EXPORTS_LOCK = "some/exports/.event-archiver/exports-lock"
EXPORT = ("export", "--boundary", str(BOUNDARY))


@pytest.mark.parametrize("seconds, said", [("60", "holds the lease of"), ("-1", "that does not expire")])
def test_an_export_to_the_lake_gives_way_to_the_holder_of_its_lease(exports, lake, container, seconds, said):
    exports.add(COMMON_KNOWLEDGE[0])
    exports.remember()
    exports.archiver.run("recover", "--exports", "--adopt", expect=0)  # which makes the lock
    place = SimpleNamespace(lake=lake, container=container)
    assert lease(place, "acquire", EXPORTS_LOCK, duration=seconds, proposed=str(uuid.uuid4()))[0] == 201
    outcome = exports.archiver.run(*EXPORT, timeout=90)
    assert outcome.code == 10 and said in outcome.stderr, str(outcome)
    assert exports.check()["agency"] == 0 and exports.place.names() == []
    lease(place, "break", EXPORTS_LOCK, break_period="0")
    exports.archiver.run(*EXPORT, expect=0)
    assert exports.check()["agency"] > 0


@pytest.mark.parametrize("taken", [False, True], ids=["broken", "broken and taken"])
def test_an_export_whose_lease_is_lost_before_commit_deletes_nothing(exports, azurite, lake, container, taken):
    exports.add(COMMON_KNOWLEDGE[0])
    exports.remember()
    place = SimpleNamespace(lake=lake, container=container)

    def lose():
        lease(place, "break", EXPORTS_LOCK, break_period="0")
        if taken:
            assert lease(place, "acquire", EXPORTS_LOCK, duration="-1", proposed=str(uuid.uuid4()))[0] == 201

    with LakeGate(azurite.port) as gate:
        rule = gate.on(call_before(lose), method="PUT", contains="comp=blocklist")
        outcome = exports.archiver.run(*EXPORT, settings={"AZURE_STORAGE_CONNECTION_STRING": azurite.connection_string(gate.endpoint)}, timeout=90)
    assert rule.hits == 1 and outcome.code == (10 if taken else 5), str(outcome)
    assert exports.check()["agency"] == 0 and exports.place.names() == []


def test_a_decision_about_a_file_leaves_no_lease_behind(exports, database, lake, container):
    """Another server's run need not wait until it expires."""
    exports.add(COMMON_KNOWLEDGE[0])
    exports.remember()
    with DatabaseGate(database.server.port) as gate:
        gate.on(kill_after(), type="Q", contains="COMMIT")
        gate.victim = exports.archiver.start(*EXPORT, settings={"DATABASE_URL": database.server.uri(database.name, port=gate.port)})
        assert gate.victim.wait(60).code == 137
    exports.archiver.run("recover", "--exports", "--keep", "agency-2025_01_01-12_00_00_AM.csv.gz", expect=0)
    assert exports.check()["agency"] > 0 and exports.place.leftovers() == []
    taken = lease(SimpleNamespace(lake=lake, container=container), "acquire", EXPORTS_LOCK, duration="15", proposed=str(uuid.uuid4()))
    assert taken[0] == 201, taken


def test_a_folder_of_exports_is_handed_over_on_purpose(exports, neighbour):
    exports.add(COMMON_KNOWLEDGE[0])
    exports.remember()
    exports.archiver.run(*EXPORT, expect=0)
    there = {"DATABASE_URL": neighbour.uri}
    refused = exports.archiver.run(*EXPORT, settings=there, expect=3)
    assert "belongs to the exports" in refused.stderr and "recover --exports --adopt" in refused.stderr, str(refused)
    handed = exports.archiver.run("recover", "--exports", "--adopt", settings=there, expect=0)
    assert neighbour.name in handed.events("folder.adopted")[0]["to"]
    assert neighbour.name in exports.archiver.run(*EXPORT, expect=3).stderr
    exports.archiver.run("recover", "--exports", "--adopt", expect=0)  # and back
    exports.archiver.run(*EXPORT)
    assert exports.check()["agency"] > 0


def test_a_folder_is_not_handed_over_while_an_export_is_at_work(exports, azurite):
    """The export proves its lease before COMMIT, and needs it until then."""
    exports.add(COMMON_KNOWLEDGE[0])
    exports.remember()
    handed = []
    with LakeGate(azurite.port) as gate:
        gate.on(call_before(lambda: handed.append(exports.archiver.run("recover", "--exports", "--adopt"))), method="PUT", contains="comp=blocklist")
        outcome = exports.archiver.run(*EXPORT, settings={"AZURE_STORAGE_CONNECTION_STRING": azurite.connection_string(gate.endpoint)}, timeout=90)
    assert handed[0].code == 10 and "an export to the folder is at work: the server's pid " in handed[0].stderr, str(handed[0])
    assert outcome.code == 0, str(outcome)
    assert exports.check()["agency"] > 0


def test_exports_to_a_directory_have_no_owner(archiver, database, tmp_path):
    exports = Exports(archiver, database.connection, tmp_path, DirectoryPlace(tmp_path / "out"))
    outcome = exports.archiver.run("recover", "--exports", "--adopt", expect=2)
    assert "EXPORT_TO=lake" in outcome.stderr, str(outcome)
