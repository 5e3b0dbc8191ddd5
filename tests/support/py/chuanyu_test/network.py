"""Two provinces, or one gateway for both."""
from .client import Client
from .gateway import Gateway
from .pki import Pki
from .relay import Relay


class Network:
    """sc and cq, each reached by the other through a relay. hub=True: one gateway `sc`, home of everybody.

    Witnesses(network) (witnesses.py), before start(), has their logs witnessed.
    """

    def __init__(self, folder, hub=False, config=None, started=True):
        self.pki = Pki(folder / "pki")
        self.gateways = {}
        self._clients = []
        self.relays = {}
        if hub:
            self.pki.hub("sc")
            self.gateways["sc"] = Gateway("sc", folder, self.pki, config=config)
        else:
            # relays["cq"] leads to cq.
            self.relays = {name: Relay(lambda name=name: self._port(name)) for name in ("sc", "cq")}
            for name, peer in (("sc", "cq"), ("cq", "sc")):
                self.gateways[name] = Gateway(name, folder, self.pki, {peer: self.relays[peer].port}, config)
        if started:
            self.start()

    def _port(self, name):
        gateway = self.gateways[name]
        return gateway.port if gateway.running() else None

    def start(self):
        for gateway in self.gateways.values():
            if not gateway.running():
                gateway.start()
        return self

    def close(self):
        """For addCleanup: ends everything, whatever state it is in."""
        for client in self._clients:
            client.close()
        for relay in self.relays.values():
            relay.close()
        for gateway in self.gateways.values():
            gateway.kill()

    @property
    def sc(self):
        return self.gateways["sc"]

    @property
    def cq(self):
        return self.gateways["cq"]

    def home(self, name):
        return self.gateways.get(self.pki.home(name)) or self.sc

    def uscc(self, name):
        return self.pki.uscc(name)

    def client(self, name, gateway=None):
        """`name` as in ids.json (G01 …), or any certificate of the PKI; at its home gateway unless another is named."""
        client = Client(self.pki, gateway or self.home(name), name)
        self._clients.append(client)
        return client
