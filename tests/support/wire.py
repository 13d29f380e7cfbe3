"""What every request to the lake must be like on the wire, and Shared Key as the service computes it.

Written from the service's documentation and apart from the program; tests/harness/test_wire.py proves the signature with
worked examples that Azurite has accepted. LakeGate holds every request against it.
"""
import base64
import hashlib
import hmac
import re
import urllib.parse
import uuid
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime

VERSION = "2023-11-03"
# In this order; each a line, empty if the header is not there.
STANDARD = (
    "content-encoding",
    "content-language",
    "content-length",
    "content-md5",
    "content-type",
    "date",
    "if-modified-since",
    "if-match",
    "if-none-match",
    "if-unmodified-since",
    "range",
)
ENCODED = re.compile(r"(?:[A-Za-z0-9._~-]|%[0-9A-F]{2})*")  # everything but unreserved characters
ENCODED_PATH = re.compile(r"/(?:[A-Za-z0-9._~/-]|%[0-9A-F]{2})*")
OURS = "archiver"  # how names of the program's own metadata begin


@dataclass
class Request:
    """A request as it came over the wire; names of headers in lowercase."""

    method: str
    target: str
    headers: list  # (name, value)
    body: bytes = b""

    def __post_init__(self):
        self.path, _, query = self.target.partition("?")
        self.pairs = [pair.partition("=")[::2] for pair in query.split("&")] if query else []
        self.query = {name: urllib.parse.unquote(value) for name, value in self.pairs}
        self.given = dict(self.headers)

    @property
    def operation(self) -> str:
        """The query's comp, or what stands in for it."""
        return self.query.get("comp") or self.query.get("resource") or self.query.get("restype") or ""

    @property
    def publishes(self) -> bool:
        """Whether it changes what others see of a blob."""
        if "restype" in self.query:
            return False
        return self.method == "DELETE" or (self.method == "PUT" and self.operation != "block")

    @property
    def metadata(self) -> dict:
        prefix = "x-ms-meta-"
        return {name[len(prefix) :]: value for name, value in self.headers if name.startswith(prefix)}


def string_to_sign(request: Request, account: str) -> str:
    lines = [request.method]
    for name in STANDARD:
        value = request.given.get(name, "")
        lines.append("" if name == "content-length" and value == "0" else value)
    ours = sorted({name for name, _ in request.headers if name.startswith("x-ms-")}, key=lambda name: name.replace("_", "/"))
    lines += [f"{name}:{request.given[name].strip()}" for name in ours]
    lines.append(f"/{account}{request.path}")
    values: dict = {}
    for name, value in request.pairs:
        values.setdefault(urllib.parse.unquote(name).lower(), []).append(urllib.parse.unquote(value))
    lines += [f"{name}:{','.join(sorted(values[name]))}" for name in sorted(values)]
    return "\n".join(lines)


def signature(request: Request, account: str, key: str) -> str:
    text = string_to_sign(request, account).encode()
    return base64.b64encode(hmac.digest(base64.b64decode(key), text, hashlib.sha256)).decode()


@dataclass
class Known:
    """What an answer has told of a blob."""

    metadata: dict = field(default_factory=dict)
    headers: dict = field(default_factory=dict)  # of those that a commit has to restate


# As an answer tells it, and as a commit restates it.
RESTATED = {
    "content-type": "x-ms-blob-content-type",
    "content-encoding": "x-ms-blob-content-encoding",
    "content-language": "x-ms-blob-content-language",
    "content-disposition": "x-ms-blob-content-disposition",
    "cache-control": "x-ms-blob-cache-control",
}


