"""Book × contracts × boundaries → metering queries and shared price programs."""
