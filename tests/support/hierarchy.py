"""An account with a hierarchical namespace, as far as the program sees one: Azurite has none.

Behind one address are both endpoints, blob and DFS. Blobs are Azurite's; a directory is kept there as what the Blob API
shows of one, an empty blob with the metadata hdi_isfolder. Requests are held against the rules of support.wire.
"""
import json
import urllib.parse

from support.gate import LakeGate
from support.lake import Lake, LakeError
from support.servers import ACCOUNT_KEY, ACCOUNT

DIRECTORY = {"hdi_isfolder": "true"}


def answer(status: int, headers: dict | None = None, body: bytes = b"") -> bytes:
    lines = {"Content-Length": str(len(body)), "x-ms-request-id": "00000000-scripted", **(headers or {})}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {status} Scripted\r\n{head}\r\n".encode() + body


def refusal(status: int, code: str) -> bytes:
    """As the DFS endpoint says no: in JSON."""
    document = json.dumps({"error": {"code": code, "message": "scripted"}}).encode()
    return answer(status, {"x-ms-error-code": code, "Content-Type": "application/json"}, document)


class HierarchicalGate(LakeGate):
    """`tells`: whether Get Account Information is allowed; `dfs`: what the DFS endpoint refuses with, if it does."""

    def __init__(self, upstream_port: int, lake: Lake, certificate=None):
        super().__init__(upstream_port, certificate=certificate)
        self.lake = lake
        self.tells = True
        self.dfs: tuple | None = None

    @property
    def connection_string(self) -> str:
        """With the DFS endpoint told, for an address that does not tell it."""
        return (
            f"AccountName={ACCOUNT};AccountKey={ACCOUNT_KEY};"
            f"BlobEndpoint={self.account_endpoint};DfsEndpoint={self.account_endpoint}"
        )

    def asked(self, operation: str) -> list:
        return [record for record in self.records if record.request.operation == operation]

    async def _exchange(self, record, head, body) -> bytes:
        request = record.request
        scripted = await self._loop.run_in_executor(None, self._scripted, request)
        if scripted is None:
            return await super()._exchange(record, head, body)
        record.status = int(scripted.split(b" ", 2)[1])
        return scripted

    def _scripted(self, request) -> bytes | None:
        if request.query.get("restype") == "account":
            if not self.tells:
                return refusal(403, "AuthorizationPermissionMismatch")
            return answer(200, {"x-ms-is-hns-enabled": "true", "x-ms-sku-name": "Standard_LRS", "x-ms-account-kind": "StorageV2"})
        if request.query.get("resource") == "directory":
            return refusal(*self.dfs) if self.dfs else self._make_directory(request)
        if "x-ms-tags" in request.given or request.query.get("comp") == "tags":
            return refusal(409, "FeatureNotYetSupportedForHierarchicalNamespaceAccounts")
        if request.method == "PUT" and request.publishes and not request.metadata.get("hdi_isfolder"):
            container, name = self._names(request)
            found = self.lake.head(container, name) if name else None
            if found and found.metadata.get("hdi_isfolder"):
                return refusal(409, "ResourceTypeMismatch")
        return None

    def _names(self, request) -> tuple:
        path = urllib.parse.unquote(request.path).removeprefix(f"/{ACCOUNT}").strip("/")
        container, _, name = path.partition("/")
        return container, name

    def _make_directory(self, request) -> bytes:
        container, name = self._names(request)
        made = False
        parts = name.split("/")
        for depth in range(1, len(parts) + 1):
            try:
                above = "/".join(parts[:depth])
                self.lake.put_blob(container, above, b"", DIRECTORY, {"If-None-Match": "*"})
                made = True
            except LakeError as error:
                if error.status == 404:
                    return refusal(404, "FilesystemNotFound")
                made = False
        return answer(201, {"ETag": '"0x1"'}) if made else refusal(409, "PathAlreadyExists")
