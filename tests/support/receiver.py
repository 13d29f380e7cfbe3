"""An HTTP server that keeps what it is sent, and answers as told: a Pushgateway or a collector as the program sees it."""
import http.server
import threading
import time
from dataclasses import dataclass


@dataclass
class Received:
    method: str
    path: str
    headers: dict  # names in lowercase
    body: str


class Receiver:
    """`status` and `pause` may be changed between requests."""

    def __init__(self):
        self.requests: list = []
        self.status = 200
        self.pause = 0.0
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def take(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.requests.append(Received(self.command, self.path, headers, body))
                time.sleep(receiver.pause)
                answer = b"as told\n"
                self.send_response(receiver.status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            do_PUT = do_POST = take

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
