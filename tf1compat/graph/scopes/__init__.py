"""Variable scopes: as 1.15 had them, as values, and shared by every call of a function."""

__all__: list[str] = []
