//! Tools that change a table while it is written to: copies take its place, under logs that do not describe tables.

use crate::cluster::{Cluster, copy_task};
use mysql_async::prelude::Queryable;
use replicator_model::status::Stage;
use replicator_tests::{Flavor, MysqlServer, Result, eventually};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

const SCHEMA: &str = "CREATE DATABASE shop CHARACTER SET utf8;
    CREATE TABLE shop.item (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(20), n INT NOT NULL DEFAULT 0, other INT) ENGINE=InnoDB";

/// As gh-ost 1.1 does it, up to the cut-over.
const GH_OST: [&str; 6] = [
    "create /* gh-ost */ table `shop`.`_item_ghc` (id bigint unsigned auto_increment, last_update timestamp not null DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, hint varchar(64) charset ascii not null, value varchar(4096) charset ascii not null, primary key(id), unique key hint_uidx(hint)) auto_increment=256 comment='gh-ost'",
    "create /* gh-ost */ table `shop`.`_item_gho` like `shop`.`item`",
    "alter /* gh-ost */ table `shop`.`_item_gho` ADD COLUMN color VARCHAR(20) FIRST, CHANGE other name2 INT, MODIFY n BIGINT NOT NULL DEFAULT 0",
    "insert /* gh-ost */ into `shop`.`_item_ghc` (id, hint, value) values (NULLIF(1, 0), 'state', 'Migrated') on duplicate key update last_update=NOW(), value=VALUES(value)",
    "insert /* gh-ost `shop`.`item` */ ignore into `shop`.`_item_gho` (`id`, `name`, `n`, `name2`) (select `id`, `name`, `n`, `other` from `shop`.`item` force index (`PRIMARY`) lock in share mode)",
    "create /* gh-ost */ table `shop`.`_item_del` ( id int auto_increment primary key ) engine=InnoDB comment='ghost-cut-over-sentry'",
];

/// As pt-online-schema-change 3 does it.
const PT_OSC: [&str; 12] = [
    "CREATE TABLE `shop`.`_item_new` LIKE `shop`.`item`",
    "ALTER TABLE `shop`.`_item_new` DROP COLUMN color, ADD COLUMN z INT UNSIGNED AFTER id, MODIFY n INT NOT NULL DEFAULT 0 FIRST",
    "CREATE TRIGGER `pt_osc_shop_item_del` AFTER DELETE ON `shop`.`item` FOR EACH ROW DELETE IGNORE FROM `shop`.`_item_new` WHERE `shop`.`_item_new`.`id` <=> OLD.`id`",
    "CREATE TRIGGER `pt_osc_shop_item_upd` AFTER UPDATE ON `shop`.`item` FOR EACH ROW BEGIN DELETE IGNORE FROM `shop`.`_item_new` WHERE !(OLD.`id` <=> NEW.`id`) AND `shop`.`_item_new`.`id` <=> OLD.`id`; REPLACE INTO `shop`.`_item_new` (`id`, `name`, `n`) VALUES (NEW.`id`, NEW.`name`, NEW.`n`); END",
    "CREATE TRIGGER `pt_osc_shop_item_ins` AFTER INSERT ON `shop`.`item` FOR EACH ROW REPLACE INTO `shop`.`_item_new` (`id`, `name`, `n`) VALUES (NEW.`id`, NEW.`name`, NEW.`n`)",
    "INSERT LOW_PRIORITY IGNORE INTO `shop`.`_item_new` (`id`, `name`, `n`) SELECT `id`, `name`, `n` FROM `shop`.`item` LOCK IN SHARE MODE /*pt-online-schema-change 4242 copy table*/",
    "ANALYZE TABLE `shop`.`_item_new` /* pt-online-schema-change */",
    "RENAME TABLE `shop`.`item` TO `shop`.`_item_old`, `shop`.`_item_new` TO `shop`.`item`",
    "DROP TABLE IF EXISTS `shop`.`_item_old`",
    "DROP TRIGGER IF EXISTS `shop`.`pt_osc_shop_item_del`",
    "DROP TRIGGER IF EXISTS `shop`.`pt_osc_shop_item_upd`",
    "DROP TRIGGER IF EXISTS `shop`.`pt_osc_shop_item_ins`",
];

