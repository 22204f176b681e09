//! Who of a line runs: the instance with the smallest sequence. Pure.

/// What the line says about one's own place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Election {
    /// Nobody is before us.
    Running,
    /// `predecessor` is the one right before us: the only one to watch, so that one that goes wakes one, not all.
    Standby { predecessor: String },
    /// We are not in the line.
    Missing,
}

/// The host and the sequence in `<hostname>-<sequence>`; `None` for a name that no store gave.
pub fn parse_instance_name(name: &str) -> Option<(&str, u64)> {
    let (host, digits) = name.rsplit_once('-')?;
    let numeric = digits.len() >= 10 && digits.bytes().all(|b| b.is_ascii_digit());
    Some((host, digits.parse().ok().filter(|_| numeric)?))
}

/// The names of a line in its order. Sequences are compared as numbers; what is no instance's name is left out.
pub fn in_order(names: impl IntoIterator<Item = String>) -> Vec<String> {
    let sequence = |name: &String| parse_instance_name(name).map(|(_, sequence)| sequence);
    let mut line: Vec<(u64, String)> =
        names.into_iter().filter_map(|name| sequence(&name).map(|sequence| (sequence, name))).collect();
    line.sort();
    line.into_iter().map(|(_, name)| name).collect()
}

/// The place of `own` in the line of `names`, given in any order.
pub fn decide(names: &[String], own: &str) -> Election {
    let line = in_order(names.iter().cloned());
    match line.iter().position(|name| name == own) {
        None => Election::Missing,
        Some(0) => Election::Running,
        Some(place) => Election::Standby { predecessor: line[place - 1].clone() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn standby(predecessor: &str) -> Election {
        Election::Standby { predecessor: predecessor.to_owned() }
    }

    #[test]
    fn the_smallest_sequence_runs_whatever_the_host() {
        let line = names(&["zeus-0000000003", "ares-0000000010", "hera-db-1-0000000007"]);
        assert_eq!(decide(&line, "zeus-0000000003"), Election::Running);
        assert_eq!(decide(&line, "hera-db-1-0000000007"), standby("zeus-0000000003"));
        assert_eq!(decide(&line, "ares-0000000010"), standby("hera-db-1-0000000007"));
        assert_eq!(decide(&line, "ares-0000000011"), Election::Missing);
        assert_eq!(decide(&[], "ares-0000000011"), Election::Missing);
    }

    #[test]
    fn sequences_are_numbers_beyond_ten_digits_too() {
        let line = names(&["a-10000000000", "b-9999999999"]);
        assert_eq!(decide(&line, "b-9999999999"), Election::Running);
        assert_eq!(decide(&line, "a-10000000000"), standby("b-9999999999"));
    }

    #[test]
    fn strangers_in_the_line_are_passed_over() {
        let line = names(&["lock", "a-1", "-0000000001x", "a-0000000005"]);
        assert_eq!(decide(&line, "a-0000000005"), Election::Running);
    }

    proptest! {
        #[test]
        fn one_runs_and_each_other_watches_the_one_before(sequences in prop::collection::btree_set(0u64..1 << 40, 1..20)) {
            let line: Vec<String> = sequences.iter().map(|s| format!("h{}-{s:010}", s % 3)).collect();
            let shuffled: Vec<String> = line.iter().rev().cloned().collect();
            prop_assert_eq!(decide(&shuffled, &line[0]), Election::Running);
            for pair in line.windows(2) {
                prop_assert_eq!(decide(&shuffled, &pair[1]), standby(&pair[0]));
            }
        }

        #[test]
        fn no_name_panics(name in ".*") {
            parse_instance_name(&name);
            decide(std::slice::from_ref(&name), &name);
        }
    }
}
