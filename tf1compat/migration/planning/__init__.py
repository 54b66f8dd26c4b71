"""The plan and how it is made."""

__all__: list[str] = []
