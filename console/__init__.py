"""The dispatcher's app: sign-in, the desk's page and its socket, and the acts, one small module a resource."""
