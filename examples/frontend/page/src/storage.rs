//! The session that an earlier version of the page has stored, where every script could read it.

use web_sys::{Storage, window};

use crate::api::StoredToken;
use crate::session::NAME;

/// Reads the stored token, if there is one.
pub fn read() -> Option<StoredToken> {
    let text = storage()?.get_item(NAME).ok()??;
    serde_json::from_str(&text).ok()
}

/// Removes the token.
pub fn clear() {
    if let Some(storage) = storage() {
        let _ = storage.remove_item(NAME);
    }
}

/// `None` if the user has disabled it.
fn storage() -> Option<Storage> {
    window()?.local_storage().ok()?
}
