//! Loads of many connections: what comes out at targets that are written over 1, 4 and 16 connections is the source.

use crate::cluster::{Cluster, copy_task};
use mysql_async::prelude::Queryable;
use replicator_model::desired::DesiredState;
use replicator_model::name::TaskName;
use replicator_tests::{Error, Flavor, MysqlServer, Result, eventually};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;

const CONNECTIONS: [u32; 3] = [1, 4, 16];

/// One source and one target, on which each task has a database of its own.
struct Field {
    source: MysqlServer,
    target: MysqlServer,
    cluster: Cluster,
    tasks: Vec<TaskName>,
    database: &'static str,
}

impl Field {
    /// The databases and tables of `schema` are there when the tasks begin; they are stopped.
    async fn set_up(source: Flavor, target: Flavor, database: &'static str, schema: &str) -> Result<Self> {
        let source_args = ["--max-connections=300", "--innodb-buffer-pool-size=256M"];
        let (source, target, cluster) = tokio::try_join!(
            MysqlServer::start_with(source, &source_args),
            MysqlServer::start_with(target, &["--max-connections=300"]),
            Cluster::start(1, 1)
        )?;
        source.exec(schema).await?;
        let mut tasks = Vec::new();
        for connections in CONNECTIONS {
            target.exec(&schema.replace(database, &format!("{database}{connections}"))).await?;
            let route =
                format!("[[route]]\nfrom = \"{database}.*\"\nto = \"{database}{connections}.{{table}}\"\n[consumer]");
            let spec = copy_task(&format!("copy{connections}"), &source, &target, "")
                .replace("shop.*", &format!("{database}.*"))
                .replace("[consumer]", &route)
                .replace("[pipe]", &format!("connections = {connections}\n[pipe]"));
            tasks.push(cluster.create(&spec).await);
        }
        let field = Self { source, target, cluster, tasks, database };
        for task in &field.tasks {
            field.cluster.wait_for_stage(task, replicator_model::status::Stage::Streaming).await?;
        }
        Ok(field)
    }

    async fn order(&self, state: DesiredState) {
        for task in &self.tasks {
            self.cluster.order(task, state).await;
        }
    }

    /// Each of the databases is the source's, and no task has stumbled.
    async fn all_are_equal(&self) -> Result<()> {
        let ours = self.source.checksum_tables(self.database).await?;
        for (task, connections) in self.tasks.iter().zip(CONNECTIONS) {
            let database = format!("{}{connections}", self.database);
            let what = format!("{database} is equal");
            let equal = eventually(&what, Duration::from_secs(120), async || {
                match self.target.checksum_tables(&database).await {
                    Ok(theirs) if theirs == ours => Ok(()),
                    other => Err(format!("{ours:?} and {other:?}")),
                }
            });
            equal.await.unwrap_or_else(|error| panic!("{error}\n{}", self.cluster.logs()));
            let status = self.cluster.status(task).await.expect("it runs");
            assert_eq!((status.failure, status.progress.conflicts), (None, 0), "{task}");
        }
        Ok(())
    }
}

async fn sysbench(server: &MysqlServer, arguments: &[&str]) -> Result<()> {
    let login = [
        format!("--mysql-port={}", server.port()),
        format!("--mysql-user={}", server.user()),
        format!("--mysql-password={}", server.password()),
    ];
    let fixed = ["--mysql-host=127.0.0.1", "--mysql-db=sbtest", "--tables=4", "--table-size=2000", "--auto-inc=off"];
    let mut command = Command::new("sysbench");
    command.arg("oltp_read_write").args(login).args(fixed).args(arguments).stdin(Stdio::null()).kill_on_drop(true);
    let missing = |error: std::io::Error| Error::new(format!("sysbench: {error}: run tests/setup/install.sh sysbench"));
    let output = command.output().await.map_err(missing)?;
    match output.status.success() {
        true => Ok(()),
        false => Err(Error::new(format!("sysbench {arguments:?}: {}", String::from_utf8_lossy(&output.stdout)))),
    }
}

