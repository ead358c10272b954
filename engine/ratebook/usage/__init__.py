"""Usage as values: what is to be measured, the slots it is measured in, and the batches it comes back in."""
