//! Password hashes that other services made: which ones are taken, and how long checking one takes.

use std::time::Duration;

use argon2::password_hash::phc::PasswordHash as PhcString;
use base64::Engine;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use bcrypt::HashParts;

use super::password::{BCRYPT_PREFIX, PBKDF2_PREFIX, SCRYPT};

/// Longest text of a hash, in bytes. A PHC string with the longest salt and output has about 250.
const MAX_BYTES: usize = 512;
/// Most memory that a check may take, in KiB: argon2-cffi's default, with which FastAPI-Users hashes.
const MAX_MEMORY_KIB: u64 = 64 * 1024;
/// Longest time that a check may take.
const MAX_TIME: Duration = Duration::from_millis(1200);

const UNSUPPORTED: &str = "The hash is not supported.";
const TOO_SLOW: &str = "The hash takes too long to check.";
const TOO_LARGE: &str = "The hash takes too much memory to check.";

/// The hash of a password, made by another service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignHash {
    /// In the format in which hashes are stored.
    pub text: String,
    /// How long it takes to compare a password with it, on an idle core of an ordinary server.
    pub check_time: Duration,
}

/// What a check takes. The nanoseconds of each unit of work were measured in WebAssembly, by logins on two busy
/// cores.
struct Cost {
    memory_kib: u64,
    nanoseconds: u64,
}

impl ForeignHash {
    /// Parses a hash: bcrypt, or argon2, scrypt or PBKDF2 as a PHC string, or as Django or passlib writes it.
    ///
    /// # Errors
    /// It is none of these, or too costly to check.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text.len() > MAX_BYTES {
            return Err(UNSUPPORTED);
        }
        let text = normalize(text).ok_or(UNSUPPORTED)?;
        let cost = if text.starts_with(BCRYPT_PREFIX) {
            Cost::of_bcrypt(&text)
        } else {
            Cost::of_phc(&text)
        };
        let cost = cost.ok_or(UNSUPPORTED)?;
        let check_time = Duration::from_nanos(cost.nanoseconds);
        if cost.memory_kib > MAX_MEMORY_KIB {
            Err(TOO_LARGE)
        } else if check_time > MAX_TIME {
            Err(TOO_SLOW)
        } else {
            Ok(Self { text, check_time })
        }
    }
}

/// Rewrites what Django and passlib write to what is stored. Leaves everything else as it is.
fn normalize(text: &str) -> Option<String> {
    // Django puts the name of the hasher in front of a whole hash.
    let text = text.strip_prefix("bcrypt$").unwrap_or(text);
    let text = text.strip_prefix("argon2$").map_or_else(
        || text.to_owned(),
        // The hash begins without its dollar.
        |hash| format!("${hash}"),
    );
    let parts: Vec<_> = text.split('$').collect();
    match parts[..] {
        // Django: the salt is a text, the output is padded.
        [
            name @ ("pbkdf2_sha256" | "pbkdf2_sha512"),
            rounds,
            salt,
            output,
        ] => {
            let name = name.replace('_', "-");
            let salt = BASE64_STANDARD_NO_PAD.encode(salt);
            pbkdf2(&name, rounds, &salt, output.trim_end_matches('='))
        }
        // passlib: the rounds have no name, and a dot stands for the plus of Base64.
        [
            "",
            name @ ("pbkdf2-sha256" | "pbkdf2-sha512"),
            rounds,
            salt,
            output,
        ] if !rounds.contains('=') => {
            let base64 = |text: &str| text.replace('.', "+");
            pbkdf2(name, rounds, &base64(salt), &base64(output))
        }
        _ => Some(text),
    }
}

fn pbkdf2(name: &str, rounds: &str, salt: &str, output: &str) -> Option<String> {
    let length = BASE64_STANDARD_NO_PAD.decode(output).ok()?.len();
    Some(format!("${name}$i={rounds},l={length}${salt}${output}"))
}

impl Cost {
    fn of_bcrypt(text: &str) -> Option<Self> {
        /// The cost factors that the algorithm allows.
        const FACTORS: std::ops::RangeInclusive<u32> = 4..=31;
        const ROUND: u64 = 115_000;
        let is_known = ["$2a$", "$2b$", "$2y$"]
            .iter()
            .any(|it| text.starts_with(it));
        let factor = text.parse::<HashParts>().ok()?.get_cost();
        (is_known && FACTORS.contains(&factor)).then(|| Self {
            memory_kib: 4,
            nanoseconds: ROUND << factor,
        })
    }

