//! Where the session outlives a reload: the browser's storage for this origin.
//!
//! The service's own pages keep theirs in the same place and form, so that whoever has logged in
//! there is logged in here. The access token is not among it: a script that steals from a storage
//! is meant to find as little as may be.

use web_sys::{Storage, window};

use crate::api::RefreshToken;

/// The name of the entry, `{"refresh_token": ...}`.
pub const KEY: &str = "gatehouse.session";

/// What is kept, if anything usable is.
pub fn read() -> Option<RefreshToken> {
    let text = storage()?.get_item(KEY).ok()??;
    serde_json::from_str(&text).ok()
}

/// Keeps a token in place of the former one. Where the browser refuses, the session ends with the
/// document.
pub fn write(token: &RefreshToken) {
    if let (Some(storage), Ok(text)) = (storage(), serde_json::to_string(token)) {
        let _ = storage.set_item(KEY, &text);
    }
}

/// Forgets the token.
pub fn clear() {
    if let Some(storage) = storage() {
        let _ = storage.remove_item(KEY);
    }
}

/// There is none where the person has forbidden it.
fn storage() -> Option<Storage> {
    window()?.local_storage().ok()?
}
