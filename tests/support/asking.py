"""`serve` without exports: APIs over a journal, and queries."""
import time
from types import SimpleNamespace

from support.archiver import Archiver
from support.serving import Service


def serving(archiver: Archiver, apis: str, *arguments: str, **settings: str) -> Service:
    """A service of these APIs; without a journal unless one is named."""
    settings = {"JOURNAL": "none", "SERVE_APIS": apis, **settings}
    return Service(SimpleNamespace(archiver=archiver), *arguments, settings=settings)


def wait_for(what, timeout: float = 30):
    """The first answer of `what` that is true."""
    deadline = time.monotonic() + timeout
    while not (answer := what()):
        assert time.monotonic() < deadline, answer
        time.sleep(0.05)
    return answer


def wait_until_ready(service: Service, timeout: float = 30) -> None:
    wait_for(lambda: service.get("/readyz").status == 200, timeout)
