"""The rules of the wire: the signature of worked examples that Azurite has accepted, and each rule broken once."""

import pytest

from support.servers import ACCOUNT, ACCOUNT_KEY
from support.wire import Request, WireRules, signature

DATE = ("x-ms-date", "Mon, 06 Oct 2025 08:49:37 GMT")
VERSION = ("x-ms-version", "2023-11-03")
ID = ("x-ms-client-request-id", "11111111-2222-3333-4444-555555555555")
BLOB = "/demo/dir/a%20b.bin"
LIST = "?restype=container&comp=list&prefix=dir%2Fa%20b&delimiter=%2F&include=metadata%2Cuncommittedblobs&maxresults=5000"
BLOCK_LIST = b'<?xml version="1.0" encoding="utf-8"?><BlockList><Latest>AAAAAAAAAAH/+w==</Latest></BlockList>'
BLOCK = f"{BLOB}?comp=block&blockid=AAAAAAAAAAH%2F%2Bw%3D%3D"
BLOCK_HEADERS = [("content-length", "12"), ("content-md5", "b1kCrCNwJL3QwXbLkwY9xA=="), ID]
COMMIT_HEADERS = [
    ("content-length", "94"),
    ("content-type", "application/xml"),
    ("if-match", "*"),
    ("x-ms-blob-content-type", "application/octet-stream"),
    ("x-ms-meta-gen", "7"),
    ("x-ms-meta-writer", "w1"),
]
PATH_STYLE = f"/{ACCOUNT}"


@pytest.mark.parametrize(
    "method, target, headers, body, wanted",
    [
        ("PUT", f"{PATH_STYLE}/demo2?restype=container", [("content-length", "0")], b"", "KZ6/aOkUgcKYmO4+zrXf2bhoyXEICAwrPs7Sfkf9Jwg="),
        ("PUT", PATH_STYLE + BLOCK, BLOCK_HEADERS, b"hello world\n", "7og2zyaJkw53uEoPaggXSkHPwyjFeMPyK30/lPvtOCA="),
        ("PUT", BLOCK, BLOCK_HEADERS, b"hello world\n", "3ldR/dSpIinw9Y1xTWV+xSbn+/eGSn+eHmtdD8jQR8I="),
        ("PUT", f"{PATH_STYLE}{BLOB}?comp=blocklist", COMMIT_HEADERS, BLOCK_LIST, "D2XJrv5548k9F8Wi33XxCY3HxBRgegkyVatvvDaL0Cg="),
        ("GET", f"{PATH_STYLE}/demo{LIST}", [], b"", "QVa0VtfqjqWgmY59r66kiiCx4CC8pkKxu95n/LL1tVY="),
        ("GET", f"/demo{LIST}", [], b"", "LtxG4ivlErXZ+QWLvAj6hkfj7AziKdZM6ttuCpcNU8g="),
        ("GET", PATH_STYLE + BLOB, [("x-ms-range", "bytes=0-4")], b"", "uGf2pdh8OdTYoUi3AL9rtA4Dh7Xw6Kdx2ziZ5jbxz98="),
        ("GET", PATH_STYLE + BLOB, [("range", "bytes=0-4")], b"", "5f4P0LVm4XfOuOTivnFo6Io0Clux+PLrKV3x3K7jUcI="),
    ],
    ids=["V1", "V2 path", "V2 host", "V3", "V4 path", "V4 host", "V5 x-ms-range", "V5 range"],
)
def test_worked_examples(method, target, headers, body, wanted):
    assert signature(Request(method, target, [*headers, DATE, VERSION], body), ACCOUNT, ACCOUNT_KEY) == wanted


def signed(method: str, target: str, *headers: tuple, body: bytes = b"") -> Request:
    """A request as the program would send it, but for what the caller gives."""
    names = {name for name, _ in headers}
    standard = [DATE, VERSION, ID] + ([("content-length", str(len(body)))] if method == "PUT" else [])
    given = [*headers, *(pair for pair in standard if pair[0] not in names)]
    made = Request(method, target, given, body)
    value = f"SharedKey {ACCOUNT}:{signature(made, ACCOUNT, ACCOUNT_KEY)}"
    return Request(method, target, [*given, ("authorization", value)], body)


MATCH = ("if-match", '"0x1"')
TYPE = ("x-ms-blob-content-type", "text/csv")
CRC = ("x-ms-content-crc64", "H6LSgYQOeA8=")


def complaints(request: Request) -> str:
    return "\n".join(WireRules(ACCOUNT, ACCOUNT_KEY).violations(request))


