//! Cursors: where the next page of a list begins, signed so that nobody can read or choose a position that
//! a list did not offer.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use super::keys::{DerivedKeys, KEY_BYTES, Keys};

/// Maximum length of a cursor. Positions are names of at most 254 bytes, and an id.
const MAX_LENGTH: usize = 1024;

/// Issues and reads cursors.
#[derive(Clone)]
pub struct Cursors(DerivedKeys);

impl Cursors {
    pub fn new(keys: &Keys) -> Self {
        Self(DerivedKeys::derive(keys, "gatehouse cursor"))
    }

    /// The cursor of a position in the list `scope`: its name and its filters.
    pub fn issue(&self, scope: &str, position: &str) -> String {
        let code = self.0.authenticate(&message(scope, position));
        BASE64_URL_SAFE_NO_PAD.encode([&code[..], position.as_bytes()].concat())
    }

    /// The position of a cursor of this list.
    pub fn read(&self, scope: &str, cursor: &str) -> Option<String> {
        if cursor.len() > MAX_LENGTH {
            return None;
        }
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (code, position) = bytes.split_first_chunk::<KEY_BYTES>()?;
        let position = str::from_utf8(position).ok()?;
        let is_ours = self.0.verify(&message(scope, position), code);
        is_ours.then(|| position.to_owned())
    }
}

/// The length separates the two, whatever characters they have.
fn message(scope: &str, position: &str) -> Vec<u8> {
    format!("{}:{scope}{position}", scope.len()).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_for_the_list_that_issued_it() {
        let cursors = Cursors::new(&Keys::only("key"));
        let cursor = cursors.issue("users role=ADMIN", "2026 a");
        let read = |scope| cursors.read(scope, &cursor);
        assert_eq!(read("users role=ADMIN").as_deref(), Some("2026 a"));
        for other in ["users", "users role=ADMIN2", "users role=ADMI", ""] {
            assert_eq!(read(other), None, "{other}");
        }
    }

    #[test]
    fn a_changed_or_foreign_cursor_is_refused() {
        let cursors = Cursors::new(&Keys::only("key"));
        let cursor = cursors.issue("users", "2026 a");
        let foreign = Cursors::new(&Keys::only("other")).issue("users", "2026 a");
        let changed = format!("{}B", &cursor[..cursor.len() - 1]);
        let long = "A".repeat(MAX_LENGTH + 1);
        for wrong in ["", "!", "AAAA", &foreign, &changed, &cursor[1..], &long] {
            assert_eq!(cursors.read("users", wrong), None, "{wrong}");
        }
    }
}
