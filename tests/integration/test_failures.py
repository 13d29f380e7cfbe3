"""Whatever is wrong: the contract's exit code, one clear sentence, nothing deleted, nothing left in the lake."""
import pytest

from conftest import connect
from support.gate import LakeGate, answer
from support.servers import ACCOUNT, free_port
from support.table import days_ago

PASSWORD_CANARY = "pw-canary-8c1f"


@pytest.fixture
def ready(table, oracle):
    """A table with rows that are due."""
    table.fill(120, 4)
    oracle.remember()
    return table


def failed_cleanly(outcome, oracle, *words: str) -> None:
    """One sentence at level error that names the thing, and everything as it was."""
    errors = [line for line in outcome.log if line["level"] == "error"]
    assert len(errors) == 1, outcome.stderr
    assert errors[0]["msg"].strip() and "\n" not in errors[0]["msg"]
    assert errors[0].get("error.type")
    told = f"{errors[0]}".lower()
    assert any(word.lower() in told for word in words), f"none of {words} in {errors[0]}"
    found = oracle.check()
    assert found.files == {} and found.archived == 0


# --- the database ---


@pytest.mark.parametrize(
    "settings, word",
    [
        ({"ARCHIVE_TABLE": "public.nothing"}, "names with capitals need double quotes"),
        ({"ARCHIVE_TABLE": 'public."event"'}, "name it so with ARCHIVE_TABLE"),
        ({"ARCHIVE_TABLE": 'elsewhere."Event"'}, "elsewhere"),
        ({"ARCHIVE_TIME_COLUMN": "made_at"}, "'created_at', 'processed_at'"),
        ({"ARCHIVE_KEY_COLUMN": "ident"}, "ident"),
        ({"ARCHIVE_TIME_COLUMN": "payload"}, "payload"),
        ({"ARCHIVE_KEY_COLUMN": "payload"}, "payload"),
    ],
    ids=lambda value: next(iter(value.values())) if isinstance(value, dict) else "",
)
def test_what_the_database_lacks(archiver, ready, oracle, settings, word):
    failed_cleanly(archiver.archive(settings=settings, expect=3), oracle, word)


def test_a_database_that_does_not_exist(archiver, ready, oracle, database):
    outcome = archiver.archive(settings={"PG_CONNECTION_STRING": database.server.uri("nowhere_to_be_found")}, expect=3)
    failed_cleanly(outcome, oracle, "nowhere_to_be_found")


@pytest.fixture
def login(database, ready):
    """A role that must give a password; yields a function that makes its connection string."""
    name = "login_" + database.name
    ready.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'right-{PASSWORD_CANARY}' IN ROLE needs_password")
    ready.execute(f'GRANT SELECT, DELETE ON "Event" TO {name}')
    yield lambda password: f"postgresql://{name}:{password}@127.0.0.1:{database.server.port}/{database.name}"
    ready.execute(f"DROP OWNED BY {name}; DROP ROLE {name}")


def test_a_wrong_password(archiver, login, oracle):
    archiver.secrets.append(PASSWORD_CANARY)
    outcome = archiver.archive(settings={"PG_CONNECTION_STRING": login(f"wrong-{PASSWORD_CANARY}")}, expect=4)
    failed_cleanly(outcome, oracle, "password")


def test_the_right_password_in_every_way(archiver, login, oracle, database, tmp_path):
    archiver.secrets.append(PASSWORD_CANARY)
    right = f"right-{PASSWORD_CANARY}"
    archiver.archive("--dry-run", settings={"PG_CONNECTION_STRING": login(right)})
    without = login("").replace(":@", "@")
    archiver.archive("--dry-run", settings={"PG_CONNECTION_STRING": without, "PGPASSWORD": right})
    passfile = tmp_path / "pgpass"
    passfile.write_text(f"*:*:*:*:{right}\n")
    passfile.chmod(0o600)
    archiver.archive("--dry-run", settings={"PG_CONNECTION_STRING": without, "PGPASSFILE": passfile})
    secret = tmp_path / "conninfo"
    secret.write_text(login(right) + "\n")
    archiver.archive(settings={"PG_CONNECTION_STRING": None, "PG_CONNECTION_STRING_FILE": secret})
    assert oracle.check().archived == 120


