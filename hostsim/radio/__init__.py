"""The radio of the bench: the air between collar and phones, the collar's stack, a phone's stack."""
