"""OpenID discovery, published keys, MSAL's instance discovery."""

from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.twin.entra.errors import SignInFailure

if TYPE_CHECKING:
    from local.twin.app import Twin


def base_of(request: Request) -> str:
    """Tokens name the host that the client asked, so the twin also serves Microsoft's names."""
    return f"{request.url.scheme}://{request.url.netloc}"


def issuer_of(request: Request, tenant_id: str) -> str:
    return f"{base_of(request)}/{tenant_id}/v2.0"


def discovery_routes(twin: "Twin") -> list[Route]:
    async def configuration(request: Request) -> Response:
        name = request.path_params["tenant"]
        try:
            tenant = twin.entra.tenant(name)
        except SignInFailure as failure:
            return JSONResponse(failure.body(twin.clock.now(), None), 400)
        return JSONResponse(_document(base_of(request), name, tenant.id if tenant else None))

    async def keys(_request: Request) -> Response:
        return JSONResponse(twin.entra.tokens.key.jwks())

    async def instance(request: Request) -> Response:
        host = request.url.netloc
        alias = {"preferred_network": host, "preferred_cache": host, "aliases": [host]}
        endpoint = f"{base_of(request)}/common/v2.0/.well-known/openid-configuration"
        return JSONResponse(
            {
                "tenant_discovery_endpoint": endpoint,
                "api-version": request.query_params.get("api-version", "1.1"),
                "metadata": [alias],
            }
        )

    return [
        Route("/{tenant}/v2.0/.well-known/openid-configuration", configuration),
        Route("/{tenant}/discovery/v2.0/keys", keys),
        Route("/common/discovery/instance", instance),
    ]


def _document(base: str, name: str, tenant_id: str | None) -> dict[str, Any]:
    oauth = f"{base}/{name}/oauth2/v2.0"
    return {
        "issuer": f"{base}/{tenant_id or '{tenantid}'}/v2.0",
        "authorization_endpoint": f"{oauth}/authorize",
        "token_endpoint": f"{oauth}/token",
        "end_session_endpoint": f"{oauth}/logout",
        "jwks_uri": f"{base}/{name}/discovery/v2.0/keys",
        "response_types_supported": ["code"],
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
        "code_challenge_methods_supported": ["S256", "plain"],
        "tenant_region_scope": None,
        "cloud_instance_name": "microsoftonline.com",
        "msgraph_host": "graph.microsoft.com",
    }
