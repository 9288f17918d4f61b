//! A component that hashes a password for each request, with the service's default parameters: the
//! baseline for a login.
// The names of its exports are valid only in a component.
#![cfg(target_family = "wasm")]

use argon2::{Algorithm, Argon2, Params, Version};
use spin_sdk::http::{Request, StatusCode};
use spin_sdk::http_service;

/// The defaults of `argon2_memory_kib` and `argon2_passes` in spin.toml.
const MEMORY_KIB: u32 = 7168;
const PASSES: u32 = 5;

#[http_service]
async fn answer(_: Request) -> StatusCode {
    match hash() {
        Ok(hash) if hash != [0; 32] => StatusCode::OK,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn hash() -> argon2::Result<[u8; 32]> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, None)?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut hash = [0; 32];
    argon2.hash_password_into(b"correct horse 1", b"sixteen bytes ok", &mut hash)?;
    Ok(hash)
}