    fn of_phc(text: &str) -> Option<Self> {
        let hash = PhcString::new(text).ok()?;
        (hash.salt.is_some() && hash.hash.is_some()).then_some(())?;
        match hash.algorithm.as_str() {
            SCRYPT => Self::of_scrypt(scrypt::Params::try_from(&hash).ok()?),
            name if name.starts_with(PBKDF2_PREFIX) => {
                let algorithm = pbkdf2::Algorithm::new(name).ok()?;
                Self::of_pbkdf2(algorithm, pbkdf2::Params::try_from(&hash).ok()?)
            }
            name => {
                argon2::Algorithm::new(name).ok()?;
                argon2::Version::try_from(hash.version?).ok()?;
                Self::of_argon2(&argon2::Params::try_from(&hash).ok()?)
            }
        }
    }

    fn of_argon2(params: &argon2::Params) -> Option<Self> {
        /// The most that stays in a processor's cache: the largest of the parameters that OWASP calls equal.
        const CACHED_KIB: u64 = 19_456;
        let memory_kib = u64::from(params.m_cost());
        let passes = u64::from(params.t_cost());
        let nanoseconds = if memory_kib <= CACHED_KIB { 950 } else { 2_400 };
        Some(Self {
            memory_kib,
            nanoseconds: memory_kib
                .saturating_mul(passes)
                .saturating_mul(nanoseconds),
        })
    }

    fn of_scrypt(params: scrypt::Params) -> Option<Self> {
        const KIB: u64 = 9_500;
        let bytes = 128 * u64::from(params.r());
        let memory_kib = params.n().checked_mul(bytes)? / 1024;
        let lanes = u64::from(params.p());
        Some(Self {
            memory_kib,
            nanoseconds: memory_kib.saturating_mul(lanes).saturating_mul(KIB),
        })
    }

    fn of_pbkdf2(algorithm: pbkdf2::Algorithm, params: pbkdf2::Params) -> Option<Self> {
        const SHA256_ROUND: u64 = 750;
        const SHA512_ROUND: u64 = 900;
        let (block, round) = match algorithm {
            pbkdf2::Algorithm::Pbkdf2Sha256 => (32, SHA256_ROUND),
            pbkdf2::Algorithm::Pbkdf2Sha512 => (64, SHA512_ROUND),
            _ => return None,
        };
        let blocks = params.output_len().div_ceil(block) as u64;
        Some(Self {
            memory_kib: 4,
            nanoseconds: u64::from(params.rounds()) * blocks * round,
        })
    }
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;
    use crate::passwords::password::{PasswordHasher, Verdict};

    /// Hashes of `correct horse 1`, made by Python's bcrypt, argon2-cffi, passlib and Django.
    const HASHES: [&str; 14] = [
        "$2a$04$bzQj9v1CyGU3ge8D2UPwg.xZS4Fw4ylfpo88uWbAi1CuIzVxSCBi.",
        "$2b$04$bzQj9v1CyGU3ge8D2UPwg.xZS4Fw4ylfpo88uWbAi1CuIzVxSCBi.",
        "$2y$04$bzQj9v1CyGU3ge8D2UPwg.xZS4Fw4ylfpo88uWbAi1CuIzVxSCBi.",
        "bcrypt$$2b$04$0slEkCMihcE9hqgfq2CnBeLSAjQLvXLvk/ok6rgNl2ykvREw.Jziu",
        "$argon2d$v=19$m=64,t=1,p=1$0RYl/uI3i6X5He0RSajaaQ$im9/Gbsdbhwn+VKrtx41VISbdhQK2vV5BHm4Cb5qjxg",
        "$argon2i$v=19$m=64,t=1,p=1$FVH72lGYqUYdTG9D+anfzA$EVzm4HH4WHJjC8kBXVGzrSCYZuLvHMTfLNSQa8f7fUI",
        "$argon2id$v=19$m=64,t=1,p=1$j55KwVPxUaJ3PrvOhkqMiw$HJR9ZXnMyXHvKHbI8tQt8h1vHgcuqKXk2KxC1rl5aiY",
        "argon2$argon2id$v=19$m=64,t=1,p=1$c0ZaTE5vRHdLRmZxQWFYaHlGU3JlNQ$dedBLftc8O5NvfLY7mINK6ZyEkUCv0NtSbcCFQ28q4k",
        "$scrypt$ln=4,r=8,p=1$KqX0PofQeo9RylnrvVeK0Q$jfilftLvjU8BeWhnTra2/LmfLQzVpMzX1D3OYDQ379I",
        "$pbkdf2-sha256$1000$xPifs7bWmrNW6l0LwZiTcg$OIw81j2HyNqRbIJIZlz3tkYEits78Ik6mk6tE/72Uwc",
        "$pbkdf2-sha256$29000$mbMWImQs5RwDYIzx/v//nw$HnHu67CXlfEb3BSubz5ZgvldzqvNTVZcmE75.P1oh/k",
        "$pbkdf2-sha512$1000$yZkzZkzpndMao3QuRQgBgA$VzThMMWmMcgdlcg9n9f6dyxq6K6LnQcz5XNJPInvN86cZEPjmn1DuCkWVlEDIfID9UbK8oGxGlj4gSrxkVwBEw",
        "$pbkdf2-sha256$i=1000$xPifs7bWmrNW6l0LwZiTcg$OIw81j2HyNqRbIJIZlz3tkYEits78Ik6mk6tE/72Uwc",
        "pbkdf2_sha256$1000$5jfhpUm1hDOXfnEgLVttZo$yGntlOqisGmXpoCN6B4ErUKLbpk41RW1xThVYxdCtTc=",
    ];

