//! Settings of verification.

use crate::settings::reader::Reader;

/// Whether the addresses of new users are verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VerificationMode {
    Off,
    /// A mail asks for it. Nothing is refused without it.
    Optional,
    /// A mail asks for it. Nobody who registers in this mode logs in without it.
    Required,
}

impl VerificationMode {
    /// Reads the section. On `None`, the reader has recorded the problems.
    pub async fn read(reader: &mut Reader) -> Option<Self> {
        let choices = [
            ("off", Self::Off),
            ("optional", Self::Optional),
            ("required", Self::Required),
        ];
        reader.choice("email_verification", &choices).await
    }
}
