"""Checks signatures with Stripe's own library, and makes one."""

import json
import sys

import stripe

question = json.load(sys.stdin)
secret = question["secret"]


def refused(payload, header, key):
    try:
        stripe.Webhook.construct_event(payload, header, key)
    except stripe.SignatureVerificationError:
        return True
    return False


for letter in question["letters"]:
    header = letter["headers"]["stripe-signature"]
    event = stripe.Webhook.construct_event(letter["body"], header, secret)
    assert event.type == letter["kind"], event.type
    assert refused(letter["body"] + " ", header, secret)
    assert refused(letter["body"], header, "whsec_other")

wanted = question["sign"]
signed = stripe.WebhookSignature.generate_signature_header(
    wanted["body"], secret, timestamp=wanted["timestamp"]
)
json.dump({"signed": signed}, sys.stdout)
