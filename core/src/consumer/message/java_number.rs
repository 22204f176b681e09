//! FLOAT and DOUBLE as Java prints them, which is what Canal's readers get.
//!
//! `Double.toString` (JDK 19 and later): the shortest decimal that reads back as the same number, of at least two
//! digits; positional from 10^-3 up to 10^7, else as `1.5E-7`.

use std::io::Write;

/// Appends a FLOAT. False for what is no number; no server stores one.
pub(super) fn push_float(out: &mut Vec<u8>, number: f32) -> bool {
    number.is_finite()
        && push(out, f64::from(number), |exact, buffer| {
            if exact { write!(buffer, "{:e}", number.abs()) } else { write!(buffer, "{:.1e}", number.abs()) }.is_ok()
        })
}

/// Appends a DOUBLE. False for what is no number.
pub(super) fn push_double(out: &mut Vec<u8>, number: f64) -> bool {
    number.is_finite()
        && push(out, number, |exact, buffer| {
            if exact { write!(buffer, "{:e}", number.abs()) } else { write!(buffer, "{:.1e}", number.abs()) }.is_ok()
        })
}

/// `print` writes the shortest form, or the one of two digits, such as `1.5e-7`.
fn push(out: &mut Vec<u8>, number: f64, print: impl Fn(bool, &mut &mut [u8]) -> bool) -> bool {
    if number.is_sign_negative() {
        out.push(b'-');
    }
    let mut buffer = [0u8; 40];
    let mut length = written(&mut buffer, |rest| print(true, rest));
    // A single digit: Java takes the nearest number of two.
    if buffer.get(1) == Some(&b'e') {
        length = written(&mut buffer, |rest| print(false, rest));
    }
    let text = buffer.get(..length).unwrap_or_default();
    let Some(split) = text.iter().position(|byte| *byte == b'e') else { return false };
    let (mantissa, exponent) = text.split_at(split);
    let exponent = exponent.get(1..).and_then(|text| std::str::from_utf8(text).ok()).and_then(|text| text.parse().ok());
    let (Some(first), Some(exponent)) = (mantissa.first(), exponent) else { return false };
    let fraction = match mantissa.get(2..).unwrap_or_default() {
        [] => &b"0"[..],
        digits => digits,
    };
    layout(out, *first, fraction, exponent)
}

fn written(buffer: &mut [u8; 40], print: impl FnOnce(&mut &mut [u8]) -> bool) -> usize {
    let mut rest = &mut buffer[..];
    if !print(&mut rest) {
        return 0;
    }
    let left = rest.len();
    buffer.len() - left
}

/// The number `first`.`fraction` times ten to the power of `exponent`.
fn layout(out: &mut Vec<u8>, first: u8, fraction: &[u8], exponent: i32) -> bool {
    match exponent {
        0..=6 => {
            let whole = exponent as usize;
            out.push(first);
            let (front, back) = fraction.split_at(whole.min(fraction.len()));
            out.extend_from_slice(front);
            out.extend(std::iter::repeat_n(b'0', whole - front.len()));
            out.push(b'.');
            out.extend_from_slice(if back.is_empty() { b"0" } else { back });
        }
        -3..=-1 => {
            out.extend_from_slice(b"0.");
            out.extend(std::iter::repeat_n(b'0', (-exponent - 1) as usize));
            out.push(first);
            if fraction != b"0" {
                out.extend_from_slice(fraction);
            }
        }
        _ => {
            out.extend_from_slice(&[first, b'.']);
            out.extend_from_slice(fraction);
            // Room for it there is: `out` grows.
            return write!(out, "E{exponent}").is_ok();
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn double(number: f64) -> String {
        let mut out = Vec::new();
        assert!(push_double(&mut out, number));
        String::from_utf8(out).unwrap()
    }

    fn float(number: f32) -> String {
        let mut out = Vec::new();
        assert!(push_float(&mut out, number));
        String::from_utf8(out).unwrap()
    }

    /// As JDK 17 prints them, except 1e23, which it gets wrong (JDK-4511638, mended in 19).
    #[test]
    fn numbers_look_as_in_java() {
        for (number, expected) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (-1.5, "-1.5"),
            (100.0, "100.0"),
            (1234567.0, "1234567.0"),
            (9999999.0, "9999999.0"),
            (1e7, "1.0E7"),
            (12345678.9, "1.23456789E7"),
            (0.001, "0.001"),
            (0.00123, "0.00123"),
            (0.0009, "9.0E-4"),
            (1e23, "1.0E23"),
            (1e300, "1.0E300"),
            (1.7976931348623157e308, "1.7976931348623157E308"),
            (2.2250738585072014e-308, "2.2250738585072014E-308"),
            (5e-324, "4.9E-324"),
            (0.1, "0.1"),
            (2e-3, "0.002"),
        ] {
            assert_eq!(double(number), expected);
        }
        for (number, expected) in [
            (0.1, "0.1"),
            (-1e20, "-1.0E20"),
            (3.4028235e38, "3.4028235E38"),
            (1e-45, "1.4E-45"),
            (16777216.0, "1.6777216E7"),
        ] {
            assert_eq!(float(number), expected);
        }
        assert!(!push_double(&mut Vec::new(), f64::NAN));
    }

    proptest::proptest! {
        #[test]
        fn numbers_read_back(number in proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL | proptest::num::f64::ZERO) {
            proptest::prop_assert_eq!(double(number).parse::<f64>().unwrap().to_bits(), number.to_bits());
        }

        #[test]
        fn floats_read_back(number in proptest::num::f32::NORMAL | proptest::num::f32::SUBNORMAL | proptest::num::f32::ZERO) {
            proptest::prop_assert_eq!(float(number).parse::<f32>().unwrap().to_bits(), number.to_bits());
        }
    }
}
