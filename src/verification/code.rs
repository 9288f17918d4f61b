//! The code of a verification, for people who read the mail on another device.

use subtle::{Choice, ConstantTimeEq};
use uuid::Uuid;

use crate::crypto::keys::{DerivedKey, DerivedKeys, Keys};

/// Number of codes that can be tried. One of them is right by chance in one of 20 million cases.
pub const MAX_TRIES: i64 = 5;
/// Number of different codes: those of eight digits.
const CODES: u64 = 100_000_000;

/// Issues and checks codes.
#[derive(Clone)]
pub struct VerificationCodes(DerivedKeys);

impl VerificationCodes {
    pub fn new(keys: &Keys) -> Self {
        Self(DerivedKeys::derive(keys, "gatehouse verification code"))
    }

    /// The code of a verification: the same each time, so that a retried mail has the same code.
    pub fn issue(&self, verification: Uuid) -> String {
        code(self.0.authenticate(verification.as_bytes()))
    }

    /// Whether this is the code of a verification, under the current or the previous key. Compares in
    /// constant time, and ignores spaces.
    pub fn is_right(&self, verification: Uuid, entered: &str) -> bool {
        let entered: String = entered.split_whitespace().collect();
        let is_right = |key: &DerivedKey| {
            let issued = code(key.authenticate(verification.as_bytes()));
            issued.as_bytes().ct_eq(entered.as_bytes())
        };
        let of_each_key = self.0.each().map(is_right);
        of_each_key
            .fold(Choice::from(0), |one, other| one | other)
            .into()
    }
}

/// A code of eight digits. All are equally likely but for a part in 10^11, because there are 2^64 numbers to
/// reduce.
fn code([a, b, c, d, e, f, g, h, ..]: [u8; 32]) -> String {
    let number = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
    format!("{:08}", number % CODES)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: Uuid = Uuid::from_u128(1);

    fn codes(keys: &Keys) -> VerificationCodes {
        VerificationCodes::new(keys)
    }

    #[test]
    fn a_code_has_eight_digits_and_depends_on_its_key_and_verification() {
        let first = codes(&Keys::only("first"));
        let issued = first.issue(ID);
        assert!(issued.len() == 8 && issued.bytes().all(|byte| byte.is_ascii_digit()));
        assert_eq!(first.issue(ID), issued);
        assert_ne!(first.issue(Uuid::from_u128(2)), issued);
        assert_ne!(codes(&Keys::only("second")).issue(ID), issued);
    }

    #[test]
    fn small_numbers_keep_their_leading_zeros() {
        assert_eq!(code([0; 32]), "00000000");
        let mut bytes = [0; 32];
        bytes[7] = 42;
        assert_eq!(code(bytes), "00000042");
    }

    #[test]
    fn a_code_is_right_until_its_key_is_gone() {
        let issued = codes(&Keys::only("first")).issue(ID);
        assert!(codes(&Keys::only("first")).is_right(ID, &issued));
        assert!(codes(&Keys::rotated("second", "first")).is_right(ID, &issued));
        assert!(!codes(&Keys::rotated("third", "second")).is_right(ID, &issued));
        assert!(!codes(&Keys::only("first")).is_right(Uuid::from_u128(2), &issued));
    }

    #[test]
    fn spaces_do_not_matter_and_everything_else_does() {
        let codes = codes(&Keys::only("key"));
        let issued = codes.issue(ID);
        let (start, end) = issued.split_at(4);
        assert!(codes.is_right(ID, &format!(" {start} {end}\n")));
        for wrong in [
            "",
            start,
            &format!("{issued}0"),
            &format!("{start}-{end}"),
            "٠٠٠٠٠٠٠٠",
        ] {
            assert!(!codes.is_right(ID, wrong), "{wrong}");
        }
    }

    #[test]
    fn every_digit_is_as_frequent_as_the_others_in_every_place() {
        let codes = codes(&Keys::only("key"));
        let mut counts = [[0u32; 10]; 8];
        for number in 0..10_000 {
            let issued = codes.issue(Uuid::from_u128(number));
            for (place, digit) in issued.bytes().enumerate() {
                counts[place][usize::from(digit - b'0')] += 1;
            }
        }
        // A thousand of each, within seven standard deviations.
        let all = counts.as_flattened();
        assert!(
            all.iter().all(|count| (790..=1210).contains(count)),
            "{counts:?}"
        );
    }
}
