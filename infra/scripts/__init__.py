"""Scripts that Azure itself runs: standard library only."""
