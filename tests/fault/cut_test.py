"""A line between the gateways that breaks anywhere: in a handshake, in an envelope, in the receipt. Delivered exactly once."""
import random
import sys
import threading
import unittest

from chuanyu_test import Network, scratch

from support import Pusher, audit, check_delivered, seed

PUSHES = 600
CERTAIN = 24  # connections that are cut for certain


class Cut(unittest.TestCase):
    def test_lost_receipts(self):
        chance, lock = random.Random(seed()), threading.Lock()

        made = [0]

        def somewhere():
            with lock:
                made[0] += 1
                # A handshake is about 6 KB, a parcel of 64 letters about 100 KB, all of them 900 KB: the first connections
                # certainly break, in any part; later ones may get a whole parcel through.
                if made[0] <= CERTAIN:
                    return chance.randrange(200, 20_000)
                return chance.choice((chance.randrange(200, 60_000), chance.randrange(20_000, 250_000)))
        network = Network(scratch(self.addCleanup, "cut"))
        self.addCleanup(network.close)
        for relay in network.relays.values():
            relay.cut_after = somewhere
            relay.break_all()
        pushers = [Pusher(network, *pair, PUSHES // 2).start() for pair in (("G02", "G07"), ("G07", "G02"))]
        for pusher in pushers:
            pusher.join(120)
        check_delivered(self, network, pushers)
        cuts = sum(relay.cuts for relay in network.relays.values())
        print(f"{PUSHES} pushes, {cuts} connections cut", file=sys.stderr)
        self.assertGreaterEqual(cuts, CERTAIN - 2)  # the two that are open when all is delivered may live
        for gateway in network.gateways.values():
            self.assertEqual(gateway.stop(), 0)
        audit(self, network)

    def test_a_line_that_is_shut_and_opened(self):
        network = Network(scratch(self.addCleanup, "shut"))
        self.addCleanup(network.close)
        pusher = Pusher(network, "G02", "G07", 100)
        network.relays["cq"].shut = True
        network.relays["cq"].break_all()
        pusher.start().join(60)
        self.assertEqual(network.client("G07").inbox_all(), [])
        network.relays["cq"].shut = False
        check_delivered(self, network, [pusher])


if __name__ == "__main__":
    sys.exit(unittest.main())
