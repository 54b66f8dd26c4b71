"""How both sides use what they hold, in one vocabulary, and what follows for a pair of them."""

__all__: list[str] = []
