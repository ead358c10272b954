"""A case is billed the same, byte for byte, whether it shares a run or not."""

from pathlib import Path

from ratebook.book import load
from ratebook.testing.files import find_files, read_files
from ratebook.testing.rating import groups_of, prepare, rate_jobs
from ratebook.trees import read_folder
from tests.example import REPOSITORY


def test_the_cases_of_the_example_book_are_billed_together_as_they_are_alone() -> None:
    book = load(read_folder(REPOSITORY)).book
    assert book is not None
    jobs, findings = prepare(
        book, [case for file in read_files(find_files(Path(REPOSITORY))) for case in file.cases()]
    )
    assert (findings, len(jobs), len(groups_of(jobs))) == ([], 13, 3)

    together = {job.case.name: rated for job, rated in rate_jobs(book, jobs)}

    for job in jobs:
        ((_, alone),) = rate_jobs(book, [job])
        assert alone == together[job.case.name]
