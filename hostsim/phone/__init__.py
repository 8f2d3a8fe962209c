"""The handler's phone: an installable page, its server, and a simulated collar that it reaches as if by radio."""
