"""Who agreed to what: approvals as signed statements beside the book, and whether they cover a change."""