async fn sysbench_of_64_connections(source: Flavor, target: Flavor) -> Result<()> {
    let field = Field::set_up(source, target, "sbtest", "CREATE DATABASE sbtest").await?;
    sysbench(&field.source, &["prepare"]).await?;
    let load = ["--threads=64", "--skip-trx=off", "--range-selects=off", "--point-selects=1", "--rand-type=pareto"];
    // While they follow, and as a backlog.
    sysbench(&field.source, &[&load[..], &["--time=2", "run"]].concat()).await?;
    field.order(DesiredState::Paused).await;
    sysbench(&field.source, &[&load[..], &["--time=2", "run"]].concat()).await?;
    field.order(DesiredState::Running).await;
    field.all_are_equal().await
}

#[tokio::test(flavor = "multi_thread")]
async fn sysbench_of_64_connections_from_mariadb_to_mysql_97() -> Result<()> {
    sysbench_of_64_connections(Flavor::MariaDb1011, Flavor::MySql97).await
}

/// Orders, payments and deliveries as TPC-C has them, of few districts, so that everybody meets everybody.
const TPCC: &str = "CREATE DATABASE tpcc;
    CREATE TABLE tpcc.warehouse (id INT PRIMARY KEY, ytd DECIMAL(12,2) NOT NULL) ENGINE=InnoDB;
    CREATE TABLE tpcc.district (warehouse INT, id INT, ytd DECIMAL(12,2) NOT NULL, next_order INT NOT NULL,
      PRIMARY KEY (warehouse, id), FOREIGN KEY (warehouse) REFERENCES tpcc.warehouse (id)) ENGINE=InnoDB;
    CREATE TABLE tpcc.customer (warehouse INT, district INT, id INT, balance DECIMAL(12,2) NOT NULL, data VARCHAR(200),
      PRIMARY KEY (warehouse, district, id),
      FOREIGN KEY (warehouse, district) REFERENCES tpcc.district (warehouse, id)) ENGINE=InnoDB;
    CREATE TABLE tpcc.stock (warehouse INT, item INT, quantity INT NOT NULL, PRIMARY KEY (warehouse, item)) ENGINE=InnoDB;
    CREATE TABLE tpcc.orders (warehouse INT, district INT, id INT, customer INT NOT NULL, carrier INT,
      entered DATETIME(6) NOT NULL, PRIMARY KEY (warehouse, district, id), KEY (warehouse, district, customer)) ENGINE=InnoDB;
    CREATE TABLE tpcc.new_order (warehouse INT, district INT, id INT, PRIMARY KEY (warehouse, district, id),
      FOREIGN KEY (warehouse, district, id) REFERENCES tpcc.orders (warehouse, district, id)) ENGINE=InnoDB;
    CREATE TABLE tpcc.order_line (warehouse INT, district INT, id INT, number INT, item INT NOT NULL, amount DECIMAL(8,2),
      PRIMARY KEY (warehouse, district, id, number),
      FOREIGN KEY (warehouse, district, id) REFERENCES tpcc.orders (warehouse, district, id)) ENGINE=InnoDB;
    CREATE TABLE tpcc.history (warehouse INT, district INT, customer INT, amount DECIMAL(8,2)) ENGINE=InnoDB;";

const TPCC_CLIENTS: u64 = 8;
const TPCC_TRANSACTIONS: u64 = 60;
const ITEMS: u64 = 60;

fn tpcc_rows() -> Vec<String> {
    let mut rows = vec!["INSERT INTO warehouse VALUES (1, 0), (2, 0)".to_owned()];
    for warehouse in 1..=2 {
        for district in 1..=3 {
            rows.push(format!("INSERT INTO district VALUES ({warehouse}, {district}, 0, 1)"));
            let customers: Vec<String> =
                (1..=20).map(|id| format!("({warehouse}, {district}, {id}, 0, REPEAT('c', 150))")).collect();
            rows.push(format!("INSERT INTO customer VALUES {}", customers.join(",")));
        }
        let stock: Vec<String> = (1..=ITEMS).map(|item| format!("({warehouse}, {item}, 50)")).collect();
        rows.push(format!("INSERT INTO stock VALUES {}", stock.join(",")));
    }
    rows
}

