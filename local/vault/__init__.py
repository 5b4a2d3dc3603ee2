"""Azure Key Vault's secrets protocol over TLS, kept in one file."""
