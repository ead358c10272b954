"""Keeps one comment of a request up to date: found by its marker, written only by whom it belongs to."""

from typing import NamedTuple

from ratebook.ci.comment import Decision, compose, decide, marker_of, read_marker
from ratebook.ci.platforms import Platform, Posted


class Outcome(NamedTuple):
    """What became of the comment, and the comment as it is now."""

    decision: Decision
    comment: Posted


def post(platform: Platform, text: str, head: str, run: int, where: str) -> Outcome:
    """Write the preview into its comment: a new one, in place, or not at all where that is equal or newer.

    Args:
        platform: the request.
        text: the preview as Markdown.
        head: the commit that was previewed.
        run: number of the run.
        where: Markdown that says where the whole preview is, for one that has to be cut.

    Raises:
        HttpError: the platform could not be asked, or refused.
    """
    wanted = compose(text, marker_of(text, head, run), platform.longest, where)
    posted = _own(platform)
    decision = decide(posted.text if posted else None, wanted)
    if posted is None:
        return Outcome(decision, platform.create(wanted))
    if decision == "updated":
        posted = platform.update(posted.id, wanted)
    return Outcome(decision, posted)


def _own(platform: Platform) -> Posted | None:
    """Find the comment; another author's may hold the same marker, and is not touched."""
    author = platform.author()
    for comment in platform.comments():
        if comment.author == author and read_marker(comment.text):
            return comment
    return None
