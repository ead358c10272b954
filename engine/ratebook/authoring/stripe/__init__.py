"""Takes products and prices over from Stripe: an export in, a book out, and a note on all that has no counterpart."""
