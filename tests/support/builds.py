"""Builds as Probo's event bus tells of them."""
import copy

BUILD = {
    "commit": {"htmlUrl": "https://git.example/acme/shop/commit/0a1b2c3d", "ref": "0a1b2c3d"},
    "pullRequest": {"description": "", "htmlUrl": "https://git.example/acme/shop/pull/7", "name": "Cart", "number": "7"},
    "branch": {"htmlUrl": "https://git.example/acme/shop/tree/cart", "name": "cart"},
    "config": {"zeta": 1, "assets": ["shop.sql"], "image": "acme/php:8", "settings": "$bar = 'baz';\n"},
    "reaped": False,
    "reapedReason": 0,
    "reapedReasonText": "",
    "reapedDate": "2017-06-12T12:31:59.287Z",
    "pinned": False,
    "statuses": {},
    "submittedState": "pending",
    "status": "error",
    "steps": [{"id": "aaaaaaaaaa000000", "state": "error"}],
    "diskSpace": {"realBytes": 13462483, "virtualBytes": 1512017490},
    "createdAt": "2017-06-12T13:44:07.145Z",
    "projectId": "651f7cc3-af8c-4db1-995e-fac844f467dc",
    "updatedAt": "2017-06-12T13:45:35.391Z",
    "requestId": "28c47b7e-f7c0-48ab-893f-cfc5b03af3cd",
    "id": "51246265-be28-4af3-8148-22ebdd46eab2",
    "active": False,
}

KEYS = (
    "id buildId requestId projectId timeStarted timeUpdated bytesVirtual bytesReal config branchName branchUrl commitUrl "
    "commitRef prDescription prUrl prName prNumber reaped reapedReason reapedReasonText reapedDate pinned statusSubmitted "
    "statusBuild"
).split()


def build(**changes) -> dict:
    """The build above with these properties; None takes one away."""
    made = copy.deepcopy(BUILD)
    for name, value in changes.items():
        if value is None:
            made.pop(name, None)
        else:
            made[name] = value
    return made


def message(of: dict, name: str = "updated", version: int | None = 1, data=None) -> dict:
    """The envelope of the bus; newer producers leave the version out."""
    inner = {"event": name, "data": {"id": of.get("id", "")} if data is None else data, "build": of}
    return {"data": inner} if version is None else {"version": version, "data": inner}
