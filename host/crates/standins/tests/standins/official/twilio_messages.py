"""Sends messages by a stand-in of Twilio with Twilio's own library."""

import json
import sys

from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

question = json.load(sys.stdin)
OWN = "+15005550006"


def client(sid, token):
    made = Client(sid, token)
    made.api.base_url = question["url"]
    return made


def refused(status, code, act):
    try:
        act()
    except TwilioRestException as error:
        assert (error.status, error.code) == (status, code), (error.status, error.code)
        return
    raise AssertionError(f"not refused as {code}")


shop = client(question["sid"], question["token"])
sent = shop.messages.create(to="+15005550010", from_=OWN, body="Grüße & more")
assert sent.status == "queued" and sent.error_code is None
assert sent.sid.startswith("SM") and len(sent.sid) == 34
assert (sent.to, sent.from_, sent.body) == ("+15005550010", OWN, "Grüße & more")
assert sent.account_sid == question["sid"]
assert sent.date_created.year >= 2025

stranger = client(question["sid"], "guess")
refused(401, 20003, lambda: stranger.messages.create(to="+15005550010", from_=OWN, body="x"))
for number, code in [
    ("+15005550001", 21211),
    ("+15005550002", 21612),
    ("+15005550003", 21408),
    ("+15005550004", 21610),
    ("+15005550009", 21614),
    ("5550010", 21211),
]:
    refused(400, code, lambda: shop.messages.create(to=number, from_=OWN, body="x"))
for number, code in [("+15005550001", 21212), ("+15005550007", 21606)]:
    refused(400, code, lambda: shop.messages.create(to="+15005550010", from_=number, body="x"))
refused(400, 21602, lambda: shop.messages.create(to="+15005550010", from_=OWN, body=""))
refused(400, 21617, lambda: shop.messages.create(to="+15005550010", from_=OWN, body="x" * 1601))
json.dump({"sid": sent.sid}, sys.stdout)
