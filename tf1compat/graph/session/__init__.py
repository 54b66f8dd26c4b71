"""Runs of a session: what is initialized, and errors that say what failed where."""

__all__: list[str] = []