/// One transaction, in statements.
fn tpcc_transaction(random: &mut crate::workload::Random) -> Vec<String> {
    let (warehouse, district, customer) = (1 + random.below(2), 1 + random.below(3), 1 + random.below(20));
    let place = format!("warehouse = {warehouse} AND district = {district}");
    match random.below(10) {
        0..=4 => {
            let mut statements = vec![
                format!(
                    "SELECT next_order INTO @order FROM district WHERE warehouse = {warehouse} AND id = {district} FOR UPDATE"
                ),
                format!(
                    "UPDATE district SET next_order = next_order + 1 WHERE warehouse = {warehouse} AND id = {district}"
                ),
                format!("INSERT INTO orders VALUES ({warehouse}, {district}, @order, {customer}, NULL, NOW(6))"),
                format!("INSERT INTO new_order VALUES ({warehouse}, {district}, @order)"),
            ];
            for number in 1..=5 + random.below(5) {
                let item = 1 + random.below(ITEMS);
                statements.push(format!("UPDATE stock SET quantity = IF(quantity < 10, 91, quantity - 1) WHERE warehouse = {warehouse} AND item = {item}"));
                statements.push(format!(
                    "INSERT INTO order_line VALUES ({warehouse}, {district}, @order, {number}, {item}, {number}.25)"
                ));
            }
            statements
        }
        5..=8 => vec![
            format!("UPDATE warehouse SET ytd = ytd + 3.50 WHERE id = {warehouse}"),
            format!("UPDATE district SET ytd = ytd + 3.50 WHERE warehouse = {warehouse} AND id = {district}"),
            format!(
                "UPDATE customer SET balance = balance - 3.50, data = LEFT(CONCAT('p', data), 200) WHERE {place} AND id = {customer}"
            ),
            format!("INSERT INTO history VALUES ({warehouse}, {district}, {customer}, 3.50)"),
        ],
        _ => vec![
            format!("SELECT MIN(id) INTO @order FROM new_order WHERE {place} FOR UPDATE"),
            format!("DELETE FROM new_order WHERE {place} AND id = @order"),
            format!("UPDATE orders SET carrier = {customer} WHERE {place} AND id = @order"),
            format!("UPDATE order_line SET amount = amount + 1 WHERE {place} AND id = @order"),
        ],
    }
}

async fn tpcc_client(server: &MysqlServer, seed: u64) -> Result<()> {
    let mut random = crate::workload::Random::new(seed);
    let mut conn = server.connect().await?;
    conn.query_drop("USE tpcc").await?;
    for _ in 0..TPCC_TRANSACTIONS {
        conn.query_drop("BEGIN").await?;
        let mut outcome = Ok(());
        for sql in tpcc_transaction(&mut random) {
            // A deadlock has ended it.
            if outcome.is_ok() {
                outcome = conn.query_drop(sql).await;
            }
        }
        conn.query_drop(if outcome.is_ok() { "COMMIT" } else { "ROLLBACK" }).await?;
    }
    Ok(conn.disconnect().await?)
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_payments_and_deliveries_from_mysql_97_to_mysql_97() -> Result<()> {
    let field = Field::set_up(Flavor::MySql97, Flavor::MySql97, "tpcc", TPCC).await?;
    let mut conn = field.source.connect().await?;
    conn.query_drop("USE tpcc").await?;
    for sql in tpcc_rows() {
        conn.query_drop(sql).await?;
    }
    conn.disconnect().await?;
    for round in 0..2 {
        let clients = (0..TPCC_CLIENTS).map(|client| tpcc_client(&field.source, 100 * round + client));
        futures_util::future::try_join_all(clients).await?;
        // Then as a backlog.
        field.order(if round == 0 { DesiredState::Paused } else { DesiredState::Running }).await;
    }
    let orders = field.source.query_strings("SELECT COUNT(*) FROM tpcc.orders").await?;
    let orders: u64 = orders[0][0].as_deref().unwrap_or_default().parse().unwrap();
    assert!(orders > TPCC_CLIENTS * TPCC_TRANSACTIONS / 4, "{orders} orders: the clients were in each other's way");
    field.all_are_equal().await
}
