//! Common passwords, as a filter that is compiled in and used where it lies.
//!
//! `blocklist/passwords.txt` has the passwords of Django's list that the rules allow; docs/operating.md has
//! their number and origin. A binary fuse filter of 16 bits takes a fifth of the list's size. It knows every
//! listed password, and takes one in 65,536 others for a listed one.

mod key;

use xorf::{BinaryFuse16Ref, Filter, FilterRef};

/// Aligns the fingerprints, which are 16-bit integers.
#[repr(C, align(2))]
struct Aligned<T: ?Sized>(T);

static DESCRIPTOR: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/common_passwords.descriptor"));
static FINGERPRINTS: &Aligned<[u8]> = &Aligned(*include_bytes!(concat!(
    env!("OUT_DIR"),
    "/common_passwords.fingerprints"
)));

/// Whether a password is common. `folded` is the password after [`fold`](super::folding::fold).
pub fn contains(folded: &str) -> bool {
    BinaryFuse16Ref::from_dma(DESCRIPTOR, &FINGERPRINTS.0).contains(&key::key(folded))
}

#[cfg(test)]
mod tests {
    use super::super::folding::fold;
    use super::*;

    fn listed() -> impl Iterator<Item = &'static str> {
        include_str!("../../../blocklist/passwords.txt").lines()
    }

    #[test]
    fn every_listed_password_is_found_in_any_spelling() {
        for password in listed() {
            assert!(contains(&fold(password)), "{password}");
            assert!(contains(&fold(&password.to_uppercase())), "{password}");
        }
        for spelling in [
            "PassWord1",
            "ｐａｓｓｗｏｒｄ１",
            "pass\u{200B}word1",
            "𝓹𝓪𝓼𝓼𝔀𝓸𝓻𝓭𝟏",
        ] {
            assert!(contains(&fold(spelling)), "{spelling}");
        }
    }

    #[test]
    fn hardly_any_other_password_is_found() {
        let found = (0..1_000_000).filter(|number| contains(&format!("correct horse {number}")));
        assert!(found.count() < 40);
    }

    #[test]
    fn the_filter_is_small() {
        assert!(listed().count() > 12_000);
        assert!(FINGERPRINTS.0.len() < 32 * 1024, "{}", FINGERPRINTS.0.len());
    }
}
