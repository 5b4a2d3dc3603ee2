"""A local host for Azure Functions apps written in the Python v2 model."""
