"""The shapes of the API as pydantic has them: `Sent` is checked, `Told` goes out."""
