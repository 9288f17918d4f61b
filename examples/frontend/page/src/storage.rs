//! Keeps the session across reloads, in the browser's storage for this origin.
//!
//! The service's own pages use the same entry, so that a login there is a login here. The access token
//! is not stored, so that a script that reads the storage finds as little as possible.

use web_sys::{Storage, window};

use crate::api::RefreshToken;

/// The name of the entry, `{"refresh_token": ...}`.
pub const KEY: &str = "gatehouse.session";

/// Reads the stored token, if there is a valid one.
pub fn read() -> Option<RefreshToken> {
    let text = storage()?.get_item(KEY).ok()??;
    serde_json::from_str(&text).ok()
}

/// Stores a token in place of the previous one. If the browser does not allow that, the session ends
/// with the document.
pub fn write(token: &RefreshToken) {
    if let (Some(storage), Ok(text)) = (storage(), serde_json::to_string(token)) {
        let _ = storage.set_item(KEY, &text);
    }
}

/// Removes the token.
pub fn clear() {
    if let Some(storage) = storage() {
        let _ = storage.remove_item(KEY);
    }
}

/// `None` if the user has disabled it.
fn storage() -> Option<Storage> {
    window()?.local_storage().ok()?
}
