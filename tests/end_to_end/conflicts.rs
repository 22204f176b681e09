//! Somebody else writes to the target, and the task has a policy for that.

use crate::cluster::{Cluster, copy_task};
use crate::failures::Console;
use replicator_model::desired::DesiredState;
use replicator_model::name::TaskName;
use replicator_model::status::Stage;
use replicator_tests::{Flavor, MysqlServer, Result, eventually};
use std::time::Duration;

const SCHEMA: &str = "
    CREATE DATABASE shop;
    CREATE TABLE shop.item (id INT PRIMARY KEY, v INT, w VARCHAR(20) CHARACTER SET latin1) ENGINE=InnoDB;
    CREATE TABLE shop.seat (id INT PRIMARY KEY, guest INT NULL, UNIQUE KEY (guest)) ENGINE=InnoDB;
    CREATE TABLE shop.parent (id INT PRIMARY KEY, v INT) ENGINE=InnoDB;
    CREATE TABLE shop.child (id INT PRIMARY KEY, parent INT NOT NULL,
      FOREIGN KEY (parent) REFERENCES shop.parent (id) ON DELETE CASCADE) ENGINE=InnoDB;
";

/// On both sides before the others write.
const ROWS: &str = "
    INSERT INTO shop.item VALUES (1, 1, 'a'), (2, 2, 'b'), (3, 3, 'c'), (4, 4, 'd'), (5, 5, 'e'), (6, 6, 'f');
    INSERT INTO shop.seat VALUES (1, 10), (2, 20), (3, 30);
    INSERT INTO shop.parent VALUES (1, 1), (2, 2);
    INSERT INTO shop.child VALUES (1, 1), (2, 2);
";

/// What the others do at the target.
const DRIFT: &str = "
    DELETE FROM shop.item WHERE id IN (2, 3);
    INSERT INTO shop.item VALUES (7, 70, 'mine');
    INSERT INTO shop.seat VALUES (9, 99);
    INSERT INTO shop.parent VALUES (3, 33);
    INSERT INTO shop.child VALUES (3, 3);
";

/// Changes that do not find their rows, among some that do.
const CHANGES: &str = "
    UPDATE shop.item SET v = v + 100, w = CONVERT('\u{e4}' USING latin1);
    DELETE FROM shop.item WHERE id = 3;
    INSERT INTO shop.item VALUES (7, 7, 'g'), (8, 8, 'h');
    UPDATE shop.seat SET guest = 99 WHERE id = 2;
    INSERT INTO shop.parent VALUES (3, 3);
    UPDATE shop.item SET v = 0 WHERE id = 1;
";

struct Field {
    source: MysqlServer,
    target: MysqlServer,
    cluster: Cluster,
    task: TaskName,
}

impl Field {
    async fn set_up(source: Flavor, target: Flavor, settings: &str) -> Result<Self> {
        let (source, target, cluster) =
            tokio::try_join!(MysqlServer::start(source), MysqlServer::start(target), Cluster::start(1, 1))?;
        source.exec(SCHEMA).await?;
        target.exec(SCHEMA).await?;
        let spec = copy_task("copy", &source, &target, "").replace("[pipe]", &format!("{settings}\n[pipe]"));
        let task = cluster.create(&spec).await;
        cluster.wait_for_stage(&task, Stage::Streaming).await?;
        source.exec(ROWS).await?;
        cluster.wait_for_copy(&task, &source, &target, "shop").await?;
        cluster.stop(&task).await?;
        target.exec(DRIFT).await?;
        source.exec(CHANGES).await?;
        cluster.order(&task, DesiredState::Running).await;
        Ok(Self { source, target, cluster, task })
    }

    /// Waits until the target has everything, and answers what it recorded: table, reason and action.
    async fn recorded(&self) -> Result<Vec<[String; 3]>> {
        self.source.exec("INSERT INTO shop.item VALUES (100, 100, '')").await?;
        let last = "SELECT id FROM shop.item WHERE id = 100";
        let arrived = eventually("the last row", Duration::from_secs(60), async || {
            let rows = self.target.query_strings(last).await.unwrap();
            if rows.is_empty() { Err(format!("{:?}", self.cluster.status(&self.task).await)) } else { Ok(()) }
        });
        arrived.await.unwrap_or_else(|error| panic!("{error}\n{}", self.cluster.logs()));
        let sql = "SELECT target_table, reason, action FROM mysql_replicator.conflict ORDER BY id";
        let rows = self.target.query_strings(sql).await?;
        Ok(rows.into_iter().map(|row| [0, 1, 2].map(|index| row[index].clone().unwrap_or_default())).collect())
    }

    async fn changes(&self) -> Result<Vec<serde_json::Value>> {
        let rows = self.target.query_strings("SELECT row_change FROM mysql_replicator.conflict ORDER BY id").await?;
        Ok(rows.into_iter().map(|row| serde_json::from_str(row[0].as_deref().unwrap_or_default()).unwrap()).collect())
    }

