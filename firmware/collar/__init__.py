"""The collar: samples in, findings out, a record that stays, a link to hand it over."""
