#!/usr/bin/env bash
# Installs what the build and the tests need on a Debian 12: compilers' companions, Java and a browser by apt, and the
# database, coordination and queue servers unpacked into a cache folder beside the system, where they disturb nothing.
#
#   tests/setup/install.sh                          everything
#   tests/setup/install.sh mysql97 zookeeper kafka  only these pieces
#   tests/setup/install.sh --help
#
# What is already there is left alone: a second run takes a moment. Two runs at the same time wait for each other.
set -euo pipefail

setup_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
servers_dir=${REPLICATOR_SERVERS:-${XDG_CACHE_HOME:-$HOME/.cache}/mysql_replicator/servers}
all_pieces=(build node chromium sysbench mysql97 mariadb1011 mariadb118 mysql56 mariadb114 mariadb_tools zookeeper kafka promtool schemathesis)

# The console is built with this or a newer Node; Debian 12 has 18.
node_min=20.19.0

# What tries the API by its document.
schemathesis_version=4.32.5

# A download is tried this often, with a pause of 5 s, 10 s, … between tries.
download_tries=4

usage() {
    cat <<TEXT
Usage: tests/setup/install.sh [--force] [PIECE…]

Pieces (default: all of them):
  build        gcc, make, pkg-config, the OpenSSL and zlib headers (apt)
  node         Node 20 and npm, for the console, if the system's are missing or too old (npm)
  chromium     Chromium and fonts for Chinese, for the console's tests (apt)
  sysbench     a load of many connections, for the tests (apt)
  mysql97      MySQL 9.7 from Debian unstable
  mysql56      MySQL 5.6.14 from Maven
  mariadb1011  MariaDB 10.11 from Debian 12
  mariadb114   MariaDB 11.4 from Maven
  mariadb118   MariaDB 11.8 from Debian unstable
  mariadb_tools  mariadb-binlog, from Debian unstable
  zookeeper    Apache ZooKeeper 3.9.5 from Maven
  kafka        Apache Kafka 4.3.1 from Maven
  promtool     Prometheus' checker of alert rules, from Debian 12
  schemathesis tries the API by its OpenAPI document, from PyPI

The servers are unpacked into $servers_dir
(set REPLICATOR_SERVERS for another folder). --force unpacks a piece again.

Example: tests/setup/install.sh mysql97 mariadb1011
TEXT
}

exec 3>&2 # what is said reaches the screen also from where the output goes to a log
say() { printf 'install: %s\n' "$*" >&3; }

fail() {
    say "error: $*"
    exit 1
}

# retry WHAT COMMAND…: for steps that depend on the network.
retry() {
    local what=$1 try
    shift
    for ((try = 1; try <= download_tries; try++)); do
        "$@" && return 0
        ((try == download_tries)) && break
        say "$what failed (try $try of $download_tries), again in $((try * 5)) s"
        sleep $((try * 5))
    done
    fail "$what failed $download_tries times; the output above says why"
}

as_root() {
    if ((EUID == 0)); then "$@"; else sudo "$@"; fi
}

# apt_install PACKAGE…: into the system.
apt_install() {
    ((EUID == 0)) || command -v sudo >/dev/null ||
        fail "these Debian packages are missing: $*. Install them as root and run this again"
    say "apt-get install $*"
    retry "apt-get update" as_root apt-get -qq update
    retry "apt-get install" as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
        apt-get -qq install -y --no-install-recommends "$@" >/dev/null
}

# shellcheck source=tests/setup/debian.sh
source "$setup_dir/debian.sh"
# shellcheck source=tests/setup/maven.sh
source "$setup_dir/maven.sh"

# The version of a piece's recipe: raise it when the recipe changes, and everyone's copy is made anew.
recipe_of() {
    case $1 in
    mysql97) echo "mysql97 1" ;;
    mysql56) echo "mysql56 1" ;;
    mariadb1011) echo "mariadb1011 2" ;;
    mariadb114) echo "mariadb114 1" ;;
    mariadb118) echo "mariadb118 2" ;;
    mariadb_tools) echo "mariadb_tools 1" ;;
    zookeeper) echo "zookeeper 3.9.5 1" ;;
    kafka) echo "kafka 4.3.1 2" ;;
    promtool) echo "promtool 1" ;;
    schemathesis) echo "schemathesis $schemathesis_version 1" ;;
    node) echo "node 20 1" ;;
    esac
}

# unpack_piece PIECE FOLDER: fills the empty FOLDER.
unpack_piece() {
    local folder=$2
    case $1 in
    mysql97) unpack_debian sid "$folder" mysql-server-core mysql-client-core ;;
    mariadb1011)
        unpack_debian bookworm "$folder" mariadb-server-core mariadb-client-core
        unpack_plugins bookworm "$folder" mariadb-server ;;
    mariadb118)
        unpack_debian sid "$folder" mariadb-server-core mariadb-client-core
        unpack_plugins sid "$folder" mariadb-server ;;
    mariadb_tools) unpack_debian sid "$folder" mariadb-client ;;
    mysql56) unpack_mysql56 "$folder" ;;
    mariadb114) unpack_mariadb114 "$folder" ;;
    promtool) unpack_debian bookworm "$folder" prometheus ;;
    node) unpack_node "$folder" ;;
    schemathesis) unpack_schemathesis "$folder" ;;
    zookeeper | kafka) copy_jars "$setup_dir/$1/pom.xml" "$folder/lib" ;;
    esac
}

is_complete() {
    [[ -f $servers_dir/$1/.complete && $(<"$servers_dir/$1/.complete") == "$(recipe_of "$1")" ]]
}

