//! The tables of spin.toml and the keys in them that this host knows.

use std::collections::BTreeMap;

use serde::{Deserialize, de::IgnoredAny};

/// The whole file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
    pub(super) spin_manifest_version: u8,
    #[serde(rename = "application")]
    _application: Application,
    #[serde(default)]
    pub(super) variables: BTreeMap<String, Variable>,
    pub(super) trigger: Triggers,
    pub(super) component: BTreeMap<String, Component>,
}

/// `[application]`: nothing of it has an effect here, but Spin insists on its form.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Application {
    #[serde(rename = "name")]
    _name: String,
    #[serde(rename = "version")]
    _version: Option<String>,
    #[serde(rename = "description")]
    _description: Option<String>,
    #[serde(rename = "authors")]
    _authors: Option<Vec<String>>,
    #[serde(rename = "targets")]
    _targets: Option<IgnoredAny>,
    #[serde(rename = "trigger")]
    _trigger: Option<IgnoredAny>,
    #[serde(rename = "tool")]
    _tool: Option<IgnoredAny>,
}

/// `[trigger]`: of Spin's triggers this host has HTTP.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Triggers {
    pub(super) http: Vec<HttpTrigger>,
}

/// `[[trigger.http]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HttpTrigger {
    /// As written.
    pub(crate) route: String,
    /// The name of the component that answers it.
    pub(crate) component: String,
    #[serde(rename = "id")]
    _id: Option<String>,
    #[serde(rename = "executor")]
    _executor: Option<IgnoredAny>,
}

/// One application variable: it is either required or has a default.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Variable {
    #[serde(default)]
    pub(crate) required: bool,
    pub(crate) default: Option<String>,
    #[serde(default, rename = "secret")]
    _secret: bool,
    #[serde(rename = "description")]
    _description: Option<String>,
}

/// `[component.<id>]`. What Spin knows beyond these fields is refused, as a typo is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Component {
    /// The path of the built component, from the manifest's directory.
    pub(crate) source: String,
    /// The component's own variables: templates over the application's.
    #[serde(default)]
    pub(crate) variables: BTreeMap<String, String>,
    /// `scheme://host[:port]` patterns and templates.
    #[serde(default)]
    pub(crate) allowed_outbound_hosts: Vec<String>,
    /// The names of the databases it may open.
    #[serde(default)]
    pub(crate) sqlite_databases: Vec<String>,
    /// How to build the component.
    pub(crate) build: Option<Build>,
    #[serde(rename = "profile")]
    _profile: Option<IgnoredAny>,
    #[serde(rename = "description")]
    _description: Option<String>,
    #[serde(rename = "targets")]
    _targets: Option<IgnoredAny>,
    #[serde(rename = "tool")]
    _tool: Option<IgnoredAny>,
}

/// `[component.<id>.build]`; only the command matters here, to name it in an error.
#[derive(Debug, Deserialize)]
pub(crate) struct Build {
    pub(crate) command: Commands,
}

/// One command, or several that run in turn.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Commands {
    One(String),
    Many(Vec<String>),
}

impl Commands {
    /// The command line a person would type.
    pub(crate) fn to_line(&self) -> String {
        match self {
            Self::One(command) => command.clone(),
            Self::Many(commands) => commands.join(" && "),
        }
    }
}
