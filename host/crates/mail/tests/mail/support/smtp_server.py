"""A real SMTP server (aiosmtpd) that tells on its standard output what it receives, one JSON object a line.

Arguments: the port (0 for any); `user:password` if it wants a sign-in; `starttls` or `implicit` and the file of
certificate and key, if it wants TLS.
"""

import asyncio
import email
import email.policy
import json
import logging
import ssl
import sys
import warnings

from aiosmtpd.smtp import SMTP, AuthResult


# A sign-in without TLS is what the tests want.
logging.disable(logging.WARNING)
warnings.simplefilter("ignore")

# How long `slow` recipients take: less than any client waits.
HESITATION_S = 0.5


def tell(what):
    print(json.dumps(what), flush=True)


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("refused"):
            return f"550 5.1.1 there is no {address} here"
        if address.startswith("later"):
            return f"451 4.3.0 try {address} later"
        if address.startswith("slow"):
            tell({"hesitating": address})
            await asyncio.sleep(HESITATION_S)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if envelope.rcpt_tos[0].startswith("unwanted"):
            return "554 5.7.1 no such messages here"
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        parts = [part for part in message.walk() if not part.is_multipart()]
        tell({
            "sender": envelope.mail_from,
            "recipients": envelope.rcpt_tos,
            "signed_in": bool(session.authenticated),
            "protected": server.transport.get_extra_info("ssl_object") is not None,
            "headers": [[name.lower(), str(value)] for name, value in message.items()],
            "kind": message.get_content_type(),
            "parts": [[part.get_content_type(), part.get_content()] for part in parts],
            "defects": [str(d) for part in message.walk() for d in part.defects],
        })
        return "250 OK"


def sign_in(wanted):
    def check(server, session, envelope, mechanism, data):
        given = f"{data.login.decode()}:{data.password.decode()}"
        return AuthResult(success=given == wanted, handled=False)

    return check


async def main(port, wanted="", tls=None, certificate=None):
    handler, protection, implicit = Handler(), {}, None
    if tls is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
        if tls == "implicit":
            implicit = context
        else:
            protection = {"tls_context": context, "require_starttls": True}
    if wanted:
        protection = {
            "authenticator": sign_in(wanted),
            "auth_required": True,
            "auth_require_tls": False,
        }
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(handler, enable_SMTPUTF8=True, **protection), "127.0.0.1", int(port), ssl=implicit
    )
    tell({"port": server.sockets[0].getsockname()[1]})
    await server.serve_forever()


asyncio.run(main(*sys.argv[1:]))
