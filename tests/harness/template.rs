//! Data directories, initialised once per version and copied for every server: a copy takes a fraction of a second where
//! initialising takes up to eight.
//!
//! The templates are beside the servers, under a lock file that all test processes respect: one initialises, the others
//! wait; copying needs the lock shared.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::UNIX_EPOCH;

use crate::installation::{Installation, servers_dir};
use crate::{Error, Flavor, Result, folder};

/// Raise it when a template is to be made differently.
const RECIPE: u32 = 1;

/// The account of every server that is started. It may do everything, from everywhere.
pub(crate) const USER: &str = "replicator";
pub(crate) const PASSWORD: &str = "secret";

/// Puts an initialised data directory at `target`, which must not exist.
pub(crate) fn copy_to(target: &Path, flavor: Flavor, installation: &Installation) -> Result<()> {
    let templates = servers_dir()?.join("templates");
    fs::create_dir_all(&templates).map_err(Error::during(format!("creating {}", templates.display())))?;
    let template = templates.join(flavor.piece());
    let key_file = templates.join(format!("{}.key", flavor.piece()));
    let key = key(flavor, installation)?;
    let lock = File::create(templates.join(format!("{}.lock", flavor.piece())))?;
    let is_fresh = || fs::read_to_string(&key_file).is_ok_and(|stored| stored == key);

    lock.lock_shared()?;
    while !is_fresh() {
        lock.unlock()?;
        lock.lock()?;
        if !is_fresh() {
            drop(fs::remove_file(&key_file));
            initialise(&template, flavor, installation)?;
            fs::write(&key_file, &key)?;
        }
        lock.unlock()?;
        lock.lock_shared()?;
    }
    let copied = Command::new("cp").arg("-a").arg("--reflink=auto").arg(&template).arg(target).output()?;
    if !copied.status.success() {
        let reason = String::from_utf8_lossy(&copied.stderr);
        return Err(Error::new(format!("copying {} to {}: {reason}", template.display(), target.display())));
    }
    Ok(())
}

/// What a template depends on: another server program, or another recipe, wants another template.
fn key(flavor: Flavor, installation: &Installation) -> Result<String> {
    let program = fs::metadata(&installation.program)?;
    let changed = program.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let path = installation.program.display();
    Ok(format!("{RECIPE} {path} {} {changed} {}", program.len(), flavor.small_and_quick().join(" ")))
}

fn initialise(template: &Path, flavor: Flavor, installation: &Installation) -> Result<()> {
    if template.exists() {
        fs::remove_dir_all(template)?;
    }
    fs::create_dir_all(template)?;
    let scratch = folder::new("init")?;
    let log = scratch.path().join("log");
    let mut command = Command::new(installation.executable());
    installation.configure(&mut command);
    command.args(flavor.small_and_quick());
    command.arg(format!("--datadir={}", template.display()));
    let input = if flavor == Flavor::MySql97 {
        let accounts = scratch.path().join("accounts.sql");
        fs::write(&accounts, account_sql())?;
        command.args(["--initialize-insecure", "--skip-log-bin"]);
        command.arg(format!("--init-file={}", accounts.display()));
        String::new()
    } else {
        // What the servers' install scripts do, without the shell and Perl around it.
        fs::create_dir_all(template.join("mysql"))?;
        command.arg("--bootstrap");
        if flavor.is_mariadb() {
            command.arg("--innodb-log-file-size=16M");
        }
        system_tables_sql(&installation.share)?
    };
    let output = File::create(&log)?;
    let mut child = command.stdin(Stdio::piped()).stdout(output.try_clone()?).stderr(output).spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // A server that gives up closes its end; its exit status and its log say more than the broken pipe.
        drop(stdin.write_all(input.as_bytes()));
    }
    let status = child.wait()?;
    if !status.success() {
        let log = fs::read_to_string(&log).unwrap_or_default();
        return Err(Error::new(format!("initialising a data directory of {flavor}: {status}\n{log}")));
    }
    // Every copy is a server of its own and makes its own UUID.
    drop(fs::remove_file(template.join("auto.cnf")));
    Ok(())
}

fn account_sql() -> String {
    format!(
        "CREATE USER '{USER}'@'%' IDENTIFIED BY '{PASSWORD}';\n\
         GRANT ALL PRIVILEGES ON *.* TO '{USER}'@'%' WITH GRANT OPTION;\n"
    )
}

/// The statements that make the `mysql` database, from the server's own files; MariaDB gave them new names in 11.
fn system_tables_sql(share: &Path) -> Result<String> {
    let mut sql = "CREATE DATABASE IF NOT EXISTS mysql;\nUSE mysql;\n".to_owned();
    for part in ["system_tables", "performance_tables", "system_tables_data"] {
        let files = [share.join(format!("mariadb_{part}.sql")), share.join(format!("mysql_{part}.sql"))];
        match files.iter().find(|file| file.is_file()) {
            Some(file) => sql.push_str(&fs::read_to_string(file)?),
            None if part == "performance_tables" => {} // MySQL 5.6 has them among the system tables.
            None => return Err(Error::new(format!("{} and {} are missing", files[0].display(), files[1].display()))),
        }
    }
    // Anonymous accounts of localhost would win over ours from everywhere; grants can be made once the tables are read.
    write!(sql, "\nDELETE FROM mysql.user WHERE user = '';\nFLUSH PRIVILEGES;\n{}", account_sql())
        .map_err(Error::during("writing SQL"))?;
    Ok(sql)
}
