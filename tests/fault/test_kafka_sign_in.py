"""How the journal in Kafka is let in by a real broker: TLS, PLAIN, SCRAM, OAUTHBEARER."""
import pytest

from support import broker as brokers
from support.entra import TOKEN_CANARY, TokenEndpoint, unsecured
from support.kafka_serving import post, read_back

pytestmark = pytest.mark.skipif(bool(brokers.missing()), reason=brokers.missing())


@pytest.fixture
def broker_before_4(place, certificate):
    """Brokers from 4.0 on refuse every SCRAM sign-in of librdkafka 2.0.2."""
    if reason := brokers.missing(brokers.JARS_BEFORE_4):
        pytest.skip(reason)
    with brokers.Broker(place / "kafka-before-4", certificate, jars=brokers.JARS_BEFORE_4) as server:
        yield server


def signing_in(authority, password: str, mechanism: str = "SCRAM-SHA-256") -> list:
    return [
        "message.timeout.ms=3000",
        "security.protocol=SASL_SSL",
        f"ssl.ca.location={authority}",
        f"sasl.mechanism={mechanism}",
        f"sasl.username={brokers.USER}",
        f"sasl.password={password}",
    ]


def test_scram_lets_us_in_and_a_wrong_password_is_said_and_not_shown(serve_kafka, broker_before_4, certificate):
    at = broker_before_4.secured("SCRAM")
    with serve_kafka(at, *signing_in(certificate.authority, brokers.PASSWORD)) as service:
        assert post(service, "signed.in", [{"n": 1}]).json == {"accepted": 1, "first": 0, "last": 0}
        assert [each["value"] for each in read_back(service, "signed.in")] == [{"n": 1}]
        assert not service.events("journal.kafka_refused")
    with serve_kafka(at, *signing_in(certificate.authority, "c4n4ry")) as service:
        answer = post(service, "signed.in", [{"n": 2}], timeout=90)
        assert answer.status >= 500
        assert service.events("journal.kafka_refused")
        assert "c4n4ry" not in service.process.output["stderr"].decode() + answer.text
    with serve_kafka(at, *signing_in(certificate.authority, brokers.PASSWORD, "SCRAM-SHA-512")) as service:
        assert [each["value"] for each in read_back(service, "signed.in")] == [{"n": 1}]
        assert post(service, "signed.in", [{"n": 3}]).status == 201


def test_plain_lets_us_in_and_a_wrong_password_is_said_and_not_shown(serve_kafka, broker, certificate, topic):
    at = broker.secured("SCRAM")
    with serve_kafka(at, *signing_in(certificate.authority, brokers.PASSWORD, "PLAIN")) as service:
        assert post(service, topic, [{"n": 1}]).status == 201
        assert not service.events("journal.kafka_refused")
    with serve_kafka(at, *signing_in(certificate.authority, "c4n4ry", "PLAIN")) as service:
        answer = post(service, topic, [{"n": 2}], timeout=90)
        assert answer.status >= 500 and service.events("journal.kafka_refused")
        assert "c4n4ry" not in service.process.output["stderr"].decode() + answer.text
    with serve_kafka(at, *signing_in(certificate.authority, brokers.PASSWORD, "PLAIN")) as service:
        assert [each["value"] for each in read_back(service, topic)] == [{"n": 1}]


def test_a_broker_from_4_on_refuses_scram_and_that_is_said(serve_kafka, broker, certificate, topic):
    """If this becomes 201, librdkafka has been fixed and docs/kafka.md has to change."""
    with serve_kafka(broker.secured("SCRAM"), *signing_in(certificate.authority, brokers.PASSWORD)) as service:
        answer = post(service, topic, [{"n": 1}], timeout=90)
        assert answer.status >= 500
        assert service.events("journal.kafka_refused")


def test_tls_lets_us_in(serve_kafka, broker, certificate, topic):
    properties = ["security.protocol=SSL", f"ssl.ca.location={certificate.authority}"]
    with serve_kafka(broker.secured("TLS"), *properties) as service:
        assert post(service, topic, [{"n": 1}]).status == 201
        assert [each["value"] for each in read_back(service, topic)] == [{"n": 1}]


def test_an_entra_identity_signs_in_by_oauthbearer(serve_kafka, broker, certificate, topic):
    with TokenEndpoint(certificate) as entra:
        entra.make_token = unsecured
        settings = {
            "AZURE_CLIENT_ID": "archiver",
            "AZURE_TENANT_ID": "t",
            "AZURE_CLIENT_SECRET": "s3cret",
            "AZURE_AUTHORITY_HOST": f"https://localhost:{entra.port}",
            "SSL_CERT_FILE": str(certificate.authority),
        }
        properties = ["security.protocol=SASL_SSL", f"ssl.ca.location={certificate.authority}", "sasl.mechanism=OAUTHBEARER"]
        with serve_kafka(broker.secured("OAUTH"), *properties, **settings) as service:
            assert post(service, topic, [{"n": 1}]).status == 201
            assert [each["value"] for each in read_back(service, topic)] == [{"n": 1}]
            assert TOKEN_CANARY not in service.process.output["stderr"].decode()
        assert entra.asked and entra.asked[0].form["scope"] == "https://localhost/.default"
