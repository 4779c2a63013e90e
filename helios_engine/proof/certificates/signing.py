"""Ed25519 signatures (RFC 8032) by the package `cryptography`, which is optional."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from helios_engine.errors import ConfigError, DataError, NotAvailableError
from helios_engine.files import storage_error, write_whole


def new_key(path: Path) -> Path:
    """Write a new private key to `path`, readable by its owner alone, and its public key to `path.pub`; returns that.

    Both are PEM. Raises ConfigError if there is a file already, StorageError, NotAvailableError.
    """
    _, ed25519, serial = _library()
    key = ed25519.Ed25519PrivateKey.generate()
    private = key.private_bytes(serial.Encoding.PEM, serial.PrivateFormat.PKCS8, serial.NoEncryption())
    public = key.public_key().public_bytes(serial.Encoding.PEM, serial.PublicFormat.SubjectPublicKeyInfo)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise ConfigError(f"{path} is there already; a key is never overwritten: name another file") from None
    except OSError as error:
        raise storage_error(path, error) from error
    with os.fdopen(handle, "wb") as file:
        file.write(private)
    place = path.with_name(path.name + ".pub")
    write_whole(place, public)
    return place


def public_of(path: Path) -> str:
    """The public key of a private key file, in hex."""
    return _hex(_private(path).public_key())


def sign(content: bytes, path: Path) -> str:
    """The signature of `content` by the private key in `path`, in hex."""
    signature: bytes = _private(path).sign(content)
    return signature.hex()


def is_signed(content: bytes, signature: str, public: str) -> bool:
    """Whether `signature` (hex) over `content` was made by the owner of the key `public` (hex)."""
    invalid, ed25519, _ = _library()
    try:
        ed25519.Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(bytes.fromhex(signature), content)
    except (invalid, ValueError):
        return False
    return True


def read_public(path: Path) -> str:
    """The public key in a PEM file, in hex; DataError if it holds none."""
    _, ed25519, serial = _library()
    try:
        key = serial.load_pem_public_key(path.read_bytes())
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: expected a public key in PEM, as `key new` writes it: {error}") from None
    if not isinstance(key, ed25519.Ed25519PublicKey):
        raise DataError(f"{path}: expected an Ed25519 key, found {type(key).__name__}")
    return _hex(key)


def _private(path: Path) -> Any:
    _, ed25519, serial = _library()
    try:
        key = serial.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise DataError(
            f"{path}: expected a private key in PEM without a password; `key new` makes one: {error}"
        ) from None
    if not isinstance(key, ed25519.Ed25519PrivateKey):
        raise DataError(f"{path}: expected an Ed25519 key, found {type(key).__name__}")
    return key


def _hex(public: Any) -> str:
    found: bytes = public.public_bytes_raw()
    return found.hex()


def _library() -> tuple[Any, Any, Any]:
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ed25519
    except ImportError:
        raise NotAvailableError(
            "signatures need the package cryptography, which is not installed; pip install 'helios-engine[sign]'"
        ) from None
    return InvalidSignature, ed25519, serialization
