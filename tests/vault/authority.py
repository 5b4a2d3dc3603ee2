"""A very small token authority: one RSA key, published over TLS, and a token endpoint."""

import threading
import time
import uuid

import jwt
import uvicorn
from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from local.certs import Certificates

TENANT = "11111111-0000-4000-8000-000000000001"


class Authority:
    """Signs whatever it is asked to; `scopes` are those its token endpoint saw."""

    def __init__(self) -> None:
        self.url = ""
        self.scopes: list[str] = []
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._id = uuid.uuid4().hex

    def token(self, audience: str, **claims: object) -> str:
        issued = {"aud": audience, "tid": TENANT, "exp": int(time.time()) + 3600} | claims
        return jwt.encode(issued, self._key, "RS256", headers={"kid": self._id})

    def roll(self) -> None:
        """From now on sign with another key."""
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._id = uuid.uuid4().hex

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/{tenant}/v2.0/.well-known/openid-configuration", self._discovery),
                Route("/{tenant}/discovery/v2.0/keys", self._jwks),
                Route("/{tenant}/oauth2/v2.0/token", self._issue, methods=["POST"]),
            ]
        )

    async def _discovery(self, request: Request) -> JSONResponse:
        tenant = request.path_params["tenant"]
        return JSONResponse({"jwks_uri": f"{self.url}/{tenant}/discovery/v2.0/keys"})

    async def _jwks(self, request: Request) -> JSONResponse:
        public = jwt.algorithms.RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return JSONResponse({"keys": [public | {"kid": self._id, "use": "sig", "alg": "RS256"}]})

    async def _issue(self, request: Request) -> JSONResponse:
        scope = (await _form(request))["scope"]
        self.scopes.append(scope)
        token = self.token(scope.removesuffix("/.default"))
        return JSONResponse({"access_token": token, "token_type": "Bearer", "expires_in": 3599})


async def _form(request: Request) -> dict[str, str]:
    async with request.form() as form:
        return {name: str(value) for name, value in form.items()}


class Served:
    """An authority on its own thread and a free port, until `stop`."""

    def __init__(self, authority: Authority, files: Certificates) -> None:
        config = uvicorn.Config(
            authority.app(),
            port=0,
            log_level="critical",
            lifespan="off",
            ssl_keyfile=files.key,
            ssl_certfile=files.server,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run)
        self._thread.start()
        listening = threading.Event()
        deadline = time.monotonic() + 20
        while not self._server.started and time.monotonic() < deadline:
            listening.wait(0.01)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        authority.url = f"https://localhost:{port}"

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(20)
