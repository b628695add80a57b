"""Command lines with a fault built in: `python -m tests.faults.<name> citizen` is `python -m cli citizen` with it.

Nothing in the product knows of them. A fault waits until the test arms it (`arming.Fault`), so that a process starts,
signs people in and serves as any other does.
"""
