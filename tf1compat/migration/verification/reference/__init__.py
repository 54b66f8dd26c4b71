"""The v1 graph itself as the reference: what of it runs, and on which inputs."""

__all__: list[str] = []
