"""A private Apache Kafka broker for tests: one node, KRaft, on loopback ports of its own.

Its jars are in build/tools/kafka, where scripts/setup puts them if Maven can reach its repository.
"""
import json
import shutil
import signal
import socket
import subprocess
import uuid
from base64 import urlsafe_b64encode
from pathlib import Path

from support.servers import ROOT, Certificate, Server, ServerError, clean_environment, free_port

JARS = ROOT / "build/tools/kafka"
# Of the last version whose brokers let librdkafka 2.0.2 in by SCRAM.
JARS_BEFORE_4 = JARS / "before-4"
USER, PASSWORD = "archiver", "of-a-test-and-not-secret"
OFFSETS = ("offsets.topic", "transaction.state.log", "share.coordinator.state.topic")


def missing(jars: Path = JARS) -> str:
    """Why there can be no broker of these jars here; empty if there can."""
    if shutil.which("java") is None:
        return "no Java for a Kafka broker"
    return "" if any(jars.glob("kafka_*.jar")) else "no Kafka broker: Maven's repository was not reached"


def java(*arguments, heap: str = "256m", level: str = "WARN", jars: Path = JARS) -> list:
    # The broker lives for a minute: the optimising compiler only costs.
    quick = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto", f"-Dlog4j2.level={level}"]
    return [shutil.which("java"), f"-Xmx{heap}", *quick, "-cp", f"{jars}/*", *arguments]


class Broker(Server):
    """Listeners: `port` without protection, `tls`, `scram` (SCRAM-SHA-256, SCRAM-SHA-512 and PLAIN over TLS, USER and PASSWORD),
    `oauth` (OAUTHBEARER over TLS, which checks claims and dates of a token and no signature)."""

    LISTENERS = ("PLAINTEXT", "TLS", "SCRAM", "OAUTH", "CONTROLLER")

    def __init__(self, directory: Path, certificate: Certificate, *, settings: dict | None = None, jars: Path = JARS):
        super().__init__(directory)
        self.certificate = certificate
        self.settings = settings or {}
        self.jars = jars
        self.ports: dict = {}

    def prepare(self) -> None:
        if missing(self.jars):
            raise ServerError(missing(self.jars))
        pair = self.directory / "server.pem"
        pair.write_text(self.certificate.certificate.read_text() + self.certificate.key.read_text())

    @property
    def properties(self) -> Path:
        return self.directory / "server.properties"

    def configure(self) -> None:
        at = {name: f"{name}://localhost:{port}" for name, port in self.ports.items()}
        at["PLAINTEXT"] = f"PLAINTEXT://127.0.0.1:{self.ports['PLAINTEXT']}"
        module = "org.apache.kafka.common.security"
        values = {
            "process.roles": "broker,controller",
            "node.id": 1,
            "controller.quorum.bootstrap.servers": f"localhost:{self.ports['CONTROLLER']}",
            "controller.listener.names": "CONTROLLER",
            "inter.broker.listener.name": "PLAINTEXT",
            "listeners": ",".join(at.values()),
            "advertised.listeners": ",".join(value for name, value in at.items() if name != "CONTROLLER"),
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,TLS:SSL,SCRAM:SASL_SSL,OAUTH:SASL_SSL",
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": self.directory / "server.pem",
            "listener.name.scram.sasl.enabled.mechanisms": "SCRAM-SHA-256,SCRAM-SHA-512,PLAIN",
            "listener.name.scram.scram-sha-256.sasl.jaas.config": f"{module}.scram.ScramLoginModule required;",
            "listener.name.scram.scram-sha-512.sasl.jaas.config": f"{module}.scram.ScramLoginModule required;",
            "listener.name.scram.plain.sasl.jaas.config": f'{module}.plain.PlainLoginModule required user_{USER}="{PASSWORD}";',
            "listener.name.oauth.sasl.enabled.mechanisms": "OAUTHBEARER",
            "listener.name.oauth.oauthbearer.sasl.jaas.config": f"{module}.oauthbearer.OAuthBearerLoginModule required;",
            "log.dirs": self.directory / "data",
            "group.initial.rebalance.delay.ms": 0,
            "auto.create.topics.enable": "false",
            "num.partitions": 1,
            "log.retention.check.interval.ms": 500,
            "log.cleaner.enable": "false",
            "transaction.state.log.min.isr": 1,
            **{f"{name}.replication.factor": 1 for name in OFFSETS},
            **{f"{name}.num.partitions": 1 for name in OFFSETS},
            **self.settings,
        }
        self.properties.write_text("".join(f"{name}={value}\n" for name, value in values.items()))

    def format(self) -> None:
        # The tool takes an id that begins with - for an option; the first bits of this one are those of "A".
        name = "A" + urlsafe_b64encode(uuid.uuid4().bytes).decode()[1:].rstrip("=")
        tool = ["kafka.tools.StorageTool", "format", "--standalone", f"--cluster-id={name}", "-c", self.properties]
        for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-512"):
            tool += ["--add-scram", f"{mechanism}=[name={USER},password={PASSWORD},iterations=4096]"]
        done = subprocess.run(java(*tool, jars=self.jars), env=clean_environment(), capture_output=True, text=True)
        if done.returncode != 0:
            raise ServerError(f"formatting failed: {done.stdout}{done.stderr}")

    def launch(self) -> None:
        fresh = not self.ports
        if fresh:
            self.ports = {name: free_port() for name in self.LISTENERS}
            self.configure()
            self.format()
        self.port = self.ports["PLAINTEXT"]
        self.spawn(java("kafka.Kafka", self.properties, jars=self.jars), cwd=self.directory)
        try:
            self.wait_until(self._listens, patience=300)
        except ServerError:
            if fresh:  # other ports are in another file
                self.ports = {}
                shutil.rmtree(self.directory / "data", ignore_errors=True)
            raise

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def kill(self) -> None:
        """As a power switch does it, but for what the kernel had not written."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def restart(self) -> None:
        """On the same ports, from the same files."""
        self.launch()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def secured(self, listener: str) -> str:
        return f"localhost:{self.ports[listener]}"


class JavaClient:
    """Kafka's own client in a process of its own: `client("create", topic="t", partitions=6)`."""

    def __init__(self, address: str):
        self.process = subprocess.Popen(
            [str(each) for each in java(ROOT / "tests/kafka/Client.java", address, heap="192m", level="OFF")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=clean_environment(),
            text=True,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def __call__(self, what: str, **how):
        self.process.stdin.write(json.dumps({"do": what, **how}) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline() or '{"error": "the client has ended"}')
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer["result"]