# Everything happens in a folder of its own name first: a run that is cut off leaves no half-unpacked server behind.
install_server() {
    local piece=$1 started=$SECONDS folder="$servers_dir/$1" fresh="$servers_dir/.unpacking-$1"
    say "$piece: unpacking into $folder"
    rm -rf "$fresh"
    mkdir -p "$fresh"
    unpack_piece "$piece" "$fresh"
    recipe_of "$piece" >"$fresh/.complete"
    rm -rf "$folder"
    mv "$fresh" "$folder"
    say "$piece: done in $((SECONDS - started)) s, $(du -sh "$folder" | cut -f1)"
}

install_build_tools() {
    local missing=()
    command -v gcc >/dev/null && command -v g++ >/dev/null && command -v make >/dev/null || missing+=(build-essential)
    command -v pkg-config >/dev/null || missing+=(pkg-config)
    [[ -e /usr/include/openssl/ssl.h ]] || missing+=(libssl-dev)
    [[ -e /usr/include/zlib.h ]] || missing+=(zlib1g-dev)
    ((${#missing[@]} == 0)) || apt_install "${missing[@]}"
}

install_chromium() {
    local missing=()
    command -v chromium >/dev/null || missing+=(chromium)
    fc-list ':lang=zh-cn' 2>/dev/null | grep -q . || missing+=(fontconfig fonts-noto-cjk)
    ((${#missing[@]} == 0)) || apt_install "${missing[@]}"
}

install_sysbench() {
    command -v sysbench >/dev/null || apt_install sysbench
}

# Whether the system's Node will do.
has_node() {
    local found
    command -v npm >/dev/null || return 1
    found=$(node --version 2>/dev/null) || return 1
    [[ $(printf '%s\n' "$node_min" "${found#v}" | sort -V | head -n 1) == "$node_min" ]]
}

# unpack_node FOLDER: npm's own package of Node, with Debian's npm, which runs on an older one.
unpack_node() {
    command -v npm >/dev/null || apt_install npm
    retry "npm install node@20 npm@10" npm install --silent --no-fund --no-audit --prefix "$1" node@20 npm@10
    [[ -x $1/node_modules/.bin/node ]] || fail "npm's package of Node has no program node_modules/.bin/node"
    mkdir -p "$1/bin"
    ln -s ../node_modules/.bin/node ../node_modules/.bin/npm ../node_modules/.bin/npx "$1/bin"
}

# unpack_schemathesis FOLDER: with all it needs beside it, so that nothing of the system's Python changes.
unpack_schemathesis() {
    python3 -m pip --version >/dev/null 2>&1 || apt_install python3-pip
    retry "pip install schemathesis" python3 -m pip install --quiet --disable-pip-version-check --no-compile --upgrade \
        --target "$1/libraries" "schemathesis==$schemathesis_version"
}

# lane FILE PIECE…: unpacks the pieces one after the other, its output in FILE.
lane() {
    local log=$1 piece
    shift
    for piece in "$@"; do install_server "$piece"; done >>"$log" 2>&1
}

main() {
    local force=0 pieces=() piece
    while (($#)); do
        case $1 in
        -h | --help) usage && exit 0 ;;
        --force) force=1 ;;
        -*) usage >&2 && fail "unknown option $1" ;;
        *) [[ " ${all_pieces[*]} " == *" $1 "* ]] || fail "unknown piece $1; the pieces are: ${all_pieces[*]}"
            pieces+=("$1") ;;
        esac
        shift
    done
    ((${#pieces[@]})) || pieces=("${all_pieces[@]}")
    [[ $(uname -sm) == "Linux x86_64" ]] ||
        fail "the servers are unpacked for Linux x86_64, this is $(uname -sm); see tests/README.md for using your own servers"

    local debian=() maven=()
    mkdir -p "$servers_dir"
    exec 9>"$servers_dir/.lock"
    flock -n 9 || { say "another run is at work in $servers_dir, waiting for it" && flock 9; }
    for piece in "${pieces[@]}"; do
        case $piece in
        build) install_build_tools ;;
        chromium) install_chromium ;;
        sysbench) install_sysbench ;;
        node) has_node || { ((!force)) && is_complete node; } || install_server node ;;
        *) ((force)) || ! is_complete "$piece" || continue
            case $piece in
            mysql97 | mariadb1011 | mariadb118 | mariadb_tools | promtool | schemathesis) debian+=("$piece") ;;
            *) maven+=("$piece") ;;
            esac ;;
        esac
    done
    [[ " ${pieces[*]} " != *" zookeeper "* && " ${pieces[*]} " != *" kafka "* ]] || install_java
    ((${#debian[@]} + ${#maven[@]})) || { say "everything is there: ${pieces[*]}" && return 0; }
    ((${#maven[@]} == 0)) || install_maven

    # apt and Maven do not get in each other's way: two lanes side by side.
    local log="$servers_dir/install.log" failed=0 lanes=() pid
    : >"$log"
    ((${#debian[@]} == 0)) || { lane "$log" "${debian[@]}" & lanes+=($!); }
    ((${#maven[@]} == 0)) || { lane "$log" "${maven[@]}" & lanes+=($!); }
    for pid in "${lanes[@]}"; do wait "$pid" || failed=1; done
    if ((failed)); then
        tail -n 30 "$log" >&2
        fail "not everything could be installed; the whole output is in $log"
    fi
    rm -rf "$servers_dir/.apt"
    say "all done in $SECONDS s"
}

main "$@"