def test_a_missing_role(archiver, ready, oracle, database):
    outcome = archiver.archive(
        settings={"PG_CONNECTION_STRING": database.server.uri(database.name, "nobody_at_all")}, expect=4
    )
    failed_cleanly(outcome, oracle, "nobody_at_all", "role")


def test_a_database_that_does_not_listen(archiver, ready, oracle):
    outcome = archiver.archive(
        settings={"PG_CONNECTION_STRING": f"postgresql://postgres@127.0.0.1:{free_port()}/x"}, expect=5
    )
    failed_cleanly(outcome, oracle, "refused", "connect")


def test_a_database_host_that_does_not_resolve(archiver, ready, oracle):
    outcome = archiver.archive(
        settings={"PG_CONNECTION_STRING": "postgresql://postgres@no-such-host.invalid/x"}, expect=5
    )
    failed_cleanly(outcome, oracle, "no-such-host.invalid")


@pytest.fixture
def role(database, ready):
    """A role without any right on the table."""
    name = "role_" + database.name
    ready.execute(f"CREATE ROLE {name} LOGIN")
    yield name
    ready.execute(f"DROP OWNED BY {name}; DROP ROLE {name}")


def as_role(database, role) -> dict:
    return {"PG_CONNECTION_STRING": database.server.uri(database.name, role)}


@pytest.mark.parametrize("right", ["no right", "SELECT", "DELETE"])
def test_a_role_without_the_rights(archiver, ready, oracle, database, role, right):
    if right != "no right":
        ready.execute(f'GRANT {right} ON "Event" TO {role}')
    failed_cleanly(
        archiver.archive(settings=as_role(database, role), expect=4), oracle, "permission", "privilege", "right"
    )


def test_select_and_delete_are_enough(archiver, ready, oracle, database, role):
    ready.execute(f'GRANT SELECT, DELETE ON "Event" TO {role}')
    archiver.archive(settings=as_role(database, role))
    assert oracle.check().archived == 120


def test_row_level_security_that_hides_rows_from_delete(archiver, ready, oracle, database, role):
    ready.execute(
        f"""GRANT SELECT, DELETE ON "Event" TO {role};
                      ALTER TABLE "Event" ENABLE ROW LEVEL SECURITY;
                      CREATE POLICY see ON "Event" FOR SELECT USING (true);
                      CREATE POLICY keep ON "Event" FOR DELETE USING (id % 7 <> 0)"""
    )
    failed_cleanly(archiver.archive(settings=as_role(database, role), expect=7), oracle, "row")


def test_a_trigger_that_keeps_rows(archiver, ready, oracle):
    ready.execute(
        """CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS
                       'BEGIN IF OLD.id % 7 = 0 THEN RETURN NULL; END IF; RETURN OLD; END';
                     CREATE TRIGGER keep BEFORE DELETE ON "Event" FOR EACH ROW EXECUTE FUNCTION keep()"""
    )
    failed_cleanly(archiver.archive(expect=7), oracle, "row")


def test_a_trigger_that_raises(archiver, ready, oracle):
    ready.execute(
        """CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''not this one''; END';
                     CREATE TRIGGER refuse BEFORE DELETE ON "Event" FOR EACH ROW WHEN (OLD.id = 60) EXECUTE FUNCTION refuse()"""
    )
    outcome = archiver.run("archive")
    assert outcome.code in (1, 3), str(outcome)
    failed_cleanly(outcome, oracle, "raise_exception")
    assert "not this one" not in outcome.stderr  # whose text may hold a row's values


