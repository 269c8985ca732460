"""Adds what the sign-in page lacks for new users: signing up, and the code that confirms it, as on Cognito's page.

- `/signup` takes the parameters of `/oauth2/authorize`; `/confirmUser` takes the code, and then sends the user back to the
  app with an authorization code, as after a sign-in
- Where the pool lets only administrators create users, neither the page nor the API signs anybody up.
- No mail leaves this machine, so the page shows the code.

Written for the pinned version of the engine; whatever is wrapped here is checked first.
"""

import html
from urllib.parse import parse_qs, urlencode

from ministack.services import cognito

from pinned import wrap

SIGN_UP = "/signup"
CONFIRM = "/confirmUser"
PATHS = {(method, path) for method in ("GET", "POST") for path in (SIGN_UP, CONFIRM)}
# What goes on from page to page.
CARRIED = ("client_id", "redirect_uri", "response_type", "scope", "state", "code_challenge", "code_challenge_method", "nonce")


@wrap(cognito, "_sign_up", ["data"])
def sign_up_where_allowed(inner, data):
    _, pool, _ = cognito._find_pool_by_client_id(data.get("ClientId"))
    if pool is not None and is_closed(pool):
        return cognito.error_response_json("NotAuthorizedException", "SignUp is not permitted for this user pool", 400)
    return inner(data)


@wrap(
    cognito,
    "_login_page_html",
    ["client_id", "redirect_uri", "scope", "state", "response_type", "code_challenge", "code_challenge_method", "nonce",
     "error_message"],
)
def lead_to_sign_up(inner, *arguments, **named):
    page = inner(*arguments, **named)
    names = ("client_id", "redirect_uri", "scope", "state", "response_type", "code_challenge", "code_challenge_method", "nonce")
    carried = {**dict(zip(names, arguments)), **named}
    _, pool, _ = cognito._find_pool_by_client_id(carried["client_id"])
    if pool is None or is_closed(pool):
        return page
    query = urlencode({name: carried.get(name, "") for name in CARRIED})
    link = f'<p class="footer">Need an account? <a href="{SIGN_UP}?{html.escape(query)}">Sign up</a></p>'
    return page.replace("</form>", f"</form>{link}", 1)


@wrap(cognito, "_page_shell", ["title", "heading", "body_html"])
def without_icon(inner, title, heading, body_html):
    # Browsers ask for one otherwise, and report that they were refused.
    return inner(title, heading, body_html).replace("<head>", '<head>\n<link rel="icon" href="data:,">', 1)


def is_closed(pool):
    only_administrators = (pool.get("AdminCreateUserConfig") or {}).get("AllowAdminCreateUserOnly")
    return only_administrators in (True, "true")


def answer(method, path, headers, body, query):
    """The answer to a request of one of PATHS."""
    if method == "GET":
        fields = {name: cognito._qp(query, name) for name in CARRIED}
    else:
        parsed = parse_qs((body or b"").decode("utf-8", errors="replace"), keep_blank_values=True)
        fields = {name: values[0] for name, values in parsed.items()}
    # The checks of the sign-in page: client, address to go back to, scope, challenge.
    refused = cognito.handle_oauth2_authorize("GET", "/oauth2/authorize", headers, {n: [fields.get(n, "")] for n in CARRIED})
    if refused[0] != 200:
        return refused
    pool_id, pool, _ = cognito._find_pool_by_client_id(fields["client_id"])
    if is_closed(pool):
        return cognito._oauth2_error("invalid_request", "SignUp is not permitted for this user pool")
    if method == "GET":
        return sign_up_page(fields)
    email = fields.get("email", "").strip()
    if path == SIGN_UP:
        status, error = outcome(cognito._sign_up({
            "ClientId": fields["client_id"], "Username": email, "Password": fields.get("password", ""),
            "UserAttributes": [{"Name": "email", "Value": email}],
        }))
        return confirm_page(pool, fields, email) if status == 200 else sign_up_page(fields, error)
    ask = {"ClientId": fields["client_id"], "Username": email, "ConfirmationCode": fields.get("code", "").strip()}
    status, error = outcome(cognito._confirmation_code_error("ConfirmSignUp", ask) or cognito._confirm_sign_up(ask))
    if status != 200:
        return confirm_page(pool, fields, email, error)
    user, _ = cognito._resolve_user(pool, email)
    return cognito._issue_auth_code_redirect(
        fields["client_id"], pool_id, fields["redirect_uri"], fields.get("scope", ""), user["Username"],
        fields.get("nonce", ""), fields.get("code_challenge", ""), fields.get("code_challenge_method", ""),
        fields.get("state", ""),
    )


def outcome(answered):
    """Status and message of an operation's answer."""
    status, _, body = answered
    return status, cognito.json.loads(body).get("message", "") if status != 200 else ""


def sign_up_page(fields, error=""):
    return page("Sign up", error, SIGN_UP, fields, """
<label for="email">Email address</label>
<input type="text" id="email" name="email" inputmode="email" autocomplete="username" required autofocus>
<label for="password">Password</label>
<input type="password" id="password" name="password" autocomplete="new-password" required>
<button type="submit">Sign up</button>""")


def confirm_page(pool, fields, email, error=""):
    user, _ = cognito._resolve_user(pool, email)
    code = (user or {}).get("_confirmation_code") or ""
    shown = html.escape(code)
    return page("Confirm your account", error, CONFIRM, {**carried_of(fields), "email": email}, f"""
<p>On AWS a code is sent to {html.escape(email)}. No mail leaves this machine: the code is <strong>{shown}</strong>.</p><br>
<label for="code">Code</label>
<input type="text" id="code" name="code" inputmode="numeric" autocomplete="one-time-code" required autofocus>
<button type="submit">Confirm account</button>""")


def carried_of(fields):
    return {name: fields.get(name, "") for name in CARRIED}


def page(title, error, action, fields, inputs):
    shown = f'<div class="error">{html.escape(error)}</div>' if error else ""
    names = [name for name in (*CARRIED, "email") if name in fields and not (action == SIGN_UP and name == "email")]
    hidden = "".join(
        f'<input type="hidden" name="{name}" value="{html.escape(fields[name])}">\n' for name in names
    )
    form = f'{shown}\n<form method="POST" action="{action}">\n{hidden}{inputs}\n</form>'
    text = cognito._page_shell(title, title, form)
    return 200, {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store"}, text.encode()
