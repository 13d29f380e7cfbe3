"""Entra identities: each kind end to end with a bearer token, renewal, and what is said when they do not work."""
import signal
import subprocess
import time

import pytest

from support.entra import TOKEN_CANARY, ConnectProxy, TokenEndpoint, forge, refusal
from support.gate import LakeGate, answer
from support.lake import Lake
from support.oracle import Oracle
from support.servers import ACCOUNT

SECRET = "s3cret+/of&a=client~canary"
ASSERTION = "eyJhbGciOiJSUzI1NiJ9.assertion-canary."
PROXY_PASSWORD = "pr0xy:p@ss-canary"


@pytest.fixture
def entra(certificate):
    with TokenEndpoint(certificate) as endpoint:
        yield endpoint


@pytest.fixture
def machine():
    """IMDS, as far as it matters."""
    with TokenEndpoint() as endpoint:
        yield endpoint


@pytest.fixture
def token_file(tmp_path):
    path = tmp_path / "token"
    path.write_text(ASSERTION + "1\n")
    return path


@pytest.fixture
def lake(azurite_entra, certificate):
    return Lake(azurite_entra.connection_string(), str(certificate.authority))


@pytest.fixture
def program(archiver, azurite_entra, certificate):
    """The program with the account's name alone; everything at debug level, where most could leak."""
    made = archiver.with_settings(
        {
            "AZURE_STORAGE_CONNECTION_STRING": None,
            "AZURE_STORAGE_ACCOUNT": ACCOUNT,
            "AZURE_STORAGE_ENDPOINT": f"{azurite_entra.endpoint}/{ACCOUNT}",
            "SSL_CERT_FILE": certificate.authority,
            "LOG_LEVEL": "debug",
            "ARCHIVE_RETRIES": "2",
        }
    )
    made.secrets += [TOKEN_CANARY, SECRET, SECRET.partition("+")[0], ASSERTION, PROXY_PASSWORD, "p@ss-canary"]
    return made


@pytest.fixture
def application(program, entra):
    """The same with the address of the authority, and an application that has yet to prove itself."""
    return program.with_settings(
        {"AZURE_AUTHORITY_HOST": entra.url + "/", "AZURE_TENANT_ID": "a-tenant", "AZURE_CLIENT_ID": "an-application"}
    )


@pytest.fixture
def by_secret(application):
    return application.with_settings({"AZURE_CLIENT_SECRET": SECRET})


def identity_of(outcome) -> str:
    (line,) = outcome.events("azure.identity")
    return line["azure.identity"]


def test_workload_identity(application, entra, token_file, table, oracle):
    table.fill(200, 4)
    oracle.remember()
    outcome = application.archive(settings={"AZURE_FEDERATED_TOKEN_FILE": token_file, "AZURE_CLIENT_SECRET": SECRET})
    assert oracle.check().archived == 200
    assert identity_of(outcome) == "workload identity"
    (asked,) = entra.asked
    assert (asked.method, asked.path) == ("POST", "/a-tenant/oauth2/v2.0/token")
    assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
    assert asked.form == {
        "client_id": "an-application",
        "scope": "https://storage.azure.com/.default",
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": ASSERTION + "1",
    }


def test_the_token_file_is_read_for_each_token(application, entra, token_file, table, oracle):
    table.fill(3000, 3)
    oracle.remember()
    entra.lifetime = 2
    run = application.start(
        "archive", settings={"AZURE_FEDERATED_TOKEN_FILE": token_file, "ARCHIVE_RATE_LIMIT": "64KiB"}
    )
    run.wait_for_output("got an access token")
    token_file.write_text(ASSERTION + "2\n")
    outcome = run.wait()
    assert outcome.code == 0, str(outcome)
    assert oracle.check().archived == 3000
    assert entra.asked[0].form["client_assertion"] == ASSERTION + "1"
    assert entra.asked[-1].form["client_assertion"] == ASSERTION + "2"


