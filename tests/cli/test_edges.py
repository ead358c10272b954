"""The command line at its edges: signals, closed and full outputs, folders that cannot be written, odd periods."""

import json
import os
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from tests.example import RATEBOOK, Done, ratebook

BOOK = {
    "specs/book.yaml": """
syntax: 1
name: small
currency: USD
sources:
  events: {subject: org, event_id: id, event_time: ts, columns: {kind: string, size: integer}}
environments:
  local: {usage: {duckdb: {events: usage.csv}}}
  server: {usage: {clickhouse: {url: "http://127.0.0.1:PORT/db"}}}
""",
    "specs/world.yaml": "region: world\nlanguage: en\ntime_zone: UTC\ncurrency: USD\nrounding: {mode: half_up}\n"
    "tax: external\ninvoice: {issue_after: 1 day, due: 14 days}\n",
    "meters/sizes.yaml": "source: events\nwhere: {kind: a}\naggregate: sum\nvalue: size\nunit: byte\n",
    "specs/rating/sizes.yaml": "meter: sizes\nprice: {amount: 1, per: 1}\n",
    "contracts/acme.yaml": "org: acme\ntype: metered\nspec: world\nstart: 2026-01-01\ncharges: [{rating: sizes}]\n",
    "usage.csv": "id,org,ts,kind,size\n1,acme,2026-10-05T00:00:00Z,a,7\n",
}


def write(folder: Path, files: dict[str, str] | None = None) -> Path:
    for name, text in (BOOK | (files or {})).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    return folder


