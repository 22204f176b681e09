//! Several sites that are written to, with tasks between them in more than one direction.

mod conflicts;

use crate::cluster::{Cluster, copy_task};
use mysql_async::prelude::Queryable;
use replicator_model::name::TaskName;
use replicator_model::status::Stage;
use replicator_tests::{Flavor, MysqlServer, Result, eventually};
use std::time::Duration;

/// So long nothing may be written at a site that is at rest.
const REST: Duration = Duration::from_millis(2_500);

/// What a server wrote to its log, and what of it tasks did, as counters.
async fn log_end(server: &MysqlServer) -> String {
    let sql = match server.flavor() {
        Flavor::MySql97 => "SHOW BINARY LOG STATUS",
        _ => "SHOW MASTER STATUS",
    };
    format!("{:?}", server.query_strings(sql).await.unwrap_or_default().first().map(|row| row[..2].to_vec()))
}

/// Waits until no server writes to its log any more: changes that went round would be written for ever.
async fn at_rest(servers: &[&MysqlServer]) -> Result<()> {
    eventually("no site writes any more", Duration::from_secs(60), async || {
        let (mut before, mut after) = (Vec::new(), Vec::new());
        for server in servers {
            before.push(log_end(server).await);
        }
        tokio::time::sleep(REST).await;
        for server in servers {
            after.push(log_end(server).await);
        }
        if before == after { Ok(()) } else { Err(format!("{before:?} became {after:?}")) }
    })
    .await
}

async fn count(server: &MysqlServer, what: &str) -> u64 {
    let rows = server.query_strings(&format!("SELECT COUNT(*) FROM {what}")).await.unwrap();
    rows[0][0].as_deref().unwrap().parse().unwrap()
}

struct Pair {
    a: MysqlServer,
    b: MysqlServer,
    cluster: Cluster,
    tasks: [TaskName; 2],
}

impl Pair {
    /// Two sites with this schema, and a task each way.
    async fn start(a: (Flavor, &[&str]), b: (Flavor, &[&str]), schema: &str, settings: [&str; 2]) -> Result<Self> {
        let (a, b, cluster) = tokio::try_join!(
            MysqlServer::start_with(a.0, a.1),
            MysqlServer::start_with(b.0, b.1),
            Cluster::start(1, 1)
        )?;
        a.exec(schema).await?;
        b.exec(schema).await?;
        let spec = |name: &str, from: &MysqlServer, to: &MysqlServer, settings: &str| {
            copy_task(name, from, to, "").replace("[pipe]", &format!("{settings}\n[pipe]"))
        };
        let tasks = [
            cluster.create(&spec("a_to_b", &a, &b, settings[0])).await,
            cluster.create(&spec("b_to_a", &b, &a, settings[1])).await,
        ];
        for task in &tasks {
            cluster.wait_for_stage(task, Stage::Streaming).await?;
        }
        Ok(Self { a, b, cluster, tasks })
    }

    async fn equal_and_at_rest(&self) -> Result<()> {
        for task in &self.tasks {
            self.cluster.wait_for_copy(task, &self.a, &self.b, "shop").await?;
        }
        at_rest(&[&self.a, &self.b]).await?;
        for task in &self.tasks {
            self.cluster.wait_for_copy(task, &self.a, &self.b, "shop").await?;
        }
        Ok(())
    }
}

const SCHEMA: &str = "
    CREATE DATABASE shop;
    CREATE TABLE shop.item (id INT PRIMARY KEY, v INT, w VARCHAR(20)) ENGINE=InnoDB;
    CREATE TABLE shop.big (id INT PRIMARY KEY, w VARCHAR(500)) ENGINE=InnoDB;
    CREATE TABLE shop.old_a (id INT PRIMARY KEY) ENGINE=InnoDB;
    CREATE TABLE shop.old_b (id INT PRIMARY KEY) ENGINE=InnoDB;
";

/// A client among the tasks' transactions: of a deadlock it may be the victim, and tries again.
async fn exec(server: &MysqlServer, sql: &str) -> Result<()> {
    loop {
        match server.exec(sql).await {
            Err(error) if error.to_string().contains("ERROR 1213") => {}
            done => return done,
        }
    }
}