    fn verdict(text: &str, password: &str) -> Verdict {
        let hasher = PasswordHasher::new(64, 1).expect("small parameters");
        let password = SecretString::from(password);
        hasher.verify(&password, Some(text)).expect("a verdict")
    }

    #[test]
    fn only_the_right_password_fits_the_hash_of_another_service() {
        for text in HASHES {
            let hash = ForeignHash::parse(text).expect(text);
            assert_ne!(
                verdict(&hash.text, "correct horse 1"),
                Verdict::Wrong,
                "{text}"
            );
            assert_eq!(
                verdict(&hash.text, "correct horse 2"),
                Verdict::Wrong,
                "{text}"
            );
            let again = ForeignHash::parse(&hash.text);
            assert_eq!(again, Ok(hash), "an export can be imported: {text}");
        }
    }

    #[test]
    fn other_hashes_are_refused() {
        let long = format!("$argon2id$v=19$m=64,t=1,p=1${}$AAAA", "A".repeat(600));
        for text in [
            "",
            "void",
            "correct horse 1",
            "5f4dcc3b5aa765d61d8327deb882cf99",
            "$1$salt$qJH7.N4xYta3aEG/dfqo/0",
            "$6$salt$IxDD3jeSOb5eB1CX5LBsqZFVkJdido3OUILO5Ifz5iwMuTS4XMS130MTSuDDl3aCI6WouIL9AjRbLCelDCy.g.",
            // A flaw of one old library, which no other repeats.
            "$2x$04$bzQj9v1CyGU3ge8D2UPwg.xZS4Fw4ylfpo88uWbAi1CuIzVxSCBi.",
            "$2b$03$bzQj9v1CyGU3ge8D2UPwg.xZS4Fw4ylfpo88uWbAi1CuIzVxSCBi.",
            "$2b$99$bzQj9v1CyGU3ge8D2UPwg.xZS4Fw4ylfpo88uWbAi1CuIzVxSCBi.",
            "$2b$04$short",
            // The password of this one is hashed by SHA-256 first.
            "bcrypt_sha256$$2b$04$dk3DIO03lr.FW9LR8e2U.efsXZP9hyGwBLGOMstkn6rhMZIQYAida",
            "$pbkdf2$1000$59zb.z8npNQ65xwD4NwbIw$ONq.XqaL0LmP6y3hfkNZ0H0iDYA",
            "$pbkdf2-sha256$999$xPifs7bWmrNW6l0LwZiTcg$OIw81j2HyNqRbIJIZlz3tkYEits78Ik6mk6tE/72Uwc",
            "$pbkdf2-sha256$many$xPifs7bWmrNW6l0LwZiTcg$OIw81j2HyNqRbIJIZlz3tkYEits78Ik6mk6tE/72Uwc",
            "$pbkdf2-md5$i=1000$xPifs7bWmrNW6l0LwZiTcg$OIw81j2HyNqRbIJIZlz3tkYEits78Ik6mk6tE/72Uwc",
            "pbkdf2_sha256$1000$$yGntlOqisGmXpoCN6B4ErUKLbpk41RW1xThVYxdCtTc=",
            "pbkdf2_sha256$1000$salt$!",
            "$argon2id$m=64,t=1,p=1$j55KwVPxUaJ3PrvOhkqMiw$HJR9ZXnMyXHvKHbI8tQt8h1vHgcuqKXk2KxC1rl5aiY",
            "$argon2id$v=19$m=64,t=1,p=1$j55KwVPxUaJ3PrvOhkqMiw",
            "$argon2id$v=19$m=0,t=0,p=0$j55KwVPxUaJ3PrvOhkqMiw$HJR9ZXnMyXHvKHbI8tQt8h1vHgcuqKXk2KxC1rl5aiY",
            "$scrypt$ln=4,r=0,p=0$KqX0PofQeo9RylnrvVeK0Q$jfilftLvjU8BeWhnTra2/LmfLQzVpMzX1D3OYDQ379I",
            "scrypt:32768:8:1$CPP4WTGhfNSWdOYJ$8ba6d3cd",
            "$2b$04$\u{17c}\u{17c}\u{17c}",
            &long,
        ] {
            assert_eq!(ForeignHash::parse(text), Err(UNSUPPORTED), "{text}");
        }
    }

