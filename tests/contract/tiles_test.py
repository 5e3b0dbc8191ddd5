"""The log over HTTP as C2SP tlog-tiles: what an auditor who has nothing of ours but a connection can compute, and who may not."""
import base64
import hashlib
import signal
import subprocess
import sys
import unittest

from chuanyu_test import BIN, LOST, Network, record, record_codes, scratch, until

WIDTH, HASH = 256, 32
LOG = "/v1/log/"


# --- the tree by the letter of RFC 6962 and tlog-tiles, not by the product's code ----------------------------------------------

def leaf_hash(entry):
    return hashlib.sha256(b"\0" + entry).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def tree_hash(first, end, known):
    """Of the leaves first … end; `known` is asked for a subtree's hash before it is computed."""
    found = known(first, end)
    if found is not None:
        return found
    half = 1
    while half * 2 < end - first:
        half *= 2
    return node_hash(tree_hash(first, first + half, known), tree_hash(first + half, end, known))


def cut(hashes):
    return [hashes[i:i + HASH] for i in range(0, len(hashes), HASH)]


def entries_of(bundle):
    entries, at = [], 0
    while at < len(bundle):
        length = int.from_bytes(bundle[at:at + 2], "big")
        entries.append(bundle[at + 2:at + 2 + length])
        at += 2 + length
    assert at == len(bundle), "the last entry is cut short"
    return entries


def number_path(number):
    groups = [f"{number % 1000:03}"]
    while number >= 1000:
        number //= 1000
        groups.insert(0, f"x{number % 1000:03}")
    return "/".join(groups)


def piece(number, width):
    return number_path(number) + (f".p/{width}" if width < WIDTH else "")


