//! What a replica calls itself towards its source.

/// A replica's number and name. A source has one connection for each at most: a newer one ends the older.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplicaIdentity {
    pub server_id: u32,
    pub uuid: String,
}

impl ReplicaIdentity {
    /// The same for a task wherever it runs, so that the source itself ends an older connection when another Core takes
    /// over. Derived ids lie in the upper half of the numbers, where people seldom choose one.
    pub fn of_task(task: &str, server_id: Option<u32>) -> Self {
        Self::variant_of_task(task, server_id, 0)
    }

    /// Another identity of the same task, for a source where somebody else has the first. The uuid differs from variant
    /// to variant, the number too unless it was chosen.
    pub fn variant_of_task(task: &str, server_id: Option<u32>, variant: u32) -> Self {
        let name = match variant {
            0 => task.to_owned(),
            // A task's name has no space.
            other => format!("{task} {other}"),
        };
        let (high, low) = (fnv1a(0xcbf2_9ce4_8422_2325, &name), fnv1a(0x6c62_272e_07bb_0142, &name));
        let derived = 0x8000_0000 | ((high ^ (high >> 32)) as u32 & 0x7fff_fffe);
        // Marked as version 8 ("custom") of RFC 9562.
        let bits = u128::from(high) << 64 | u128::from(low);
        let bits = bits & !(0xf << 76) & !(0x3 << 62) | 8 << 76 | 2 << 62;
        let hex = format!("{bits:032x}");
        let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
        let uuid = [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-");
        Self { server_id: server_id.unwrap_or(derived), uuid }
    }
}

/// FNV-1a, 64 bits: stable over versions and machines, unlike the standard library's hashes.
fn fnv1a(basis: u64, text: &str) -> u64 {
    text.bytes().fold(basis, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_keeps_its_identity_and_differs_from_others() {
        let shop = ReplicaIdentity::of_task("shop", None);
        assert_eq!(shop, ReplicaIdentity::of_task("shop", None));
        let other = ReplicaIdentity::of_task("shoq", None);
        assert!(shop.server_id != other.server_id && shop.uuid != other.uuid);
        assert!(shop.server_id >= 0x8000_0000);
        assert_eq!(ReplicaIdentity::of_task("shop", Some(7)).server_id, 7);
        let second = ReplicaIdentity::variant_of_task("shop", None, 1);
        assert!(second.server_id != shop.server_id && second.uuid != shop.uuid);
        assert_eq!(second, ReplicaIdentity::variant_of_task("shop", None, 1));
        let chosen = ReplicaIdentity::variant_of_task("shop", Some(7), 1);
        assert!(chosen.server_id == 7 && chosen.uuid == second.uuid);
        let groups: Vec<usize> = shop.uuid.split('-').map(str::len).collect();
        assert_eq!(groups, [8, 4, 4, 4, 12]);
        assert_eq!(shop.uuid.as_bytes()[14], b'8');
    }
}
