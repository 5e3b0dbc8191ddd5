"""Black-box harness: real gateways, real certificates, real sockets.

  network = Network(folder)            a PKI, two gateways (sc, cq) behind relays, started
  agency = network.client("G02")       speaks to its home gateway under its own certificate
  agency.put(...) agency.query(...) agency.push(...) agency.inbox() ...
  until(condition, "what", seconds)    waits for a condition, never for luck

Environment: CHUANYU_BIN_DIR (programs), CHUANYU_SOURCE_DIR (top of the tree). Python 3 standard library only.
"""
from .client import LOST, Answer, Client, codes_seen, purpose
from .gateway import Gateway
from .network import Network
from .pki import Pki
from .place import BIN, SOURCE, scratch, until
from .records import MATTER, Record, message, record, records, whole_document
from .relay import Relay
from .witnesses import AuditWitness, Witnesses, vkey
from .steady import FOLDER as CODES_FOLDER, Steady, record_codes

__all__ = ["Answer", "AuditWitness", "Witnesses", "vkey", "BIN", "CODES_FOLDER", "Client", "Gateway", "LOST", "MATTER", "Network", "Pki", "Record", "Relay",
           "SOURCE", "Steady", "codes_seen", "message", "purpose", "record", "record_codes", "records", "scratch", "until",
           "whole_document"]