@pytest.mark.parametrize("deferred", ["", "DEFERRABLE INITIALLY DEFERRED"])
def test_a_foreign_key_that_refuses(archiver, ready, oracle, deferred):
    ready.execute(
        f'CREATE TABLE child (event integer REFERENCES "Event" (id) {deferred}); INSERT INTO child VALUES (60)'
    )
    outcome = archiver.run("archive")
    assert outcome.code in (1, 3), str(outcome)
    failed_cleanly(outcome, oracle, "foreign key", "child")


def test_a_foreign_key_that_cascades_is_for_the_user_to_allow(archiver, ready, oracle):
    ready.execute(
        'CREATE TABLE child (event integer REFERENCES "Event" (id) ON DELETE CASCADE); INSERT INTO child VALUES (60)'
    )
    failed_cleanly(archiver.archive(expect=3), oracle, "deleted 1 row of public.child")
    archiver.archive("--side-effects=allow")
    assert oracle.check().archived == 120


def test_a_database_that_is_read_only_by_default(archiver, ready, oracle, database):
    """The setting is only a default of the session: a run's transactions are not read-only."""
    ready.execute(f"ALTER DATABASE {database.name} SET default_transaction_read_only = on")
    archiver.run("archive", expect=0)
    ready.execute("SET default_transaction_read_only = off")
    assert oracle.check().archived == 120


@pytest.mark.parametrize("wait", ["1s", "0s"])
def test_a_table_locked_by_another_session_for_good(archiver, ready, oracle, database, wait):
    """Somebody's ALTER TABLE must not hang the nightly run for ever, nor may the run hang others."""
    other = connect(database.server, database.name)
    with other.cursor() as cursor:
        cursor.execute('BEGIN; LOCK TABLE "Event" IN ACCESS EXCLUSIVE MODE')
    process = archiver.start("archive", settings={"ARCHIVE_SETTLE_WAIT": wait})
    ended = process.wait_end(20)
    other.close()
    outcome = process.wait()
    assert ended, f"still waiting after 20 s, though ARCHIVE_SETTLE_WAIT is {wait}"
    assert outcome.code == 5, str(outcome)
    failed_cleanly(outcome, oracle, "lock")


# --- the lake ---


def test_a_wrong_account_key(archiver, ready, oracle, azurite):
    wrong = "d3JvbmcgY2FuYXJ5IGtleSA4YzFm"
    archiver.secrets.append(wrong)
    outcome = archiver.archive(
        settings={"AZURE_STORAGE_CONNECTION_STRING": azurite.connection_string(key=wrong)}, expect=4
    )
    failed_cleanly(outcome, oracle, "authori", "authenti", "refused", "403")


def test_a_missing_account(archiver, ready, oracle, azurite):
    settings = {"AZURE_STORAGE_CONNECTION_STRING": azurite.connection_string().replace(ACCOUNT, "nosuchaccount")}
    outcome = archiver.run("archive", settings=settings)
    assert outcome.code in (3, 4), str(outcome)
    failed_cleanly(outcome, oracle, "nosuchaccount")


def test_an_account_whose_host_does_not_resolve(archiver, ready, oracle, azurite):
    settings = {
        "AZURE_STORAGE_CONNECTION_STRING": azurite.connection_string("http://nosuchaccount.blob.core.invalid"),
        "ARCHIVE_RETRIES": "1",
    }
    outcome = archiver.run("archive", settings=settings)
    assert outcome.code in (3, 5), str(outcome)
    failed_cleanly(outcome, oracle, "nosuchaccount.blob.core.invalid")


def test_a_storage_account_that_does_not_listen(archiver, ready, oracle, azurite):
    settings = {
        "AZURE_STORAGE_CONNECTION_STRING": azurite.connection_string(f"http://127.0.0.1:{free_port()}"),
        "ARCHIVE_RETRIES": "1",
    }
    failed_cleanly(archiver.archive(settings=settings, expect=5), oracle, "refused", "connect")