@pytest.mark.parametrize(
    "request_",
    [
        signed("GET", f"{PATH_STYLE}/demo{LIST}"),
        signed("PUT", PATH_STYLE + BLOCK, CRC, body=b"hello world\n"),
        signed("PUT", f"{PATH_STYLE}{BLOB}?comp=blocklist", MATCH, TYPE, body=BLOCK_LIST),
        signed("DELETE", PATH_STYLE + BLOB, MATCH),
        Request("GET", f"/demo/b?sv=2023-11-03&sp=r&sig=a+b", [DATE, VERSION, ID]),
    ],
    ids=["list", "block", "commit", "delete", "signature"],
)
def test_what_is_right_passes(request_):
    assert complaints(request_) == ""


@pytest.mark.parametrize(
    "request_, word",
    [
        (signed("GET", "/demo/b", ("x-ms-version", "2099-01-01")), "x-ms-version"),
        (signed("GET", "/demo/b", ("date", DATE[1])), "Date is sent"),
        (signed("GET", "/demo/b", ("x-ms-date", "yesterday")), "no date"),
        (signed("GET", "/demo/b", ("x-ms-client-request-id", "7")), "no UUID"),
        (signed("GET", "/demo/b", ("x-ms-a", "1"), ("x-ms-a", "2")), "twice"),
        (signed("PUT", BLOCK, CRC, ("transfer-encoding", "chunked"), body=b"x"), "chunks"),
        (signed("PUT", BLOCK, CRC, ("content-length", "7"), body=b"x"), "Content-Length"),
        (signed("PUT", BLOCK, body=b"x"), "CRC-64"),
        (signed("GET", "/demo/a b"), "path"),
        (signed("GET", "/demo?restype=container&comp=list&prefix=a/b"), "'prefix'"),
        (signed("GET", "/demo?restype=container&comp=list&prefix=a%2fb"), "'prefix'"),
        (signed("PUT", f"{BLOB}?comp=blocklist", TYPE, body=BLOCK_LIST), "condition"),
        (signed("PUT", f"{BLOB}?comp=blocklist", TYPE, ("if-match", "*"), body=BLOCK_LIST), "no condition"),
        (signed("PUT", f"{BLOB}?comp=blocklist", MATCH, body=BLOCK_LIST), "content type"),
        (signed("DELETE", BLOB), "condition"),
        (Request("GET", "/demo/b", [DATE, VERSION, ID, ("authorization", "SharedKey a:b")]), "signature"),
        (Request("GET", "/demo/b", [DATE, VERSION, ID]), "signature"),
        (Request("GET", "/demo/b?sig=1", [DATE, VERSION, ID, ("authorization", "SharedKey a:b")]), "at once"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_rule_is_broken_once(request_, word):
    assert word in complaints(request_)


def test_what_others_put_on_a_blob_must_be_restated():
    rules = WireRules(ACCOUNT, ACCOUNT_KEY)
    told = {"x-ms-meta-owner": "us", "x-ms-meta-archiverrows": "1", "content-type": "text/csv", "cache-control": "no-cache"}
    rules.learn(signed("HEAD", BLOB), 200, told, b"")
    owner, caching = ("x-ms-meta-owner", "us"), ("x-ms-blob-cache-control", "no-cache")
    whole = signed("PUT", f"{BLOB}?comp=blocklist", MATCH, TYPE, owner, caching, body=BLOCK_LIST)
    assert rules.lost(whole, 201) == []
    without = signed("PUT", f"{BLOB}?comp=blocklist", MATCH, TYPE, body=BLOCK_LIST)
    assert ["owner" in text or "cache" in text for text in rules.lost(without, 201)] == [True, True]
    assert rules.lost(without, 412) == [], "it had no effect"
    assert rules.lost(signed("PUT", f"{BLOB}?comp=metadata", MATCH, owner), 200) == [], "headers stay"
    assert rules.lost(signed("PUT", f"{BLOB}?comp=metadata", MATCH), 200)


def test_a_listing_is_learned():
    rules = WireRules(ACCOUNT, ACCOUNT_KEY)
    body = b"""<EnumerationResults><Blobs><Blob><Name>dir/a b.bin</Name><Properties><Content-Type>text/csv</Content-Type>
      </Properties><Metadata><Owner>us</Owner></Metadata></Blob></Blobs></EnumerationResults>"""
    rules.learn(signed("GET", f"/demo{LIST}"), 200, {}, body)
    assert rules.known["/demo/dir/a b.bin"].metadata == {"owner": "us"}
    assert rules.known["/demo/dir/a b.bin"].headers == {"content-type": "text/csv"}
