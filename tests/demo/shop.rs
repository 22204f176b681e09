//! The shop: its tables, and what happens in it.

use std::ops::Range;

/// Both servers understand it alike. Deletions name the lines of an order themselves, so nothing happens that is not
/// in a statement.
pub(crate) const SCHEMA: &str = "
    CREATE DATABASE shop DEFAULT CHARACTER SET utf8mb4;
    CREATE TABLE shop.customers (
      id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
      name VARCHAR(80) NOT NULL, city VARCHAR(40) NOT NULL, points INT NOT NULL DEFAULT 0,
      note TEXT NULL, since DATE NOT NULL, changed DATETIME(6) NULL
    ) ENGINE=InnoDB;
    CREATE TABLE shop.items (
      id INT UNSIGNED NOT NULL PRIMARY KEY,
      name VARCHAR(80) NOT NULL, price DECIMAL(10,2) NOT NULL, stock INT NOT NULL,
      tags SET('new','sale','heavy') NOT NULL DEFAULT '', weight DOUBLE NULL
    ) ENGINE=InnoDB;
    CREATE TABLE shop.orders (
      id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
      customer INT UNSIGNED NOT NULL, state ENUM('new','paid','sent') NOT NULL DEFAULT 'new',
      total DECIMAL(12,2) NOT NULL DEFAULT 0, made TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
      KEY (customer), CONSTRAINT order_customer FOREIGN KEY (customer) REFERENCES shop.customers (id)
    ) ENGINE=InnoDB;
    CREATE TABLE shop.order_lines (
      order_id BIGINT UNSIGNED NOT NULL, line SMALLINT UNSIGNED NOT NULL, item INT UNSIGNED NOT NULL,
      count INT NOT NULL, price DECIMAL(10,2) NOT NULL, PRIMARY KEY (order_id, line), KEY (item),
      CONSTRAINT line_order FOREIGN KEY (order_id) REFERENCES shop.orders (id),
      CONSTRAINT line_item FOREIGN KEY (item) REFERENCES shop.items (id)
    ) ENGINE=InnoDB;
";

pub(crate) const TABLES: [&str; 4] = ["customers", "items", "orders", "order_lines"];

const CUSTOMERS: u64 = 500;
const ITEMS: u64 = 200;

/// Numbers from a seed: SplitMix64 (Steele, Lea, Flood 2014).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Random {
        Random(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn in_range(&mut self, range: Range<u64>) -> u64 {
        range.start + self.next() % (range.end - range.start).max(1)
    }

    fn one_of<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[(self.next() % choices.len() as u64) as usize]
    }
}

/// What fills the shop before it opens, one statement after another.
pub(crate) fn opening(seed: u64) -> Vec<String> {
    let mut random = Random::new(seed);
    let customers: Vec<String> = (1..=CUSTOMERS).map(|id| format!("({id},{})", customer(&mut random))).collect();
    let items: Vec<String> = (1..=ITEMS).map(|id| format!("({id},{})", item(&mut random, id))).collect();
    vec![
        format!("INSERT INTO shop.customers (id, name, city, note, since) VALUES {}", customers.join(",")),
        format!("INSERT INTO shop.items (id, name, price, stock, tags, weight) VALUES {}", items.join(",")),
    ]
}

fn customer(random: &mut Random) -> String {
    let name = random.one_of(&["Ada", "Börje", "Chloé", "Đorđe", "Eszter", "藤原", "Ιωάννα", "Zoë 🦉"]);
    let city = random.one_of(&["Köln", "Łódź", "Reykjavík", "São Paulo", "東京", "Oslo"]);
    let note = random.one_of(&["NULL", "''", "'rings twice'", "'pays by \"cheque\"'", "'100 % \\\\ ok'"]);
    let (number, day) = (random.in_range(1..100_000), random.in_range(1..29));
    format!(
        "'{name} {number}','{city}',{note},'20{:02}-{:02}-{day:02}'",
        random.in_range(0..26),
        random.in_range(1..13)
    )
}

fn item(random: &mut Random, id: u64) -> String {
    let (euros, cents) = (random.in_range(1..500), random.in_range(0..100));
    let (stock, tags) = (random.in_range(100..1_000), random.one_of(&["", "new", "sale", "new,heavy"]));
    format!("'item {id}',{euros}.{cents:02},{stock},'{tags}',{}.{}", random.in_range(0..90), random.in_range(0..1_000))
}

/// One thing that happens, as the statements of one transaction.
/// Rows of a table are changed in the order of their keys, so that two transactions seldom wait for each other.
pub(crate) fn transaction(random: &mut Random) -> Vec<String> {
    match random.in_range(0..100) {
        0..45 => order(random),
        45..65 => vec![format!(
            "UPDATE shop.customers SET points = points + {}, changed = NOW(6) WHERE id = {}",
            random.in_range(1..50),
            random.in_range(1..CUSTOMERS + 1)
        )],
        65..80 => vec![
            format!(
                "SELECT GREATEST(CAST(MAX(id) AS SIGNED) - {}, 0) INTO @from FROM shop.orders",
                random.in_range(1..50)
            ),
            "UPDATE shop.orders SET state = IF(state = 'new', 'paid', 'sent') \
             WHERE id BETWEEN @from AND @from + 2 AND state <> 'sent'"
                .into(),
        ],
        80..88 => vec![format!(
            "UPDATE shop.items SET price = IF(price > 900, price / 2, price * 1.01), tags = '{}' WHERE id = {}",
            random.one_of(&["", "sale", "new,sale", "heavy"]),
            random.in_range(1..ITEMS + 1)
        )],
        88..94 => vec![format!("INSERT INTO shop.customers (name, city, note, since) VALUES ({})", customer(random))],
        _ => vec![
            "SELECT MIN(id) INTO @gone FROM shop.orders".into(),
            "DELETE FROM shop.order_lines WHERE order_id = @gone".into(),
            "DELETE FROM shop.orders WHERE id = @gone".into(),
        ],
    }
}

fn order(random: &mut Random) -> Vec<String> {
    let customer = random.in_range(1..CUSTOMERS + 1);
    let mut items: Vec<u64> = (0..random.in_range(1..5)).map(|_| random.in_range(1..ITEMS + 1)).collect();
    items.sort_unstable();
    items.dedup();
    let mut statements =
        vec![format!("INSERT INTO shop.orders (customer) VALUES ({customer})"), "SET @made = LAST_INSERT_ID()".into()];
    for (line, item) in items.into_iter().enumerate() {
        let count = random.in_range(1..4);
        statements.push(format!("UPDATE shop.items SET stock = stock - {count} WHERE id = {item}"));
        statements.push(format!(
            "INSERT INTO shop.order_lines SELECT @made, {line}, id, {count}, price FROM shop.items WHERE id = {item}"
        ));
    }
    statements.push(
        "UPDATE shop.orders SET total = (SELECT SUM(count * price) FROM shop.order_lines WHERE order_id = @made) \
         WHERE id = @made"
            .into(),
    );
    statements
}
