"""The thirty fixture records, each in both provinces' formats, and the messages."""
import dataclasses
import functools
import importlib.util
import json

from .place import SOURCE

MATTER = {"credit": "credit-check", "licence": "licence-verify", "case": "case-assist"}
MEDIA = {"sc": {"credit": "text/csv", "licence": "application/json", "case": "application/xml"},
         "cq": {"credit": "application/json", "licence": "application/xml", "case": "application/json"}}


@dataclasses.dataclass(frozen=True)
class Record:
    kind: str
    id: str
    home: str           # sc | cq
    owner: str          # USCC
    agency: str         # name in ids.json
    sc: bytes           # a document with this one record, in either format
    cq: bytes
    shown: bool         # whether it may be shown to others today
    subject: str        # USCC or ID number

    @property
    def native(self):
        return self.sc if self.home == "sc" else self.cq

    @property
    def media(self):
        return MEDIA[self.home][self.kind]


@functools.lru_cache(maxsize=None)
def _fixtures():
    spec = importlib.util.spec_from_file_location("demo_fixtures", SOURCE / "deploy/demo/fixtures.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@functools.lru_cache(maxsize=None)
def _all():
    import datetime
    fixtures = _fixtures()
    today = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=8)).date().isoformat()
    agencies = json.loads(fixtures.find("ids.json").read_text(encoding="utf-8"))["agencies"]
    name_of = {agency["uscc"]: name for name, agency in agencies.items()}
    found = []
    for kind, (id_key, (owner, uscc), files) in fixtures.KINDS.items():
        native = {province: fixtures.cut(name) for province, name in files.items()}
        for n, canonical in enumerate(fixtures.canonical(kind)):
            of = canonical[owner][uscc]
            found.append(Record(kind, canonical[id_key], "sc" if of[2:4] == "51" else "cq", of, name_of[of], native["sc"][n],
                                native["cq"][n], fixtures.shown(kind, canonical, today),
                                fixtures.subject_of(kind, canonical)))
    return tuple(found)


def records(kind=None, home=None, id=None):  # pylint: disable=redefined-builtin
    return [r for r in _all() if kind in (None, r.kind) and home in (None, r.home) and id in (None, r.id)]


def record(id):  # pylint: disable=redefined-builtin
    return records(id=id)[0]


def whole_document(name):
    """A fixture file as it stands: every record of a kind in one format."""
    return _fixtures().find(name).read_bytes()


def message(name):
    return json.loads(_fixtures().find("messages.json").read_text(encoding="utf-8"))[name]
