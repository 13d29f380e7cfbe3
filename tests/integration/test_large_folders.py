"""A folder in which others keep very many things: what can be ours is kept in memory, and nothing else of it."""
import threading
import urllib.parse
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

MANY, PAGE = 100_000, 5_000
MIB = 1 << 20

BLOB = ("<Blob><Name>{name}</Name><Properties><Last-Modified>Thu, 29 Feb 2024 02:00:17 GMT</Last-Modified><Etag>0x8D{number:013X}</Etag>"
        "<Content-Length>17</Content-Length><Content-Type>text/plain</Content-Type><BlobType>BlockBlob</BlobType>"
        "<LeaseStatus>unlocked</LeaseStatus><LeaseState>available</LeaseState></Properties><Metadata><owner>somebody</owner></Metadata></Blob>")
FOLDER = "<BlobPrefix><Name>{name}/</Name></BlobPrefix>"

WHAT = {  # what somebody keeps there, beside one file of a day
    "strange names": lambda n: BLOB.format(name=f"photo-{n:06}-with-a-rather-long-name-as-people-give-them.jpeg", number=n),
    "names that are nearly ours": lambda n: BLOB.format(name=f"events_2024-01-01.csv.{n}", number=n),
    "folders": lambda n: FOLDER.format(name=f"partition-{n:06}"),
}


@contextmanager
def account(make, count):
    """A blob service that lists, page by page, as Microsoft documents it. It knows nothing else."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def answer(self, status, body=b"", headers=None):
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), "x-ms-request-id": "1", **(headers or {})}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def do_HEAD(self):
            asked.append(self.path)
            self.answer(404, headers={"x-ms-error-code": "BlobNotFound"})

        def do_GET(self):
            query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
            asked.append(self.path)
            assert query["comp"] == "list" and query["delimiter"] == "/", self.path
            entries, following = "", ""
            if not query.get("prefix"):
                first = int(query.get("marker", "0"))
                last = min(first + PAGE, count)
                entries = "".join(make(n) for n in range(first, last))
                if first == 0:
                    entries = BLOB.format(name="events_2024-01-01.csv", number=0) + entries
                following = str(last) if last < count else ""
            self.answer(200, f'<?xml version="1.0" encoding="utf-8"?><EnumerationResults><Blobs>{entries}</Blobs><NextMarker>{following}'
                             "</NextMarker></EnumerationResults>".encode())

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1], asked
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.sampled
@pytest.mark.parametrize("what", WHAT)
def test_a_folder_of_100000_things_is_listed_in_few_requests_and_little_memory(archiver, azurite, what):
    peaks = {}
    for count in (PAGE, MANY):
        with account(WHAT[what], count) as (port, asked):
            there = {"AZURE_STORAGE_CONNECTION_STRING": azurite.connection_string(f"http://127.0.0.1:{port}"), "PG_CONNECTION_STRING": None}
            outcome = archiver.run("list", settings=there, expect=0, timeout=120)
        assert "events_2024-01-01.csv" in outcome.stdout and "1 day" in outcome.stdout
        peaks[count] = outcome.peak_bytes
    assert len(asked) <= MANY // PAGE + 5, asked
    assert peaks[MANY] - peaks[PAGE] < 60 * MIB, peaks
