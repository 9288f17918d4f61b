//! The services that we call: the captcha's and the mail's.

pub mod captcha;
pub mod email;
