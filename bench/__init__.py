"""How fast the way of a report is: each figure beside a floor measured in the same round. See docs/performance.md."""
