"""A thousand pushes between two gateways while either is killed with -9 at random moments: none lost, none doubled."""
import random
import sys
import threading
import time
import unittest

from chuanyu_test import Network, scratch

from support import Pusher, Taker, audit, check_delivered, check_taken, rebuild_state, seed

PUSHES = 1000
KILLS = 24


class Kill9(unittest.TestCase):
    def test_a_thousand_pushes(self):
        network = Network(scratch(self.addCleanup, "kill9"))
        self.addCleanup(network.close)
        pushers = [Pusher(network, *pair, PUSHES // 4).start()
                   for pair in (("G02", "G07"), ("G03", "G10"), ("G07", "G02"), ("G10", "G03"))]
        chance = random.Random(seed())
        kills = self.make_trouble(network, lambda: all(p.ended() for p in pushers), chance)
        for pusher in pushers:
            pusher.join(120)
        print(f"{PUSHES} pushes, {kills} kills", file=sys.stderr)
        self.assertGreaterEqual(kills, KILLS)
        check_delivered(self, network, pushers)
        rebuild_state(self, network, pushers)

        takers = [Taker(network, name).start() for name in ("G02", "G03", "G07", "G10")]
        kills = self.make_trouble(network, lambda: all(t.ended() for t in takers), chance)
        for taker in takers:
            taker.join(120)
        print(f"all taken, {kills} kills", file=sys.stderr)
        check_taken(self, network, pushers)
        for gateway in network.gateways.values():
            self.assertEqual(gateway.stop(), 0)
        audit(self, network)

    def make_trouble(self, network, over, chance):
        """Kills one or both until everything is done, and at least KILLS times; leaves both running."""
        done, kills = threading.Event(), 0
        end = time.monotonic() + 120
        while (not over() or kills < KILLS) and time.monotonic() < end:
            done.wait(chance.uniform(0.05, 0.4))  # how long it may live is the fault itself
            victims = chance.choice((["sc"], ["cq"], ["sc"], ["cq"], ["sc", "cq"]))
            for name in victims:
                network.gateways[name].kill()
                kills += 1
            while chance.random() < 0.3:  # again while it starts and recovers
                for name in victims:
                    network.gateways[name].spawn()
                done.wait(chance.uniform(0, 0.15))
                for name in victims:
                    network.gateways[name].kill()
                    kills += 1
            for name in victims:
                network.gateways[name].start()
        return kills


if __name__ == "__main__":
    sys.exit(unittest.main())
