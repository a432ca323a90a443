"""An SMTP server for the tests: prints its port, then each mail as a line of JSON.

Arguments: plain | starttls | implicit, then certificate and key for the two latter.
"""

import asyncio
import base64
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult


class Handler:
    async def handle_DATA(self, server, session, envelope):
        mail = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "user": getattr(session, "user", None),
            "tls": server.transport.get_extra_info("ssl_object") is not None,
            "helo": session.host_name,
            "content": envelope.content.decode("ascii"),
        }
        print(json.dumps(mail), flush=True)
        return "250 OK queued as real"

    # https://developers.google.com/gmail/imap/xoauth2-protocol
    async def auth_XOAUTH2(self, server, args):
        if base64.b64decode(args[1]) != b"user=kw\x01auth=Bearer open sesame\x01\x01":
            return AuthResult(success=False, handled=False)
        server.session.user = "kw"
        return AuthResult(success=True)


def authenticate(server, session, envelope, mechanism, data):
    if (data.login, data.password) != (b"kw", b"open sesame"):
        return AuthResult(success=False, handled=False)
    session.user = data.login.decode()
    return AuthResult(success=True)


async def main():
    mode, *files = sys.argv[1:]
    context = None
    if files:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*files)
    options = {"enable_SMTPUTF8": False}
    if mode != "plain":
        options |= {"authenticator": authenticate, "auth_required": True}
    if mode == "starttls":
        options |= {"tls_context": context, "require_starttls": True}
    if mode == "implicit":
        options |= {"auth_require_tls": False}
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(Handler(), **options),
        "127.0.0.1",
        0,
        ssl=context if mode == "implicit" else None,
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
