"""The handler's side: client, archive, report."""
