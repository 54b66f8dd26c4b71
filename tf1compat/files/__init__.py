"""What every output of the package uses: staging, manifests, raw bytes. Knows no format."""

__all__: list[str] = []
