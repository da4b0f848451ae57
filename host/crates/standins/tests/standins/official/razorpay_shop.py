"""Shops at a stand-in of Razorpay with Razorpay's own library, and checks signatures with it."""

import json
import sys

import razorpay
from razorpay.errors import BadRequestError, SignatureVerificationError

question = json.load(sys.stdin)
shop = razorpay.Client(auth=tuple(question["key"]), base_url=question["url"], max_retries=0)


def refused(kind, act):
    try:
        act()
    except kind as error:
        return str(error)
    raise AssertionError(f"not refused as {kind}")


proof = question["proof"]
paid = {
    "razorpay_order_id": proof["order_id"],
    "razorpay_payment_id": proof["id"],
    "razorpay_signature": proof["razorpay_signature"],
}
assert shop.utility.verify_payment_signature(paid)
refused(
    SignatureVerificationError,
    lambda: shop.utility.verify_payment_signature(dict(paid, razorpay_payment_id="pay_other")),
)
assert question["letters"]
for letter in question["letters"]:
    body, signature = letter["body"], letter["headers"]["x-razorpay-signature"]
    assert shop.utility.verify_webhook_signature(body, signature, question["secret"])
    refused(
        SignatureVerificationError,
        lambda: shop.utility.verify_webhook_signature(body + " ", signature, question["secret"]),
    )

order = shop.order.create({"amount": 50000, "currency": "INR", "receipt": "r2"})
assert order["status"] == "created"
assert shop.order.payments(order["id"])["items"] == []
assert "minimum" in refused(BadRequestError, lambda: shop.order.create({"amount": 1, "currency": "INR"}))

payment = proof["id"]
assert shop.payment.fetch(payment)["status"] == "authorized"
assert shop.payment.capture(payment, 50000, {"currency": "INR"})["captured"]
refused(BadRequestError, lambda: shop.payment.capture(payment, 50000, {"currency": "INR"}))
assert shop.payment.refund(payment, {"amount": 20000})["status"] == "processed"
assert shop.payment.refund(payment, {})["amount"] == 30000
refused(BadRequestError, lambda: shop.payment.refund(payment, {}))

json.dump({"payment": payment}, sys.stdout)