class WireRules:
    """Finds what is wrong with requests, and remembers what the lake has told of blobs."""

    def __init__(self, account: str, key: str):
        self.account = account
        self.key = key
        self.known: dict = {}  # by path

    def violations(self, request: Request) -> list:
        """What is wrong with a request by itself, each a sentence."""
        found = [*self._form(request), *self._credential(request), *self._condition(request)]
        if request.method == "PUT" and request.operation == "block":
            if "x-ms-content-crc64" not in request.given or not request.body:
                found.append("a block without its CRC-64, or without a byte")
        if request.operation == "blocklist" and request.method == "PUT" and "x-ms-blob-content-type" not in request.given:
            found.append("a commit without a content type")
        return [f"{request.method} {request.target}: {text}" for text in found]

    @staticmethod
    def _form(request: Request) -> list:
        found, given = [], request.given
        names = [name for name, _ in request.headers]
        if len(names) != len(set(names)):
            found.append("a header comes twice")
        if given.get("x-ms-version") != VERSION:
            found.append(f"x-ms-version is {given.get('x-ms-version')}")
        if "date" in given:
            found.append("Date is sent: the service and Azurite sign it differently")
        try:
            parsedate_to_datetime(given.get("x-ms-date", ""))
        except (TypeError, ValueError):
            found.append("x-ms-date is no date")
        try:
            uuid.UUID(given.get("x-ms-client-request-id", ""))
        except ValueError:
            found.append("x-ms-client-request-id is no UUID")
        if "transfer-encoding" in given:
            found.append("it is sent in chunks")
        if request.method == "PUT" and given.get("content-length") != str(len(request.body)):
            found.append("Content-Length is missing or not that of the body")
        if not ENCODED_PATH.fullmatch(request.path):
            found.append("its path is not percent-encoded")
        for name, value in request.pairs:
            if "sig" not in request.query and not ENCODED.fullmatch(value):
                found.append(f"the value of '{name}' is not percent-encoded")
        return found

    def _credential(self, request: Request) -> list:
        given = request.given.get("authorization", "")
        if "sig" in request.query:
            return ["a SAS and an Authorization header at once"] if given else []
        if given.startswith("Bearer "):
            return []
        wanted = f"SharedKey {self.account}:{signature(request, self.account, self.key)}"
        return [] if given == wanted else [f"the signature is not that of {string_to_sign(request, self.account)!r}"]

    @staticmethod
    def _condition(request: Request) -> list:
        conditions = [name for name in ("if-match", "if-none-match") if name in request.given]
        if request.publishes and len(conditions) != 1:
            return [f"a publishing write needs one condition, and has {conditions}"]
        if request.publishes and request.given.get("if-match") == "*":
            return ["If-Match: * is no condition"]
        return []

    def lost(self, request: Request, status: int) -> list:
        """What a write that took effect has erased of what others had put there. To be asked before `learn`."""
        before = self.known.get(urllib.parse.unquote(request.path))
        if before is None or status // 100 != 2 or not request.publishes or request.method == "DELETE":
            return []
        if "if-none-match" in request.given:
            return []  # there was nothing: somebody has deleted it behind our back
        kept = request.metadata
        found = [
            f"it erases metadata '{name}'"
            for name, value in before.metadata.items()
            if not name.startswith(OURS) and kept.get(name) != value
        ]
        if request.operation == "blocklist":
            found += [
                f"it does not restate {name}"
                for name, value in before.headers.items()
                if request.given.get(RESTATED[name]) != value
            ]
        return [f"{request.method} {request.target}: {text}" for text in found]

    def learn(self, request: Request, status: int, headers: dict, body: bytes) -> None:
        """Takes note of what an answer tells of blobs."""
        if status // 100 != 2:
            return
        path = urllib.parse.unquote(request.path)
        if request.method == "DELETE":
            self.known.pop(path, None)
        elif request.publishes:
            restated = {name: request.given[sent] for name, sent in RESTATED.items() if sent in request.given}
            before = self.known.get(path, Known())
            self.known[path] = Known(request.metadata, restated if request.operation == "blocklist" else before.headers)
        elif request.method == "HEAD" and "restype" not in request.query:
            prefix = "x-ms-meta-"
            told = {name[len(prefix) :]: value for name, value in headers.items() if name.startswith(prefix)}
            self.known[path] = Known(told, {name: headers[name] for name in RESTATED if headers.get(name)})
        elif request.operation == "list":
            for entry in ElementTree.fromstring(body).iter("Blob"):
                told = {item.tag.lower(): item.text or "" for item in entry.find("Metadata") or ()}
                properties = {name: entry.findtext(f"Properties/{name.title()}") for name in RESTATED}
                self.known[f"{path}/{entry.findtext('Name')}"] = Known(told, {k: v for k, v in properties.items() if v})
