//! Bending inputs.

/// SplitMix64 (Steele, Lea, Flood 2014).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn of_seed(seed: u64) -> Self {
        Random(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }
}

/// Bytes that lengths, counts and markers turn on.
const TELLING: [u8; 14] = [0, 1, 2, 4, 8, 0x10, 0x7f, 0x80, 0xfa, 0xfb, 0xfc, 0xfd, 0xfe, 0xff];

/// Longest input; what grows beyond is cut.
const BYTES_MAX: usize = 100_000;

/// Bends `bytes` from `from` on, once to four times; `others` lend parts.
pub(crate) fn bend(random: &mut Random, bytes: &mut Vec<u8>, from: usize, others: &[Vec<u8>]) {
    for _ in 0..=random.below(4) {
        bend_once(random, bytes, from.min(bytes.len()), others);
    }
    bytes.truncate(BYTES_MAX);
}

fn bend_once(random: &mut Random, bytes: &mut Vec<u8>, from: usize, others: &[Vec<u8>]) {
    let length = bytes.len() - from;
    let at = from + random.below(length);
    let end = at + random.below(24).min(bytes.len().saturating_sub(at));
    match random.below(10) {
        0 if length > 0 => bytes[at] ^= 1 << random.below(8),
        1 | 2 if length > 0 => bytes[at] = TELLING[random.below(TELLING.len())],
        3 if length > 0 => bytes[at] = random.next() as u8,
        // A number of two, four or eight bytes, a little more or less.
        4 => {
            let width = [2, 4, 8][random.below(3)];
            if let Some(field) = bytes.get_mut(at..at + width) {
                let mut number = [0; 8];
                number[..width].copy_from_slice(field);
                let step = random.below(33) as u64;
                let number = u64::from_le_bytes(number).wrapping_add(step).wrapping_sub(16);
                field.copy_from_slice(&number.to_le_bytes()[..width]);
            }
        }
        5 => drop(bytes.drain(at..end)),
        6 => {
            let copy = bytes[at..end].to_vec();
            bytes.splice(at..at, copy);
        }
        7 => {
            let made_up: Vec<u8> = (0..=random.below(12)).map(|_| random.next() as u8).collect();
            bytes.splice(at..at, made_up);
        }
        8 => bytes.truncate(at),
        _ => {
            let Some(other) = others.get(random.below(others.len())).filter(|other| !other.is_empty()) else { return };
            let start = random.below(other.len());
            let part = &other[start..(start + random.below(64)).min(other.len())];
            bytes.splice(at..end, part.iter().copied());
        }
    }
}