def test_client_secret(by_secret, entra, table, oracle):
    table.fill(200, 4)
    oracle.remember()
    outcome = by_secret.archive()
    assert oracle.check().archived == 200
    assert identity_of(outcome) == "client secret"
    (asked,) = entra.asked
    assert asked.form["client_secret"] == SECRET


def test_client_secret_in_a_file(application, entra, table, oracle, tmp_path):
    table.fill(20, 2)
    oracle.remember()
    file = tmp_path / "secret"
    file.write_text(SECRET + "\n")
    application.archive(settings={"AZURE_CLIENT_SECRET_FILE": file})
    assert oracle.check().archived == 20
    assert entra.asked[0].form["client_secret"] == SECRET


@pytest.fixture(scope="module")
def client_certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("client")
    both, key, pem, bundle = folder / "both.pem", folder / "key.pem", folder / "certificate.pem", folder / "both.pfx"
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=client"]
    subprocess.run([*make, "-keyout", key, "-out", pem], check=True, capture_output=True)
    both.write_text(pem.read_text() + key.read_text())
    export = ["openssl", "pkcs12", "-export", "-inkey", key, "-in", pem, "-out", bundle, "-passout", "pass:" + SECRET]
    subprocess.run(export, check=True, capture_output=True)
    return folder


@pytest.mark.parametrize(
    "file, password",
    [("both.pem", None), ("both.pfx", SECRET)],
)
def test_client_certificate(application, entra, table, oracle, client_certificate, file, password):
    table.fill(20, 2)
    oracle.remember()
    settings = {"AZURE_CLIENT_CERTIFICATE_PATH": client_certificate / file, "AZURE_CLIENT_CERTIFICATE_PASSWORD": password}
    outcome = application.archive(settings=settings)
    assert oracle.check().archived == 20
    assert identity_of(outcome) == "client certificate"
    assert entra.asked[0].form["client_assertion"].count(".") == 2


def test_managed_identity(program, machine, table, oracle):
    table.fill(200, 4)
    oracle.remember()
    machine.script.append((429, {"Retry-After": "1"}, {"error": "too_many"}))
    machine.script.append((404, {"Retry-After": "0"}, {}))
    settings = {"AZURE_POD_IDENTITY_AUTHORITY_HOST": machine.url, "AZURE_CLIENT_ID": "one-of-several"}
    outcome = program.archive(settings=settings)
    assert oracle.check().archived == 200
    assert identity_of(outcome) == "managed identity"
    first, second, third = machine.asked
    assert second.at - first.at >= 1
    assert (third.method, third.path) == ("GET", "/metadata/identity/oauth2/token")
    assert third.query == {
        "api-version": "2018-02-01",
        "resource": "https://storage.azure.com",
        "client_id": "one-of-several",
    }
    assert third.headers["metadata"] == "true"
    assert "x-forwarded-for" not in third.headers


def test_managed_identity_of_an_app_service(program, machine, table, oracle):
    table.fill(20, 2)
    oracle.remember()
    settings = {"IDENTITY_ENDPOINT": machine.url + "/msi/token", "IDENTITY_HEADER": SECRET}
    program.archive(settings=settings)
    assert oracle.check().archived == 20
    (asked,) = machine.asked
    assert asked.path == "/msi/token"
    assert asked.query == {"api-version": "2019-08-01", "resource": "https://storage.azure.com"}
    assert asked.headers["x-identity-header"] == SECRET


def test_a_token_that_ends_in_mid_run_is_renewed_before(by_secret, entra, table, oracle):
    table.fill(3000, 3)
    oracle.remember()
    entra.lifetime = 2
    outcome = by_secret.archive(settings={"ARCHIVE_RATE_LIMIT": "64KiB"})
    assert oracle.check().archived == 3000
    assert len(entra.asked) >= 3
    assert len(entra.asked) <= outcome.seconds + 2, "renewed at half its life, and not with each request"
    assert not outcome.events("azure.token.rejected")


