"""Other people's ways to bring a frame to open sockets over Redis, doing the relay's job: run `peers`.

What stands in this folder, but for `beside.py`, runs in an environment of its own (`locks/peers.txt`, and
`package.json` here) that has their packages and none of ours. Each is one program for both faces:

- `POST /relay?bytes=N&to=K`: the body, JSON, is written to a file and synced; then it goes, made as long as N bytes by
  a member `pad`, to every socket of K in every process, by the peer's own way over Redis. The answer is 201.
- its sockets, opened with `?key=K`, hear what is meant for K.

PORT, REDIS_URL and KEPT (the file) come from the environment.
"""
