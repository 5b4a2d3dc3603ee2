"""The key that signs tokens, and its published half."""

from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm


@dataclass(frozen=True)
class SigningKey:
    private: rsa.RSAPrivateKey

    @property
    def public(self) -> rsa.RSAPublicKey:
        return self.private.public_key()

    @property
    def kid(self) -> str:
        der = self.public.public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return sha256(der).hexdigest()[:27]

    def jwks(self) -> dict[str, Any]:
        key = RSAAlgorithm.to_jwk(self.public, as_dict=True)
        facts = {"kid": self.kid, "x5t": self.kid, "use": "sig", "kty": "RSA"}
        return {"keys": [{**facts, "n": key["n"], "e": key["e"]}]}

    def to_pem(self) -> str:
        return self.private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode()


@cache
def process_key() -> SigningKey:
    """One key a process: making one costs a tenth of a second, tests make many twins."""
    return SigningKey(rsa.generate_private_key(public_exponent=65537, key_size=2048))


def key_from_pem(pem: str) -> SigningKey:
    private = serialization.load_pem_private_key(pem.encode(), password=None)
    if not isinstance(private, rsa.RSAPrivateKey):
        raise TypeError("the saved signing key is no RSA key")
    return SigningKey(private)
