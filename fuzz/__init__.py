"""What faces the outside is fed with what nobody meant to send: one small target a parser (`fuzz.targets`).

A target takes bytes and calls a parser with them. It may refuse them in the parser's own words; anything else that
comes out of it is a finding. `python -m fuzz` runs them with atheris where it is installed, else with the mutator of
`fuzz.mutator`; so does `tests/test_fuzz.py`, for a bounded count.
"""
