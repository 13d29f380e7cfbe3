"""What the system does with the connections of a server that is killed."""
import contextlib
import signal
import socket
import struct
import threading

from support.asking import wait_for
from support.kafka_serving import post

PRODUCE = 0  # Kafka's number of the request


def read_exactly(source: socket.socket, count: int) -> bytes:
    """b"" at the end of the stream. Raises ConnectionResetError if it was reset."""
    got = b""
    while len(got) < count:
        part = source.recv(count - len(got))
        if not part:
            return b""
        got += part
    return got


def read_frame(source: socket.socket) -> bytes:
    size = read_exactly(source, 4)
    return size and size + read_exactly(source, struct.unpack(">i", size)[0])


class BrokerRelay:
    """A second address of a broker, under which the broker is known to those who ask there. Notes how each connection that carried
    events was ended by the client: in order, or reset."""

    def __init__(self, broker):
        self.broker = broker
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.ends: list = []
        threading.Thread(target=self.accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client = self.listener.accept()[0]
                broker = socket.create_connection(("127.0.0.1", self.broker.port))
                threading.Thread(target=self.pass_requests, args=(client, broker), daemon=True).start()
                threading.Thread(target=self.pass_answers, args=(broker, client), daemon=True).start()

    def pass_requests(self, client: socket.socket, broker: socket.socket) -> None:
        produces = False
        end = "in order"
        try:
            while frame := read_frame(client):
                produces = produces or struct.unpack(">h", frame[4:6])[0] == PRODUCE
                broker.sendall(frame)
        except ConnectionResetError:
            end = "reset"
        except OSError:
            end = "broken here"
        if produces:
            self.ends.append(end)
        broker.close()

    def pass_answers(self, broker: socket.socket, client: socket.socket) -> None:
        """The broker says where it is: it is here."""
        there, here = (b"127.0.0.1" + struct.pack(">i", port) for port in (self.broker.port, self.port))
        with contextlib.suppress(OSError):
            while frame := read_frame(broker):
                client.sendall(frame.replace(there, here))


def test_what_a_killed_server_has_sent_goes_with_it(serve_kafka, broker, topic):
    """In order, the system would go on sending it for minutes, and the broker would take a batch that the next server has kept again."""
    with BrokerRelay(broker) as relay, serve_kafka(relay.address) as service:
        assert post(service, topic, [{"n": 1}], Idempotency_Key="once").status == 201
        assert relay.ends == []
        service.process.send(signal.SIGKILL)
        service.stop_awaited()
        assert wait_for(lambda: relay.ends) == ["reset"]
