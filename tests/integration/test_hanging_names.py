"""A name server that does not answer keeps no process alive: neither one that has given up, nor one that is told to stop."""
import signal
import time

import pytest

from support.archiver import Archiver
from support.events import loadable


@pytest.fixture(scope="session")
def hanging_names(tmp_path_factory) -> dict:
    """Settings with which looking up a name that ends in .hangs takes a minute."""
    library = loadable(tmp_path_factory.mktemp("hanging-names"), "hanging_names")
    return {"LD_PRELOAD": str(library), "ASAN_OPTIONS": "verify_asan_link_order=0"}


def stopped(process) -> None:
    time.sleep(1)  # it is looking up by then
    assert process.running
    process.send(signal.SIGTERM)
    outcome = process.wait(8)
    assert not outcome.events("run.abandoned") and outcome.code in (0, 143), outcome
    return outcome


def test_a_run_that_has_given_up_ends(archiver, azurite, hanging_names):
    there = {"AZURE_STORAGE_CONNECTION_STRING": azurite.connection_string("http://lake.hangs"), "ARCHIVE_ALLOW_HTTP": "true"}
    limits = ("--retries", "0", "--request-timeout", "1s")
    outcome = archiver.run("list", *limits, settings={**there, **hanging_names}, timeout=20)
    assert outcome.code == 5 and "lake.hangs" in outcome.stderr, outcome


def test_a_signal_ends_a_run(archiver, azurite, hanging_names):
    there = {"AZURE_STORAGE_CONNECTION_STRING": azurite.connection_string("http://lake.hangs"), "ARCHIVE_ALLOW_HTTP": "true"}
    assert stopped(archiver.start("list", settings={**there, **hanging_names})).code == 143


def test_a_signal_ends_send(binary, tmp_path, hanging_names):
    file = tmp_path / "events.jsonl"
    file.write_text('{"n":1}\n')
    sender = Archiver(binary, {"LOG_FORMAT": "json", **hanging_names})
    assert stopped(sender.start("send", str(file), "--to", "http://server.hangs:8000")).code == 143


def test_a_signal_ends_what_asks_for_a_token_for_kafka(binary, tmp_path, hanging_names):
    (tmp_path / "kafka").write_text("security.protocol=SASL_SSL\nsasl.mechanism=OAUTHBEARER\n")
    identity = {"AZURE_CLIENT_ID": "archiver", "AZURE_TENANT_ID": "t", "AZURE_CLIENT_SECRET": "s3cret", "AZURE_AUTHORITY_HOST": "https://login.hangs"}
    settings = {"JOURNAL": "kafka://127.0.0.1:1", "KAFKA_CONFIG": str(tmp_path / "kafka"), "LOG_FORMAT": "json", **identity, **hanging_names}
    serving = Archiver(binary, settings).start("serve", "--apis", "live", settings={"PROJECT": "none", "SERVE_PORT": "0"})
    stopped(serving)