    #[test]
    fn a_hash_that_is_too_costly_to_check_is_refused() {
        let pbkdf2 = "$xPifs7bWmrNW6l0LwZiTcg$OIw81j2HyNqRbIJIZlz3tkYEits78Ik6mk6tE/72Uwc";
        let bcrypt = "bzQj9v1CyGU3ge8D2UPwg.xZS4Fw4ylfpo88uWbAi1CuIzVxSCBi.";
        let argon2 = "p=4$gDSeXjAn1bDVsk/LPPEjew$X3Ptdlh/zBrJp6UCx96roJyxhDuAl8OtHIdvFyqchXk";
        let scrypt = "$KqX0PofQeo9RylnrvVeK0Q$jfilftLvjU8BeWhnTra2/LmfLQzVpMzX1D3OYDQ379I";
        for (text, expected) in [
            (format!("$2b$13${bcrypt}"), None),
            (format!("$2b$14${bcrypt}"), Some(TOO_SLOW)),
            (format!("$2b$31${bcrypt}"), Some(TOO_SLOW)),
            (format!("$argon2id$v=19$m=65536,t=3,{argon2}"), None),
            (
                format!("$argon2id$v=19$m=65537,t=1,{argon2}"),
                Some(TOO_LARGE),
            ),
            (
                format!("$argon2id$v=19$m=4294967295,t=4294967295,{argon2}"),
                Some(TOO_LARGE),
            ),
            (
                format!("$argon2id$v=19$m=64,t=4294967295,{argon2}"),
                Some(TOO_SLOW),
            ),
            (format!("$scrypt$ln=16,r=8,p=1{scrypt}"), None),
            (format!("$scrypt$ln=17,r=8,p=1{scrypt}"), Some(TOO_LARGE)),
            (
                format!("$scrypt$ln=4,r=8,p=1000000{scrypt}"),
                Some(TOO_SLOW),
            ),
            (format!("$pbkdf2-sha256$1000000{pbkdf2}"), None),
            (format!("$pbkdf2-sha256$4294967295{pbkdf2}"), Some(TOO_SLOW)),
        ] {
            assert_eq!(ForeignHash::parse(&text).err(), expected, "{text}");
        }
    }

    #[test]
    fn our_own_hashes_are_not_slow_and_common_slow_ones_are() {
        let time = |text: &str| ForeignHash::parse(text).expect(text).check_time.as_millis();
        let argon2 = "$gDSeXjAn1bDVsk/LPPEjew$X3Ptdlh/zBrJp6UCx96roJyxhDuAl8OtHIdvFyqchXk";
        for parameters in ["m=7168,t=5", "m=9216,t=4", "m=12288,t=3", "m=19456,t=2"] {
            let time = time(&format!("$argon2id$v=19${parameters},p=1{argon2}"));
            assert!((30..=40).contains(&time), "{parameters}: {time}");
        }
        let of_fastapi_users = time(&format!("$argon2id$v=19$m=65536,t=3,p=4{argon2}"));
        assert!(
            (400..=500).contains(&of_fastapi_users),
            "{of_fastapi_users}"
        );
        let of_bcrypt = time("$2b$12$bzQj9v1CyGU3ge8D2UPwg.xZS4Fw4ylfpo88uWbAi1CuIzVxSCBi.");
        assert!((400..=500).contains(&of_bcrypt), "{of_bcrypt}");
    }

    #[test]
    fn parsing_never_panics() {
        let pieces = [
            "$",
            "2b",
            "04",
            "argon2id",
            "v=19",
            "m=64,t=1,p=1",
            "ln=63,r=9,p=9",
            "scrypt",
            "pbkdf2-sha256",
            "i=1000",
            "pbkdf2_sha256",
            "AAAAAAAAAAAAAAAAAAAAAA",
            "bcrypt$",
            "argon2$",
            "\u{17c}",
        ];
        proptest::proptest!(|(parts in proptest::collection::vec(0..pieces.len(), 0..9))| {
            let parts: Vec<_> = parts.iter().map(|part| pieces[*part]).collect();
            let _ = ForeignHash::parse(&parts.join("$"));
            let _ = ForeignHash::parse(&parts.concat());
        });
    }
}
