"""Heart and breath, each with its status, quality and coverage."""
