"""Entra ID and the managed identity service as a test scripts them, and a proxy that opens tunnels.

Tokens are such as Azurite takes: it looks at audience, issuer and dates, and at no signature. Each holds TOKEN_CANARY,
so that a token in any output is found.
"""
import base64
import json
import select
import socket
import ssl
import threading
import time
import urllib.parse
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOKEN_CANARY = "c4n4ry-0f-a-t0ken"


def _part(content: dict) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


def unsecured(valid_for: float, audience: str) -> str:
    """One that a Kafka broker takes: a subject, and no signature at all."""
    now = int(time.time())
    claims = {"sub": "archiver", "aud": audience, "iat": now - 60, "exp": int(now + valid_for), "jti": TOKEN_CANARY}
    return f'{_part({"alg": "none", "typ": "JWT"})}.{_part(claims)}.'


def forge(valid_for: float = 3600, audience: str = "https://storage.azure.com") -> str:
    """A token that Azurite accepts for this many seconds."""
    now = time.time()
    claims = {
        "aud": audience,
        "iss": "https://sts.windows.net/t/",
        "iat": int(now) - 60,
        "nbf": int(now) - 60,
        "exp": int(now + valid_for),
        "jti": str(now),
    }
    return f'{_part({"alg": "none", "typ": "JWT"})}.{_part(claims)}.{TOKEN_CANARY}'


@dataclass
class Asked:
    """A request for a token."""

    method: str
    path: str
    query: dict
    headers: dict
    form: dict
    at: float = field(default_factory=time.monotonic)


class _Server:
    """A server in threads of the test's own, for as long as its `with` block."""

    def __enter__(self):
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    @property
    def port(self) -> int:
        return self._http.server_address[1]


class TokenEndpoint(_Server):
    """Gives tokens: the next of `script`, (status, headers, document), else one for `lifetime` seconds."""

    def __init__(self, certificate=None):
        self.asked: list = []
        self.script: deque = deque()
        self.lifetime = 3600  # as told
        self.valid_for: float | None = None  # as it is; None: as told
        self.secure = certificate is not None
        self.make_token = forge
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def answer(self):
                url = urllib.parse.urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                one = {name: values[0] for name, values in urllib.parse.parse_qs(body).items()}
                query = {name: values[0] for name, values in urllib.parse.parse_qs(url.query).items()}
                asked = Asked(self.command, url.path, query, {k.lower(): v for k, v in self.headers.items()}, one)
                endpoint.asked.append(asked)
                status, headers, document = endpoint.next_answer(asked)
                content = json.dumps(document).encode()
                if "Date" in headers:
                    self.send_response_only(status)
                else:
                    self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(content))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = answer

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate.certificate, certificate.key)
            self._http.socket = context.wrap_socket(self._http.socket, server_side=True, do_handshake_on_connect=False)

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}" if self.secure else f"http://127.0.0.1:{self.port}"

    def next_answer(self, asked: Asked) -> tuple:
        if self.script:
            return self.script.popleft()
        audience = asked.form.get("scope", asked.query.get("resource", "")).removesuffix("/.default")
        lifetime = self.lifetime if asked.method == "POST" else str(self.lifetime)  # IMDS writes text
        valid_for = self.lifetime if self.valid_for is None else self.valid_for
        token = self.make_token(valid_for, audience)
        return 200, {}, {"token_type": "Bearer", "expires_in": lifetime, "access_token": token}


def refusal(code: str, description: str, status: int = 401) -> tuple:
    """An answer of Entra ID."""
    return status, {}, {"error": code, "error_description": f"{description}\r\nTrace ID: 1\r\nCorrelation ID: 2"}


class ConnectProxy(_Server):
    """An HTTP proxy that knows CONNECT only, and may want a user and password. `addresses`: of hosts that only it knows."""

    def __init__(self, user: str = "", password: str = "", addresses: dict | None = None):
        addresses = addresses or {}
        self.tunnels: list = []  # as asked for: "host:port"
        wanted = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode() if user else None
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_CONNECT(self):
                proxy.tunnels.append(self.path)
                if wanted and self.headers.get("Proxy-Authorization") != wanted:
                    self.send_response(407)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                host, _, port = self.path.rpartition(":")
                with socket.create_connection((addresses.get(host, host), int(port))) as far:
                    self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                    self._pass_on(far)

            def _pass_on(self, far):
                near, ends = self.connection, [self.connection, far]
                while True:
                    for ready in select.select(ends, [], [], 60)[0]:
                        data = ready.recv(65536)
                        if not data:
                            return
                        (far if ready is near else near).sendall(data)

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
