//! Adds a template to an application as `spin add` does (Spin 4.1, crates/templates).
//!
//! spin-add TEMPLATE APPLICATION NAME [PARAMETER=VALUE]...

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::{env, fs};

use anyhow::{Context, Result, bail};
use liquid::{Object, Parser, ParserBuilder, model::Value};
use toml::Table;
use toml_edit::{DocumentMut, Item};

fn main() -> Result<()> {
    let mut arguments = env::args().skip(1);
    let mut next = || arguments.next().context("an argument is missing");
    let (template, application, name) = (PathBuf::from(next()?), PathBuf::from(next()?), next()?);
    let given = arguments.map(|argument| {
        let (name, value) = argument.split_once('=').context("not PARAMETER=VALUE")?;
        Ok((name.to_owned(), value.to_owned()))
    });
    let given = given.collect::<Result<HashMap<_, _>>>()?;

    let metadata = template.join("metadata");
    let description: Table = read(&metadata.join("spin-template.toml"))?.parse()?;
    let values = values(&description, given, &name)?;
    let parser = ParserBuilder::with_stdlib().build()?;
    write_content(
        &template.join("content"),
        &application.join(&name),
        &parser,
        &values,
    )?;

    let manifest = application.join("spin.toml");
    let text = read(&manifest)?;
    let snippet = |id: &str| -> Result<String> {
        let file = description["add_component"]["snippets"][id].as_str();
        let file = metadata
            .join("snippets")
            .join(file.context("no file name")?);
        Ok(parser.parse(&read(&file)?)?.render(&values)?)
    };
    let text = merge_variables(&text, &snippet("variables")?)?;
    let text = format!("{text}\n{}", snippet("component")?);
    Ok(fs::write(&manifest, text)?)
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// The parameters, given or by default, and Spin's own values.
fn values(description: &Table, mut given: HashMap<String, String>, name: &str) -> Result<Object> {
    let parameters = description["parameters"].as_table();
    let mut values = Object::new();
    for (parameter, rules) in parameters.context("no parameters")? {
        let default = rules.get("default").and_then(toml::Value::as_str);
        let value = given.remove(parameter).or(default.map(str::to_owned));
        let value = value.with_context(|| format!("{parameter} has no value"))?;
        values.insert(parameter.clone().into(), Value::scalar(value));
    }
    if let Some(unknown) = given.keys().next() {
        bail!("the template has no parameter {unknown}");
    }
    for key in ["project-name", "output-path"] {
        values.insert(key.into(), Value::scalar(name.to_owned()));
    }
    Ok(values)
}

/// Renders files of text. Spin takes a file that is not UTF-8 as it is.
fn write_content(from: &Path, to: &Path, parser: &Parser, values: &Object) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let bytes = fs::read(entry.path())?;
        let rendered = match String::from_utf8(bytes) {
            Ok(text) => parser.parse(&text)?.render(values)?.into_bytes(),
            Err(binary) => binary.into_bytes(),
        };
        fs::write(to.join(entry.file_name()), rendered)?;
    }
    Ok(())
}

/// Adds variables to the manifest's table. One of the same name is replaced.
fn merge_variables(manifest: &str, variables: &str) -> Result<String> {
    let mut manifest: DocumentMut = manifest.parse()?;
    let variables: DocumentMut = variables.parse()?;
    match manifest.get_mut("variables") {
        Some(item) => {
            let table = item.as_table_mut().context("[variables] is no table")?;
            for (name, value) in variables.as_table() {
                table.insert(name, value.clone());
            }
        }
        None => {
            let table = Item::Table(variables.as_table().clone());
            manifest.insert("variables", table);
        }
    }
    Ok(manifest.to_string())
}
