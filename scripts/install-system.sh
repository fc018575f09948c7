#!/usr/bin/env bash
# Installs the system packages that the build needs and this machine lacks: protoc, clang, mold, Python's venv.
# With the argument `java`: a Java runtime as well, which recording from Apache Spark, the bench and the Scala client need.
# Prints and does nothing where all is there already; says what to install where it may not install.
set -euo pipefail

packages=()
need() { # need COMMAND PACKAGE
    command -v "$1" >/dev/null || packages+=("$2")
}

need protoc protobuf-compiler
need clang clang
need mold mold
need cc build-essential
need python3 python3
python3 -c 'import ensurepip, venv' 2>/dev/null || packages+=(python3-venv)
if [[ "${1:-}" == java ]]; then
    need java default-jre-headless
fi

if [[ ${#packages[@]} -eq 0 ]]; then
    exit 0
fi

as_root=()
if [[ $EUID -ne 0 ]]; then
    if ! command -v sudo >/dev/null; then
        echo "Missing: ${packages[*]}. Install them, then run this again." >&2
        exit 1
    fi
    as_root=(sudo)
fi
if ! command -v apt-get >/dev/null; then
    echo "Missing: ${packages[*]} (Debian's names). Install them, then run this again." >&2
    exit 1
fi
echo "Installing ${packages[*]}"
"${as_root[@]}" apt-get update -qq
DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
