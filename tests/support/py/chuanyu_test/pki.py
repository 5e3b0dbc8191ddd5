"""The development PKI, made once per build folder and copied for each test, with a few certificates that must be refused."""
import fcntl
import hashlib
import json
import pathlib
import shutil
import subprocess

from .place import BIN, SOURCE

IDS = SOURCE / "schemas/fixtures/ids.json"
MAKE = SOURCE / "certs/make-dev-pki"
DIRECTORY = SOURCE / "certs/make-directory"
G02 = ("--region", "510900", "--uscc", "11510900MBDEM0023P")

# What no gateway may let in: name -> arguments of `make-dev-pki issue`.
BAD = {
    "expired": ("--role", "agency", *G02, "--expired"),
    "future": ("--role", "agency", *G02, "--future"),
    "rogue": ("--role", "agency", *G02, "--ca", "rogue"),
    "cross": ("--role", "agency", *G02, "--ca", "cq"),  # the other province's CA vouches for a Sichuan agency
    "noid": ("--role", "agency", "--region", "510900", "--no-uri"),
    "unlisted": ("--role", "agency", *G02, "--system", "unlisted"),
    "revoked": ("--role", "agency", *G02),
    "suspended": ("--role", "agency", *G02, "--system", "suspended"),
}


def run(*command):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise AssertionError(f"{command[0]} ended with {done.returncode}: {done.stderr[-2000:]}{done.stdout[-500:]}")
    return done.stdout


def _fingerprint():
    digest = hashlib.sha256()
    for path in (IDS, MAKE, DIRECTORY, pathlib.Path(__file__), *sorted((SOURCE / "certs/profiles").iterdir())):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _template():
    cache = BIN.parent / "test-pki"
    cache.mkdir(parents=True, exist_ok=True)
    with open(cache / ".lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made = cache / _fingerprint()
        if made.exists():
            return made
        for old in cache.iterdir():
            if old.is_dir():
                shutil.rmtree(old, ignore_errors=True)
        new = cache / "new"
        run(MAKE, "--out", new, "--ids", IDS)
        for name, arguments in BAD.items():
            run(MAKE, "issue", "--out", new, "--name", name, *arguments)
        run(MAKE, "revoke", "--out", new, "revoked")
        new.rename(made)
        return made


class Pki:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        shutil.copytree(_template(), self.folder)
        self.agencies = json.loads(IDS.read_text(encoding="utf-8"))["agencies"]
        self.directory = self.folder / "directory.json"
        self.change_directory(_suspend)

    def change_directory(self, change):
        """Rewrites the directory; change(document) may return another one."""
        document = json.loads(self.directory.read_text(encoding="utf-8"))
        document = change(document) or document
        self.directory.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")

    def hub(self, home):
        """The directory of one gateway that is home to both provinces' agencies."""
        run(DIRECTORY, "--out", self.folder, "--ids", IDS, "--hub", home)

    def revoke(self, name):
        run(MAKE, "revoke", "--out", self.folder, name)

    def renew(self, name):
        run(MAKE, "renew", "--out", self.folder, name)

    def uscc(self, name):
        return self.agencies[name]["uscc"]

    def home(self, name):
        if name in self.agencies:
            return {"51": "sc", "50": "cq"}[self.agencies[name]["region"][:2]]
        return "cq" if name.startswith("cq") else "sc"

    def files(self, name):
        """(certificate chain, key) of whoever has that name."""
        for chain in sorted(self.folder.glob(f"*/*/{name}.chain.crt")):
            return str(chain), str(chain).replace(".chain.crt", ".key")
        raise AssertionError(f"no certificate named {name}")

    @property
    def trust(self):
        return str(self.folder / "trust.pem")


def _suspend(document):
    for party in document["parties"]:
        if party["uscc"] == G02[3]:
            party["systems"].append({"urn": f"urn:chuanyu:agency:510900:{G02[3]}:suspended", "suspended": True})