@pytest.mark.parametrize(
    "path",
    [
        "UPPER",
        "ab",
        "a" * 64,
        "two--hyphens",
        "-lead",
        "trail-",
        "under_score",
        "dot.dot",
        "/",
        "ünï",
        "a b c",
        "container/../up",
        "container//twice",
    ],
)
def test_an_invalid_container_name(archiver, ready, oracle, path):
    outcome = archiver.archive(settings={"ARCHIVE_PATH": path}, expect=2)
    assert "ARCHIVE_PATH" in outcome.stderr
    assert ready.count() == 120


@pytest.mark.parametrize(
    "status, code, exit_code",
    [
        (403, "AuthorizationFailure", 4),
        (403, "AuthorizationPermissionMismatch", 4),
        (401, "NoAuthenticationInformation", 4),
        (404, "ContainerNotFound", 3),
        (503, "ServerBusy", 5),
        (500, "InternalError", 5),
        (429, "TooManyRequests", 5),
        (409, "AccountBeingCreated", None),
        (400, "InvalidHeaderValue", None),
    ],
)
def test_a_lake_that_says_no_to_every_block(archiver, ready, oracle, azurite, status, code, exit_code):
    with LakeGate(azurite.port) as gate:
        gate.on(answer(status, code), times=None, contains="comp=block&")
        outcome = archiver.run(
            "archive",
            settings={
                "AZURE_STORAGE_CONNECTION_STRING": azurite.connection_string(gate.endpoint),
                "ARCHIVE_RETRIES": "1",
            },
        )
    if exit_code is None:
        assert outcome.code not in (0, 2, 10, 12), str(outcome)
    else:
        assert outcome.code == exit_code, str(outcome)
    failed_cleanly(outcome, oracle, str(status), code)


def test_the_fourth_file_fails_and_the_others_are_put_back(archiver, ready, oracle, azurite):
    with LakeGate(azurite.port) as gate:
        gate.on(answer(403, "AuthorizationFailure"), times=None, contains="events_2024-01-04.csv?comp=blocklist")
        outcome = archiver.run(
            "archive", settings={"AZURE_STORAGE_CONNECTION_STRING": azurite.connection_string(gate.endpoint)}
        )
    assert outcome.code == 4, str(outcome)
    failed_cleanly(outcome, oracle, "events_2024-01-04.csv")


# --- files of others ---

HEADER = b"id,event_id,event_type,created_at,processed_at,payload\n"


@pytest.mark.sampled
@pytest.mark.parametrize(
    "content",
    [
        b"id;event_id\n1;2\n",
        HEADER.upper(),
        HEADER[:-1],
        HEADER.replace(b",payload", b""),
        b"not a csv file at all",
        b"\0" * 100,
    ],
    ids=["another", "upper case", "unfinished", "a column less", "text", "binary"],
)
@pytest.mark.parametrize("kind", ["put blob", "append blob", "block list"])
def test_a_file_with_another_header_is_in_the_way(archiver, ready, lake, container, content, kind):
    name = "events_2024-01-03.csv"
    lake.create_container(container)
    if kind == "put blob":
        lake.put_blob(container, name, content)
    elif kind == "append blob":
        lake.append_blob(container, name, content)
    else:
        lake.put_block(container, name, "MDAwMDAwMDAwMDAw", content)
        lake.put_block_list(container, name, ["MDAwMDAwMDAwMDAw"])
    outcome = archiver.archive(expect=3)
    assert name in outcome.stderr
    assert lake.get(container, name) == content
    assert [blob.name for blob in lake.list(container)] == [name]
    assert ready.count() == 120


