"""What a question to Redis may end in when Redis is not there."""

from typing import Final

from redis.exceptions import RedisClusterException, RedisError

# uvloop says of a connection that was reset amid a write that its transport is closed, by a RuntimeError, which the
# library of Redis hands on as it is.
AWAY: Final = (RedisError, RedisClusterException, OSError, TimeoutError, RuntimeError)
