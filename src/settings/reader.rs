//! Reads typed values from Spin variables, and collects the problems.

use std::fmt::{self, Display};
use std::mem;
use std::ops::RangeInclusive;
use std::str::FromStr;

use time::Duration;
use url::Url;

#[cfg(not(test))]
use crate::platform::variables;

/// Maximum lifetime of anything, in days: ten years. A larger value is a mistake.
const MAX_DAYS: u32 = 3650;

/// Stands for no host in the manifest, because Spin before 4.1 refuses an empty host there. The name
/// never resolves (RFC 6761).
const UNSET_HOST: &str = "https://unset.invalid";

/// A problem with a variable. It never includes the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub variable: &'static str,
    /// The problem and the allowed values.
    pub problem: String,
}

impl Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.variable, self.problem)
    }
}

/// Reads one variable after another. A method that returns `None` has recorded a problem.
#[derive(Default)]
pub struct Reader {
    problems: Vec<Problem>,
    /// Replaces Spin's variables.
    #[cfg(test)]
    pub values: super::tests::Variables,
}

impl Reader {
    /// Returns the problems so far.
    pub fn take_problems(&mut self) -> Vec<Problem> {
        mem::take(&mut self.problems)
    }

    /// The text, trimmed.
    pub async fn text(&mut self, variable: &'static str) -> Option<String> {
        #[cfg(not(test))]
        let value = variables::get(variable).await;
        #[cfg(test)]
        let value = self.values.get(variable);
        match value {
            Ok(value) => Some(value.trim().to_owned()),
            Err(problem) => {
                self.refuse(variable, problem);
                None
            }
        }
    }

    /// `on` or `off`.
    pub async fn is_on(&mut self, variable: &'static str) -> Option<bool> {
        self.choice(variable, &[("on", true), ("off", false)]).await
    }

    /// A lifetime in whole minutes.
    pub async fn minutes(&mut self, variable: &'static str) -> Option<Duration> {
        let minutes = self.number(variable, 1..=MAX_DAYS * 24 * 60).await?;
        Some(Duration::minutes(i64::from(minutes)))
    }

    /// A lifetime in whole days.
    pub async fn days(&mut self, variable: &'static str) -> Option<Duration> {
        let days = self.number(variable, 1..=MAX_DAYS).await?;
        Some(Duration::days(i64::from(days)))
    }

    /// The address of a provider's API. If it is not set, the default host.
    pub async fn api_host(&mut self, variable: &'static str, default_host: &str) -> Option<String> {
        let value = self.text(variable).await?;
        if value.is_empty() || value == UNSET_HOST {
            return Some(default_host.to_owned());
        }
        self.check_address(variable, &value)
    }

    /// An integer within `range`.
    pub async fn number<N>(&mut self, variable: &'static str, range: RangeInclusive<N>) -> Option<N>
    where
        N: FromStr + PartialOrd + Display,
    {
        let number = self.text(variable).await?.parse().ok();
        let number = number.filter(|number| range.contains(number));
        if number.is_none() {
            let (least, most) = range.into_inner();
            self.refuse(
                variable,
                format!("must be a whole number from {least} to {most}"),
            );
        }
        number
    }

    /// One of several names, mapped to its value.
    pub async fn choice<T: Clone>(
        &mut self,
        variable: &'static str,
        choices: &[(&str, T)],
    ) -> Option<T> {
        let value = self.text(variable).await?;
        let chosen = choices.iter().find(|(name, _)| *name == value);
        if chosen.is_none() {
            let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
            self.refuse(variable, format!("must be one of {}", names.join(", ")));
        }
        chosen.map(|(_, choice)| choice.clone())
    }

    /// An HTTP or HTTPS URL, without a trailing slash.
    pub async fn web_address(&mut self, variable: &'static str) -> Option<String> {
        let value = self.text(variable).await?;
        self.check_address(variable, &value)
    }

    fn check_address(&mut self, variable: &'static str, value: &str) -> Option<String> {
        let is_usable = Url::parse(value).is_ok_and(|url| {
            matches!(url.scheme(), "http" | "https")
                && url.has_host()
                && url.username().is_empty()
                && url.query().is_none()
                && url.fragment().is_none()
        });
        if !is_usable {
            let problem = "must be a URL such as https://example.com, with http or https";
            self.refuse(variable, problem);
            return None;
        }
        Some(value.trim_end_matches('/').to_owned())
    }

    /// A path, without a trailing slash.
    pub async fn path(&mut self, variable: &'static str) -> Option<String> {
        let value = self.text(variable).await?;
        let is_usable = value.is_empty()
            || (value.starts_with('/') && !value.contains(['?', '#', ' ']) && value.is_ascii());
        if !is_usable {
            self.refuse(variable, "must be empty or a path like /api/v1");
            return None;
        }
        Some(value.trim_end_matches('/').to_owned())
    }

    /// A non-empty text that is valid in a header.
    pub async fn one_line(&mut self, variable: &'static str) -> Option<String> {
        let value = self.text(variable).await?;
        if value.is_empty() || value.contains(char::is_control) {
            self.refuse(variable, "must be a single line and not empty");
            return None;
        }
        Some(value)
    }

    /// Records a problem.
    pub fn refuse(&mut self, variable: &'static str, problem: impl Into<String>) {
        self.problems.push(Problem {
            variable,
            problem: problem.into(),
        });
    }
}
