//! A condition held against the columns of one table: every type is known, and what can't be compared exactly refused.

use super::condition::{Condition, Operand, RowFilter, is_like};
use super::{Cell, Kind, Number, TableColumn};
use std::cmp::Ordering;

/// A condition that rows of one table can be asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoundCondition(Condition<Bound>);

/// Why a condition does not fit a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeProblem {
    pub column: Option<String>,
    pub problem: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Bound {
    Column(usize, Kind),
    /// In the form that its column's values are compared in.
    Value(Cell<'static>),
}

impl RowFilter {
    /// Finds the columns, and checks that all that is compared is of one kind.
    pub fn bind(&self, columns: &[TableColumn<'_>]) -> Result<BoundCondition, TypeProblem> {
        bind(self.condition(), columns).map(BoundCondition)
    }
}

impl BoundCondition {
    /// Whether a row passes: what is not known for a NULL is not true. `value` gives a column's value; its errors end it.
    pub fn passes<'a, E>(&self, mut value: impl FnMut(usize) -> Result<Cell<'a>, E>) -> Result<bool, E> {
        Ok(holds(&self.0, &mut value)? == Some(true))
    }
}

fn bind(condition: &Condition<Operand>, columns: &[TableColumn<'_>]) -> Result<Condition<Bound>, TypeProblem> {
    let all =
        |parts: &[Condition<Operand>]| parts.iter().map(|part| bind(part, columns)).collect::<Result<Vec<_>, _>>();
    Ok(match condition {
        Condition::Any(parts) => Condition::Any(all(parts)?),
        Condition::All(parts) => Condition::All(all(parts)?),
        Condition::Not(part) => Condition::Not(Box::new(bind(part, columns)?)),
        Condition::IsNull(one) => Condition::IsNull(match one {
            Operand::Column(name) => Bound::Column(find(name, columns)?.0, Kind::Opaque),
            Operand::Null => Bound::Value(Cell::Null),
            Operand::Number(_) | Operand::Text(_) => Bound::Value(Cell::text("")),
        }),
        Condition::Compared(left, comparison, right) => {
            let [left, right] = bind_alike([left, right], columns)?;
            Condition::Compared(left, *comparison, right)
        }
        Condition::Between(one, low, high) => {
            let [one, low, high] = bind_alike([one, low, high], columns)?;
            Condition::Between(one, low, high)
        }
        Condition::In(one, list) => {
            let kind = common_kind(std::iter::once(one).chain(list), columns)?;
            let list = list.iter().map(|operand| bind_as(operand, kind, columns)).collect::<Result<_, _>>()?;
            Condition::In(bind_as(one, kind, columns)?, list)
        }
        Condition::Like(one, pattern) => {
            let kind = common_kind([one].into_iter(), columns)?;
            if !matches!(kind, Kind::Text | Kind::Member) {
                return Err(mismatch(one, kind, "LIKE compares texts"));
            }
            Condition::Like(bind_as(one, kind, columns)?, pattern.clone())
        }
    })
}

fn bind_alike<const N: usize>(operands: [&Operand; N], columns: &[TableColumn<'_>]) -> Result<[Bound; N], TypeProblem> {
    let kind = common_kind(operands.into_iter(), columns)?;
    let mut bound = [const { Bound::Value(Cell::Null) }; N];
    for (place, operand) in bound.iter_mut().zip(operands) {
        *place = bind_as(operand, kind, columns)?;
    }
    Ok(bound)
}

fn find(name: &str, columns: &[TableColumn<'_>]) -> Result<(usize, Kind), TypeProblem> {
    let place = columns.iter().position(|column| column.is_named(name));
    let found = place.and_then(|place| Some((place, columns.get(place)?.kind)));
    found.ok_or_else(|| TypeProblem { column: Some(name.to_owned()), problem: "there is no such column".to_owned() })
}

/// What operands are compared as: the kind of the first column, else of the first value.
fn common_kind<'a>(
    operands: impl Iterator<Item = &'a Operand> + Clone,
    columns: &[TableColumn<'_>],
) -> Result<Kind, TypeProblem> {
    for operand in operands.clone() {
        if let Operand::Column(name) = operand {
            return match find(name, columns)?.1 {
                Kind::Opaque => Err(mismatch(operand, Kind::Opaque, "it can only be asked whether it IS NULL")),
                kind => Ok(kind),
            };
        }
    }
    let mut kinds = operands.filter_map(|operand| match operand {
        Operand::Number(_) => Some(Kind::Number),
        Operand::Text(_) => Some(Kind::Text),
        Operand::Column(_) | Operand::Null => None,
    });
    Ok(kinds.next().unwrap_or(Kind::Text))
}

fn bind_as(operand: &Operand, kind: Kind, columns: &[TableColumn<'_>]) -> Result<Bound, TypeProblem> {
    let group = |kind| if kind == Kind::Member { Kind::Text } else { kind };
    match operand {
        Operand::Null => Ok(Bound::Value(Cell::Null)),
        Operand::Column(name) => match find(name, columns)? {
            (index, found) if group(found) == group(kind) => Ok(Bound::Column(index, found)),
            (_, found) => Err(mismatch(operand, found, &format!("it is compared with {}", kind.words()))),
        },
        Operand::Number(number) if kind == Kind::Number => Ok(Bound::Value(Cell::Number(number.clone()))),
        Operand::Number(_) => Err(mismatch(operand, Kind::Number, &format!("it is compared with {}", kind.words()))),
        Operand::Text(text) => literal(text, kind).map(Bound::Value).ok_or_else(|| {
            let form = match kind {
                Kind::Date => "is compared with a date: write '2026-11-22'",
                Kind::DateTime => "is compared with a date and time: write '2026-11-22 08:00:00'",
                Kind::Time => "is compared with a time: write '08:00:00'",
                _ => "is compared with a number: write it without quotes",
            };
            TypeProblem { column: None, problem: format!("a text in the condition {form}") }
        }),
    }
}

fn mismatch(operand: &Operand, found: Kind, with: &str) -> TypeProblem {
    let column = match operand {
        Operand::Column(name) => Some(name.clone()),
        _ => None,
    };
    let subject = if column.is_some() { "the column is" } else { "a value in the condition is" };
    TypeProblem { column, problem: format!("{subject} {}, and {with}", found.words()) }
}

/// A text of the condition in the form that values of this kind are compared in.
fn literal(text: &str, kind: Kind) -> Option<Cell<'static>> {
    match kind {
        Kind::Text | Kind::Member => Some(Cell::text(text)),
        Kind::Date => has_form(text, "dddd-dd-dd").then(|| Cell::text(text)),
        Kind::DateTime if has_form(text, "dddd-dd-dd") => Some(Cell::text(format!("{text} 00:00:00.000000"))),
        Kind::DateTime => {
            let (clock, fraction) = text.split_once('.').unwrap_or((text, "0"));
            let right = has_form(clock, "dddd-dd-dd dd:dd:dd") && is_fraction(fraction);
            right.then(|| Cell::text(format!("{clock}.{fraction:0<6}")))
        }
        Kind::Time => microseconds(text).map(|micros| Cell::Number(micros.into())),
        Kind::Number | Kind::Opaque => None,
    }
}

/// Whether it has this form: `d` stands for a digit.
fn has_form(text: &str, form: &str) -> bool {
    let fits = |(found, wanted): (u8, u8)| if wanted == b'd' { found.is_ascii_digit() } else { found == wanted };
    text.len() == form.len() && text.bytes().zip(form.bytes()).all(fits)
}

fn is_fraction(digits: &str) -> bool {
    (1..=6).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// `-838:59:59.5` as a number of microseconds.
fn microseconds(text: &str) -> Option<i64> {
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (clock, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let (hours, rest) = clock.split_once(':')?;
    let digits = |part: &str, lengths: std::ops::RangeInclusive<usize>| {
        let right = lengths.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        right.then(|| part.parse::<i64>().ok()).flatten()
    };
    let (minutes, seconds) = rest.split_once(':')?;
    let clock = digits(hours, 1..=3)? * 3_600 + digits(minutes, 2..=2)? * 60 + digits(seconds, 2..=2)?;
    let micros = clock * 1_000_000 + digits(&format!("{fraction:0<6}"), 6..=6)?;
    Some(if negative { -micros } else { micros })
}

/// A column's value in the form that it is compared in.
fn ordered(cell: Cell<'_>, kind: Kind) -> Cell<'_> {
    match (kind, &cell) {
        (Kind::DateTime, Cell::Text(text)) => {
            let (clock, fraction) = text.split_once('.').unwrap_or((text, "0"));
            Cell::text(format!("{clock}.{fraction:0<6}"))
        }
        (Kind::Time, Cell::Text(text)) => match microseconds(text) {
            Some(micros) => Cell::Number(Number::from(micros)),
            None => cell,
        },
        _ => cell,
    }
}

fn given<'a, E>(bound: &Bound, value: &mut impl FnMut(usize) -> Result<Cell<'a>, E>) -> Result<Cell<'a>, E> {
    match bound {
        Bound::Column(index, kind) => Ok(ordered(value(*index)?, *kind)),
        Bound::Value(cell) => Ok(cell.clone()),
    }
}

/// `None` with a NULL.
fn order(left: &Cell<'_>, right: &Cell<'_>) -> Option<Ordering> {
    match (left, right) {
        (Cell::Number(left), Cell::Number(right)) => Some(left.cmp(right)),
        (Cell::Text(left), Cell::Text(right)) => Some(left.as_bytes().cmp(right.as_bytes())),
        _ => None,
    }
}

fn holds<'a, E>(
    condition: &Condition<Bound>,
    value: &mut impl FnMut(usize) -> Result<Cell<'a>, E>,
) -> Result<Option<bool>, E> {
    Ok(match condition {
        Condition::Any(parts) => joined(parts, true, value)?,
        Condition::All(parts) => joined(parts, false, value)?,
        Condition::Not(part) => holds(part, value)?.map(|holds| !holds),
        Condition::IsNull(one) => Some(given(one, value)? == Cell::Null),
        Condition::Compared(left, comparison, right) => {
            let (left, right) = (given(left, value)?, given(right, value)?);
            order(&left, &right).map(|order| comparison.holds(order))
        }
        Condition::Between(one, low, high) => {
            let (one, low, high) = (given(one, value)?, given(low, value)?, given(high, value)?);
            let (above, below) = (order(&one, &low).map(Ordering::is_ge), order(&one, &high).map(Ordering::is_le));
            match (above, below) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            }
        }
        Condition::In(one, list) => {
            let one = given(one, value)?;
            let mut found = Some(false);
            for other in list {
                match order(&one, &given(other, value)?) {
                    Some(Ordering::Equal) => return Ok(Some(true)),
                    Some(_) => {}
                    None => found = None,
                }
            }
            found
        }
        Condition::Like(one, pattern) => match given(one, value)? {
            Cell::Text(text) => Some(is_like(&text, pattern)),
            Cell::Null | Cell::Number(_) => None,
        },
    })
}

/// OR, which one true part decides, or AND, which one false part does.
fn joined<'a, E>(
    parts: &[Condition<Bound>],
    decisive: bool,
    value: &mut impl FnMut(usize) -> Result<Cell<'a>, E>,
) -> Result<Option<bool>, E> {
    let mut found = Some(!decisive);
    for part in parts {
        match holds(part, value)? {
            Some(one) if one == decisive => return Ok(Some(decisive)),
            Some(_) => {}
            None => found = None,
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [TableColumn<'static>; 9] = [
        TableColumn { name: "id", kind: Kind::Number, is_key: true },
        TableColumn { name: "amount", kind: Kind::Number, is_key: false },
        TableColumn { name: "Status", kind: Kind::Member, is_key: false },
        TableColumn { name: "note", kind: Kind::Text, is_key: false },
        TableColumn { name: "day", kind: Kind::Date, is_key: false },
        TableColumn { name: "at", kind: Kind::DateTime, is_key: false },
        TableColumn { name: "span", kind: Kind::Time, is_key: false },
        TableColumn { name: "rate", kind: Kind::Opaque, is_key: false },
        TableColumn { name: "gone", kind: Kind::Text, is_key: false },
    ];

    fn row(index: usize) -> Result<Cell<'static>, ()> {
        let number = |text: &str| Cell::Number(Number::parse(text).unwrap());
        Ok(match index {
            0 => number("9007199254740993"),
            1 => number("12.50"),
            2 => Cell::text("open"),
            3 => Cell::text("Grün "),
            4 => Cell::text("2026-11-22"),
            5 => Cell::text("2026-11-22 08:00:00.5"),
            6 => Cell::text("-01:30:00"),
            7 => Cell::text("x"),
            _ => Cell::Null,
        })
    }

    #[test]
    fn a_row_passes_where_the_condition_is_true() {
        for (text, expected) in [
            ("id = 9007199254740993", true),
            ("id = 9007199254740992", false),
            ("id > 9007199254740992.5", true),
            ("amount = 12.5 and status <> 'draft'", true),
            ("amount < 9", false),
            ("amount in (1, 12.500)", true),
            ("amount not in (1, 2)", true),
            ("amount not in (1, null)", false),
            ("amount in (12.5, null)", true),
            ("amount between 12 and 13", true),
            ("amount not between 12 and 13", false),
            ("amount between 13 and null", false),
            ("not (amount between 13 and null)", true),
            ("status like 'o%'", true),
            ("STATUS = 'open'", true),
            ("status = 'Open'", false),
            ("note = 'Grün'", false),
            ("note = 'Grün '", true),
            ("note like '_rün%'", true),
            ("note = status", false),
            ("day = '2026-11-22'", true),
            ("day < '2026-12-01'", true),
            ("at > '2026-11-22'", true),
            ("at = '2026-11-22 08:00:00.500'", true),
            ("at < '2026-11-22 08:00:00.499999'", false),
            ("span < '-01:00:00'", true),
            ("span = '-1:30:00.0'", true),
            ("rate is null", false),
            ("rate is not null", true),
            ("gone is null", true),
            ("gone = 'x'", false),
            ("not gone = 'x'", false),
            ("gone <> 'x'", false),
            ("gone = null", false),
            ("gone = 'x' or amount > 1", true),
            ("gone = 'x' and amount < 1", false),
            ("not (gone = 'x' and amount < 1)", true),
            ("gone like '%'", false),
            ("1 = 1", true),
            ("true = false", false),
            ("not not amount = 12.5", true),
            ("amount = 1 or amount = 12.5 and id = 1", false),
            ("(amount = 1 or amount = 12.5) and id <> 1", true),
        ] {
            let bound =
                RowFilter::new(text).unwrap().bind(&COLUMNS).unwrap_or_else(|problem| panic!("{text}: {problem:?}"));
            assert_eq!(bound.passes(row), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_can_not_be_compared_exactly_is_refused() {
        for (text, column, problem) in [
            ("nothing = 1", Some("nothing"), "no such column"),
            ("rate = 1", Some("rate"), "IS NULL"),
            ("amount = 'x'", None, "without quotes"),
            ("status = 1", None, "is compared with a text"),
            ("status = amount", Some("amount"), "a number, and it is compared with a text"),
            ("amount like '1%'", Some("amount"), "LIKE compares texts"),
            ("day = '22.11.2026'", None, "'2026-11-22'"),
            ("at = 'now'", None, "'2026-11-22 08:00:00'"),
            ("span = '8'", None, "'08:00:00'"),
            ("day = at", Some("at"), "a date with a time"),
            ("amount in (1, 'x')", None, "without quotes"),
            ("amount > 1 or note = 2", None, "is compared with a text"),
        ] {
            let refused = RowFilter::new(text).unwrap().bind(&COLUMNS).unwrap_err();
            assert_eq!(refused.column.as_deref(), column, "{text}: {refused:?}");
            assert!(refused.problem.contains(problem), "{text}: {refused:?}");
        }
    }

    #[test]
    fn a_value_that_is_not_known_ends_it_only_where_it_decides() {
        let value = |index| if index == 0 { Err("lacking") } else { row(index).map_err(|()| "") };
        let passes = |text: &str| RowFilter::new(text).unwrap().bind(&COLUMNS).unwrap().passes(value);
        assert_eq!(passes("id = 1"), Err("lacking"));
        assert_eq!(passes("amount = 12.5 or id = 1"), Ok(true));
    }
}