def test_a_token_that_is_refused_is_renewed_once(by_secret, entra, table, oracle):
    table.fill(3000, 3)
    oracle.remember()
    entra.valid_for = 2  # and said to be good for an hour
    outcome = by_secret.archive(settings={"ARCHIVE_RATE_LIMIT": "64KiB"})
    assert oracle.check().archived == 3000
    assert outcome.events("azure.token.rejected")
    assert outcome.summary["retries"] == 0


def test_a_challenge_renews_the_token_once(by_secret, entra, azurite_entra, certificate, table, oracle):
    """As the service answers a token it does not take (Azurite says 403): 401, and where to get another."""
    table.fill(200, 4)
    oracle.remember()
    challenge = {"WWW-Authenticate": "Bearer authorization_uri=https://login.example.org/t resource_id=https://storage.azure.com"}
    with LakeGate(azurite_entra.port, certificate=certificate, upstream_secure=True) as gate:
        rule = gate.on(answer(401, "InvalidAuthenticationInfo", challenge), method="PUT", contains="comp=blocklist")
        outcome = by_secret.archive(settings={"AZURE_STORAGE_ENDPOINT": f"{gate.endpoint}/{ACCOUNT}"})
        assert rule.hits == 1 and len(entra.asked) == 2
        shown = {record.headers["authorization"] for record in gate.records}
        assert len(shown) == 2 and all(text.startswith("Bearer ") for text in shown)
    assert oracle.check().archived == 200
    assert outcome.summary["retries"] == 0 and outcome.events("azure.token.rejected")


def test_another_audience_is_refused_after_one_renewal(by_secret, entra, table):
    table.fill(20, 2)
    entra.next_answer = lambda _: (200, {}, {"expires_in": 3599, "access_token": f"a.b.{TOKEN_CANARY}"})
    outcome = by_secret.archive(expect=4)
    assert len(entra.asked) == 2
    assert "tenant" in outcome.events("run.error")[0]["error.hint"]
    assert table.count() == 20


@pytest.mark.parametrize(
    "answer, word, hint",
    [
        (refusal("invalid_client", "AADSTS7000215: Invalid client secret provided. Ensure."), "AADSTS7000215", "AZURE_CLIENT_SECRET"),
        (refusal("unauthorized_client", "AADSTS700016: Application was not found. If", 400), "AADSTS700016", "AZURE_CLIENT_ID"),
        (refusal("invalid_request", "AADSTS90002: Tenant 'a-tenant' not found. Check", 400), "AADSTS90002", "AZURE_TENANT_ID"),
        (refusal("invalid_client", f"this is no good: {SECRET}"), "401", "AZURE_CLIENT_SECRET"),
    ],
)
def test_an_application_that_is_refused(by_secret, entra, table, answer, word, hint):
    table.fill(20, 2)
    entra.script.append(answer)
    outcome = by_secret.archive(expect=4)
    (line,) = outcome.events("run.error")
    assert word in line["msg"] and "client secret" in line["msg"] and "\n" not in line["msg"]
    assert hint in line["error.hint"]
    assert len(entra.asked) == 1, "a refusal is not repeated"
    assert table.count() == 20


def test_an_authority_in_trouble_is_asked_again(by_secret, entra, table, oracle):
    table.fill(20, 2)
    oracle.remember()
    entra.script.append((503, {"Retry-After": "0"}, {}))
    by_secret.archive()
    assert oracle.check().archived == 20


def test_an_authority_that_stays_in_trouble(by_secret, entra, table):
    table.fill(20, 2)
    entra.next_answer = lambda _: (503, {"Retry-After": "0"}, {})
    outcome = by_secret.archive(expect=5)
    assert "gave up after 3 tries: 503 (3 times)" in outcome.events("run.error")[0]["msg"]
    assert len(entra.asked) == 3, "its tries are not multiplied by those of the lake"


def test_a_run_that_waits_for_a_token_stops_at_once(by_secret, entra, table):
    table.fill(20, 2)
    entra.next_answer = lambda _: time.sleep(15) or (500, {}, {})
    run = by_secret.start("archive")
    run.wait_for_output("signing in to the storage account")
    while not entra.asked:
        time.sleep(0.01)
    run.send(signal.SIGTERM)
    outcome = run.wait()
    assert outcome.code == 143, str(outcome)
    assert outcome.seconds < 5
    assert table.count() == 20


