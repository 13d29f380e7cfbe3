"""Each credential, endpoint, certificate, clock and permission that is wrong: one sentence that says which and what to do,
exit 4 or 2, and at debug level no secret anywhere."""
import base64
import datetime
import email.utils
import subprocess

import pytest

from support.entra import TOKEN_CANARY, TokenEndpoint, refusal
from support.gate import LakeGate, answer
from support.servers import ACCOUNT

CANARIES = {
    "key": base64.b64encode(b"c4n4ry-0f-an-acc0unt-key" * 2).decode(),
    "signature": base64.b64encode(b"c4n4ry-0f-a-signature-----------").decode(),
    "secret": "s3cret+/of&a=client~canary",
    "password": "c4n4ry-pass-of-a-certificate",
    "assertion": "eyJhbGciOiJSUzI1NiJ9.assertion-canary.",
}


def http_date(minutes_ahead: float) -> str:
    moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=minutes_ahead)
    return email.utils.format_datetime(moment, usegmt=True)


class Wrong:
    """What the cases are made of: servers, and settings that work until one of them is spoiled."""

    def __init__(self, azurite, azurite_entra, certificate, lake, gate, authority, container, directory):
        self.azurite, self.azurite_entra, self.certificate, self.lake = azurite, azurite_entra, certificate, lake
        self.gate, self.authority, self.container, self.directory = gate, authority, container, directory

    def string(self, **changed) -> dict:
        pairs = dict(pair.split("=", 1) for pair in self.azurite.connection_string().split(";") if pair)
        pairs.update(changed)
        text = ";".join(f"{name}={value}" for name, value in pairs.items() if value is not None)
        return {"AZURE_STORAGE_CONNECTION_STRING": text}

    def by_sas(self, permissions: str = "rwdl", sig: str | None = None, **more) -> dict:
        sas = self.lake.container_sas(self.container, permissions, **more)
        if sig:
            sas = sas.rpartition("sig=")[0] + "sig=" + sig
        return self.string(AccountName=None, AccountKey=None, SharedAccessSignature=sas)

    def secure(self, **settings) -> dict:
        return {
            "AZURE_STORAGE_CONNECTION_STRING": self.azurite_entra.connection_string(),
            "SSL_CERT_FILE": self.certificate.authority,
            **settings,
        }

    def by_identity(self, **settings) -> dict:
        return {
            "AZURE_STORAGE_CONNECTION_STRING": None,
            "AZURE_STORAGE_ACCOUNT": ACCOUNT,
            "AZURE_STORAGE_ENDPOINT": f"{self.azurite_entra.endpoint}/{ACCOUNT}",
            "SSL_CERT_FILE": self.certificate.authority,
            "AZURE_AUTHORITY_HOST": self.authority.url,
            "AZURE_TENANT_ID": "a-tenant",
            "AZURE_CLIENT_ID": "an-application",
            **settings,
        }

    def by_secret(self, *answers: tuple, **settings) -> dict:
        self.authority.script.extend(answers)
        return self.by_identity(AZURE_CLIENT_SECRET=CANARIES["secret"], **settings)

    def by_certificate(self, password: str) -> dict:
        key, pem, bundle = (self.directory / name for name in ("key.pem", "client.pem", "client.pfx"))
        make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=client"]
        subprocess.run([*make, "-keyout", key, "-out", pem], check=True, capture_output=True)
        protect = ["-passout", "pass:the right one"]
        export = ["openssl", "pkcs12", "-export", "-inkey", key, "-in", pem, "-out", bundle, *protect]
        subprocess.run(export, check=True, capture_output=True)
        return self.by_identity(AZURE_CLIENT_CERTIFICATE_PATH=bundle, AZURE_CLIENT_CERTIFICATE_PASSWORD=password)

    def by_file(self) -> dict:
        path = self.directory / "token"
        path.write_text(CANARIES["assertion"])
        self.authority.script.append(refusal("invalid_client", "AADSTS700213: No matching federated identity record found. X"))
        return self.by_identity(AZURE_FEDERATED_TOKEN_FILE=path)

    def unheard(self) -> dict:
        """Tokens that the lake does not take."""
        self.authority.next_answer = lambda _: (200, {}, {"expires_in": 3599, "access_token": f"a.b.{TOKEN_CANARY}"})
        return self.by_identity(AZURE_CLIENT_SECRET=CANARIES["secret"])

    def at_the_gate(self, status: int, code: str, headers: dict | None = None) -> dict:
        self.gate.on(answer(status, code, headers), times=None)
        return self.string(BlobEndpoint=f"{self.gate.endpoint}/{ACCOUNT}")


