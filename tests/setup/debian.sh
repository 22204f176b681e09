# Part of install.sh: unpacks Debian packages with all the libraries they need into a folder beside the system. The
# programs in there run through the folder's own dynamic loader, so that Debian unstable's MySQL runs on a Debian 12.

# The address of the Debian archive, as the system's own apt configuration has it.
debian_mirror() {
    local mirror
    mirror=$(apt-get indextargets --format '$(REPO_URI) $(ORIGIN) $(LABEL)' 'Created-By: Packages' 2>/dev/null |
        awk '$2 == "Debian" && $3 == "Debian" { print $1; exit }')
    if [[ -z $mirror ]]; then # apt knows origin and label only after an update: take the first archive that is not the security one
        mirror=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' |
            awk '$2 !~ /security/ && $1 ~ /debian\/?$/ { print $1; exit }')
    fi
    [[ -n $mirror ]] || fail "apt has no Debian archive among its sources (see 'apt-get indextargets')"
    echo "$mirror"
}

# unpack_debian SUITE FOLDER PACKAGE…: the packages of that suite and everything they depend on.
unpack_debian() {
    exec 8>"$servers_dir/.apt.lock"
    flock 8 # both lanes come here
    local suite=$1 folder=$2 apt_dir="$servers_dir/.apt/$1" deb
    shift 2
    prepare_apt "$suite" "$apt_dir"
    local apt=(env "APT_CONFIG=$apt_dir/apt.conf" apt-get)
    rm -rf "$apt_dir/archives"
    mkdir -p "$apt_dir/archives/partial"
    retry "downloading $* from Debian $suite" \
        "${apt[@]}" install -y --download-only --no-install-recommends "$@"
    for deb in "$apt_dir/archives"/*.deb; do
        case $(basename "$deb") in
        # Only maintainer scripts and helper programs want these; the servers do without.
        perl_* | perl-modules-* | perl-base_* | libperl5* | libc-gconv-modules-extra_* | debconf_* | dpkg_* | passwd_*) continue ;;
        esac
        dpkg-deb -x "$deb" "$folder"
    done
    (cd "$apt_dir/archives" && ls -- *.deb) >"$folder/packages.txt"
    rm -rf "$apt_dir/archives" "$folder"/usr/share/{doc,man,locale,info,lintian,bug} "$folder"/var "$folder"/run
    check_loader "$folder"
    exec 8>&-
}

# unpack_plugins SUITE FOLDER PACKAGE: the server plugins of that one package, beside a server that is unpacked already.
# What else the package has, and what it depends on, is there to run a service, which is not wanted.
unpack_plugins() {
    exec 8>"$servers_dir/.apt.lock"
    flock 8
    local suite=$1 folder=$2 package=$3 apt_dir="$servers_dir/.apt/$1" plugins=usr/lib/mysql/plugin
    prepare_apt "$suite" "$apt_dir"
    rm -rf "$apt_dir/plugins"
    mkdir -p "$apt_dir/plugins" "$folder/$plugins"
    (cd "$apt_dir/plugins" && retry "downloading $package from Debian $suite" \
        env "APT_CONFIG=$apt_dir/apt.conf" apt-get download "$package")
    dpkg-deb -x "$apt_dir/plugins"/*.deb "$apt_dir/plugins/unpacked"
    cp -a "$apt_dir/plugins/unpacked/$plugins/." "$folder/$plugins/"
    (cd "$apt_dir/plugins" && ls -- *.deb) >>"$folder/packages.txt"
    rm -rf "$apt_dir/plugins"
    exec 8>&-
}

# An apt configuration that knows this one suite and believes that nothing is installed: it resolves all dependencies
# and touches nothing of the system's.
prepare_apt() {
    local suite=$1 apt_dir=$2 mirror
    [[ ! -f $apt_dir/ready ]] || return 0
    mirror=$(debian_mirror)
    mkdir -p "$apt_dir"/{lists/partial,archives/partial,preferences,parts}
    : >"$apt_dir/status"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >"$apt_dir/sources.list"
    cat >"$apt_dir/apt.conf" <<CONF
Dir::Etc::sourcelist "$apt_dir/sources.list";
Dir::Etc::sourceparts "$apt_dir/parts";
Dir::Etc::preferences "$apt_dir/preferences/none";
Dir::Etc::preferencesparts "$apt_dir/preferences";
Dir::State::lists "$apt_dir/lists";
Dir::State::status "$apt_dir/status";
Dir::State::extended_states "$apt_dir/extended_states";
Dir::Cache::archives "$apt_dir/archives";
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
Dir::Log "$apt_dir";
APT::Architecture "amd64";
APT::Architectures { "amd64"; };
APT::Sandbox::User "root";
APT::Install-Recommends "false";
Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::IndexTargets::deb::DEP-11-icons-small::DefaultEnabled "false";
Acquire::IndexTargets::deb::DEP-11-icons::DefaultEnabled "false";
Acquire::IndexTargets::deb::DEP-11-icons-hidpi::DefaultEnabled "false";
Debug::NoLocking "true";
CONF
    retry "reading Debian $suite's package list from $mirror" env "APT_CONFIG=$apt_dir/apt.conf" apt-get update --error-on=any
    touch "$apt_dir/ready"
}

# Merged-/usr: Debian unstable's packages have /usr/lib only, Debian 12's still have /lib. The harness looks under usr/lib.
check_loader() {
    local folder=$1
    if [[ -d $folder/lib && ! -L $folder/lib ]]; then
        mkdir -p "$folder/usr/lib"
        cp -a "$folder/lib/." "$folder/usr/lib/"
        rm -rf "$folder/lib"
    fi
    [[ -e $folder/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2 ]] ||
        fail "$folder has no dynamic loader usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2: has Debian moved it?"
}
