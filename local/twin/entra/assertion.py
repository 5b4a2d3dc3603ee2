"""Client assertions: a JWT signed by a registered certificate, or a federated identity's token."""

import base64
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa

from local.twin.entra.apps import App
from local.twin.entra.errors import SignInFailure
from local.twin.entra.tokens import BadToken, Tokens

SKEW_SECONDS = 300


def check_assertion(assertion: str, app: App, tokens: Tokens, now: datetime) -> None:
    try:
        header = jwt.get_unverified_header(assertion)
    except jwt.InvalidTokenError as error:
        raise SignInFailure(700027, "The client assertion is not a JWT.") from error
    if header.get("kid") == tokens.key.kid:
        _check_federated(assertion, app, tokens, now)
    else:
        _check_certificate(assertion, header, app, now)


def _check_federated(assertion: str, app: App, tokens: Tokens, now: datetime) -> None:
    try:
        claims = tokens.verified(assertion, now)
    except BadToken as problem:
        raise SignInFailure(700024, str(problem)) from problem
    if claims.get("idtyp") != "app":
        raise SignInFailure(700229)
    by_issuer = [f for f in app.federated if _path(f.issuer) == _path(claims["iss"])]
    if not by_issuer:
        raise SignInFailure(700211)
    by_subject = [f for f in by_issuer if f.subject == claims["sub"]]
    if not by_subject:
        raise SignInFailure(700213)
    if all(f.audience != claims["aud"] for f in by_subject):
        raise SignInFailure(700212)


def _path(issuer: str) -> str:
    return urlsplit(issuer).path.rstrip("/")


def _check_certificate(assertion: str, header: dict[str, Any], app: App, now: datetime) -> None:
    certificate = next((c for c in app.certificates if _is_named(c, header)), None)
    if certificate is None:
        raise SignInFailure(700027, "The certificate of the assertion is not registered.")
    key = x509.load_pem_x509_certificate(certificate.encode()).public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        raise SignInFailure(700027, "The registered certificate has no RSA key.")
    try:
        claims = jwt.decode(
            assertion,
            key,
            algorithms=["RS256", "PS256"],
            options={"verify_exp": False, "verify_nbf": False, "verify_aud": False},
        )
    except jwt.InvalidTokenError as error:
        raise SignInFailure(700027) from error
    if not claims.get("iss") == claims.get("sub") == app.client_id:
        raise SignInFailure(700027, "iss and sub of the client assertion must be the client id.")
    if claims.get("exp", 0) + SKEW_SECONDS < now.timestamp():
        raise SignInFailure(700024)


def _is_named(pem: str, header: dict[str, Any]) -> bool:
    certificate = x509.load_pem_x509_certificate(pem.encode())
    sha1, sha2 = certificate.fingerprint(hashes.SHA1()), certificate.fingerprint(hashes.SHA256())
    given = {name: str(header.get(name, "")).rstrip("=") for name in ("x5t", "x5t#S256")}
    return given["x5t"] == _encoded(sha1) or given["x5t#S256"] == _encoded(sha2)


def _encoded(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
