"""Looking at values: statistics, histograms, what isn't finite."""

__all__: list[str] = []
