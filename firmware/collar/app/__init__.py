"""Tasks and modes: the only place that knows everything."""
