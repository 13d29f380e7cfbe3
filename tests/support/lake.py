"""The tests' own look at the lake: a small Blob REST client, written apart from the program's.

Standard library only. Every call is one request on one connection; anything but the expected status raises.
"""
import base64
import hashlib
import hmac
import http.client
import ssl
import urllib.parse
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from email.utils import formatdate

from support.wire import Request, signature

VERSION = "2023-11-03"


class LakeError(RuntimeError):
    """The service said no: `status` and its error `code`."""

    def __init__(self, status: int, code: str, request: str):
        super().__init__(f"{request}: {status} {code}")
        self.status = status
        self.code = code


@dataclass
class Blob:
    """A blob as listed or asked for."""

    name: str
    size: int
    etag: str
    kind: str  # BlockBlob or AppendBlob
    metadata: dict
    content_type: str = ""
    content_encoding: str = ""
    tier: str = ""  # that somebody chose; empty: the account's


class Lake:
    """One account. Names are `container`, `blob`; bodies are bytes."""

    def __init__(self, connection_string: str, ca_file: str | None = None):
        pairs = dict(pair.split("=", 1) for pair in connection_string.split(";") if pair)
        self.account = pairs["AccountName"]
        self.account_key = pairs["AccountKey"]
        self.key = base64.b64decode(self.account_key)
        url = urllib.parse.urlsplit(pairs["BlobEndpoint"])
        self.secure, self.host, self.port, self.base = (
            url.scheme == "https",
            url.hostname,
            url.port,
            url.path.rstrip("/"),
        )
        self.ca_file = ca_file

    def request(
        self,
        method: str,
        path: str,
        query: dict | None = None,
        headers: dict | None = None,
        body: bytes = b"",
        accept=(200, 201, 202, 206),
    ) -> tuple:
        """(status, headers with lowercase names, body) of one signed request."""
        query = query or {}
        headers = {"x-ms-version": VERSION, "x-ms-date": formatdate(usegmt=True), **(headers or {})}
        if method == "PUT":
            headers["Content-Length"] = str(len(body))
        path = self.base + urllib.parse.quote(path)
        target = path + ("?" + urllib.parse.urlencode(query, quote_via=urllib.parse.quote) if query else "")
        request = Request(method, target, [(name.lower(), value) for name, value in headers.items()])
        headers["Authorization"] = f"SharedKey {self.account}:{signature(request, self.account, self.account_key)}"
        if self.secure:
            wire = http.client.HTTPSConnection(
                self.host, self.port, timeout=60, context=ssl.create_default_context(cafile=self.ca_file)
            )
        else:
            wire = http.client.HTTPConnection(self.host, self.port, timeout=60)
        try:
            wire.request(method, target, body=body or None, headers=headers)
            answer = wire.getresponse()
            content = answer.read()
        finally:
            wire.close()
        found = {name.lower(): value for name, value in answer.getheaders()}
        if answer.status not in accept:
            raise LakeError(answer.status, found.get("x-ms-error-code", ""), f"{method} {path}")
        return answer.status, found, content

    def create_container(self, container: str) -> None:
        self.request("PUT", f"/{container}", {"restype": "container"}, accept=(201, 409))

    def delete_container(self, container: str) -> None:
        self.request("DELETE", f"/{container}", {"restype": "container"}, accept=(202, 404))

    def has_container(self, container: str) -> bool:
        return self.request("HEAD", f"/{container}", {"restype": "container"}, accept=(200, 404))[0] == 200

    def list(self, container: str, prefix: str = "", uncommitted: bool = False, bookkeeping: bool = False) -> list:
        """Every blob, with its metadata; with `uncommitted` also names that have only staged blocks, with `bookkeeping` also the
        program's own lock and ledger."""
        include = "metadata,uncommittedblobs" if uncommitted else "metadata"
        blobs, marker = [], ""
        while True:
            query = {"restype": "container", "comp": "list", "include": include, "prefix": prefix}
            if marker:
                query["marker"] = marker
            _, _, body = self.request("GET", f"/{container}", query)
            page = ElementTree.fromstring(body)
            blobs += [self._listed(entry) for entry in page.iter("Blob")
                      if bookkeeping or ".event-archiver/" not in entry.findtext("Name")]
            marker = page.findtext("NextMarker") or ""
            if not marker:
                return blobs

    @staticmethod
    def _listed(entry) -> Blob:
        def text(name):
            return entry.findtext(f"Properties/{name}") or ""

        return Blob(
            entry.findtext("Name"),
            int(text("Content-Length") or 0),
            text("Etag"),
            text("BlobType"),
            {item.tag.lower(): item.text or "" for item in entry.find("Metadata") or ()},
            text("Content-Type"),
            text("Content-Encoding"),
            "" if text("AccessTierInferred") == "true" else text("AccessTier"),
        )

    def head(self, container: str, name: str) -> Blob | None:
        status, headers, _ = self.request("HEAD", f"/{container}/{name}", accept=(200, 404))
        if status == 404:
            return None
        metadata = {key[len("x-ms-meta-") :]: value for key, value in headers.items() if key.startswith("x-ms-meta-")}
        return Blob(
            name,
            int(headers["content-length"]),
            headers["etag"],
            headers["x-ms-blob-type"],
            metadata,
            headers.get("content-type", ""),
            headers.get("content-encoding", ""),
            "" if headers.get("x-ms-access-tier-inferred") == "true" else headers.get("x-ms-access-tier", ""),
        )

    def get(self, container: str, name: str) -> bytes:
        return self.request("GET", f"/{container}/{name}")[2]

    def put_blob(
        self, container: str, name: str, body: bytes, metadata: dict | None = None, headers: dict | None = None
    ) -> None:
        self.request(
            "PUT",
            f"/{container}/{name}",
            headers={"x-ms-blob-type": "BlockBlob", **_meta(metadata), **(headers or {})},
            body=body,
        )

    def put_block(self, container: str, name: str, block_id: str, body: bytes) -> None:
        self.request("PUT", f"/{container}/{name}", {"comp": "block", "blockid": block_id}, body=body)

    def put_block_list(
        self, container: str, name: str, ids: list, metadata: dict | None = None, headers: dict | None = None
    ) -> None:
        body = "<BlockList>" + "".join(f"<Latest>{block_id}</Latest>" for block_id in ids) + "</BlockList>"
        self.request(
            "PUT", f"/{container}/{name}", {"comp": "blocklist"}, {**_meta(metadata), **(headers or {})}, body.encode()
        )

    def block_list(self, container: str, name: str, kind: str = "committed") -> list:
        """(id, size) of each block; `kind` is committed, uncommitted or all."""
        _, _, body = self.request("GET", f"/{container}/{name}", {"comp": "blocklist", "blocklisttype": kind})
        return [
            (entry.findtext("Name"), int(entry.findtext("Size")))
            for entry in ElementTree.fromstring(body).iter("Block")
        ]

    def append_blob(self, container: str, name: str, body: bytes) -> None:
        self.request("PUT", f"/{container}/{name}", headers={"x-ms-blob-type": "AppendBlob"})
        self.request("PUT", f"/{container}/{name}", {"comp": "appendblock"}, body=body)

    def set_metadata(self, container: str, name: str, metadata: dict) -> None:
        self.request("PUT", f"/{container}/{name}", {"comp": "metadata"}, _meta(metadata))

    def delete(self, container: str, name: str) -> None:
        self.request("DELETE", f"/{container}/{name}")

    def tags(self, container: str, name: str) -> dict:
        _, _, body = self.request("GET", f"/{container}/{name}", {"comp": "tags"})
        return {tag.findtext("Key"): tag.findtext("Value") or "" for tag in ElementTree.fromstring(body).iter("Tag")}

    def set_tags(self, container: str, name: str, tags: dict) -> None:
        pairs = "".join(f"<Tag><Key>{key}</Key><Value>{value}</Value></Tag>" for key, value in tags.items())
        body = f"<Tags><TagSet>{pairs}</TagSet></Tags>".encode()
        self.request("PUT", f"/{container}/{name}", {"comp": "tags"}, body=body, accept=(204,))

    def set_tier(self, container: str, name: str, tier: str) -> None:
        self.request("PUT", f"/{container}/{name}", {"comp": "tier"}, {"x-ms-access-tier": tier})

    def container_sas(self, container: str, permissions: str = "rwdl", **more) -> str:
        """A SAS for one container and what is in it; `more` are fields as they are called in its query."""
        fields = {
            "sp": permissions,
            "st": "",
            "se": "2100-01-01T00:00:00Z",
            "canonical": f"/blob/{self.account}/{container}",
            **{name: "" for name in ("si", "sip", "spr")},
            "sv": VERSION,
            "sr": "c",
            **{name: "" for name in ("snapshot", "ses", "rscc", "rscd", "rsce", "rscl", "rsct")},
            **more,
        }
        fields["sig"] = base64.b64encode(
            hmac.digest(self.key, "\n".join(fields.values()).encode(), hashlib.sha256)
        ).decode()
        del fields["canonical"]
        return urllib.parse.urlencode(
            {name: value for name, value in fields.items() if value}, quote_via=urllib.parse.quote
        )

    def account_sas(self, permissions: str = "rwdlac", expires: str = "2100-01-01T00:00:00Z") -> str:
        """A SAS for the blob service's containers and objects."""
        fields = {
            "sp": permissions,
            "ss": "b",
            "srt": "sco",
            "st": "",
            "se": expires,
            "sip": "",
            "spr": "https,http",
            "sv": VERSION,
            "ses": "",
        }
        text = "\n".join([self.account, *fields.values()]) + "\n"
        fields["sig"] = base64.b64encode(hmac.digest(self.key, text.encode(), hashlib.sha256)).decode()
        return urllib.parse.urlencode(
            {name: value for name, value in fields.items() if value}, quote_via=urllib.parse.quote
        )


def _meta(metadata: dict | None) -> dict:
    return {f"x-ms-meta-{name}": value for name, value in (metadata or {}).items()}
