"""Signatures of SSH: made and checked by the system's `ssh-keygen`, so that keys in hardware and agents work too."""

import base64
import os
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Final

from ratebook.book.model import Signer

NAMESPACE: Final = "ratebook-approval"
"""What a signature is for: one for anything else, as git's, is not an approval."""

_MAGIC: Final = b"SSHSIG"
_BEGIN: Final = "-----BEGIN SSH SIGNATURE-----"
_END: Final = "-----END SSH SIGNATURE-----"


class SshError(Exception):
    """`ssh-keygen` is missing, or could not sign; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Signature:
    """What a signature says of itself, before anything of it is checked.

    Attributes:
        armoured: its text.
        namespace: what it is for.
        key: the public key that it says it is by, as in `ssh-ed25519 AAAA…`.
    """

    armoured: str
    namespace: str
    key: str


def read_signature(armoured: str) -> Signature:
    """Read the outside of a signature.

    Raises:
        ValueError: it is none.
    """
    if not armoured.isascii():
        raise ValueError("it holds no armoured signature of SSH")
    begin, *rows = armoured.strip().splitlines() or [""]
    if begin != _BEGIN or not rows or rows[-1] != _END:
        raise ValueError("it holds no armoured signature of SSH")
    blob = base64.b64decode("".join(rows[:-1]), validate=True)
    if not blob.startswith(_MAGIC + (1).to_bytes(4, "big")):
        raise ValueError("its signature is not of version 1")
    key, namespace, *_ = _fields(blob[len(_MAGIC) + 4 :])
    kind = next(_fields(key)).decode("ascii")
    return Signature(armoured, namespace.decode("utf-8"), f"{kind} {base64.b64encode(key).decode()}")


def _fields(blob: bytes) -> Iterator[bytes]:
    """Read the texts of a blob, each behind its length."""
    while blob:
        size = int.from_bytes(blob[:4], "big")
        if len(blob) < 4 + size:
            raise ValueError("its signature breaks off")
        yield blob[4 : 4 + size]
        blob = blob[4 + size :]


def public_key(key: Path) -> str:
    """Give the public key that belongs to a file, which is private, or public where an agent holds the private one.

    Raises:
        SshError: there is no such key.
    """
    for file in (key, key.with_name(f"{key.name}.pub")):
        words = file.read_text("utf-8", "replace").split() if file.is_file() else []
        if len(words) > 1 and words[0].startswith(("ssh-", "sk-", "ecdsa-")):
            return f"{words[0]} {words[1]}"
    done = _run(["-y", "-f", str(key)])
    if done.returncode:
        raise SshError(f"{key} is no key of SSH; name a private key, or the .pub of one that an agent holds")
    kind, encoded, *_ = done.stdout.decode().split()
    return f"{kind} {encoded}"


def sign(data: bytes, key: Path) -> str:
    """Sign data as an approval.

    Raises:
        SshError: the key could not sign; `ssh-keygen` has said why.
    """
    done = _run(["-Y", "sign", "-n", NAMESPACE, "-f", str(key)], data, quiet=False)
    if done.returncode:
        raise SshError(f"{key} could not sign: ssh-keygen says why above")
    return done.stdout.decode("ascii")


def is_intact(data: bytes, signature: Signature) -> bool:
    """Tell whether the data are what the key in the signature signed, whoever's it is."""
    return not _check(["check-novalidate"], data, signature)


def is_by(email: str, signers: Iterable[Signer], data: bytes, signature: Signature, on: date) -> bool:
    """Tell whether one of a person's keys signed the data, and may sign on a day (its midnight in UTC)."""
    with tempfile.NamedTemporaryFile("w", encoding="ascii", suffix=".allowed") as allowed:
        allowed.writelines(f"{_allowed(signer)}\n" for signer in signers)
        allowed.flush()
        moment = _moment(on)
        words = ["verify", "-f", allowed.name, "-I", email, f"-Overify-time={moment}"]
        return not _check(words, data, signature)


def _allowed(signer: Signer) -> str:
    """Write a line of a file of allowed signers. Its end is inclusive, the policy's is not."""
    options = [f'namespaces="{NAMESPACE}"']
    if signer.from_ is not None:
        options.append(f'valid-after="{_moment(signer.from_)}"')
    if signer.until is not None:
        options.append(f'valid-before="{_moment(signer.until, before=1)}"')
    return f"{signer.email} {','.join(options)} {signer.key}"


def _moment(day: date, before: int = 0) -> str:
    """Write a midnight, or some seconds before it, in the time zone of the process, which is UTC."""
    midnight = datetime.combine(day, time()) - timedelta(seconds=before)
    return f"{midnight:%Y%m%d%H%M%S}"


def _check(words: list[str], data: bytes, signature: Signature) -> int:
    with tempfile.NamedTemporaryFile("w", encoding="ascii", suffix=".sig") as file:
        file.write(signature.armoured)
        file.flush()
        return _run(["-Y", *words, "-n", NAMESPACE, "-s", file.name], data).returncode


def _run(words: list[str], data: bytes = b"", *, quiet: bool = True) -> subprocess.CompletedProcess[bytes]:
    """Run ssh-keygen in UTC, as its times have no zone in versions before 9.1. Unless quiet it may ask for a touch."""
    environment = {**os.environ, "TZ": "UTC", "LC_ALL": "C"}
    errors = subprocess.DEVNULL if quiet else None
    try:
        return subprocess.run(  # noqa: S603 - no shell, and no word that begins with a dash is a user's
            ["ssh-keygen", *words],  # noqa: S607
            input=data,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=environment,
            check=False,
        )
    except FileNotFoundError:
        raise SshError(
            "ssh-keygen is not there; install OpenSSH 8.9 or newer to sign or check approvals"
        ) from None
