//! The database servers that tests run against, and what is different about starting each.

use std::fmt;

/// A database server of one version line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Flavor {
    MySql97,
    MySql56,
    MariaDb1011,
    MariaDb114,
    MariaDb118,
}

impl Flavor {
    pub const ALL: [Flavor; 5] =
        [Flavor::MySql97, Flavor::MySql56, Flavor::MariaDb1011, Flavor::MariaDb114, Flavor::MariaDb118];

    pub fn is_mariadb(self) -> bool {
        matches!(self, Flavor::MariaDb1011 | Flavor::MariaDb114 | Flavor::MariaDb118)
    }

    /// The argument of `install.sh` that gets it, and its folder in the cache.
    pub(crate) fn piece(self) -> &'static str {
        match self {
            Flavor::MySql97 => "mysql97",
            Flavor::MySql56 => "mysql56",
            Flavor::MariaDb1011 => "mariadb1011",
            Flavor::MariaDb114 => "mariadb114",
            Flavor::MariaDb118 => "mariadb118",
        }
    }

    /// The environment variable that names another base directory.
    pub(crate) fn variable(self) -> &'static str {
        match self {
            Flavor::MySql97 => "REPLICATOR_MYSQL97",
            Flavor::MySql56 => "REPLICATOR_MYSQL56",
            Flavor::MariaDb1011 => "REPLICATOR_MARIADB1011",
            Flavor::MariaDb114 => "REPLICATOR_MARIADB114",
            Flavor::MariaDb118 => "REPLICATOR_MARIADB118",
        }
    }

    pub(crate) fn program(self) -> &'static str {
        if self.is_mariadb() { "mariadbd" } else { "mysqld" }
    }

    /// Settings for initialising and for running: little memory, and no waiting for the disk on commit. The data survive
    /// a kill -9 of the server all the same, only not a power cut.
    pub(crate) fn small_and_quick(self) -> &'static [&'static str] {
        match self {
            Flavor::MySql97 => &[
                "--innodb-buffer-pool-size=96M",
                "--innodb-flush-log-at-trx-commit=2",
                "--performance-schema=OFF",
                "--mysqlx=OFF",
                "--secure-file-priv=",
                "--log-error-verbosity=2",
            ],
            Flavor::MySql56 => &[
                "--innodb-buffer-pool-size=96M",
                "--innodb-flush-log-at-trx-commit=2",
                "--innodb-log-file-size=32M",
                "--performance-schema=OFF",
            ],
            // Without a certificate 11.4 makes one at every start, and the TLS library it comes with takes ten seconds to
            // find the primes for it.
            Flavor::MariaDb114 => &[
                "--innodb-buffer-pool-size=96M",
                "--innodb-flush-log-at-trx-commit=2",
                "--performance-schema=OFF",
                "--log-warnings=1",
                "--skip-ssl",
            ],
            Flavor::MariaDb1011 | Flavor::MariaDb118 => &[
                "--innodb-buffer-pool-size=96M",
                "--innodb-flush-log-at-trx-commit=2",
                "--performance-schema=OFF",
                "--log-warnings=1",
            ],
        }
    }

    /// The settings of a source as the product wants it: binary log with row events, GTIDs, full row metadata, as far as
    /// the version has them.
    pub(crate) fn as_a_source(self) -> &'static [&'static str] {
        match self {
            Flavor::MySql97 => &[
                "--log-bin=binlog",
                "--gtid-mode=ON",
                "--enforce-gtid-consistency=ON",
                "--binlog-row-metadata=FULL",
                "--innodb-redo-log-capacity=128M",
                "--character-set-server=utf8mb4",
            ],
            Flavor::MySql56 => &[
                "--log-bin=binlog",
                "--binlog-format=ROW",
                "--log-slave-updates",
                "--gtid-mode=ON",
                "--enforce-gtid-consistency",
            ],
            Flavor::MariaDb1011 | Flavor::MariaDb114 | Flavor::MariaDb118 => &[
                "--log-bin=binlog",
                "--binlog-format=ROW",
                "--log-slave-updates",
                "--binlog-row-metadata=FULL",
                "--innodb-log-file-size=96M",
                "--character-set-server=utf8mb4",
            ],
        }
    }
}

impl fmt::Display for Flavor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Flavor::MySql97 => "MySQL 9.7",
            Flavor::MySql56 => "MySQL 5.6",
            Flavor::MariaDb1011 => "MariaDB 10.11",
            Flavor::MariaDb114 => "MariaDB 11.4",
            Flavor::MariaDb118 => "MariaDB 11.8",
        })
    }
}
