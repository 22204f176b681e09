#!/usr/bin/env bash
# Builds the readers that `replicator-bench decode` compares with, into target/peers, and the replicator's own. A peer
# that can't be had here is left out of the comparison, which says so.
set -euo pipefail

peers=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$peers/../../.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
servers=${REPLICATOR_SERVERS:-${XDG_CACHE_HOME:-$HOME/.cache}/mysql_replicator/servers}

(cd "$root" && cargo build --release -p replicator-mysql --example read_log)
cargo build --release --manifest-path "$peers/Cargo.toml" --target-dir "$target/peers"

java=$target/peers/java
if command -v mvn >/dev/null && command -v javac >/dev/null; then
    mkdir -p "$java"
    [[ -f $java/ReadLog.class ]] || (cd "$java" &&
        mvn -q -B -Dmaven.repo.local="$servers/.maven" -f "$peers/java/pom.xml" dependency:copy-dependencies \
            -DoutputDirectory="$java" -DincludeScope=runtime)
    javac -cp "$java/*" -d "$java" "$peers/java/ReadLog.java"
else
    echo "build.sh: mvn or javac is not there, so the Java reader is left out (apt-get install maven default-jdk-headless)" >&2
fi
