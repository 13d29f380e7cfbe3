"""check --for restore, --for export; lines that appear as checks end; the least that grants what is missing."""
import json
import signal
import socket
import subprocess

import pytest

from support.exports import COMMON_KNOWLEDGE, DirectoryPlace, Exports, LakePlace
from support.terminal import on_terminal

AGENCY = COMMON_KNOWLEDGE[0]


def checked(program, aim: str, expect=0, **how) -> dict:
    found = json.loads(program.run("check", "--for", aim, "-o", "json", expect=expect, **how).stdout)
    assert found["exit_code"] == expect
    return {line["name"]: line for line in found["checks"]}


@pytest.fixture
def role(table, database):
    """A role without any privilege on tables: its name, and the address by which it signs in."""
    name = f"worker_{database.name}"
    table.execute(f"CREATE ROLE {name} LOGIN")
    yield name, database.uri.replace("postgres@", f"{name}@")
    table.execute(f"DROP OWNED BY {name}; DROP ROLE {name}")


def test_a_restorer_needs_insert_and_no_delete(archiver, table, role, database):
    name, uri = role
    table.execute(f'GRANT SELECT, DELETE ON "Event" TO {name}')
    restorer = archiver.with_settings({"PG_CONNECTION_STRING": uri})
    found = checked(restorer, "restore", expect=4)
    assert found["insert"]["status"] == "failed" and found["insert"]["remedy"] == f'GRANT INSERT ON public."Event" TO {name};'
    assert found["select"]["status"] == "ok" and "delete" not in found
    table.execute(f'GRANT INSERT ON "Event" TO {name}; REVOKE DELETE ON "Event" FROM {name}; REVOKE TEMPORARY ON DATABASE {database.name} FROM PUBLIC')
    found = checked(restorer, "restore", expect=4)
    assert found["temporary"]["remedy"] == f"GRANT TEMPORARY ON DATABASE {database.name} TO {name};"
    table.execute(f"GRANT TEMPORARY ON DATABASE {database.name} TO {name}")
    assert {line["status"] for line in checked(restorer, "restore").values()} <= {"ok", "skipped"}


def test_what_runs_for_restored_rows_is_a_warning_and_an_unlogged_table_a_failure(archiver, table):
    table.execute(
        """CREATE FUNCTION pass() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
           CREATE TRIGGER greeter BEFORE INSERT ON "Event" FOR EACH ROW EXECUTE FUNCTION pass()"""
    )
    found = checked(archiver, "restore")
    assert found["triggers"]["status"] == "warning" and "greeter" in found["triggers"]["detail"]
    table.execute('ALTER TABLE "Event" SET UNLOGGED')
    assert "SET LOGGED" in checked(archiver, "restore", expect=3)["logging"]["remedy"]


@pytest.fixture(params=["directory", "lake"])
def exports(request, archiver, database, lake, container, tmp_path):
    place = DirectoryPlace(tmp_path / "out") if request.param == "directory" else LakePlace(lake, container)
    made = Exports(archiver, database.connection, tmp_path, place)
    made.add(AGENCY)
    return made


def test_exports_that_lack_nothing(exports):
    before = exports.rows(AGENCY)
    found = checked(exports.archiver, "export")
    assert {found[name]["status"] for name in ("settings", "tasks", "database", "task agency", "target")} == {"ok"}
    assert exports.rows(AGENCY) == before and exports.place.names() == []


def test_the_grants_that_a_task_lacks(exports, role):
    name, uri = role
    program = exports.archiver.with_settings({"DATABASE_URL": uri})
    found = checked(program, "export", expect=4)["task agency"]
    assert found["status"] == "failed" and "delete.sql" in found["detail"]
    assert found["remedy"] == f"GRANT SELECT, DELETE ON public.agency TO {name};"
    exports.execute(f"GRANT SELECT ON agency TO {name}")
    found = checked(program, "export", expect=4)["task agency"]
    assert found["remedy"] == f"GRANT DELETE ON public.agency TO {name};"
    exports.execute(f"GRANT DELETE ON agency TO {name}")
    assert checked(program, "export")["task agency"]["status"] == "ok"


def test_a_task_that_cannot_run_and_a_directory_that_is_not_there(exports, tmp_path):
    exports.write("wrong", "COPY (SELECT nothing FROM agency) TO STDOUT CSV HEADER", "DELETE FROM agency")
    found = checked(exports.archiver, "export", expect=3)
    assert "nothing" in found["task wrong"]["detail"] and found["task agency"]["status"] == "ok"
    if exports.place.settings_name == "directory":
        found = checked(exports.archiver, "export", expect=3, settings={"EXPORT_PATH": str(tmp_path / "nowhere")})
        assert found["target"]["status"] == "failed" and "EXPORT_PATH" in found["target"]["remedy"]


def test_lines_appear_as_checks_end(archiver, table):
    """What is known of the database is printed while the storage account does not answer."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        account = f"DefaultEndpointsProtocol=http;AccountName=x;AccountKey=eA==;BlobEndpoint=http://127.0.0.1:{port}/x"
        settings = {**archiver.settings, "AZURE_STORAGE_CONNECTION_STRING": account}
        process = subprocess.Popen(
            [archiver.binary, "check"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PATH": "/usr/bin:/bin", **{name: str(value) for name, value in settings.items()}},
            text=True,
        )
        try:
            for line in process.stdout:
                if line.split()[1:2] == ["transactions"]:
                    break
            else:
                pytest.fail("it ended before the storage account answered")
            assert process.poll() is None
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)
            process.stdout.close()


def test_on_a_terminal_lines_are_coloured_and_the_last_one_counts(archiver, table):
    text = on_terminal(archiver, {}, command="check", columns=80)
    lines = text.replace("\r\n", "\n").rstrip("\n").split("\n")
    assert any(line.startswith("\x1b[32mok\x1b[0m       settings") for line in lines), text
    assert "passed" in lines[-1] and "\x1b" not in lines[-1]
    assert "begins" not in text


def test_on_a_terminal_the_last_line_counts_what_failed(archiver, table):
    settings = {"PG_CONNECTION_STRING": "postgresql://nobody@127.0.0.1:1/x"}
    text = on_terminal(archiver, settings, command="check", columns=80, expect=5)
    lines = text.replace("\r\n", "\n").rstrip("\n").split("\n")
    assert any(line.startswith("\x1b[31mfailed\x1b[0m   database") for line in lines), text
    looked_at = [line for line in lines if line.startswith(("\x1b[31m", "\x1b[32m", "\x1b[33m"))]
    assert lines[-1] == f"1 of {len(looked_at)} checks failed, 1 skipped: exit code 5", text
