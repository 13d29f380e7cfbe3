"""Servers of events that are not ours: the live-event server of the system before ours, and one that answers as told."""
import http.server
import json
import threading
import time
from dataclasses import dataclass


@dataclass
class Posted:
    path: str
    headers: dict  # names in lowercase
    body: bytes
    at: float


class LiveEventServer:
    """As the Node.js server answered: 201 for POST /liveEvent with its secret, one event each; a page of HTML for anything else.

    `script` holds answers that come first: (status, headers, body), "cut" for none, or a function that is called with the request;
    `document_script` those to the question for /openapi.json.
    """

    def __init__(self, secret: str = "secret", offers_batches: bool = False, port: int = 0):
        self.secret, self.script, self.document_script, self.posted = secret, [], [], []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self, status, headers, body):
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def page(self, status, text):
                self.answer(status, {"Content-Type": "text/html; charset=utf-8"}, text.encode())

            def do_GET(self):
                if outer.document_script:
                    return self.answer(*outer.document_script.pop(0))
                if offers_batches and self.path.endswith("/openapi.json"):
                    return self.answer(200, {"Content-Type": "application/json"}, json.dumps({"paths": {"/events/{topic}": {}}}).encode())
                return self.page(404, f"<pre>Cannot GET {self.path}</pre>")

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                request = Posted(self.path, {name.lower(): value for name, value in self.headers.items()}, body, time.monotonic())
                outer.posted.append(request)
                told = outer.script.pop(0) if outer.script else None
                if callable(told):
                    told = told(request)
                if told == "cut":
                    self.close_connection = True
                    return self.connection.close()
                if told:
                    return self.answer(*told)
                if offers_batches and "/events/" in self.path:
                    accepted = len(body.splitlines())
                    return self.answer(201, {"Content-Type": "application/json"}, json.dumps({"accepted": accepted, "first": 0, "last": accepted - 1}).encode())
                if self.path != "/liveEvent":
                    return self.page(404, f"<pre>Cannot POST {self.path}</pre>")
                try:
                    json.loads(body)
                except ValueError:
                    return self.page(400, "<pre>SyntaxError: Unexpected token</pre>")
                if request.headers.get("authorization") != outer.secret:
                    return self.page(401, "Unauthorized")
                return self.answer(201, {"Content-Type": "application/json; charset=utf-8"}, b'{"message":"Event received"}')

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def events(self) -> list:
        return [json.loads(line) for each in self.posted for line in each.body.splitlines()]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
