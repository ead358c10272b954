"""Where invoices go."""
