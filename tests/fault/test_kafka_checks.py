"""`check --for serve` over a real broker: sign-in, topics, the right to write. Nothing is made and nothing is written."""
import json
import uuid

import pytest

from support import broker as brokers
from support.archiver import Archiver
from support.asking import wait_for
from support.servers import free_port

pytestmark = pytest.mark.skipif(bool(brokers.missing()), reason=brokers.missing())

ACLS = {"authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer", "super.users": "User:ANONYMOUS"}
PRINCIPAL = f"User:{brokers.USER}"
PUBLISHED = "commands-of-this-test"


class Checked:
    def __init__(self, binary, directory, brokers_at: str, *properties: str, apis: str = "live,timestamps"):
        settings = {"SERVE_APIS": apis, "PROJECT": "none", "SERVE_PORT": "0", "JOURNAL": f"kafka://{brokers_at}", "KAFKA_PUBLISH_TOPIC": PUBLISHED}
        if properties:
            file = directory / f"{uuid.uuid4().hex}.properties"
            file.write_text("\n".join(properties))
            settings["KAFKA_CONFIG"] = file
        self.program = Archiver(binary, settings)

    def __call__(self, expect: int = 0) -> dict:
        outcome = self.program.run("check", "--for", "serve", "-o", "json", expect=expect)
        assert "of-a-test-and-not-secret" not in outcome.stdout + outcome.stderr
        found = json.loads(outcome.stdout)
        assert found["exit_code"] == expect
        for line in found["checks"]:
            assert line["status"] not in ("failed", "warning") or line["remedy"], line
        return {line["name"]: line for line in found["checks"]}


@pytest.fixture(scope="module")
def guarded(place, certificate):
    """A broker with ACLs, which lets USER do nothing yet."""
    with brokers.Broker(place / "kafka-with-acls", certificate, settings=ACLS) as server:
        yield server


@pytest.fixture(scope="module")
def administrator(guarded):
    with brokers.JavaClient(guarded.address) as client:
        yield client


@pytest.fixture
def restricted(binary, tmp_path, guarded, certificate):
    """As USER."""

    def sign_in(password: str = brokers.PASSWORD) -> Checked:
        return Checked(
            binary,
            tmp_path,
            guarded.secured("SCRAM"),
            "security.protocol=SASL_SSL",
            f"ssl.ca.location={certificate.authority}",
            "sasl.mechanism=PLAIN",
            f"sasl.username={brokers.USER}",
            f"sasl.password={password}",
            apis="timestamps",
        )

    return sign_in


def topics_of(java) -> set:
    return set(java("topics"))


def test_brokers_without_acls(binary, tmp_path, broker, java):
    before = topics_of(java)
    found = Checked(binary, tmp_path, broker.address)()
    assert found["journal"]["status"] == "ok" and broker.address in found["journal"]["detail"]
    for name in ("live", PUBLISHED):
        line = found[f"topic {name}"]
        # librdkafka 2.0.2 does not tell that brokers have no ACLs.
        assert line["status"] == "skipped" and "it is not there, and the first event makes it" in line["detail"], line
    assert topics_of(java) == before, "none was made"
    forbidden = Checked(binary, tmp_path, broker.address, "allow.auto.create.topics=false", apis="timestamps")(expect=3)
    assert forbidden[f"topic {PUBLISHED}"]["status"] == "failed"
    name = f"t{uuid.uuid4().hex}"
    java("create", topic=name, partitions=1)
    there = Checked(binary, tmp_path, broker.address, apis="timestamps")
    there.program = there.program.with_settings({"KAFKA_PUBLISH_TOPIC": name})
    assert there()[f"topic {name}"]["detail"].startswith("it is there")
    assert java("consume", topic=name, partition=0, **{"from": 0}) == []


def test_no_broker_answers(binary, tmp_path):
    found = Checked(binary, tmp_path, f"127.0.0.1:{free_port()}")(expect=5)
    assert [name for name, line in found.items() if line["status"] == "failed"] == ["journal"]


def test_a_sign_in_that_is_refused(restricted):
    found = restricted("wrong")(expect=4)
    assert [name for name, line in found.items() if line["status"] == "failed"] == ["journal"]


def test_rights_as_they_are_given_one_after_the_other(restricted, administrator):
    """None; to see the topic; to read ACLs; to write; and a denial counts before all."""
    check, name = restricted(), f"topic {PUBLISHED}"
    administrator("create", topic=PUBLISHED, partitions=1)
    assert check(expect=4)[name]["status"] == "failed"
    administrator("rule", topic=PUBLISHED, principal=PRINCIPAL, operation="DESCRIBE")

    def now(status: str) -> dict:
        """The broker knows of a new rule soon."""
        wait_for(lambda: json.loads(check.program.run("check", "--for", "serve", "-o", "json").stdout)["exit_code"] == 0)
        wait_for(lambda: check()[name]["status"] == status)
        return check()[name]

    assert "this user may not read them" in now("skipped")["detail"]
    administrator("rule", principal=PRINCIPAL, operation="DESCRIBE")
    unlikely = now("warning")
    assert f"no ACL lets {PRINCIPAL} write" in unlikely["detail"] and "kafka-acls" in unlikely["remedy"]
    administrator("rule", topic=PUBLISHED[:8], prefixed=True, principal=PRINCIPAL, operation="WRITE")
    now("ok")
    administrator("rule", topic="*", principal="User:*", operation="ALL", denies=True)
    # The topic cannot even be seen any more.
    wait_for(lambda: json.loads(check.program.run("check", "--for", "serve", "-o", "json").stdout)["exit_code"] == 4)
