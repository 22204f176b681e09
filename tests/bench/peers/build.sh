#!/usr/bin/env bash
# Builds the readers that `replicator-bench decode` compares with, into target/peers, and the replicator's own. A peer
# that can't be had here is left out of the comparison, which says so.
set -euo pipefail

peers=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$peers/../../.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
servers=${REPLICATOR_SERVERS:-${XDG_CACHE_HOME:-$HOME/.cache}/mysql_replicator/servers}

(cd "$root" && cargo build --release -p replicator-mysql --example read_log)
left_out() {
    echo "build.sh: $1 is left out: $2" >&2
}

for peer in read-connector read-mysql-async; do
    cargo build --release --manifest-path "$peers/Cargo.toml" --target-dir "$target/peers" --bin "$peer" ||
        left_out "$peer" "it was not built, see above"
done

# In a condition, where the shell does not stop at an error by itself.
build_java() {
    local java=$target/peers/java
    mkdir -p "$java"
    if [[ ! -f $java/ReadLog.class ]]; then
        (cd "$java" &&
            mvn -q -B -Dmaven.repo.local="$servers/.maven" -f "$peers/java/pom.xml" dependency:copy-dependencies \
                -DoutputDirectory="$java" -DincludeScope=runtime) || return 1
    fi
    javac -cp "$java/*" -d "$java" "$peers/java/ReadLog.java"
}
if ! command -v mvn >/dev/null || ! command -v javac >/dev/null; then
    left_out "the Java reader" "mvn or javac is not there (apt-get install maven default-jdk-headless)"
elif ! build_java; then
    left_out "the Java reader" "it was not built, see above"
fi
