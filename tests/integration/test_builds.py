"""The routes of probo-db, through the program."""
import json

import pytest

from support.asking import serving, wait_until_ready
from support.builds import BUILD, KEYS, build, message
from support.projections import Projection

OTHER = "207f5c8a-9902-40c5-b10a-d9640750b967"


@pytest.fixture
def builds(database):
    """Its tables, into which messages are applied file by file."""
    return Projection(database.connection, "builds").migrate()


@pytest.fixture
def service(archiver, builds):
    with serving(archiver, "builds") as made:
        wait_until_ready(made)
        yield made


def test_the_version_is_told(service):
    assert service.get("/").json == "probodb version 1.0.0"
    head = service.ask("HEAD", "/")
    assert (head.status, head.body) == (200, b"")


def test_ids_are_listed(service, builds):
    assert service.get("/build").json == [] and service.get("/project").json == []
    builds.apply(message(BUILD), message(build(id=OTHER)))
    assert sorted(service.get("/build").json) == sorted([BUILD["id"], OTHER])
    assert b" " not in service.get("/build").body + service.get("/project").body  # as JSON.stringify writes it
    assert service.get("/project").json == [BUILD["projectId"]]


def test_a_build_is_a_row_in_the_order_of_its_columns(service, builds):
    builds.apply(message(BUILD, version=None))
    found = service.get(f"/build/{BUILD['id']}").json
    assert list(found) == KEYS
    assert found["bytesReal"] == "13462483" and found["timeUpdated"] == "2017-06-12T13:45:35.391Z"
    assert found["config"] == BUILD["config"] and found["prNumber"] == "7"
    assert service.get(f"/build/{BUILD['id'].upper()}").json == found


def test_disk_usage_is_digits_in_a_string(service, builds):
    builds.apply(message(build(diskSpace={"realBytes": 234567})), message(build(id=OTHER, diskSpace={"realBytes": 234567})))
    assert service.get(f"/build/{OTHER}/disk-usage").body == b'"234567"'
    assert service.get(f"/project/{BUILD['projectId']}/disk-usage").body == b'"469134"'
    builds.apply(message(build(id=OTHER, reaped=True)))
    assert service.get(f"/project/{BUILD['projectId']}/disk-usage").body == b'"234567"'
    assert service.get(f"/project/{OTHER}/disk-usage").body == b'"0"', "of a project that nobody knows"


@pytest.mark.parametrize("path, name", [("/build/{}", "build"), ("/build/{}/disk-usage", "build"), ("/project/{}/disk-usage", "project")])
def test_an_id_is_a_uuid_from_end_to_end(service, path, name):
    for bad in ("nope", f"zz{OTHER}zz", f"{OTHER}0"):
        answer = service.get(path.format(bad))
        assert answer.status == 400 and answer.json == {"code": "BadRequest", "message": f"Invalid {name} id"}


@pytest.mark.parametrize("path", ["/build/{}", "/build/{}/disk-usage"])
def test_an_unknown_build_has_no_number(service, path):
    answer = service.get(path.format(OTHER))
    assert answer.status == 404 and answer.json["code"] == "ResourceNotFound"
    assert list(answer.json) == ["code", "message"] and not any(map(str.isdigit, answer.json["message"]))


def test_the_plugin_has_its_route(service, builds):
    assert service.get("/organization/acme/disk-usage").json == "0"
    builds.apply(message(build(organizationId="acme")))
    assert service.get("/organization/acme/disk-usage").body == b'"13462483"'


def test_every_route_is_described(service):
    paths = service.get("/openapi.json").json["paths"]
    routes = ["/", "/build", "/build/{build}", "/build/{build}/disk-usage", "/project", "/project/{project}/disk-usage"]
    assert set(routes) <= set(paths)
    assert json.dumps(paths["/build/{build}"]["get"]["responses"]).count("description") >= 5


def test_what_is_not_there_is_told_as_restify_tells_it(service):
    for method, path, status, told in [
        ("GET", "/nope", 404, {"code": "ResourceNotFound", "message": "/nope does not exist"}),
        ("POST", "/nope/a%20b?x=1", 404, {"code": "ResourceNotFound", "message": "/nope/a%20b does not exist"}),
        ("POST", "/build", 405, {"code": "MethodNotAllowed", "message": "POST is not allowed"}),
        ("DELETE", f"/build/{OTHER}", 405, {"code": "MethodNotAllowed", "message": "DELETE is not allowed"}),
    ]:
        answer = service.ask(method, path)
        assert (answer.status, answer.json) == (status, told)
        assert answer.headers.get("allow") == ("GET" if status == 405 else None)
    assert service.ask("HEAD", "/build").status == 200