    /// As people see them: by the Server's API, on the command line.
    async fn listed(&self) {
        let console = Console::start(&self.cluster).await.unwrap();
        let run = async |arguments: &[&str]| {
            let ran = console.run(&[&["task", "conflicts", "copy"], arguments].concat()).await;
            assert_eq!(ran.status.code(), Some(0), "{ran:?}");
            String::from_utf8(ran.stdout).unwrap()
        };
        let json = async |arguments: &[&str]| -> serde_json::Value {
            serde_json::from_str(&run(&[arguments, &["-o", "json"]].concat()).await).unwrap()
        };
        let newest = json(&["--limit", "4"]).await;
        assert_eq!((&newest["recorded"], newest["conflicts"].as_array().unwrap().len()), (&6.into(), 4), "{newest}");
        let last = &newest["conflicts"][0];
        assert_eq!((&last["table"], &last["reason"]), (&"shop.parent".into(), &"duplicate_key".into()), "{last}");
        assert_eq!(last["change"]["data"][0]["id"], "3", "{last}");
        assert!(last["position"]["offset"].as_u64() > Some(4) && last["found_at"].is_string(), "{last}");
        let older = json(&["--before", &newest["next"].to_string()]).await;
        assert_eq!((older["conflicts"].as_array().unwrap().len(), &older["next"]), (2, &serde_json::Value::Null));
        let page = run(&[]).await;
        assert!(page.contains("UPDATE [{") && page.ends_with("6 recorded at the target\n"), "{page}");
    }

    /// The status comes a moment later.
    async fn counted(&self, conflicts: u64) -> Result<()> {
        eventually("conflicts are counted", Duration::from_secs(20), async || {
            match self.cluster.status(&self.task).await {
                Some(status) if status.progress.conflicts == conflicts => Ok(()),
                other => Err(format!("{other:?}")),
            }
        })
        .await
    }
}

async fn overwrites(source: Flavor, target: Flavor) -> Result<()> {
    let field = Field::set_up(source, target, "on_conflict = \"overwrite\"").await?;
    let recorded = field.recorded().await?;
    let expected = [
        ["item", "row_not_found"],
        ["item", "row_not_found"],
        ["item", "duplicate_key"],
        ["seat", "duplicate_key"],
        ["parent", "duplicate_key"],
    ];
    // Which of the missing rows are updated or deleted is told by the changes below.
    let told: Vec<[&str; 2]> = recorded.iter().map(|[table, reason, _]| [table.as_str(), reason.as_str()]).collect();
    assert_eq!(told, expected, "{recorded:?}");
    assert!(recorded.iter().all(|[_, _, action]| action == "overwritten"), "{recorded:?}");
    let changes = field.changes().await?;
    assert_eq!((&changes[0]["type"], &changes[0]["data"][0]["id"]), (&"UPDATE".into(), &"2".into()));
    assert_eq!(changes[0]["data"][0]["w"], "\u{e4}", "{}", changes[0]);
    assert_eq!((&changes[2]["type"], &changes[2]["data"][0]["v"]), (&"INSERT".into(), &"7".into()));
    field.counted(5).await?;

    // Where nobody else has rows of their own, the copy is one again.
    let mine = "DELETE FROM shop.child WHERE id = 3";
    assert_eq!(field.target.query_strings("SELECT id FROM shop.child WHERE id = 3").await?.len(), 1, "children stay");
    field.target.exec(mine).await?;
    field.cluster.wait_for_equal(&field.source, &field.target, "shop").await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_overwritten_on_mysql_97() -> Result<()> {
    overwrites(Flavor::MySql97, Flavor::MySql97).await
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_overwritten_on_mariadb() -> Result<()> {
    overwrites(Flavor::MariaDb1011, Flavor::MariaDb118).await
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_are_skipped_and_counted_over_restarts() -> Result<()> {
    let field = Field::set_up(Flavor::MySql97, Flavor::MySql56, "on_conflict = \"skip\"\nconflicts_max = 8").await?;
    let recorded = field.recorded().await?;
    assert_eq!(recorded.len(), 6, "{recorded:?}");
    assert!(recorded.iter().all(|[_, _, action]| action == "skipped"), "{recorded:?}");
    let item = field.target.query_strings("SELECT id, v FROM shop.item ORDER BY id").await?;
    let item: Vec<(&str, &str)> =
        item.iter().map(|row| (row[0].as_deref().unwrap(), row[1].as_deref().unwrap())).collect();
    let expected = [("1", "0"), ("4", "104"), ("5", "105"), ("6", "106"), ("7", "70"), ("8", "8"), ("100", "100")];
    assert_eq!(item, expected, "what the others wrote is there, and what conflicted is not");
    let seat = field.target.query_strings("SELECT guest FROM shop.seat WHERE id = 2").await?;
    assert_eq!(seat[0][0].as_deref(), Some("20"));
    field.counted(6).await?;

    field.listed().await;

    // Those of earlier runs count, and the task stops where there are too many.
    field.cluster.stop(&field.task).await?;
    field.cluster.order(&field.task, DesiredState::Running).await;
    field.counted(6).await?;
    field.source.exec("UPDATE shop.item SET v = 1 WHERE id = 2; DELETE FROM shop.item WHERE id = 2").await?;
    field.counted(8).await?;
    field.source.exec("UPDATE shop.seat SET guest = 98 WHERE id = 2; INSERT INTO shop.seat VALUES (9, 90)").await?;
    let failure = field.cluster.wait_for_stage(&field.task, Stage::Failed).await?.failure.unwrap();
    assert_eq!(failure.code, "too_many_conflicts", "{failure}");
    assert!(failure.hint.contains("mysql_replicator.conflict"), "{failure}");
    let kept = field.target.query_strings("SELECT COUNT(*) FROM mysql_replicator.conflict").await?;
    assert_eq!(kept[0][0].as_deref(), Some("8"), "nothing of the transaction that was too much");
    field.target.exec("DELETE FROM mysql_replicator.conflict").await?;
    field.cluster.stop(&field.task).await?;
    field.cluster.order(&field.task, DesiredState::Running).await;
    field.counted(1).await
}
