#!/usr/bin/env bash
# make-venv.sh PYTHON DIRECTORY REQUIREMENTS: a fresh virtual environment with exactly the listed packages.
set -euo pipefail
python="$1" directory="$2" requirements="$3"
echo "Making $directory from $requirements"
mkdir -p "$(dirname "$directory")"
"$python" -m venv --clear "$directory"
"$directory/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$requirements"
