use super::*;
use replicator_model::table_pattern::TablePattern;
use replicator_model::task::{ProducerSpec, Route};
use replicator_mysql::tables::Collation;

fn scope() -> Scope {
    let spec: ProducerSpec = serde_json::from_str(r#"{"host": "h", "user": "u"}"#).unwrap();
    Scope::new(&spec, &[Route::named(TablePattern::new("shop.*").unwrap(), "copy.{table}")])
}

fn collations() -> Collations {
    let collation = |name: &str, charset: &str| Collation { name: name.into(), charset: charset.into() };
    Collations::new([
        (8, collation("latin1_swedish_ci", "latin1")),
        (45, collation("utf8mb4_general_ci", "utf8mb4")),
        (63, collation("binary", "binary")),
    ])
}

fn logged(kind: ColumnType, meta: u16) -> ColumnDef {
    ColumnDef::new(kind, meta, false)
}

fn map(columns: Vec<ColumnDef>) -> TableMap {
    let (database, table) = ("shop".to_owned(), "item".to_owned());
    TableMap { table_id: 1, flags: 0, database, table, columns, primary_key: None }
}

/// `id int unsigned`, `kind enum('a','ü') charset latin1`, `code binary(16)`.
fn bare() -> TableMap {
    map(vec![logged(ColumnType::Int, 0), logged(ColumnType::Enum, 1), logged(ColumnType::Char, 16)])
}

fn defined(name: &str, column_type: &str, charset: Option<&str>, collation: Option<&str>) -> ColumnDefinition {
    ColumnDefinition {
        charset: charset.map(str::to_owned),
        collation: collation.map(str::to_owned),
        nullable: false,
        ..ColumnDefinition::new(name, column_type)
    }
}

fn definition(code_type: &str) -> TableDefinition {
    TableDefinition {
        database: "shop".into(),
        table: "item".into(),
        columns: vec![
            defined("id", "int unsigned", None, None),
            defined("kind", "enum('a','ü')", Some("latin1"), Some("latin1_swedish_ci")),
            defined("code", code_type, None, None),
        ],
        key: Some(vec![0]),
        has_primary_key: true,
    }
}

fn named() -> TableMap {
    let mut map = bare();
    for (column, name) in map.columns.iter_mut().zip(["id", "kind", "code"]) {
        column.name = Some(name.into());
        column.unsigned = Some(true);
        column.collation = Some(63);
        column.members = Some([].into());
    }
    map
}

#[test]
fn a_bare_log_is_completed_from_the_server() {
    let definition = definition("binary(16)");
    assert!(needs_definition(&bare(), ServerFlavor::MySql));
    let schema = complete(bare(), Some(&definition), &scope(), &collations(), ServerFlavor::MySql).unwrap();
    assert_eq!((schema.target_name().as_str(), schema.key.as_deref()), ("copy.item", Some(&[0][..])));
    let map = &schema.map;
    assert_eq!(map.columns[0].unsigned, Some(true));
    let members: Vec<&[u8]> = map.columns[1].members.as_deref().unwrap().iter().map(|member| &**member).collect();
    assert_eq!(members, [b"a".as_slice(), b"\xfc"]);
    assert_eq!((map.columns[1].collation, map.columns[2].collation), (Some(8), Some(63)));
    assert_eq!(schema.columns[1].charset.as_deref(), Some("latin1"));
    assert_eq!((schema.columns[2].column_type.as_str(), schema.columns[2].charset.as_deref()), ("binary(16)", None));
    assert!(map.has_full_metadata() && map.primary_key == Some(vec![(0, 0)]));
}

#[test]
fn a_bare_log_that_does_not_fit_the_server_stops_the_task() {
    let fails = |map: TableMap, definition: Option<&TableDefinition>| {
        let failure = complete(map, definition, &scope(), &collations(), ServerFlavor::MySql).unwrap_err();
        assert!(failure.reason.contains("shop.item"), "{failure:?}");
        (failure.code.clone(), failure.reason)
    };
    assert_eq!(fails(bare(), None).0, "unknown_table");
    let (code, reason) = fails(bare(), Some(&definition("varchar(16)")));
    assert!(code == "schema_mismatch" && reason.contains("`code`"), "{reason}");
    let mut shorter = bare();
    shorter.columns.pop();
    let (code, reason) = fails(shorter, Some(&definition("binary(16)")));
    assert!(code == "schema_mismatch" && reason.contains("2 columns, the table has 3"), "{reason}");
}

#[test]
fn a_full_log_counts_more_than_the_server() {
    // The table has changed since: the log knows how it was.
    let schema =
        complete(named(), Some(&definition("varchar(16)")), &scope(), &collations(), ServerFlavor::MySql).unwrap();
    assert_eq!((schema.columns[2].column_type.as_str(), schema.key), ("binary(16)", None));
    // Only the server knows of unique keys.
    let schema =
        complete(named(), Some(&definition("binary(16)")), &scope(), &collations(), ServerFlavor::MySql).unwrap();
    assert_eq!(schema.key, Some(vec![0]));
    let mut with_key = named();
    with_key.primary_key = Some(vec![(2, 4), (0, 0)]);
    assert!(!needs_definition(&with_key, ServerFlavor::MySql) && needs_definition(&with_key, ServerFlavor::MariaDb));
    assert_eq!(complete(with_key, None, &scope(), &collations(), ServerFlavor::MySql).unwrap().key, Some(vec![2, 0]));
}

#[test]
fn types_that_the_log_hides_are_looked_up() {
    use ColumnType::{Char, Inet6, Uuid};
    let complete = |map, definition: Option<&TableDefinition>| {
        complete(map, definition, &scope(), &collations(), ServerFlavor::MariaDb)
    };
    for (code_type, kind) in [("uuid", Uuid), ("inet6", Inet6), ("binary(16)", Char)] {
        let mut changed = definition(code_type);
        for map in [bare(), named()] {
            let schema = complete(map, Some(&changed)).unwrap();
            assert_eq!((schema.map.columns[2].kind, schema.columns[2].column_type.as_str()), (kind, code_type));
        }
        // The table has one more column now: what is found by its name is what it was.
        changed.columns.insert(0, defined("new", "int", None, None));
        let schema = complete(named(), Some(&changed)).unwrap();
        assert_eq!((schema.map.columns[2].kind, schema.columns[2].column_type.as_str()), (kind, code_type));
        changed.columns[3].name = "renamed".into();
        for definition in [Some(&changed), None] {
            let failure = complete(named(), definition).unwrap_err();
            assert!(failure.code == "column_type_not_carried" && failure.reason.contains("`code`"), "{failure:?}");
        }
    }
}

#[test]
fn the_digits_of_old_dates_and_times_are_looked_up() {
    let old = || {
        let mut map = named();
        map.columns[2] = ColumnDef { name: Some("code".into()), ..logged(ColumnType::OldTime, 0) };
        map.primary_key = Some(vec![(0, 0)]);
        map
    };
    assert!(needs_definition(&old(), ServerFlavor::MariaDb) && !needs_definition(&old(), ServerFlavor::MySql));
    let complete = |definition: Option<&TableDefinition>| {
        complete(old(), definition, &scope(), &collations(), ServerFlavor::MariaDb)
    };
    let schema = complete(Some(&definition("time(3) /* mariadb-5.3 */"))).unwrap();
    assert_eq!((schema.map.columns[2].meta, schema.columns[2].column_type.as_str()), (3, "time(3)"));
    let schema = complete(Some(&definition("time /* mariadb-5.3 */"))).unwrap();
    assert_eq!((schema.map.columns[2].meta, schema.columns[2].column_type.as_str()), (0, "time"));
    for definition in [Some(&definition("time(3)")), Some(&definition("time")), None] {
        let failure = complete(definition).unwrap_err();
        assert!(failure.code == "column_type_not_carried" && failure.reason.contains("`code`"), "{failure:?}");
    }
}

#[test]
fn collations_that_nobody_knows_are_refused() {
    let mut unknown = named();
    unknown.columns[1].collation = Some(9999);
    let failure = complete(unknown, None, &scope(), &collations(), ServerFlavor::MySql).unwrap_err();
    assert!(failure.code == "collation_unknown" && failure.reason.contains("9999"));
}