/// Writes rows until it is told to stop; counts them.
async fn write(source: Arc<MysqlServer>, stop: Arc<AtomicBool>, written: Arc<AtomicU32>) -> Result<()> {
    let mut conn = source.connect().await?;
    let mut id = 0;
    while !stop.load(Ordering::Relaxed) {
        id += 1;
        for sql in [
            format!("INSERT INTO shop.item (name, n) VALUES ('row {id}', {id})"),
            format!("UPDATE shop.item SET n = n + 1 WHERE id = {}", id / 2),
            format!("DELETE FROM shop.item WHERE id = {}", id / 3),
        ] {
            match conn.query_drop(sql).await {
                // The tool that copies rows and the writer may deadlock; the writer then goes on with the next statement.
                Err(mysql_async::Error::Server(error)) if matches!(error.code, 1205 | 1213) => {}
                outcome => outcome?,
            }
        }
        written.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

/// Returns once so many more rows are written.
async fn more(written: &AtomicU32) -> Result<()> {
    let before = written.load(Ordering::Relaxed);
    eventually("rows are written", Duration::from_secs(60), async || match written.load(Ordering::Relaxed) - before {
        0..20 => Err("the writer does not go on"),
        _ => Ok(()),
    })
    .await
}

async fn changes_online(source: Flavor, arguments: &[&str], target: Flavor) -> Result<()> {
    let (source, target) = tokio::try_join!(MysqlServer::start_with(source, arguments), MysqlServer::start(target))?;
    let source = Arc::new(source);
    let cluster = Cluster::start(1, 1).await?;
    source.exec(SCHEMA).await?;
    target.exec(SCHEMA).await?;
    let task = cluster.create(&copy_task("copy", &source, &target, "")).await;
    cluster.wait_for_stage(&task, Stage::Streaming).await?;
    let (stop, written) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
    let writer = tokio::spawn(write(Arc::clone(&source), Arc::clone(&stop), Arc::clone(&written)));
    let mut tool = source.connect().await?;
    tool.query_drop("USE shop").await?;
    for sql in GH_OST {
        more(&written).await?;
        tool.query_drop(sql).await?;
    }
    // The cut-over: whoever holds the lock drops the sentry once the RENAME waits behind it, and lets go.
    tool.query_drop("lock /* gh-ost */ tables `shop`.`item` write, `shop`.`_item_del` write").await?;
    let mut renaming = source.connect().await?;
    let rename = "rename /* gh-ost */ table `shop`.`item` to `shop`.`_item_del`, `shop`.`_item_gho` to `shop`.`item`";
    let renamed = tokio::spawn(async move { renaming.query_drop(rename).await });
    let waiting = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE 'rename /* gh-ost%'";
    let mut waits = false;
    for _ in 0..10_000 {
        waits = tool.query_first::<u32, _>(waiting).await? == Some(1);
        if waits {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(waits, "the RENAME does not wait for the lock");
    tool.query_drop("drop /* gh-ost */ table if exists `shop`.`_item_del`").await?;
    tool.query_drop("unlock tables").await?;
    renamed.await.unwrap()?;
    for sql in
        ["drop /* gh-ost */ table if exists `shop`.`_item_ghc`", "drop /* gh-ost */ table if exists `shop`.`_item_del`"]
    {
        more(&written).await?;
        tool.query_drop(sql).await?;
    }
    for sql in PT_OSC {
        more(&written).await?;
        tool.query_drop(sql).await?;
    }
    more(&written).await?;
    stop.store(true, Ordering::Relaxed);
    writer.await.unwrap()?;
    let equal = cluster.wait_for_equal(&source, &target, "shop").await;
    equal.unwrap_or_else(|error| panic!("{error}\n{}", cluster.logs()));
    let columns = "SELECT GROUP_CONCAT(COLUMN_NAME ORDER BY ORDINAL_POSITION) FROM information_schema.COLUMNS \
                   WHERE TABLE_SCHEMA = 'shop' AND TABLE_NAME = 'item'";
    assert_eq!(target.query_strings(columns).await?[0][0].as_deref(), Some("n,id,z,name,name2"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn gh_ost_and_pt_osc_on_mariadb() -> Result<()> {
    changes_online(Flavor::MariaDb1011, &["--binlog-row-metadata=NO_LOG"], Flavor::MySql97).await
}

#[tokio::test(flavor = "multi_thread")]
async fn gh_ost_and_pt_osc_on_mysql_5_6() -> Result<()> {
    changes_online(Flavor::MySql56, &[], Flavor::MariaDb1011).await
}