def test_a_machine_without_an_identity(program, machine, table):
    table.fill(20, 2)
    settings = {"AZURE_POD_IDENTITY_AUTHORITY_HOST": machine.url}
    machine.script.append((400, {}, {"error": "invalid_request", "error_description": "Identity not found"}))
    outcome = program.archive(settings=settings, expect=4)
    assert "Identity not found" in outcome.events("run.error")[0]["msg"]
    nobody = f"http://127.0.0.2:{machine.port}"
    outcome = program.archive(settings={"AZURE_POD_IDENTITY_AUTHORITY_HOST": nobody}, expect=4)
    assert "no managed identity" in outcome.events("run.error")[0]["msg"]
    assert outcome.seconds < 5
    assert table.count() == 20


@pytest.mark.parametrize(
    "settings, word",
    [
        ({"AZURE_TENANT_ID": None}, "AZURE_TENANT_ID"),
        ({"AZURE_TENANT_ID": "a/../b"}, "AZURE_TENANT_ID"),
        ({"AZURE_CLIENT_ID": None}, "AZURE_CLIENT_ID"),
        ({"AZURE_AUTHORITY_HOST": "http://login.example.org"}, "https://"),
        ({"AZURE_AUTHORITY_HOST": "login"}, "AZURE_AUTHORITY_HOST"),
        ({"AZURE_CLIENT_SECRET": None, "AZURE_FEDERATED_TOKEN_FILE": "/nonexistent/token"}, "/nonexistent/token"),
        ({"AZURE_CLIENT_SECRET": None, "AZURE_CLIENT_CERTIFICATE_PATH": "/etc/hostname"}, "certificate"),
        ({"AZURE_STORAGE_ENDPOINT": f"http://127.0.0.1:1/{ACCOUNT}"}, "https://"),
        ({"AZURE_STORAGE_ENDPOINT": "blob.example.org"}, "AZURE_STORAGE_ACCOUNT"),
        ({"HTTPS_PROXY": f"https://user:{PROXY_PASSWORD}@proxy"}, "HTTPS_PROXY"),
        ({"ARCHIVE_DATABASE_AUTH": "ldap"}, "password, entra"),
    ],
)
def test_invalid_settings(by_secret, entra, table, settings, word):
    table.fill(20, 2)
    outcome = by_secret.archive(settings=settings, expect=2)
    lines = outcome.events("config.mistake") + outcome.events("run.error")
    assert any(word in line["msg"] + line.get("error.hint", "") for line in lines), str(outcome)
    assert not entra.asked
    assert table.count() == 20


def test_config_hides_the_secrets(by_secret):
    outcome = by_secret.run("config", settings={"HTTPS_PROXY": "http://u:pr0xy%3Ap%40ss-canary@p:1"}, expect=0)
    assert "ss-canary" not in outcome.stdout
    assert "an-application" in outcome.stdout


def test_a_key_comes_before_an_identity(by_secret, entra, azurite_entra, table, oracle):
    table.fill(20, 2)
    oracle.remember()
    outcome = by_secret.archive(settings={"AZURE_STORAGE_CONNECTION_STRING": azurite_entra.connection_string()})
    assert oracle.check().archived == 20
    assert identity_of(outcome) == "account key"
    assert not entra.asked


@pytest.fixture
def role(database):
    """A role whose password is asked for, and which may do what the README says."""
    name = f"r{database.name}"
    with database.connection.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {name} LOGIN IN ROLE needs_password")
    yield name
    with database.connection.cursor() as cursor:
        cursor.execute(f"DROP OWNED BY {name}; DROP ROLE {name}")


