"""What a change of the book does: who pays what before and after, for which cause, and whether it may."""
