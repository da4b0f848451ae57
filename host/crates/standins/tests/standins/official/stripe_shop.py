"""Shops at a stand-in of Stripe with Stripe's own library."""

import json
import sys

import stripe

question = json.load(sys.stdin)
shop = stripe.StripeClient(
    question["key"],
    base_addresses={"api": question["url"]},
    stripe_version="2024-06-20",
    max_network_retries=0,
).v1


def refused(kind, act):
    try:
        act()
    except kind as error:
        return error
    raise AssertionError(f"not refused as {kind}")


new = {"amount": 1999, "currency": "usd", "metadata": {"orderId": "o1"}}
intent = shop.payment_intents.create(new, {"idempotency_key": "create-1"})
assert intent.status == "requires_payment_method" and intent.metadata["orderId"] == "o1"
again = shop.payment_intents.create(new, {"idempotency_key": "create-1"})
assert again.id == intent.id
assert again.last_response.headers["Idempotent-Replayed"] == "true"
other = dict(new, amount=2000)
refused(
    stripe.IdempotencyError,
    lambda: shop.payment_intents.create(other, {"idempotency_key": "create-1"}),
)

declined = refused(
    stripe.CardError,
    lambda: shop.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa_chargeDeclined"}),
)
assert (declined.http_status, declined.code) == (402, "card_declined")
assert declined.error.decline_code == "generic_decline"
assert declined.error.payment_intent.status == "requires_payment_method"
paid = shop.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
assert (paid.status, paid.amount_received) == ("succeeded", 1999)
assert shop.charges.retrieve(paid.latest_charge).captured
assert [found.id for found in shop.payment_intents.list({"limit": 3}).data] == [intent.id]

refund = shop.refunds.create({"payment_intent": intent.id})
assert (refund.status, refund.amount) == ("succeeded", 1999)
twice = refused(stripe.InvalidRequestError, lambda: shop.refunds.create({"payment_intent": intent.id}))
assert twice.code == "charge_already_refunded"
missing = refused(stripe.InvalidRequestError, lambda: shop.payment_intents.retrieve("pi_none"))
assert (missing.http_status, missing.code) == (404, "resource_missing")

customer = shop.customers.create({"email": "ada@example.com"})
session = shop.checkout.sessions.create(
    {
        "mode": "subscription",
        "customer": customer.id,
        "line_items": [{"price": "price_team", "quantity": 1}],
        "success_url": "https://app.example/thanks",
        "subscription_data": {"metadata": {"plan": "team"}},
    }
)
assert (session.status, session.payment_status) == ("open", "unpaid")
assert shop.checkout.sessions.expire(session.id).status == "expired"
subscription = shop.subscriptions.create(
    {"customer": customer.id, "items": [{"price": "price_team"}]}
)
assert subscription.status == "active"
assert shop.subscriptions.cancel(subscription.id).status == "canceled"

stranger = stripe.StripeClient("sk_test_x", base_addresses={"api": question["url"]}, max_network_retries=0)
refused(stripe.AuthenticationError, lambda: stranger.v1.customers.list())

json.dump({"intent": intent.id}, sys.stdout)