def last_piece(size):
    return piece((size - 1) // WIDTH, (size - 1) % WIDTH + 1)


class Checkpoint:
    def __init__(self, note):
        self.origin, size, root = note.decode("utf-8").split("\n")[:3]
        self.size, self.root = int(size), base64.b64decode(root)

    def pieces(self, level):
        """(number, width) of every tile of a level; of level 0 also of every bundle."""
        hashes = self.size // WIDTH**level
        full = [(number, WIDTH) for number in range(hashes // WIDTH)]
        return full + ([(hashes // WIDTH, hashes % WIDTH)] if hashes % WIDTH else [])


class Tiles(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = scratch(cls.addClassCleanup, "tiles")
        cls.network = Network(cls.folder, started=False)
        cls.addClassCleanup(cls.network.close)
        cls.sc = cls.network.sc.start()
        cls.auditor = cls.network.client("sc-auditor")
        cls.imported("A", 600)  # two full tiles and more

    @classmethod
    def imported(cls, prefix, count):
        """So many records published, and signed."""
        header, row = record("CR0001").native.decode("gb18030").split("\r\n")[:2]
        rows = "".join(row.replace("CR0001", f"{prefix}{n}", 1) + "\r\n" for n in range(count))
        answer = cls.network.client("G02").import_("credit", (header + "\r\n" + rows).encode("gb18030"), "text/csv",
                                                   **{"Chuanyu-Ack": "signed"})
        assert (answer.status, answer.json["accepted"]) == (200, count), answer

    def get(self, path, client=None):
        return (client or self.auditor).request("GET", LOG + path)

    def checkpoint(self, query=""):
        answer = self.get("checkpoint" + query)
        self.assertEqual(answer.status, 200, answer)
        return Checkpoint(answer.body)

    def signed(self):
        try:
            answer = self.get("checkpoint")
        except LOST:  # between two shards nobody listens
            return None
        return Checkpoint(answer.body) if answer.status == 200 else None

    def fetch(self, folder, number, width, query=""):
        answer = self.get(f"tile/{folder}/{piece(number, width)}{query}")
        self.assertEqual((answer.status, answer.headers["content-type"]), (200, "application/octet-stream"), answer)
        return answer.body

    def refused(self, path, status, code, client=None):
        answer = self.get(path, client)
        self.assertEqual((answer.status, answer.code), (status, code), answer)
        return answer.json

    def entries(self, checkpoint, query=""):
        return [entry for number, width in checkpoint.pieces(0) for entry in entries_of(self.fetch("entries", number, width, query))]

    def hashes(self, checkpoint, level, query=""):
        return [h for number, width in checkpoint.pieces(level) for h in cut(self.fetch(level, number, width, query))]

    def hold(self, checkpoint, query=""):
        """Every entry and every tile under the checkpoint, to its root; the entries."""
        entries = self.entries(checkpoint, query)
        leaves, above = self.hashes(checkpoint, 0, query), self.hashes(checkpoint, 1, query)
        self.assertEqual(len(entries), checkpoint.size)
        self.assertEqual([leaf_hash(entry) for entry in entries], leaves)
        single = lambda first, end: leaves[first] if end - first == 1 else None  # noqa: E731
        self.assertEqual(tree_hash(0, checkpoint.size, single), checkpoint.root)
        self.assertEqual([tree_hash(n * WIDTH, (n + 1) * WIDTH, single) for n in range(checkpoint.size // WIDTH)], above)
        tiled = lambda first, end: above[first // WIDTH] if end - first == WIDTH else single(first, end)  # noqa: E731
        self.assertEqual(tree_hash(0, checkpoint.size, tiled), checkpoint.root)
        return entries

    # --- the tests ------------------------------------------------------------------------------------------------------------

    def test_an_auditor_computes_the_root(self):
        checkpoint = self.checkpoint()
        self.assertEqual(checkpoint.origin, "chuanyu.sc/test")
        self.assertGreater(checkpoint.size, 2 * WIDTH)
        self.hold(checkpoint)

    def test_an_export_has_the_same_files(self):
        copy = self.folder / "copy"
        done = subprocess.run([BIN / "chuanyu-audit", "export", self.sc.data, copy], capture_output=True, text=True, check=False,
                              timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        files = [path for path in sorted((copy / "tile").rglob("*")) if path.is_file()]
        # Bundles and tiles of level 0: two full and a partial one; of level 1 a partial one.
        self.assertGreaterEqual(len(files), 7)
        self.assertTrue(any(".p" in str(path) for path in files))
        for path in files:
            answer = self.get(str(path.relative_to(copy)))
            self.assertEqual((answer.status, answer.body == path.read_bytes()), (200, True), path)

    def test_what_was_served_stays(self):
        """Every narrower tile is a beginning of the wider one, and is still there when the log has grown."""
        before = self.checkpoint()
        number, width = before.pieces(0)[-1]
        bundle, tile = self.fetch("entries", number, width), self.fetch(0, number, width)
        self.imported("B", 40)
        self.assertGreaterEqual(self.checkpoint().size, before.size + 40)
        self.assertEqual(self.fetch("entries", number, width), bundle)
        self.assertEqual(self.fetch(0, number, width), tile)
        self.assertEqual(self.fetch(0, 0, 3), self.fetch(0, 0, WIDTH)[:3 * HASH])
        self.assertTrue(self.fetch("entries", 0, WIDTH).startswith(self.fetch("entries", 0, 3)))
        self.assertEqual(len(entries_of(self.fetch("entries", 0, 3))), 3)

    def test_only_what_is_signed(self):
        size = self.checkpoint().size
        tiles = size // WIDTH
        for folder in ("0", "entries"):
            for name in (piece(tiles, WIDTH), last_piece(size + 50), last_piece(size + 300), "x999/x999/999"):
                told = self.refused(f"tile/{folder}/{name}", 404, "CLIENT_NOT_FOUND")
                self.assertIn("检查点", told["detail"])
        for name in ("1/000", f"1/000.p/{tiles + 1}", "2/000.p/1", "7/000.p/1", "8/000.p/1", "63/000"):
            self.refused(f"tile/{name}", 404, "CLIENT_NOT_FOUND")

    def test_malformed(self):
        for name in ("0", "1", "0000", "x000", "x000/000", "-01", "000.p/0", "000.p/256", "000.p/01", "000.p", "000.p/1/", "x/000",
                     "000/", "abc", "..%2f000", "%30%30"):
            for folder in ("0", "entries"):
                told = self.refused(f"tile/{folder}/{name}", 422, "CLIENT_FIELD_INVALID")
                self.assertIn("序号每三位一组", told["detail"])
                self.assertTrue(told["pointer"].startswith(f"/v1/log/tile/{folder}/"), told)
        for path in ("tile/64/000", "tile/00/000", "tile/x/000", "tile/000", "tile/entries"):
            self.refused(path, 422, "CLIENT_FIELD_INVALID")
        self.refused("tile/", 404, "CLIENT_ROUTE_UNKNOWN")
        answer = self.auditor.request("POST", LOG + "tile/0/000", b"")
        self.assertEqual((answer.status, answer.code), (405, "CLIENT_METHOD_NOT_ALLOWED"), answer)

    def test_who_may_read(self):
        """Hashes are for whoever may read the checkpoint; entries say who asked whom, and are for auditors alone."""
        gateway, operator, agency = (self.network.client(name, self.sc) for name in ("cq-gw", "sc-operator", "G02"))
        for client, hashes in ((gateway, 200), (operator, 200), (agency, 403)):
            self.assertEqual(self.get("checkpoint", client).status, hashes)
            self.assertEqual(self.get("tile/0/000", client).status, hashes)
            for path in ("tile/entries/000", "tile/entries/000.p/1", "tile/%65ntries/000"):
                self.refused(path, 403, "CLIENT_ROLE_FORBIDDEN", client)
        self.refused("tile/0/000", 403, "CLIENT_ROLE_FORBIDDEN", agency)
        self.refused("tile/0/nonsense", 403, "CLIENT_ROLE_FORBIDDEN", agency)  # not even what is malformed

    def test_zz_each_shard_by_its_origin(self):
        """Last: the log goes on in another tree."""
        self.sc.process.send_signal(signal.SIGUSR1)
        until(lambda: self.sc.events("journal.shard_opened"), "the next shard is open")
        newest = until(self.signed, "it is signed")
        self.assertRegex(newest.origin, "^chuanyu.sc/test/[0-9]{8}t[0-9]{6}z$")
        first = self.hold(newest)[0]
        self.hold(newest, "?origin=" + newest.origin)
        self.assertIn(b"previous chuanyu.sc/test\n", first)  # where to go on reading backwards
        old = self.checkpoint("?origin=chuanyu.sc/test")
        self.assertIn(b"base %d\n" % old.size, first)
        self.assertIn(base64.b64encode(old.root), first)
        self.hold(old, "?origin=chuanyu.sc/test")
        for path in ("checkpoint", "tile/0/000", "tile/entries/000"):
            for origin in ("chuanyu.cq/test", "chuanyu.sc/test/", ""):
                self.refused(f"{path}?origin={origin}", 404, "CLIENT_NOT_FOUND")
        # To be kept for ever only by a name that always means the same tree.
        for query, kept in (("", None), ("?origin=chuanyu.sc/test", "private, max-age=31536000, immutable")):
            self.assertEqual(self.get("tile/0/000.p/1" + query).headers.get("cache-control"), kept)
        # After a restart, too, and the shard is still read from its own folder.
        self.assertEqual(self.sc.stop(), 0)
        self.sc.start()
        self.hold(old, "?origin=chuanyu.sc/test")
        self.assertEqual(self.checkpoint("?origin=chuanyu.sc/test").root, old.root)


def tearDownModule():
    record_codes("tiles")


if __name__ == "__main__":
    sys.exit(unittest.main())