CASES = {
    "a key that is not base64": (lambda w: w.string(AccountKey="no base64 " + CANARIES["key"]), 2, "AccountKey"),
    "another key": (lambda w: w.string(AccountKey=CANARIES["key"]), 4, "account key"),
    "no credential": (lambda w: w.string(AccountKey=None), 2, "AccountKey or SharedAccessSignature"),
    "two credentials": (lambda w: w.string(SharedAccessSignature="sig=" + CANARIES["signature"]), 2, "exclude"),
    "a key as SAS": (lambda w: w.string(AccountKey=None, SharedAccessSignature=CANARIES["key"]), 2, "no 'sig'"),
    "an invalid signature": (lambda w: w.by_sas(sig=CANARIES["signature"]), 4, "copied whole"),
    "a signature that has expired": (lambda w: w.by_sas(se="2020-01-01"), 4, "expired at 2020-01-01"),
    "a signature that allows too little": (lambda w: w.by_sas("rwd"), 4, "lacks 'l' (list)"),
    "no URL": (lambda w: w.string(BlobEndpoint="blob.example.org"), 2, "BlobEndpoint"),
    "a SAS in the URL": (lambda w: w.string(BlobEndpoint="https://a.b/?sig=" + CANARIES["signature"]), 2, "SharedAccessSignature"),
    "another account": (lambda w: w.string(AccountName="nobody", BlobEndpoint=f"{w.azurite.endpoint}/nobody"), (3, 4), "nobody"),
    "a certificate nobody vouches for": (lambda w: w.secure(SSL_CERT_FILE=None), 4, "SSL_CERT_FILE"),
    "authorities that cannot be read": (lambda w: w.secure(SSL_CERT_FILE="/nonexistent"), 4, "certificate"),
    "a certificate for another host": (
        lambda w: w.secure(
            AZURE_STORAGE_CONNECTION_STRING=w.azurite_entra.connection_string().replace("localhost", "127.0.0.1")
        ),
        4,
        "another",
    ),
    "a clock that is behind": (
        lambda w: w.at_the_gate(403, "AuthenticationFailed", {"Date": http_date(42.2)}),
        4,
        "42 minutes behind",
    ),
    "a clock that is ahead": (
        lambda w: w.at_the_gate(403, "AuthenticationFailed", {"Date": http_date(-17.2)}),
        4,
        "17 minutes ahead",
    ),
    "no permission": (lambda w: w.at_the_gate(403, "AuthorizationPermissionMismatch"), 4, "account key"),
    "network rules": (lambda w: w.at_the_gate(403, "AuthorizationFailure"), 4, "network rules"),
    "a challenge": (
        lambda w: w.at_the_gate(401, "NoAuthenticationInformation", {"WWW-Authenticate": "Bearer authorization_uri=https://a"}),
        4,
        "account key",
    ),
    "another secret": (
        lambda w: w.by_secret(refusal("invalid_client", "AADSTS7000215: Invalid client secret provided. X")),
        4,
        "AZURE_CLIENT_SECRET",
    ),
    "an answer that repeats the secret": (
        lambda w: w.by_secret(refusal("invalid_client", f"no good: {CANARIES['secret']}")),
        4,
        "AZURE_CLIENT_SECRET",
    ),
    "an assertion out of its time": (
        lambda w: w.by_secret(
            (401, {"Date": http_date(33.2)}, {"error_description": "AADSTS700024: Client assertion is not within its valid time range. X"})
        ),
        4,
        "33 minutes behind",
    ),
    "no tenant": (lambda w: w.by_secret(AZURE_TENANT_ID=None), 2, "AZURE_TENANT_ID"),
    "another password of the certificate": (lambda w: w.by_certificate(CANARIES["password"]), 2, "certificate"),
    "a federated token that is refused": (lambda w: w.by_file(), 4, "federated credential"),
    "no federated token": (lambda w: w.by_identity(AZURE_FEDERATED_TOKEN_FILE="/nonexistent/token"), 2, "/nonexistent/token"),
    "tokens of another tenant": (lambda w: w.unheard(), 4, "tenant"),
    "a password to the proxy": (
        lambda w: w.secure(HTTPS_PROXY=f"https://user:{CANARIES['password']}@proxy"),
        2,
        "HTTPS_PROXY",
    ),
}


@pytest.fixture
def wrong(azurite, azurite_entra, certificate, lake, container, tmp_path):
    lake.create_container(container)
    with LakeGate(azurite.port) as gate, TokenEndpoint(certificate) as authority:
        yield Wrong(azurite, azurite_entra, certificate, lake, gate, authority, container, tmp_path)


@pytest.mark.sampled
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("form", ["json", "text"])
def test_one_sentence_and_no_secret(archiver, table, wrong, case, form):
    table.fill(20, 2)
    spoil, code, word = CASES[case]
    settings = {**spoil(wrong), "LOG_LEVEL": "debug", "LOG_FORMAT": form, "ARCHIVE_RETRIES": "1"}
    program = archiver.with_settings(settings)
    program.secrets += [*CANARIES.values(), TOKEN_CANARY, "c4n4ry", CANARIES["secret"].partition("+")[0]]
    outcome = program.archive(expect=None)
    assert outcome.code == code or (isinstance(code, tuple) and outcome.code in code), str(outcome)
    assert word in outcome.stderr, str(outcome)
    if form == "json":
        (line,) = [line for line in outcome.log if line["level"] == "error"]
        assert "\n" not in line["msg"] and word in line["msg"] + line.get("error.hint", "")
        assert line.get("error.hint") or code == 2, "what to do"
    assert table.count() == 20
    for question in ("check", "config"):  # other commands show no more
        program.run(question)


def test_a_clock_that_is_wrong_does_not_cost_the_night(archiver, azurite, table, oracle):
    """The lake takes no date that is more than 15 minutes from its own, and says what time it is."""
    ahead = datetime.timedelta(minutes=42)
    table.fill(40, 2)
    oracle.remember()

    def too_old(record) -> bool:
        dated = email.utils.parsedate_to_datetime(record.headers["x-ms-date"])
        lakes = datetime.datetime.now(datetime.timezone.utc) + ahead
        return abs(lakes - dated) > datetime.timedelta(minutes=15)

    with LakeGate(azurite.port) as gate:
        refused = gate.on(answer(403, "AuthenticationFailed", {"Date": http_date(42)}), when=too_old, times=None)
        outcome = archiver.archive(settings={"AZURE_STORAGE_CONNECTION_STRING": azurite.connection_string(gate.endpoint)})
        assert refused.hits == 1, "found out once"
    assert oracle.check().archived == 40
    (line,) = outcome.events("azure.clock")
    assert line["level"] == "warn" and abs(line["lake_ahead_s"] - 42 * 60) < 60
    assert outcome.summary["retries"] == 0
