#!/bin/sh
# Writes blocklist/passwords.txt: the common passwords in Django's list that one of the rules for
# new passwords allows. Others would be refused anyway. build.rs makes a filter of the file.
set -eu
cd "$(dirname "$0")/.."

folder=blocklist
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# The version and the hash make the result reproducible.
cat >"$scratch/requirements.txt" <<'END'
django==6.1.3 --hash=sha256:a0530e3fdac55d34ccc5893c36f6c57d7a7083064f3d414537e51473648b3290
END
python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
    --python-version 3.13 --require-hashes --requirement "$scratch/requirements.txt" --dest "$scratch"

python3 - "$scratch"/django-*.whl "$folder" <<'END'
import gzip
import pathlib
import re
import sys
import zipfile

wheel, folder = zipfile.ZipFile(sys.argv[1]), pathlib.Path(sys.argv[2])
names = wheel.namelist()


def read(suffix):
    [name] = [name for name in names if name.endswith(suffix)]
    return wheel.read(name)


def is_allowed(password):
    """Whether `password_rules=legacy`, with the default length, or `nist` allows it."""
    has_letter_and_digit = re.search("[a-z]", password) and re.search("[0-9]", password)
    return len(password) >= 8 or (len(password) >= 6 and has_letter_and_digit)


passwords = gzip.decompress(read("auth/common-passwords.txt.gz")).decode().lower().split("\n")
# A handful is not ASCII, of which most were misread by whoever collected them.
allowed = sorted({password for password in passwords if password.isascii() and is_allowed(password)})
(folder / "passwords.txt").write_text("".join(f"{password}\n" for password in allowed))
(folder / "LICENSE").write_bytes(read("dist-info/licenses/LICENSE"))
print(f"{len(allowed)} of {len(passwords)} passwords")
END