@pytest.mark.parametrize("kind", ["put blob", "append blob", "block list", "empty"])
def test_a_file_of_others_with_the_right_header_is_appended_to_or_refused(
    archiver, ready, lake, container, oracle, kind
):
    """Never overwritten: either their rows are still there with ours behind them, or the program says no."""
    name, theirs = "events_2024-01-03.csv", HEADER + b'900001,"by, others",kind,2024-01-03 00:00:00,,{}\n'
    ready.execute("""INSERT INTO oracle.original VALUES (900001, 'by, others', 'kind', '2024-01-03', NULL, '{}')""")
    lake.create_container(container)
    if kind == "put blob":
        lake.put_blob(container, name, theirs)
    elif kind == "append blob":
        lake.append_blob(container, name, theirs)
    elif kind == "block list":
        lake.put_block(container, name, "YWJj", theirs)
        lake.put_block_list(container, name, ["YWJj"])
    else:
        ready.execute("DELETE FROM oracle.original WHERE id = 900001")
        theirs = b""
        lake.put_blob(container, name, theirs)
    outcome = archiver.run("archive")
    if outcome.code == 0:
        assert lake.get(container, name).startswith(theirs)
        assert oracle.check().left == 0
    else:
        assert outcome.code == 3 and name in outcome.stderr, str(outcome)
        assert lake.get(container, name) == theirs and ready.count() == 120


def test_foreign_blobs_in_the_folder_are_left_alone(archiver, ready, lake, container, oracle):
    lake.create_container(container)
    for name in (
        "notes.txt",
        "events_.csv",
        "events_2024-01-01.csv.bak",
        "events_2024-13-01.csv",
        "Events_2024-01-01.csv",
        "x/events_2024-01-01.csv",
    ):
        lake.put_blob(container, name, b"mine", {"owner": "me"})
    archiver.archive()
    assert ready.count() == 0
    assert [
        blob.name for blob in lake.list(container) if blob.metadata.get("owner") == "me" and blob.size == 4
    ] == sorted(
        [
            "notes.txt",
            "events_.csv",
            "events_2024-01-01.csv.bak",
            "events_2024-13-01.csv",
            "Events_2024-01-01.csv",
            "x/events_2024-01-01.csv",
        ]
    )


def test_a_recent_day_that_fails_takes_the_old_ones_back(archiver, table, oracle, lake, container):
    """A foreign file in the way of the last day: no earlier day keeps what this run added."""
    table.fill(90, 3)
    oracle.remember()
    archiver.archive()
    table.fill(90, 3, seed="b")
    table.insert(f"{days_ago(400)} 12:00")
    oracle.remember_new()
    lake.put_blob(container, f"events_{days_ago(400)}.csv", b"theirs\n")
    before = {blob.name: blob.size for blob in lake.list(container)}
    archiver.archive(expect=3)
    assert {blob.name: blob.size for blob in lake.list(container)} == before
    lake.delete(container, f"events_{days_ago(400)}.csv")
    archiver.archive()
    assert oracle.check().archived == 181


@pytest.mark.parametrize("command", [["restore", "--day", "2024-01-01"], ["restore", "--day", "2024-01-01", "--dry-run"], ["restore", "--day", "2024-01-01", "--into", "new"],
                                     ["recover", "--discard", "events_2024-01-01.csv"], ["erase", "--where", "true"], ["erase", "--where", "true", "--yes"]], ids=" ".join)
def test_a_container_that_is_not_there_is_made_by_archive_alone(archiver, ready, lake, command):
    rows = ready.count()
    outcome = archiver.run(*command, settings={"ARCHIVE_PATH": "mistyped"}, expect=3)
    assert "mistyped" in outcome.stderr and not lake.has_container("mistyped") and ready.count() == rows, str(outcome)


def test_recover_has_nothing_to_do_where_there_is_no_container(archiver, ready, lake):
    outcome = archiver.run("recover", settings={"ARCHIVE_PATH": "mistyped"}, expect=0)
    assert outcome.events("folder.not_there")[0]["container"] == "mistyped" and not lake.has_container("mistyped")
