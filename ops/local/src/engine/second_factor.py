"""Has the sign-in page ask a user who set up an authenticator app for its code, as Cognito's does.

The engine asks for it in its API alone; its page let such a user in by the password.

Written for the pinned version of the engine; whatever is wrapped here is checked first.
"""

import html
import secrets
import time
from urllib.parse import parse_qs

from ministack.services import cognito

from pinned import wrap

FACTOR = "SOFTWARE_TOKEN_MFA"
# Cognito's AuthSessionValidity where nothing else is set.
SESSION_SECONDS = 180
FIELD = "second_factor_session"

# By session: until when, whose secret, and what else the page would have gone on with.
waiting = {}
goes_on = cognito._issue_auth_code_redirect


@wrap(
    cognito,
    "_issue_auth_code_redirect",
    ["client_id", "pool_id", "redirect_uri", "scope", "username", "nonce", "code_challenge", "code_challenge_method",
     "state"],
)
def ask_for_code(inner, client_id, pool_id, redirect_uri, scope, username, nonce, code_challenge,
                 code_challenge_method, state):
    arguments = (client_id, pool_id, redirect_uri, scope, username, nonce, code_challenge, code_challenge_method, state)
    pool = cognito._get_pool_unscoped(pool_id) or {}
    user = pool.get("_users", {}).get(username) or {}
    if pool.get("MfaConfiguration", "OFF") == "OFF" or FACTOR not in user.get("_mfa_enabled", []):
        return inner(*arguments)
    session = secrets.token_urlsafe(24)
    waiting[session] = (time.monotonic() + SESSION_SECONDS, user.get("_totp_secret", ""), arguments)
    return page(session, "")


@wrap(cognito, "handle_login_submit", ["method", "path", "headers", "body", "query_params"])
def check_code(inner, method, path, headers, body, query_params):
    form = parse_qs((body or b"").decode("utf-8", errors="replace"))
    if FIELD not in form:
        return inner(method, path, headers, body, query_params)
    session = form[FIELD][0]
    until, secret, arguments = waiting.get(session, (0, "", ()))
    if until < time.monotonic():
        waiting.pop(session, None)
        return cognito._oauth2_error("invalid_request", "Session has expired. Please sign in again.")
    if not cognito._totp_matches(secret, form.get("code", [""])[0]):
        return page(session, "Invalid code received for user")
    del waiting[session]
    return goes_on(*arguments)


def page(session, error):
    shown = f'<div class="error">{html.escape(error)}</div>' if error else ""
    form = f"""{shown}
<form method="POST" action="/login">
<input type="hidden" name="{FIELD}" value="{html.escape(session)}">
<label for="code">Code of your authenticator app</label>
<input type="text" id="code" name="code" inputmode="numeric" autocomplete="one-time-code" required autofocus>
<button type="submit">Sign in</button>
</form>"""
    text = cognito._page_shell("Sign in", "Enter your code", form)
    return 200, {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store"}, text.encode()
