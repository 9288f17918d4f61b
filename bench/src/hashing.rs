//! Native Argon2id with the service's default parameters.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine;
use base64::prelude::BASE64_STANDARD_NO_PAD;

/// The defaults of `argon2_memory_kib` and `argon2_passes` in spin.toml.
const MEMORY_KIB: u32 = 7168;
const PASSES: u32 = 5;
const SALT: &[u8; 16] = b"sixteen bytes ok";

/// The hash of a password, as the service stores it.
pub fn phc_string(password: &str) -> Result<String> {
    let encode = |bytes: &[u8]| BASE64_STANDARD_NO_PAD.encode(bytes);
    let (salt, hash) = (encode(SALT), encode(&hash(password)?));
    Ok(format!(
        "$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p=1${salt}${hash}"
    ))
}

/// Hashes per second on `threads` threads.
pub fn native_rate(threads: usize, duration: Duration) -> Result<f64> {
    let start = Instant::now();
    let count = || {
        let mut hashes = 0_u32;
        while start.elapsed() < duration {
            hash("correct horse 1")?;
            hashes += 1;
        }
        Ok(hashes)
    };
    let hashes: Result<u32> = thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(count)).collect();
        let counts = threads.into_iter().map(|thread| match thread.join() {
            Ok(count) => count,
            Err(_) => Err(anyhow!("a thread panicked")),
        });
        counts.sum()
    });
    Ok(f64::from(hashes?) / start.elapsed().as_secs_f64())
}

fn hash(password: &str) -> Result<[u8; 32]> {
    hash_into(password).map_err(|error| anyhow!("{error}"))
}

fn hash_into(password: &str) -> argon2::Result<[u8; 32]> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, None)?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut hash = [0; 32];
    argon2.hash_password_into(password.as_bytes(), SALT, &mut hash)?;
    Ok(hash)
}
