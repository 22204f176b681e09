//! `consumer.ddl` by kind: what is applied, what is left out and counted, what stops the task.

use crate::cluster::{Cluster, copy_task};
use replicator_model::desired::DesiredState;
use replicator_model::status::Stage;
use replicator_tests::{Flavor, MysqlServer, Result, eventually};
use std::time::Duration;

const SCHEMA: &str = "
    CREATE DATABASE shop;
    CREATE TABLE shop.item (id INT PRIMARY KEY, a INT, b INT) ENGINE=InnoDB;
";

async fn kinds_are_treated_apart(source: Flavor, target: Flavor) -> Result<()> {
    let (source, target, cluster) =
        tokio::try_join!(MysqlServer::start(source), MysqlServer::start(target), Cluster::start(1, 1))?;
    source.exec(SCHEMA).await?;
    target.exec(SCHEMA).await?;
    let spec = |ddl: &str| copy_task("copy", &source, &target, "").replace("[pipe]", &format!("ddl = {ddl}\n[pipe]"));
    let by_kind = spec("{ default = \"apply\", truncate = \"ignore\", drop_column = \"stop\" }");
    let task = cluster.create(&by_kind).await;
    cluster.wait_for_stage(&task, Stage::Streaming).await?;
    source
        .exec(
            "INSERT INTO shop.item VALUES (1, 1, 1), (2, 2, 2);
             ALTER TABLE shop.item ADD COLUMN c INT;
             TRUNCATE shop.item;
             INSERT INTO shop.item VALUES (3, 3, 3, 3);",
        )
        .await?;
    let rows = "SELECT id, c FROM shop.item ORDER BY id";
    let [one, two, three] = [("1", None), ("2", None), ("3", Some("3"))]
        .map(|(id, c): (&str, Option<&str>)| vec![Some(id.to_owned()), c.map(str::to_owned)]);
    eventually("the rows of before and after TRUNCATE", Duration::from_secs(60), async || {
        let found = target.query_strings(rows).await.map_err(|error| error.to_string())?;
        let expected = [one.clone(), two.clone(), three.clone()];
        if found == expected { Ok(()) } else { Err(format!("{found:?}")) }
    })
    .await
    .unwrap_or_else(|error| panic!("{error}\n{}", cluster.logs()));
    eventually("what is left out is counted", Duration::from_secs(20), async || match cluster.status(&task).await {
        Some(status) if status.progress.schema_changes_ignored == 1 => Ok(()),
        other => Err(format!("{other:?}")),
    })
    .await?;
    // One statement of two kinds is not cut.
    source.exec("ALTER TABLE shop.item ADD COLUMN d INT, DROP COLUMN b").await?;
    let status = cluster.wait_for_stage(&task, Stage::Failed).await?;
    let failure = status.failure.unwrap();
    assert_eq!(failure.code, "schema_change");
    assert!(failure.reason.contains("drop_column") && failure.hint.contains("drop_column"), "{failure:?}");
    let columns =
        "SELECT column_name FROM information_schema.columns WHERE table_schema = 'shop' ORDER BY ordinal_position";
    assert_eq!(target.query_strings(columns).await?.len(), 4, "nothing was done");
    cluster.stop(&task).await?;
    cluster.update(&task, &spec("\"apply\"")).await;
    cluster.order(&task, DesiredState::Running).await;
    eventually("the columns", Duration::from_secs(60), async || {
        match target.query_strings(columns).await.ok() == source.query_strings(columns).await.ok() {
            true => Ok(()),
            false => Err(format!("{:?}", cluster.status(&task).await)),
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn kinds_of_schema_changes_are_treated_apart() -> Result<()> {
    kinds_are_treated_apart(Flavor::MySql97, Flavor::MariaDb1011).await
}