def test_the_database_by_the_same_identity(by_secret, entra, role, database, table, oracle):
    table.fill(3000, 6)
    table.execute(f'GRANT SELECT, DELETE ON "Event" TO {role}')
    oracle.remember()
    scopes = []

    def give_token(asked):
        """As the real server does, this one takes the token that is good now and no other."""
        scopes.append(asked.form["scope"])
        token = forge(3600, scopes[-1].removesuffix("/.default"))
        if "ossrdbms" in scopes[-1]:
            table.execute(f"ALTER ROLE {role} PASSWORD '{token}'")
        return 200, {}, {"expires_in": 2, "access_token": token}

    entra.next_answer = give_token
    settings = {
        "PG_CONNECTION_STRING": database.server.uri(database.name, user=role) + "?sslmode=disable",
        "PGPASSWORD": "not this one",
        "ARCHIVE_RATE_LIMIT": "64KiB",
    }
    outcome = by_secret.archive("--database-auth", "entra", "--commit", "day", settings=settings)
    assert oracle.check().archived == 3000
    assert outcome.events("azure.identity")[0]["database_auth"] == "client secret"
    assert scopes.count("https://ossrdbms-aad.database.windows.net/.default") > 1


def test_the_database_refuses_the_identity(by_secret, role, database, table):
    table.fill(20, 2)
    settings = {"PG_CONNECTION_STRING": database.server.uri(database.name, user=role)}
    outcome = by_secret.archive("--database-auth=entra", settings=settings, expect=3)
    assert "SSL" in outcome.events("run.error")[0]["msg"], "a token is not sent in the clear"
    settings["PG_CONNECTION_STRING"] += "?sslmode=disable"
    outcome = by_secret.archive("--database-auth=entra", settings=settings, expect=4)
    assert "password authentication failed" in outcome.events("run.error")[0]["msg"]
    assert "role" in outcome.events("run.error")[0]["error.hint"]
    assert table.count() == 20


def test_the_database_alone_by_an_identity(by_secret, entra, azurite_entra, role, database, table):
    table.fill(20, 2)
    entra.script.append(refusal("invalid_client", "AADSTS7000222: The provided client secret keys are expired."))
    settings = {
        "PG_CONNECTION_STRING": database.server.uri(database.name, user=role) + "?sslmode=disable",
        "AZURE_STORAGE_CONNECTION_STRING": azurite_entra.connection_string(),
        "ARCHIVE_DATABASE_AUTH": "entra",
    }
    outcome = by_secret.archive(settings=settings, expect=4)
    assert "AADSTS7000222" in outcome.events("run.error")[0]["msg"]
    assert identity_of(outcome) == "account key"


def test_a_proxy(by_secret, entra, azurite_entra, table, oracle):
    table.fill(200, 4)
    oracle.remember()
    with ConnectProxy("user@corp", PROXY_PASSWORD) as proxy:
        url = f"http://user%40corp:pr0xy%3Ap%40ss-canary@127.0.0.1:{proxy.port}"
        by_secret.archive("--dry-run", settings={"HTTPS_PROXY": url, "NO_PROXY": "10.0.0.0/8,.example.org"})
        assert set(proxy.tunnels) == {f"localhost:{entra.port}", f"localhost:{azurite_entra.port}"}

        proxy.tunnels.clear()
        by_secret.archive("--dry-run", settings={"HTTPS_PROXY": url, "no_proxy": f"localhost:{azurite_entra.port}"})
        assert set(proxy.tunnels) == {f"localhost:{entra.port}"}

        outcome = by_secret.archive(settings={"https_proxy": url.replace("canary", "wrong")}, expect=4)
        assert "407" in outcome.events("run.error")[0]["msg"]
        by_secret.archive(settings={"https_proxy": url})
    assert oracle.check().archived == 200


def test_a_proxy_that_is_not_there(by_secret, table):
    table.fill(20, 2)
    outcome = by_secret.archive(settings={"HTTPS_PROXY": "http://127.0.0.1:1", "ARCHIVE_RETRIES": "0"}, expect=5)
    assert "127.0.0.1:1" in outcome.events("run.error")[0]["msg"]
