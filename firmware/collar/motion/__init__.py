"""Blocks of acceleration in, findings out: gait, limp, posture, impact, shake, tremor."""
