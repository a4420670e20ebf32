#!/bin/sh
# Installs the servers that `python -m benchmarks` compares the mock with, outside the checkout, once.
# sh benchmarks/peers.sh [FOLDER]; needs npm, Java with Maven, and the Python that runs the benchmarks as $PYTHON.
# What is missing is left out: the rows that need it are left out of the table too.
set -u
folder="${1:-${XDG_CACHE_HOME:-$HOME/.cache}/ims_mock/peers}"
mkdir -p "$folder"
cd "$folder" || exit 2

have() { command -v "$1" >/dev/null || { echo "$1 is not installed; left out: $2"; return 1; }; }

have npm 'Prism, Mountebank, json-server' && [ ! -e node/node_modules/.bin/json-server ] &&
    npm install --no-audit --no-fund --loglevel=error --prefix node \
        @stoplight/prism-cli@5.16.0 mountebank@2.9.1 json-server@0.17.4

have mvn WireMock && [ ! -e java/wiremock-standalone-3.13.2.jar ] &&
    mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy \
        -Dartifact=org.wiremock:wiremock-standalone:3.13.2 -DoutputDirectory="$folder/java"

[ -e python/pytest_httpserver ] ||
    "${PYTHON:-python3}" -m pip install --quiet --disable-pip-version-check --target python \
        pytest-httpserver==1.2.0 werkzeug==3.1.9 pytest==9.2.0

echo "$folder"
