"""A TCP relay between the gateways: it knows the present port of its target, can be shut, and cuts connections."""
import socket
import threading


class Relay:
    """Listens on `port` for as long as it lives. `target()` is the port to forward to, None when nobody is there.

    shut: connections are accepted and closed at once. cut_after(): called per connection, the number of bytes of either
    direction after which the connection is torn down with a reset; None: never.
    """

    def __init__(self, target, cut_after=lambda: None):
        self.target = target
        self.cut_after = cut_after
        self.shut = False
        self.cuts = 0
        self.connections = 0
        self._open = set()
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._listener.close()
        self.break_all()

    def break_all(self):
        with self._lock:
            pairs = list(self._open)
        for pair in pairs:
            _reset(pair)

    def _accept(self):
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            port = None if self.shut else self.target()
            far = None
            try:
                if port:
                    far = socket.create_connection(("127.0.0.1", port), timeout=5)
                    far.settimeout(None)
            except OSError:
                far = None
            if far is None:
                near.close()
                continue
            self.connections += 1
            pair = (near, far)
            with self._lock:
                self._open.add(pair)
            budget = _Budget(self.cut_after())
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._pump, args=(pair, source, sink, budget), daemon=True).start()

    def _pump(self, pair, source, sink, budget):
        try:
            while True:
                data = source.recv(65536)
                if not data:
                    break
                allowed = budget.take(len(data))
                sink.sendall(data[:allowed])
                if allowed < len(data):
                    self.cuts += 1
                    break
        except OSError:
            pass
        with self._lock:
            self._open.discard(pair)
        _reset(pair)


class _Budget:
    def __init__(self, total):
        self._left = total
        self._lock = threading.Lock()

    def take(self, count):
        if self._left is None:
            return count
        with self._lock:
            allowed = min(count, self._left)
            self._left -= allowed
            return allowed


def _reset(pair):
    for end in pair:
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        try:
            end.close()
        except OSError:
            pass
