"""AADSTS failures: numbers, OAuth errors and texts, as pages, redirects and token answers."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4


@dataclass(frozen=True)
class Known:
    error: str
    text: str
    status: int = 400


KNOWN = {
    16000: Known("interaction_required", "Several sessions exist: an account must be chosen."),
    50011: Known("invalid_request", "The redirect URI does not match one registered."),
    50020: Known("invalid_request", "The account does not exist in this tenant."),
    500200: Known("invalid_request", "Personal Microsoft accounts are not supported for the app."),
    50033: Known("temporarily_unavailable", "A transient error occurred. Try again.", 503),
    50034: Known("invalid_grant", "The user account does not exist in the directory."),
    50057: Known("invalid_grant", "The user account is disabled."),
    50058: Known("login_required", "A silent sign-in was asked for, but nobody is signed in."),
    50059: Known("invalid_request", "No tenant-identifying information found in the request."),
    50076: Known("interaction_required", "Multi-factor authentication is needed."),
    50079: Known("interaction_required", "The user must enrol for multi-factor authentication."),
    50105: Known("invalid_grant", "The user is not assigned to a role of the application."),
    50148: Known("invalid_grant", "The code_verifier does not match the code_challenge."),
    50173: Known("invalid_grant", "The grant expired as it was revoked; sign in again."),
    50196: Known("invalid_grant", "A request loop was detected: the client repeats itself."),
    53000: Known("interaction_required", "The device is not compliant, as is required."),
    53003: Known("interaction_required", "Access is blocked by Conditional Access policies."),
    54005: Known("invalid_grant", "The authorization code was already redeemed."),
    65001: Known("invalid_grant", "The user or administrator has not consented to the app."),
    65004: Known("access_denied", "The user declined to consent to access the app."),
    70000: Known("invalid_grant", "The provided grant is invalid or malformed."),
    70001: Known("unauthorized_client", "The application is disabled."),
    70002: Known("invalid_request", "The grant_type or a needed parameter is missing."),
    70003: Known("unsupported_grant_type", "The app asked for an unsupported grant type."),
    70008: Known("invalid_grant", "The code or refresh token is expired."),
    70011: Known("invalid_scope", "The scope is not valid."),
    70043: Known("invalid_grant", "The refresh token is invalid by the sign-in frequency checks."),
    90002: Known("invalid_request", "The tenant was not found."),
    90006: Known("temporarily_unavailable", "An external server is temporarily out.", 503),
    90014: Known("invalid_request", "A required field is missing from the request."),
    90024: Known("temporarily_unavailable", "The request budget is exceeded. Try again.", 503),
    90033: Known("temporarily_unavailable", "The service is temporarily unavailable.", 503),
    90094: Known("access_denied", "Administrator consent is required for the permissions."),
    90095: Known("access_denied", "Administrator consent is required; a request can be sent."),
    500011: Known("invalid_resource", "The resource principal was not found in the tenant."),
    500112: Known("invalid_grant", "The reply address does not match the one of the code."),
    650053: Known("invalid_client", "The app asked for a scope that the resource does not have."),
    700005: Known("invalid_grant", "The code is meant for another tenant."),
    700016: Known("unauthorized_client", "The application was not found in the directory."),
    700027: Known("invalid_client", "The client assertion failed signature validation.", 401),
    700082: Known("invalid_grant", "The refresh token has expired due to inactivity."),
    700211: Known("invalid_client", "No federated identity record matches the issuer.", 401),
    700213: Known("invalid_client", "No federated identity record matches the subject.", 401),
    700212: Known("invalid_client", "No federated identity record matches the audience.", 401),
    700024: Known("invalid_client", "The client assertion is not within its valid time.", 401),
    700229: Known("invalid_client", "Only app-only tokens serve as federated credential.", 401),
    7000112: Known("unauthorized_client", "The application is disabled."),
    7000215: Known("invalid_client", "Invalid client secret provided.", 401),
    7000218: Known("invalid_client", "client_assertion or client_secret is missing.", 401),
    7000222: Known("invalid_client", "The provided client secret keys are expired.", 401),
}


# Which of a kind of errors it is, for clients that treat them apart.
SUBERRORS = {
    50076: "basic_action",
    50079: "basic_action",
    53003: "message_only",
    65001: "consent_required",
}


class SignInFailure(Exception):
    """`detail` replaces the table's text where the request makes it sharper. `returns` says
    whether the app hears of it; None: as is usual for the number.
    """

    def __init__(
        self,
        number: int,
        detail: str | None = None,
        error: str | None = None,
        *,
        returns: bool | None = None,
    ) -> None:
        known = KNOWN.get(number, Known("invalid_grant", "An error that no list explains."))
        self.returns = returns
        super().__init__(f"AADSTS{number}: {detail or known.text}")
        self.number = number
        self.error = error or known.error
        self.status = known.status

    def body(self, now: datetime, correlation_id: str | None) -> dict[str, Any]:
        trace, correlation = str(uuid4()), correlation_id or str(uuid4())
        stamp = now.strftime("%Y-%m-%d %H:%M:%SZ")
        suberror = SUBERRORS.get(self.number)
        return {
            **({"suberror": suberror} if suberror else {}),
            "error": self.error,
            "error_description": f"{self} Trace ID: {trace} Correlation ID: {correlation} "
            f"Timestamp: {stamp}",
            "error_codes": [self.number],
            "timestamp": stamp,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": f"https://login.microsoftonline.com/error?code={self.number}",
        }
