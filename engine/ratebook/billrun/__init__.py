"""The one function under rate, explain, diff, simulate, test and bill: contracts and usage → outcomes, streamed."""
