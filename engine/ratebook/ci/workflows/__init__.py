"""Workflows to copy, as files beside this one."""

from importlib.resources import files

from ratebook import __version__


def workflow(platform: str) -> str:
    """Give the workflow for `github` or `gitlab`, which installs this version of Ratebook."""
    text = files(__name__).joinpath(f"{platform}.yml").read_text("utf-8")
    return text.replace("RATEBOOK_VERSION", __version__)