def rate(book: Path, *arguments: str) -> Done:
    return ratebook("rate", "--book", str(book), "--period", "2026-10", *arguments)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_run_that_is_stopped_says_so_and_leaves_no_files(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        book = write(tmp_path / "book", {"specs/book.yaml": BOOK["specs/book.yaml"].replace("PORT", port)})
        temporary = tmp_path / "temporary"
        temporary.mkdir()
        arguments = [RATEBOOK, "rate", "--book", str(book), "--period", "2026-10", "--environment", "server"]
        with subprocess.Popen(
            arguments, stderr=subprocess.PIPE, env={**os.environ, "TMPDIR": str(temporary)}
        ) as run:
            server.settimeout(30)
            connection, _ = server.accept()
            with connection:
                run.send_signal(number)
                _, errors = run.communicate(timeout=30)

    assert (run.returncode, errors.decode().strip()) == (code, "Aborted!")
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_reader_that_goes_away_is_no_error_of_ours(tmp_path: Path, form: str) -> None:
    book = write(tmp_path)
    read, written = os.pipe()
    os.close(read)
    arguments = [RATEBOOK, "rate", "--book", str(book), "--period", "2026-10", "--format", form]
    done = subprocess.run(arguments, stdout=written, stderr=subprocess.PIPE, check=False)
    os.close(written)

    assert (done.returncode, done.stderr) == (1, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has a device that is always full")
@pytest.mark.parametrize("form", ["text", "json"])
def test_a_full_disk_is_said_in_a_line(tmp_path: Path, form: str) -> None:
    book = write(tmp_path)
    arguments = [RATEBOOK, "rate", "--book", str(book), "--period", "2026-10", "--format", form]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(arguments, stdout=full, stderr=subprocess.PIPE, check=False)

    assert (done.returncode, done.stderr) == (2, b"cannot read or write: No space left on device\n")


def test_without_an_output_a_run_ends_as_with_one(tmp_path: Path) -> None:
    book = write(tmp_path)
    command = f"'{RATEBOOK}' rate --book '{book}' --period 2026-10 --format json >&-"
    done = subprocess.run(["sh", "-c", command], stderr=subprocess.PIPE, check=False)

    assert (done.returncode, done.stderr) == (0, b"")


def test_invoices_do_not_go_into_a_file_that_is_no_folder(tmp_path: Path) -> None:
    book = write(tmp_path)
    done = rate(book, "--out", str(book / "usage.csv"))

    assert (done.code, done.stderr) == (2, f"cannot read or write: Not a folder: {book / 'usage.csv'}\n")


@pytest.mark.parametrize("period", ["9999-12-31", "2026-10-01/9999-12-31", "0001-01-01/2026-01-01", "1899"])
def test_a_period_outside_of_the_calendar_is_wrong_use(tmp_path: Path, period: str) -> None:
    done = ratebook("rate", "--book", str(write(tmp_path)), "--period", period)

    assert done.code == 2
    assert "Invalid value for --period" in done.stderr


@pytest.mark.parametrize(
    ("key", "value"), [("end", "9999-12-31"), ("start", "0001-01-01"), ("end", "2200-01-01T00:00:00Z")]
)
def test_a_date_outside_of_the_calendar_is_an_error_of_the_book(tmp_path: Path, key: str, value: str) -> None:
    contract = BOOK["contracts/acme.yaml"].replace("start: 2026-01-01\n", "") + f"{key}: {value}\n"
    if key == "end":
        contract += "start: 2026-01-01\n"
    done = rate(write(tmp_path, {"contracts/acme.yaml": contract}))

    assert done.code == 2
    assert f"RB207: '{value}' is in no year from 1900 to 2199" in done.stderr


def test_an_event_without_a_subject_is_counted_once(tmp_path: Path) -> None:
    rows = ("1,acme,2026-10-05T00:00:00Z,a,7", "2,,2026-10-05T00:00:00Z,a,7", "3,,2026-10-05T00:00:00Z,a,")
    usage = "\n".join(("id,org,ts,kind,size", *rows, "4,acme,2026-10-05T00:00:00Z,b,7", ""))
    done = rate(write(tmp_path, {"usage.csv": usage}), "--format", "json")

    document = json.loads(done.stdout)
    assert [(found["code"], found["details"]["events"]) for found in document["findings"]] == [("RB407", 2)]
    assert document["usage"] == [{"measure": "sizes", "events": 1, "filtered_out": 1, "duplicates": 0}]


@pytest.mark.parametrize(
    ("usage", "said"),
    [
        ('{"id": "1"}\n{"id": \n', "usage.jsonl cannot be read: line 2: Expecting value"),
        ("[1]\n", "usage.jsonl cannot be read: line 1 is no JSON object\n"),
        ('{"size": NaN}\n', "usage.jsonl cannot be read: line 1: NaN is no number\n"),
    ],
)
def test_a_broken_line_of_json_is_named_and_nothing_else(tmp_path: Path, usage: str, said: str) -> None:
    settings = BOOK["specs/book.yaml"].replace("usage.csv", "usage.jsonl")
    done = rate(write(tmp_path, {"specs/book.yaml": settings, "usage.jsonl": usage}))

    assert done.code == 2
    assert f"error RB415: {said}" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_row_of_csv_with_too_few_cells_is_named_with_its_file(tmp_path: Path) -> None:
    done = rate(write(tmp_path, {"usage.csv": "id,org,ts,kind,size\n1,acme\n"}))

    assert done.code == 2
    for said in ("usage.csv, ", "Line: 2", "Expected Number of Columns: 5 Found: 2"):
        assert said in done.stderr


def test_an_excerpt_shows_as_much_of_a_long_line_as_fits(tmp_path: Path) -> None:
    rule = f"meter: sizes  # {'x' * 5_000}\nprice: {{amount: 1, per: 1}}{' ' * 5_000}\x1b\n"
    done = ratebook("check", "--book", str(write(tmp_path, {"specs/rating/sizes.yaml": rule})))

    assert done.code == 2
    assert max(map(len, done.stdout.splitlines())) < 300
    assert "\x1b" not in done.stdout


def test_a_server_that_is_down_is_said_once_and_shortly(tmp_path: Path) -> None:
    settings = BOOK["specs/book.yaml"].replace("PORT", "1")
    done = rate(write(tmp_path, {"specs/book.yaml": settings}), "--environment", "server")

    assert (done.code, done.stderr.splitlines()) == (
        2,
        [
            "error RB601: http://127.0.0.1:1/db cannot be reached: Connection refused",
            "  = help: see that the server runs and can be reached from here; nothing is billed without it",
        ],
    )


def test_pitfall_d49_events_after_the_run_are_reported_and_no_others(tmp_path: Path) -> None:
    """The year 2199 has not come; that of its first event is billed as it says."""
    usage = "id,org,ts,kind,size\n1,acme,2199-10-05T00:00:00Z,a,7\n2,acme,2026-10-05T00:00:00Z,a,1\n"
    book = write(tmp_path, {"usage.csv": usage})
    ahead, past = (
        json.loads(ratebook("rate", "--book", str(book), "--period", period, "--format", "json").stdout)
        for period in ("2199-10", "2026-10")
    )
    assert [(one["code"], one.get("details", {}).get("events")) for one in ahead["findings"]] == [
        ("RB510", None),
        ("RB419", 1),
    ]
    assert ahead["invoices"][0]["total"] == "7.00"
    assert past["findings"] == []
