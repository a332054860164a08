#!/usr/bin/env bash
# Every shell script of the repository passes ShellCheck, and ShellCheck can fail.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

if ! command -v shellcheck >/dev/null; then
  echo "shellcheck is not installed (tools/setup installs it)"
  exit 77
fi
if printf '#!/bin/bash\nrm -rf $unset/*\n' | shellcheck --severity=info - >/dev/null; then
  echo "shellcheck accepted an unquoted variable in rm -rf"
  exit 1
fi

scripts=()
while IFS= read -r -d '' file; do
  if [[ -f "$file" ]] && head -c 64 "$file" | head -n 1 | grep -qaE '^#!.*\b(ba)?sh\b'; then
    scripts+=("$file")
  fi
done < <(find . \( -path ./build -o -path ./.deps -o -path ./.git \) -prune -o -type f -print0)
((${#scripts[@]} > 0)) || { echo "no script found"; exit 1; }
shellcheck --severity=warning "${scripts[@]}"
echo "${#scripts[@]} scripts pass"
