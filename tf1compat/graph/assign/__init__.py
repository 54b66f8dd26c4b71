"""Values into variables by one run of a session."""

__all__: list[str] = []
