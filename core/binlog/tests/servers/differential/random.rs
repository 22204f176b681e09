//! Numbers and texts from a seed.

/// SplitMix64 (Steele, Lea, Flood 2014).
pub(super) struct Random(u64);

impl Random {
    pub(super) fn of_seed(seed: u64) -> Self {
        Random(seed.wrapping_mul(0x2545_f491_4f6c_dd1d))
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    pub(super) fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize]
    }

    /// So many digits, the first ones perhaps zero.
    pub(super) fn digits(&mut self, count: u64) -> String {
        (0..count).map(|_| char::from(b'0' + self.below(10) as u8)).collect()
    }

    /// Up to so many characters out of `of`; short ones more often than long ones.
    pub(super) fn text(&mut self, most: u64, of: &str) -> String {
        let characters: Vec<char> = of.chars().collect();
        let bound = if self.below(4) == 0 { most } else { most.min(12) };
        (0..self.below(bound + 1)).map(|_| self.one(&characters)).collect()
    }

    pub(super) fn hex(&mut self, most: u64) -> String {
        let bound = if self.below(4) == 0 { most } else { most.min(12) };
        (0..self.below(bound + 1))
            .map(|_| format!("{:02x}", self.one(&[0, 0xff, 0x20, 0x27, 0x5c, self.0 as u8])))
            .collect()
    }
}
