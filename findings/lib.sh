# Shared by the findings. Source it first: it makes a temporary folder, goes there and removes it at the end.
set -euo pipefail
export LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1 PIP_DISABLE_PIP_VERSION_CHECK=1 NO_UPDATE_NOTIFIER=1
unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY || true
FINDINGS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
WORK=$(mktemp -d)
STARTED=()
finish() {
  local code=$?
  for pid in "${STARTED[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${STARTED[@]}"; do wait "$pid" 2>/dev/null || true; done
  rm -rf "$WORK"
  exit "$code"
}
trap finish EXIT
trap 'exit 130' INT TERM
cd "$WORK"
export PYTHONPATH="$FINDINGS"

# npm_install name@version...: into ./node_modules, without running install scripts.
npm_install() {
  echo '{"private":true}' >package.json
  npm install --silent --no-audit --no-fund --ignore-scripts --engine-strict=false "$@" >npm.log 2>&1 || { cat npm.log; exit 2; }
  for p in "$@"; do echo "npm ${p}"; done
}

# pip_install name==version...: into a fresh virtual environment; `$PY` runs it.
pip_install() {
  python3 -m venv venv
  PY="$WORK/venv/bin/python"
  "$PY" -m pip install -q "$@" >pip.log 2>&1 || { cat pip.log; exit 2; }
  for p in "$@"; do echo "PyPI ${p}"; done
}

# deb_unpack name=version...: download Debian packages and unpack them in ./deb, nothing is installed.
deb_unpack() {
  mkdir -p deb
  for p in "$@"; do
    apt-get download -q "$p" >apt.log 2>&1 || { cat apt.log; exit 2; }
    echo "Debian ${p}"
  done
  for f in ./*.deb; do dpkg -x "$f" deb; done
  rm -f ./*.deb
}

# check FILE LINE...: each LINE has to be a whole line of FILE, which is shown. Otherwise the behaviour has changed.
check() {
  local file=$1 bad=0
  shift
  echo "--- seen"
  cat "$file"
  echo "---"
  for line in "$@"; do
    grep -qxF -- "$line" "$file" || { echo "CHANGED: expected the line: $line"; bad=1; }
  done
  [ "$bad" = 0 ] || exit 1
  echo "as described"
}
