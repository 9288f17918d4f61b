//! The tables and keys of spin.toml that this host supports.

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

/// `[application]`: has no effect here, but Spin validates it.
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

/// `[trigger]`: this host only supports the HTTP trigger.
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

/// `[component.<id>]`. Other keys are rejected, even those that Spin supports.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Component {
    /// The path of the built component, relative to the manifest's directory.
    pub(crate) source: String,
    /// The component's own variables: templates that refer to the application's variables.
    #[serde(default)]
    pub(crate) variables: BTreeMap<String, String>,
    /// `scheme://host[:port]` patterns and templates.
    #[serde(default)]
    pub(crate) allowed_outbound_hosts: Vec<String>,
    /// The names of the databases that the component may open.
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

/// `[component.<id>.build]`: only the command is used, in an error message.
#[derive(Debug, Deserialize)]
pub(crate) struct Build {
    pub(crate) command: Commands,
}

/// One command, or several that run in sequence.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Commands {
    One(String),
    Many(Vec<String>),
}

impl Commands {
    /// The command line as a user would type it.
    pub(crate) fn to_line(&self) -> String {
        match self {
            Self::One(command) => command.clone(),
            Self::Many(commands) => commands.join(" && "),
        }
    }
}
