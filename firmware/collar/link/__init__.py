"""Protocol, services, sync and access. PROTOCOL.md is the document."""
