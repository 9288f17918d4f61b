//! A component that hashes a password for each request, with the service's default parameters: the
//! baseline for a login.
// The names of its exports are valid only in a component.
#![cfg(target_family = "wasm")]

use argon2::{Algorithm, Argon2, Params, Version};
use spin_sdk::http::{Request, StatusCode};
use spin_sdk::http_service;

#[http_service]
async fn answer(_: Request) -> StatusCode {
    match hash() {
        Ok(hash) if hash != [0; 32] => StatusCode::OK,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn hash() -> argon2::Result<[u8; 32]> {
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::default());
    let mut hash = [0; 32];
    argon2.hash_password_into(b"correct horse 1", b"sixteen bytes ok", &mut hash)?;
    Ok(hash)
}
