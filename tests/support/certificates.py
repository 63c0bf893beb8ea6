"""A certificate that nobody vouches for, as people make it for a server at home."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path

import pytest


def own_certificate(folder: Path) -> ssl.SSLContext:
    """A server's context with such a certificate, which is at `folder`/certificate.pem; without openssl: a skip."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-subj", "/CN=other", "-days", "1", "-keyout", str(key), "-out", str(certificate)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("openssl is not installed")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context