/// Writes at one site: rows of its own, and schema changes of its own.
async fn write(server: &MysqlServer, site: char, first: u32) -> Result<()> {
    let wide = "x".repeat(500);
    for round in 0..60 {
        let id = first + round * 10;
        exec(
            server,
            &format!("INSERT INTO shop.item (id, v, w) VALUES ({id}, 0, '{site}'), ({}, 0, '{site}')", id + 2),
        )
        .await?;
        let update = format!("UPDATE shop.item SET v = v + 1 WHERE w = '{site}'");
        exec(server, &format!("BEGIN; {update}; DELETE FROM shop.item WHERE id = {id}; COMMIT")).await?;
        match round {
            10 => server.exec(&format!("ALTER TABLE shop.item ADD {site} INT NOT NULL DEFAULT 3")).await?,
            20 => {
                // More than is held of one transaction: it flows in parts.
                let rows: Vec<String> = (0..4_000).map(|row| format!("({}, '{wide}')", first + row * 2)).collect();
                server.exec(&format!("INSERT INTO shop.big VALUES {}", rows.join(","))).await?;
            }
            30 => server.exec(&format!("DROP TABLE shop.old_{site}")).await?,
            40 => {
                server
                    .exec(&format!(
                        "CREATE TABLE shop.new_{site} (id INT PRIMARY KEY) ENGINE=InnoDB;
                         INSERT INTO shop.new_{site} VALUES (1), (2); TRUNCATE shop.new_{site};
                         INSERT INTO shop.new_{site} VALUES (3);
                         RENAME TABLE shop.new_{site} TO shop.renamed_{site}"
                    ))
                    .await?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// Schema changes of [`write`].
const STATEMENTS: u64 = 5;

/// How often the Core is killed meanwhile.
const KILLS: u64 = 2;

/// Both sites write, with schema changes, and the Core is killed in the middle.
async fn both_sites_write(a: (Flavor, &[&str]), b: (Flavor, &[&str])) -> Result<()> {
    let mut pair = Pair::start(a, b, SCHEMA, ["", ""]).await?;
    at_rest(&[&pair.a, &pair.b]).await?;
    let kill = async {
        for _ in 0..KILLS {
            tokio::time::sleep(Duration::from_millis(1_500)).await;
            pair.cluster.cores[0].kill9().await;
            pair.cluster.cores[0].start_again()?;
        }
        Ok(())
    };
    tokio::try_join!(write(&pair.a, 'a', 2), write(&pair.b, 'b', 1), kill)?;
    pair.equal_and_at_rest().await?;
    for server in [&pair.a, &pair.b] {
        // Whoever comes after a Core that was killed over one says it again.
        let announced = count(server, "mysql_replicator.applied_ddl").await;
        assert!((STATEMENTS..=STATEMENTS + KILLS).contains(&announced), "{announced} schema changes came");
        assert_eq!(count(server, "shop.big").await, 8_000);
        assert_eq!(count(server, "shop.renamed_a").await + count(server, "shop.renamed_b").await, 2);
        assert_eq!(count(server, "mysql_replicator.conflict").await, 0);
    }
    // Nobody waits for the other: one more change, and rest again.
    pair.a.exec("INSERT INTO shop.item (id) VALUES (1000000)").await?;
    pair.equal_and_at_rest().await
}

#[tokio::test(flavor = "multi_thread")]
async fn two_mysql_97_are_written_at_both_sites() -> Result<()> {
    both_sites_write((Flavor::MySql97, &[]), (Flavor::MySql97, &["--binlog-row-image=MINIMAL"])).await
}

#[tokio::test(flavor = "multi_thread")]
async fn mysql_97_and_mariadb_are_written_at_both_sites() -> Result<()> {
    let compressed: &[&str] = &["--binlog-transaction-compression=ON"];
    both_sites_write((Flavor::MySql97, compressed), (Flavor::MariaDb118, &[])).await
}

#[tokio::test(flavor = "multi_thread")]
async fn mysql_56_and_mariadb_1011_are_written_at_both_sites() -> Result<()> {
    both_sites_write((Flavor::MySql56, &[]), (Flavor::MariaDb1011, &["--binlog-row-image=MINIMAL"])).await
}

/// Three sites, in three databases: each with a task to both others; a ring; and a line to and fro.
#[tokio::test(flavor = "multi_thread")]
async fn every_change_comes_once_to_each_of_three_sites() -> Result<()> {
    let (a, b, c, cluster) = tokio::try_join!(
        MysqlServer::start(Flavor::MySql97),
        MysqlServer::start(Flavor::MySql97),
        MysqlServer::start(Flavor::MariaDb118),
        Cluster::start(1, 1)
    )?;
    let sites = [&a, &b, &c];
    let everybody: &[[usize; 2]] = &[[0, 1], [0, 2], [1, 0], [1, 2], [2, 0], [2, 1]];
    let ring: &[[usize; 2]] = &[[0, 1], [1, 2], [2, 0]];
    let line: &[[usize; 2]] = &[[0, 1], [1, 0], [1, 2], [2, 1]];
    let shapes = [("mesh", everybody, "applied = \"leave_out\""), ("ring", ring, ""), ("line", line, "")];
    for (database, ways, setting) in shapes {
        for site in sites {
            site.exec(&format!(
                "CREATE DATABASE {database}; CREATE TABLE {database}.item (id INT PRIMARY KEY, v INT) ENGINE=InnoDB"
            ))
            .await?;
        }
        for [from, to] in ways {
            let name = format!("{database}_{from}_{to}");
            let spec = copy_task(&name, sites[*from], sites[*to], setting);
            let task = cluster.create(&spec.replace("shop.*", &format!("{database}.*"))).await;
            cluster.wait_for_stage(&task, Stage::Streaming).await?;
        }
    }
    for (database, ..) in shapes {
        for (index, site) in sites.iter().enumerate() {
            for round in 0..20 {
                let id = round * 10 + index;
                // A second time would be a duplicate key, which stops the task.
                site.exec(&format!("INSERT INTO {database}.item VALUES ({id}, {index})")).await?;
            }
            site.exec(&format!("CREATE TABLE {database}.of_{index} (id INT PRIMARY KEY) ENGINE=InnoDB")).await?;
            site.exec(&format!("INSERT INTO {database}.of_{index} VALUES ({index})")).await?;
        }
    }
    for (database, ways, _) in shapes {
        for (index, site) in sites.iter().enumerate() {
            let other = sites[(index + 1) % sites.len()];
            let equal = cluster.wait_for_equal(site, other, database).await;
            equal.unwrap_or_else(|error| panic!("{error}\n{}", cluster.logs()));
            let whole = eventually("all rows are there", Duration::from_secs(60), async || {
                match count(site, &format!("{database}.item")).await {
                    60 => Ok(()),
                    rows => Err(rows),
                }
            });
            whole.await.unwrap_or_else(|error| panic!("{error}\n{}", cluster.logs()));
        }
        for [from, to] in ways {
            let task = cluster.task_name(&format!("{database}_{from}_{to}"));
            cluster.wait_for_stage(&task, Stage::Streaming).await?;
        }
    }
    at_rest(&sites).await?;
    for site in sites {
        // Two of the others in each shape.
        assert_eq!(count(site, "mysql_replicator.applied_ddl").await, 6);
    }
    Ok(())
}

/// The Core dies while a schema change that it applies waits for a lock; its successor runs it, over another connection.
#[tokio::test(flavor = "multi_thread")]
async fn a_schema_change_comes_once_though_the_core_dies_over_it() -> Result<()> {
    let mut pair = Pair::start((Flavor::MySql97, &[]), (Flavor::MySql97, &[]), SCHEMA, ["", ""]).await?;
    let mut holder = pair.b.connect().await?;
    holder.query_drop("BEGIN; SELECT * FROM shop.item").await?;
    pair.a.exec("ALTER TABLE shop.item ADD late INT").await?;
    let waiting = "information_schema.processlist WHERE info LIKE 'ALTER TABLE shop.item ADD late%'";
    eventually("the change waits at the target", Duration::from_secs(30), async || {
        match count(&pair.b, waiting).await {
            1 => Ok(()),
            others => Err(others),
        }
    })
    .await?;
    pair.cluster.cores[0].kill9().await;
    pair.cluster.cores[0].start_again()?;
    let announced = "mysql_replicator.applied_ddl";
    eventually("it is announced again", Duration::from_secs(60), async || match count(&pair.b, announced).await {
        2 => Ok(()),
        others => Err(others),
    })
    .await?;
    holder.query_drop("ROLLBACK").await?;
    pair.equal_and_at_rest().await?;
    assert_eq!(count(&pair.a, announced).await, 0, "nothing came back");
    Ok(())
}
