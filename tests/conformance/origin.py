"""An origin that records every byte it receives, per connection, and sends configurable responses."""

import socket
import ssl
import threading

import strict_http

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n\r\norigin"


class Connection:
    def __init__(self):
        self.received = b""
        self.closed = threading.Event()


class Origin:
    """Answers each complete request with what `answer(message)` returns: bytes, or (bytes, whether to close afterwards).

    It parses requests with strict_http; a malformed request gets no response, and the connection is closed.
    """

    def __init__(self, address: tuple[str, int], answer=lambda message: ANSWER, tls: ssl.SSLContext | None = None):
        self.address = address
        self._tls = tls
        self._answer = answer
        self._connections: list[Connection] = []
        self._server = socket.create_server(address)
        threading.Thread(target=self._accept, daemon=True).start()

    def mark(self) -> dict[int, int]:
        """The current position, for `since`."""
        return {index: len(connection.received) for index, connection in enumerate(list(self._connections))}

    def since(self, mark: dict[int, int]) -> list[bytes]:
        """The bytes that each connection has received since `mark`, without connections that received nothing."""
        now = list(self._connections)
        parts = [connection.received[mark.get(index, 0) :] for index, connection in enumerate(now)]
        return [part for part in parts if part]

    def _accept(self) -> None:
        while True:
            client, _ = self._server.accept()
            connection = Connection()
            self._connections.append(connection)
            threading.Thread(target=self._serve, args=(client, connection), daemon=True).start()

    def _serve(self, client: socket.socket, connection: Connection) -> None:
        answered = 0  # bytes of the requests answered so far
        with client:
            try:
                if self._tls:
                    client = self._tls.wrap_socket(client, server_side=True)
                while piece := client.recv(65536):
                    connection.received += piece
                    messages, rest = strict_http.requests(connection.received[answered:])
                    for message in messages:
                        answered += len(message.raw)
                        answer = self._answer(message)
                        data, close = answer if isinstance(answer, tuple) else (answer, False)
                        client.sendall(data)
                        if close:
                            return
                    if rest.startswith("malformed"):
                        return
                    if b"\r\nexpect: 100-continue\r\n" in connection.received[answered:].lower():
                        client.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            except OSError:
                pass
            finally:
                connection.closed.set()
