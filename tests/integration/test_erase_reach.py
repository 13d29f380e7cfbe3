"""What `erase` cannot reach: it says so, or refuses before the first byte."""
import json

import pytest

from support.gate import LakeGate, with_headers

PLACES = ("earlier versions", "snapshots", "soft-deleted copies")
IMMUTABLE = {
    "a policy on the container": ("?restype=container", {"x-ms-has-immutability-policy": "true"}, "immutability policy"),
    "a hold on the container": ("?restype=container", {"x-ms-has-legal-hold": "true"}, "legal hold"),
}


@pytest.fixture
def days(archiver, table):
    table.fill(20, 2)
    archiver.archive()
    return table


def through(azurite, gate) -> dict:
    return {"AZURE_STORAGE_CONNECTION_STRING": azurite.connection_string(gate.endpoint)}


def test_copies_that_the_account_keeps_are_named_before_and_in_the_receipt(archiver, days, lake, container):
    counted = archiver.run("erase", "--where", "id < 5", expect=0).stdout
    receipt = json.loads(archiver.run("erase", "--where", "id < 5", "--yes", expect=0).stdout)
    for place in PLACES:
        assert place in " ".join(counted.split()) and any(place in each for each in receipt["not_reached"]), place


@pytest.mark.parametrize("what", IMMUTABLE)
def test_an_immutable_container_is_named_and_nothing_is_erased(archiver, azurite, days, lake, container, what):
    """Azurite knows no policies: the gate says what the service would."""
    target, headers, sentence = IMMUTABLE[what]
    before = {blob.name: blob.etag for blob in lake.list(container)}
    with LakeGate(azurite.port) as gate:
        gate.on(with_headers(headers), times=None, method="HEAD", contains=target)
        outcome = archiver.run("erase", "--where", "id < 5", "--yes", settings=through(azurite, gate))
    assert outcome.code == 3 and sentence in outcome.stderr and "az storage container" in outcome.stderr
    assert {blob.name: blob.etag for blob in lake.list(container)} == before


def test_an_immutable_file_is_named_and_nothing_is_erased(archiver, azurite, days, lake, container):
    before = {blob.name: blob.etag for blob in lake.list(container)}
    with LakeGate(azurite.port) as gate:
        gate.on(with_headers({"x-ms-immutable-storage-with-versioning-enabled": "true"}), times=None, method="HEAD", contains="?restype=container")
        gate.on(with_headers({"x-ms-legal-hold": "true"}), times=None, method="HEAD", contains="events_2024-01-02.csv")
        outcome = archiver.run("erase", "--where", "id < 5", "--yes", settings=through(azurite, gate))
    assert outcome.code == 3 and "events_2024-01-02.csv" in outcome.stderr and "legal hold" in outcome.stderr
    assert {blob.name: blob.etag for blob in lake.list(container)} == before
