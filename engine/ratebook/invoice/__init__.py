"""Invoices: rated charges and fees → one document whose printed parts add up."""
