"""Days: what a dog is like, and when it stops being so."""
