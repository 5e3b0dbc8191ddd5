"""A thousand pushes between two gateways while either is killed with -9 at random moments: none lost, none doubled."""
import random
import sys
import threading
import time
import unittest

from chuanyu_test import Network, scratch

from support import Pusher, audit, check_delivered, rebuild_state, seed

PUSHES = 1000
KILLS = 12


class Kill9(unittest.TestCase):
    def test_a_thousand_pushes(self):
        network = Network(scratch(self.addCleanup, "kill9"))
        self.addCleanup(network.close)
        pushers = [Pusher(network, *pair, PUSHES // 4).start()
                   for pair in (("G02", "G07"), ("G03", "G10"), ("G07", "G02"), ("G10", "G03"))]
        kills = self.make_trouble(network, pushers, random.Random(seed()))
        for pusher in pushers:
            pusher.join(120)
        print(f"{PUSHES} pushes, {kills} kills", file=sys.stderr)
        self.assertGreaterEqual(kills, KILLS)
        check_delivered(self, network, pushers)
        rebuild_state(self, network, pushers)
        for gateway in network.gateways.values():
            self.assertEqual(gateway.stop(), 0)
        audit(self, network)

    def make_trouble(self, network, pushers, chance):
        """Kills one or both until everything is sent, and at least KILLS times; leaves both running."""
        done, kills = threading.Event(), 0

        def sent():
            return all(len(p.accepted) == p.count or p.failure for p in pushers)
        end = time.monotonic() + 120
        while (not sent() or kills < KILLS) and time.monotonic() < end:
            done.wait(chance.uniform(0.05, 0.6))  # how long it may live is the fault itself
            victims = chance.choice((["sc"], ["cq"], ["sc"], ["cq"], ["sc", "cq"]))
            for name in victims:
                network.gateways[name].kill()
                kills += 1
            done.wait(chance.uniform(0, 0.1))
            for name in victims:
                network.gateways[name].start()
        return kills


if __name__ == "__main__":
    sys.exit(unittest.main())
